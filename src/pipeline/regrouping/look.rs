//! What the latest events of parts would be led by.

use std::collections::BTreeMap;

use sqlx::PgConnection;

use crate::base::{PartId, ProjectId};
use crate::domain::events::payload;
use crate::domain::issues::regroupings::store::NewHash;
use crate::domain::{Result, issues};
use crate::grouping::{self, Config, Grouping};
use crate::infra::compression::{self, Dictionaries};
use crate::protocol::event::Event;

/// So many parts are looked at before that is committed.
pub(super) const PARTS_AT_A_TIME: i64 = 25;

/// So many of the latest events of each part that were kept in full are grouped again.
const EVENTS_OF_A_PART: i64 = 20;

/// The hashes that the latest events of these parts would have.
pub(super) async fn look(
    db: &mut PgConnection,
    dictionaries: &Dictionaries,
    project: ProjectId,
    parts: &[PartId],
    config: &Config,
) -> Result<Vec<NewHash>> {
    let mut found = Vec::new();
    for part in parts {
        let events =
            payload::latest_of_part(db, dictionaries, project, *part, EVENTS_OF_A_PART).await?;
        found.extend(hashes_of(*part, &events, config));
        // Grouping takes its time: others go on meanwhile.
        tokio::task::yield_now().await;
    }
    let hashes: Vec<&str> = found.iter().map(|(new, _)| new.hash.as_str()).collect();
    let owners = issues::hash_owners(db, project, &hashes).await?;
    let explained = found.into_iter().map(|(new, grouping)| {
        let is_known = owners.contains_key(&new.hash);
        NewHash { explanation: (!is_known).then(|| explanation(&grouping)), ..new }
    });
    Ok(explained.collect())
}

/// The hashes of a part's events, each with how one of them is grouped.
fn hashes_of(part: PartId, events: &[Event], config: &Config) -> Vec<(NewHash, Grouping)> {
    let mut found: BTreeMap<String, (NewHash, Grouping)> = BTreeMap::new();
    for event in events {
        let grouping = grouping::regroup(event, config);
        let hashes: Vec<(String, String)> = grouping
            .hashes()
            .into_iter()
            .map(|(variant, hash)| (variant.to_owned(), hash))
            .collect();
        let Some((_, first)) = hashes.first().cloned() else { continue };
        for (variant, hash) in hashes {
            let new = || NewHash {
                part,
                hash: hash.clone(),
                first_hash: first.clone(),
                event_count: 0,
                variant,
                config: grouping.config.clone(),
                explanation: None,
            };
            let known = found.entry(hash.clone()).or_insert_with(|| (new(), grouping.clone()));
            if hash == first {
                // What decides somewhere is a first hash, wherever else it comes along.
                known.0.first_hash.clone_from(&first);
            }
            known.0.event_count += 1;
        }
    }
    found.into_values().collect()
}

fn explanation(grouping: &Grouping) -> Vec<u8> {
    let json = serde_json::to_vec(grouping).expect("a tree is always JSON");
    compression::compress(&json, None)
}
