//! What is stored of every recorded scenario: the requests come in over HTTP as they were captured, and
//! what became of their items, and of each event what differs from what was sent, is compared.

mod difference;

use std::collections::BTreeMap;
use std::fmt::Write;

use picket::base::Clock;
use picket::infra::compression::decompress;
use picket::protocol::bare_event;
use picket::protocol::envelope::{Envelope, ItemType};
use serde_json::Value;
use uuid::Uuid;

use crate::ingest::corpus::{Captured, corpus, replay};
use crate::support::TestApp;

/// More than any body in the corpus.
const MAX_BYTES: usize = 10 << 20;

type Outcomes = BTreeMap<(String, String, String), i64>;

async fn outcomes(app: &TestApp) -> Outcomes {
    let rows = app.outcomes().await.into_iter();
    rows.map(|(category, outcome, reason, count)| ((category, outcome, reason), count)).collect()
}

/// The events of a request as they were sent, with the id they are stored under; `None` where the
/// server chose it.
fn sent_events(captured: &Captured) -> Vec<(Option<Uuid>, Value)> {
    let mut body = captured.body();
    if !captured.is_envelope() {
        let json = bare_event::unpack(body, MAX_BYTES).unwrap();
        body = bare_event::into_envelope(&json).unwrap();
    }
    let envelope = Envelope::parse(&body).unwrap();
    let id = envelope.header.event_id.map(|id| id.0);
    let events = envelope.items.iter().filter(|item| item.header.item_type == ItemType::Event);
    events.filter_map(|item| Some((id, serde_json::from_slice(item.payload).ok()?))).collect()
}

async fn stored_event(app: &TestApp, id: Uuid) -> Option<Value> {
    let payload: Vec<u8> = sqlx::query_scalar("SELECT payload FROM events WHERE event_id = $1")
        .bind(id)
        .fetch_optional(&app.app.db)
        .await
        .unwrap()?;
    Some(serde_json::from_slice(&decompress(&payload, None).unwrap()).unwrap())
}

/// What became of a scenario.
async fn became(app: &TestApp, requests: &[Captured]) -> String {
    let before = outcomes(app).await;
    for captured in requests {
        replay(app, captured).await;
    }
    app.settle().await;
    let mut text = String::new();
    for (what, count) in outcomes(app).await {
        let count = count - before.get(&what).copied().unwrap_or(0);
        let (category, outcome, reason) = what;
        if count > 0 {
            let _ = writeln!(text, "  {count} × {category} {outcome} {reason}");
        }
    }
    for (id, sent) in requests.iter().flat_map(sent_events) {
        let Some(id) = id else { continue };
        match stored_event(app, id).await {
            Some(stored) => text.push_str(&difference::between(&sent, &stored)),
            None => text.push_str("  event not stored\n"),
        }
    }
    text
}

#[tokio::test]
async fn what_is_stored_of_every_recorded_scenario_is_what_was_reviewed() {
    // The evening of the day on which the scenarios were recorded.
    let app =
        TestApp::start_at(Clock::fixed("2026-11-22T18:00:00Z".parse().unwrap()), |_| {}).await;
    app.create_corpus_project().await;
    let mut scenarios: Vec<(String, Vec<Captured>)> = Vec::new();
    for (name, captured) in corpus() {
        match scenarios.last_mut() {
            Some((last, requests)) if *last == name => requests.push(captured),
            _ => scenarios.push((name, vec![captured])),
        }
    }
    let mut families: BTreeMap<String, String> = BTreeMap::new();
    for (name, requests) in &scenarios {
        let family = name.split('_').next().unwrap_or_default();
        let text = families.entry(family.to_owned()).or_default();
        let _ = writeln!(text, "{name}\n{}", became(&app, requests).await);
    }
    app.stop().await;
    for (family, text) in families {
        insta::assert_snapshot!(family, text);
    }
}
