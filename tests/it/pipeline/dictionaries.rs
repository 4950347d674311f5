//! Payloads that are packed with what the installation's own events have in common.

use chrono::TimeDelta;
use picket::base::Clock;
use picket::domain::dictionaries::{self, Trained};
use picket::infra::compression::dictionary_id;
use reqwest::StatusCode;
use serde_json::Value;

use crate::support::corpus::events;
use crate::support::{TestApp, TestProject};

/// One event in five is not trained with, and 500 are needed.
const ENOUGH: usize = 510;

/// Sends `count` events that a Python client sent once, each with another id.
async fn send(app: &TestApp, project: &TestProject, count: usize) {
    let sent = events().into_iter().filter(|event| event.family == "python");
    let payloads: Vec<Value> =
        sent.filter_map(|event| serde_json::from_slice(&event.bytes).ok()).collect();
    for payload in payloads.iter().cycle().take(count) {
        let mut payload = payload.clone();
        payload.as_object_mut().unwrap().remove("event_id");
        payload.as_object_mut().unwrap().remove("timestamp");
        let body = format!("{{}}\n{{\"type\":\"event\"}}\n{payload}\n");
        assert_eq!(app.send_envelope(project, body).await.status(), StatusCode::OK);
    }
    app.settle().await;
}

/// The payload that was stored last.
async fn latest_frame(app: &TestApp) -> Vec<u8> {
    sqlx::query_scalar("SELECT payload FROM events ORDER BY received_at DESC, event_id LIMIT 1")
        .fetch_one(&app.app.db)
        .await
        .unwrap()
}

async fn train(app: &TestApp) -> Vec<Trained> {
    let trained = dictionaries::train_due(&app.app).await.unwrap();
    dictionaries::refresh(&app.app).await.unwrap();
    trained
}

#[tokio::test]
async fn enough_events_make_a_dictionary_that_later_events_are_packed_with() {
    let app = TestApp::start().await;
    let project = app.create_project("Shop").await;
    send(&app, &project, 20).await;
    assert_eq!(train(&app).await, [], "twenty events show nothing");
    assert_eq!(dictionary_id(&latest_frame(&app).await), None);

    send(&app, &project, ENOUGH).await;
    let trained = train(&app).await;
    let [made] = &trained[..] else { panic!("{trained:?}") };
    assert_eq!(made.family, "python");
    assert!(made.bytes_after * 4 < made.bytes_before * 3, "it saves a quarter: {made:?}");
    assert_eq!(train(&app).await, [], "once is enough");

    send(&app, &project, 1).await;
    assert_eq!(dictionary_id(&latest_frame(&app).await), Some(made.id));

    // A process that has just started knows none, and reads what was packed with it all the same.
    app.app.dictionaries.set_current([].into());
    send(&app, &project, 1).await;
    assert_eq!(dictionary_id(&latest_frame(&app).await), None);
    dictionaries::refresh(&app.app).await.unwrap();
    send(&app, &project, 1).await;
    assert_eq!(dictionary_id(&latest_frame(&app).await), Some(made.id));
    app.stop().await;
}

#[tokio::test]
async fn a_replaced_dictionary_stays_until_no_event_can_need_it() {
    let clock = Clock::fixed("2026-11-20T12:00:00Z".parse().unwrap());
    let app = TestApp::start_at(clock.clone(), |config| config.retention.events_days = 30).await;
    let project = app.create_project("Shop").await;
    send(&app, &project, ENOUGH).await;
    let first = train(&app).await[0].id;

    clock.advance(TimeDelta::days(31));
    send(&app, &project, ENOUGH).await;
    assert_eq!(dictionary_id(&latest_frame(&app).await), Some(first));
    let second = train(&app).await[0].id;
    assert!(second > first, "an old one is replaced even by one that is no better");
    assert_eq!(dictionaries::delete_unneeded(&app.app).await.unwrap(), 0);

    clock.advance(TimeDelta::days(33));
    assert_eq!(dictionaries::delete_unneeded(&app.app).await.unwrap(), 1);
    let left: Vec<i32> =
        sqlx::query_scalar("SELECT id FROM dictionaries").fetch_all(&app.app.db).await.unwrap();
    assert_eq!(left, [second.cast_signed()]);
    app.stop().await;
}
