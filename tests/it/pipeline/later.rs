//! Telemetry of later versions: read, checked, counted, and ended with an honest outcome.

use std::fmt::Write;

use picket::base::Clock;
use serde_json::{Value, json};

use crate::ingest::corpus::corpus;
use crate::support::{TestApp, TestProject};

const TRACE: &str = "a0c9dd051b6f4bfdbdab2d8ad29acb15";
const SPAN: &str = "b5cc488c444c6e0c";
const ID: &str = "fc6d8c0c43fc4630ad850ee518f1b9d0";

/// Stands shortly after the corpus was recorded.
fn clock() -> Clock {
    Clock::fixed(NOW.parse().unwrap())
}

async fn start() -> (TestApp, TestProject) {
    let app = TestApp::start_at(clock(), |_| {}).await;
    let project = app.create_project("Shop").await;
    (app, project)
}

/// What became of an envelope's items, as `category reason quantity`; all of one outcome.
async fn ended(header: &Value, items: &[(Value, String)], outcome: &str) -> Vec<String> {
    let (app, project) = start().await;
    let mut body = format!("{header}\n");
    for (header, payload) in items {
        let mut header = header.clone();
        header["length"] = payload.len().into();
        writeln!(body, "{header}\n{payload}").unwrap();
    }
    assert_eq!(app.send_envelope(&project, body).await.status(), 200);
    app.settle().await;
    let outcomes = app.outcomes().await;
    app.stop().await;
    let line = |(category, ended, reason, n): (String, String, String, i64)| {
        assert_eq!(ended, outcome, "{category} {reason}");
        format!("{category} {reason} {n}")
    };
    outcomes.into_iter().map(line).collect()
}

fn kind(kind: &str) -> Value {
    json!({ "type": kind })
}

fn container(kind: &str, count: u64, entries: &[Value]) -> (Value, String) {
    let media = match kind {
        "log" => "log+json",
        "span" => "span.v2+json",
        _ => "trace-metric+json",
    };
    let content_type = format!("application/vnd.sentry.items.{media}");
    let header = json!({"type": kind, "item_count": count, "content_type": content_type});
    (header, json!({ "items": entries }).to_string())
}

fn log(timestamp: &str) -> Value {
    json!({"timestamp": timestamp, "trace_id": TRACE, "level": "info", "body": "hi"})
}

const NOW: &str = "2026-11-22T15:00:00Z";

