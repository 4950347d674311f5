//! Events that are stored without having been sent: what an issue needs to know of them, and no more.

use picket::base::{ProjectId, Timestamp};
use picket::domain::issues::batch::{
    self, Arrival, ArrivalHash, Counting, Owner, Recording, Sampling, Subject,
};
use picket::domain::journal::LaneKey;
use picket::protocol::event::Level;
use uuid::Uuid;

use super::TestApp;

/// The lane that brings them.
pub(crate) const LANE: LaneKey = LaneKey { node: Uuid::from_u128(7), lane: 0 };

/// When they happen, unless said otherwise.
pub(crate) fn now() -> Timestamp {
    "2026-11-20T12:00:00Z".parse().unwrap()
}

/// An event with these hashes, the first one first.
pub(crate) fn arrival(project_id: ProjectId, hashes: &[&str]) -> Arrival {
    let hash = |hash: &&str| ArrivalHash { variant: "app".to_owned(), hash: (*hash).to_owned() };
    Arrival {
        project_id,
        received_at: now(),
        occurred_at: now(),
        level: Level::Error,
        platform: "python".to_owned(),
        logger: String::new(),
        subject: Subject::default(),
        environment: None,
        release: None,
        user_hash: None,
        tags: vec![],
        former_hashes: vec![],
        hashes: hashes.iter().map(hash).collect(),
    }
}

/// Stores what arrives as a batch of [`LANE`]; returns whose each is.
pub(crate) async fn store(app: &TestApp, arrivals: &[Arrival], tags: Counting) -> Vec<Owner> {
    let arrivals: Vec<&Arrival> = arrivals.iter().collect();
    let recording = Recording { lane: LANE, tags, sampling: Sampling { full_per_day: 1000 } };
    let mut tx = app.app.db.begin().await.unwrap();
    let assignment = batch::assign(&mut tx, &arrivals).await.unwrap();
    let explanations = vec![Vec::new(); assignment.new_hashes.len()];
    batch::parts::store::insert_parts(&mut tx, &assignment.new_parts, now()).await.unwrap();
    let configs = vec!["test"; assignment.new_hashes.len()];
    batch::store::insert_hashes(&mut tx, &assignment.new_hashes, &explanations, &configs, now())
        .await
        .unwrap();
    batch::record(&mut tx, &arrivals, &assignment, recording, now()).await.unwrap();
    tx.commit().await.unwrap();
    assignment.owners
}
