//! The 37 events of the reference, sent over HTTP: what the database then says of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;
use uuid::Uuid;

use crate::api::program::{send, server};

fn read(file: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/grouping");
    serde_json::from_slice(&fs::read(folder.join(file)).unwrap()).unwrap()
}

#[tokio::test]
async fn the_37_events_of_the_reference_make_its_25_issues_with_its_hashes() {
    let app = server().await;
    let project = app.create_project("Shop").await;
    let expected = read("expected.json");
    let mut sent: BTreeMap<Uuid, &Value> = BTreeMap::new();
    for (number, example) in expected.as_array().unwrap().iter().enumerate() {
        let id = Uuid::from_u128(0x10_0000 + number as u128);
        let mut event = read(example["file"].as_str().unwrap());
        event["event_id"] = id.simple().to_string().into();
        // Long ago is now for whoever receives it; and the order of arrival is that of the list.
        event["timestamp"] = Value::Null;
        send(&app, &project, &[event]).await;
        sent.insert(id, example);
    }

    let stored: Vec<(Uuid, i64, String)> = sqlx::query_as(
        "SELECT events.event_id, part.issue_id, events.primary_hash
         FROM events
         JOIN issue_parts AS part ON part.project_id = events.project_id AND part.id = events.part_id",
    )
    .fetch_all(&app.app.db)
    .await
    .unwrap();
    assert_eq!(stored.len(), 37);
    let mut groups: BTreeMap<i64, BTreeSet<&str>> = BTreeMap::new();
    for (id, issue, primary) in &stored {
        let example = sent[id];
        groups.entry(*issue).or_default().insert(example["group"].as_str().unwrap());
        let variants = example["variants"].as_object().unwrap();
        let is_expected = variants.values().any(|variant| variant["hash"] == *primary);
        assert!(is_expected, "{}: {primary}", example["file"]);
        for (name, variant) in variants {
            let hash = variant["hash"].as_str().unwrap();
            let owner: Option<i64> =
                sqlx::query_scalar("SELECT issue_id FROM issue_hashes WHERE hash = $1")
                    .bind(hash)
                    .fetch_optional(&app.app.db)
                    .await
                    .unwrap();
            assert_eq!(owner, Some(*issue), "{} {name}", example["file"]);
        }
    }
    assert!(groups.values().all(|letters| letters.len() == 1), "events were joined: {groups:?}");
    assert_eq!(groups.len(), 25, "an issue was split: {groups:?}");
    app.stop().await;
}