#[tokio::test]
async fn nothing_that_real_clients_sent_is_invalid() {
    let app = TestApp::start_at(clock(), |_| {}).await;
    let project = app.create_corpus_project().await;
    let mut sent = 0;
    for (name, captured) in corpus().iter().filter(|(_, captured)| captured.is_envelope()) {
        let answer = app.send_envelope(&project, captured.body()).await;
        assert_eq!(answer.status(), 200, "{name}: {}", answer.text().await.unwrap());
        sent += 1;
    }
    assert!(sent >= 300, "{sent}");
    app.settle().await;
    let outcomes = app.outcomes().await;
    app.stop().await;
    let of = |wanted: &str| {
        let found = outcomes.iter().filter(|(_, outcome, ..)| outcome == wanted);
        found.map(|(category, _, reason, n)| format!("{category} {reason} {n}")).collect::<Vec<_>>()
    };
    assert_eq!(of("invalid"), [""; 0]);
    insta::assert_snapshot!(of("unsupported").join("\n"), @r"
    log_byte not_yet_supported 16295
    log_item not_yet_supported 22
    monitor not_yet_supported 16
    profile not_yet_supported 1
    profile_backend not_yet_supported 1
    profile_chunk not_yet_supported 2
    profile_indexed not_yet_supported 1
    replay not_yet_supported 12
    span not_yet_supported 139
    span_indexed not_yet_supported 44
    trace_metric not_yet_supported 11
    trace_metric_byte not_yet_supported 6404
    transaction not_yet_supported 32
    transaction_indexed not_yet_supported 32
    ");
}

#[tokio::test]
async fn entries_of_a_container_end_each_for_itself() {
    let old = log("2026-06-01T00:00:00Z");
    let entries = [log(NOW), log(NOW), old.clone(), json!({"body": "hi"}), Value::Null];
    let (app, project) = start().await;
    let (header, payload) = container("log", 5, &entries);
    let body = format!("{{}}\n{header}\n{payload}\n");
    assert_eq!(app.send_envelope(&project, body).await.status(), 200);
    app.settle().await;
    let size = |entry: &Value| i64::try_from(entry.to_string().len()).unwrap();
    let line = |category: &str, outcome: &str, reason: &str, n| {
        (category.to_owned(), outcome.to_owned(), reason.to_owned(), n)
    };
    let mut expected = Vec::new();
    for (category, [invalid, old, good]) in [
        ("log_byte", [size(&entries[3]) + 4, size(&old), 2 * size(&entries[0])]),
        ("log_item", [2, 1, 2]),
    ] {
        expected.push(line(category, "invalid", "invalid_log", invalid));
        expected.push(line(category, "invalid", "timestamp", old));
        expected.push(line(category, "unsupported", "not_yet_supported", good));
    }
    assert_eq!(app.outcomes().await, expected);
    app.stop().await;
}

#[tokio::test]
async fn a_container_of_another_number_or_type_is_dropped_whole() {
    for count in [1, 3] {
        let logs = container("log", count, &[log(NOW), log(NOW)]);
        let ended = ended(&json!({}), &[logs], "invalid").await;
        let size = json!({ "items": [log(NOW), log(NOW)] }).to_string().len();
        let counted = format!("log_item invalid_json {count}");
        assert_eq!(ended, [format!("log_byte invalid_json {size}"), counted]);
    }
    let untyped =
        (json!({"type": "log", "item_count": 1}), json!({"items": [log(NOW)]}).to_string());
    let ended = ended(&json!({}), &[untyped], "invalid").await;
    assert_eq!(ended[1], "log_item content_type 1");
}

#[tokio::test]
async fn what_is_wrong_with_an_item_is_the_reason() {
    let session = |changes: &Value| {
        let mut session =
            json!({"sid": ID, "init": true, "started": NOW, "attrs": {"release": "shop@1"}});
        for (field, value) in changes.as_object().unwrap() {
            session[field] = value.clone();
        }
        session
    };
    let cases: [(&str, Value, &str); 14] = [
        ("session", session(&json!({"started": 1_700_000_000})), "session invalid_json 1"),
        ("session", session(&json!({"errors": -1})), "session invalid_json 1"),
        ("session", session(&json!({"did": 42})), "session invalid_json 1"),
        ("session", session(&json!({"attrs": {"release": "latest"}})), "session invalid_release 1"),
        ("session", session(&json!({"started": "2026-11-16T15:00:00Z"})), "session timestamp 1"),
        ("session", session(&json!({"started": "2026-11-22T15:02:00Z"})), "session timestamp 1"),
        ("sessions", json!({"aggregates": []}), "session invalid_json 1"),
        ("check_in", json!({"monitor_slug": "", "status": "ok"}), "monitor invalid_check_in 1"),
        (
            "check_in",
            json!({"monitor_slug": "a", "status": "ok", "duration": "x"}),
            "monitor invalid_json 1",
        ),
        ("span", json!({"trace_id": TRACE}), "span invalid_span 1"),
        ("profile", json!({"event_id": ID}), "profile invalid_event_id 1"),
        ("profile_chunk", json!({"platform": "node"}), "profile_chunk profiling_invalid_json 1"),
        ("transaction", json!({"transaction": "GET /"}), "span invalid_transaction 1"),
        ("replay_event", json!({"segment_id": 1}), "replay invalid_event_id 1"),
    ];
    for (item, payload, expected) in cases {
        let ended = ended(&json!({}), &[(kind(item), payload.to_string())], "invalid").await;
        assert_eq!(ended.first().map(String::as_str), Some(expected), "{item} {payload}");
    }
}

#[tokio::test]
async fn a_replay_needs_its_recording_and_an_id() {
    let header = json!({ "event_id": ID });
    let about = json!({"replay_id": ID, "segment_id": 0}).to_string();
    let recording = "{\"segment_id\":0}\n[]".to_owned();
    let (event, rest) = (kind("replay_event"), kind("replay_recording"));
    let pair = [(event.clone(), about.clone()), (rest.clone(), recording.clone())];
    assert_eq!(ended(&header, &pair, "unsupported").await, ["replay not_yet_supported 2"]);
    let alone = ended(&header, &[(rest.clone(), recording)], "unsupported").await;
    assert_eq!(alone, ["replay not_yet_supported 1"]);
    let lonely = ended(&header, &[(event, about)], "invalid").await;
    assert_eq!(lonely, ["replay invalid_replay_missing_recording 1"]);
    let broken = ended(&header, &[(rest, "[]".to_owned())], "invalid").await;
    assert_eq!(broken, ["replay invalid_replay_recording 1"]);
}

#[tokio::test]
async fn a_transaction_counts_as_a_span_with_each_of_its_steps() {
    let step = json!({"trace_id": TRACE, "span_id": SPAN, "start_timestamp": NOW});
    let transaction = json!({
        "start_timestamp": NOW, "timestamp": NOW, "contexts": {"trace": {"trace_id": TRACE, "span_id": SPAN}},
        "spans": [step, step, step]});
    let item = (kind("transaction"), transaction.to_string());
    assert_eq!(
        ended(&json!({}), &[item], "unsupported").await,
        [
            "span not_yet_supported 4",
            "transaction not_yet_supported 1",
            "transaction_indexed not_yet_supported 1",
        ]
    );
}

#[tokio::test]
async fn what_nobody_sends_any_more_is_called_so() {
    for item in ["statsd", "metric_buckets"] {
        let ended = ended(&json!({}), &[(kind(item), "x".to_owned())], "unsupported").await;
        assert!(ended[0].ends_with("obsolete_item_type 1"), "{ended:?}");
    }
}
