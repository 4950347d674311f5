//! Points 44 to 49 and 60: what comes beside events. Check-ins and logs have no store yet: they are understood,
//! counted and end as what they are.

use chrono::TimeDelta;
use picket::domain::sessions::health::{self, Health, Wanted, Window};
use picket::protocol::envelope::ItemType;
use serde_json::{Value, json};

use super::{ID, Server, event, recorded};
use crate::api::program::start_time;

/// 60, what users write
#[tokio::test]
async fn a_report_and_feedback_with_a_file_are_seen() {
    let server = Server::start().await;
    assert_eq!(server.send(event()).await.id(), ID);
    let report = json!({"event_id": ID, "name": "Bob", "email": null, "comments": "it broke"});
    let body = format!("{{\"event_id\":\"{ID}\"}}\n{{\"type\":\"user_report\"}}\n{report}\n");
    assert_eq!(server.send(body).await.status, 200);
    let feedback = recorded("node/node_feedback", &ItemType::Feedback).remove(0);
    let file = "{\"type\":\"attachment\",\"filename\":\"screenshot.png\",\"length\":3}\nPNG";
    let body = format!("{{}}\n{{\"type\":\"feedback\"}}\n{feedback}\n{file}\n");
    assert_eq!(server.send(body).await.status, 200);
    assert_eq!(
        server.outcomes().await,
        [
            "attachment accepted  3",
            "attachment_item accepted  1",
            "error accepted  1",
            "feedback accepted  2",
        ]
    );
}

/// Sends one item and gives what became of it.
async fn outcome_of(kind: &str, payload: &str) -> Vec<String> {
    outcomes_of(&json!({ "type": kind }), &[payload]).await
}

/// The same for several items, each in an envelope of its own.
async fn outcomes_of(header: &Value, payloads: &[&str]) -> Vec<String> {
    let server = Server::start().await;
    for payload in payloads {
        let mut header = header.clone();
        header["length"] = payload.len().into();
        assert_eq!(server.send(format!("{{}}\n{header}\n{payload}\n")).await.status, 200);
    }
    server.outcomes().await
}

/// 44, as far as there are no monitors yet
#[tokio::test]
async fn check_ins_that_say_how_the_job_ought_to_run_are_understood_and_counted() {
    let check_ins = recorded("python/py_crons", &ItemType::CheckIn);
    assert!(check_ins[0].contains("monitor_config"), "{}", check_ins[0]);
    let changed = check_ins[0].replace("crontab", "interval");
    let payloads = [check_ins[0].as_str(), changed.as_str()];
    let ended = outcomes_of(&json!({"type": "check_in"}), &payloads).await;
    assert_eq!(ended, ["monitor unsupported not_yet_supported 2"]);
}

/// 45, as far as there are no monitors yet
#[tokio::test]
async fn check_ins_with_and_without_an_id_are_understood_and_counted() {
    let mut check_ins = recorded("cli/cli_monitors", &ItemType::CheckIn);
    let nil = json!({"check_in_id": "0".repeat(32), "monitor_slug": "nightly", "status": "ok"});
    check_ins.push(nil.to_string());
    let payloads: Vec<_> = check_ins.iter().map(String::as_str).collect();
    let ended = outcomes_of(&json!({"type": "check_in"}), &payloads).await;
    assert_eq!(ended, ["monitor unsupported not_yet_supported 5"]);
}

/// 46, as far as there are no monitors yet: what can never be followed is refused today
#[tokio::test]
async fn check_ins_that_name_no_monitor_are_invalid() {
    let nameless = r#"{"monitor_slug":"","status":"ok"}"#;
    assert_eq!(outcome_of("check_in", nameless).await, ["monitor invalid invalid_check_in 1"]);
}

/// How the sessions of the last day went.
async fn health(server: &Server) -> Health {
    server.app.settle().await;
    let mut db = server.app.app.db.acquire().await.unwrap();
    let wanted = Wanted { projects: vec![server.shop.id], ..Wanted::default() };
    let now = start_time();
    health::total(&mut db, &wanted, Window::whole(now - TimeDelta::days(1), now)).await.unwrap()
}

/// 47
#[tokio::test]
async fn a_session_that_begins_and_crashes_is_one_that_crashed() {
    let server = Server::start().await;
    let step = |changes: Value| {
        let mut step = json!({"sid": ID, "did": "ada", "started": "2026-11-22T14:59:00Z",
            "attrs": {"release": "shop@1", "environment": "live"}});
        for (field, value) in changes.as_object().unwrap() {
            step[field] = value.clone();
        }
        format!("{{}}\n{{\"type\":\"session\"}}\n{step}\n")
    };
    for step in [
        step(json!({"init": true, "status": "ok"})),
        step(json!({"seq": 2, "status": "crashed", "errors": 1})),
    ] {
        assert_eq!(server.send(step).await.status, 200);
    }
    let health = health(&server).await;
    assert_eq!((health.sessions.total, health.sessions.crashed), (1, 1));
    assert_eq!((health.users.total, health.users.crashed), (1, 1));
    assert_eq!(health.sessions.crash_free(), Some(0.0));
    assert_eq!(server.outcomes().await, ["session accepted  2"]);
}

/// 48
#[tokio::test]
async fn counted_sessions_are_counted_as_many() {
    let counted = json!({
        "aggregates": [{"started": "2026-11-22T14:59:00Z", "exited": 9, "crashed": 1,
            "did": "00000000-0000-0000-0000-000000000000"}],
        "attrs": {"release": "shop@1", "environment": "live"}});
    let server = Server::start().await;
    let body = format!("{{}}\n{{\"type\":\"sessions\"}}\n{counted}\n");
    assert_eq!(server.send(body).await.status, 200);
    let health = health(&server).await;
    assert_eq!((health.sessions.total, health.users.total), (10, 0));
    assert_eq!(health.sessions.crash_free(), Some(0.9));
    assert_eq!(server.outcomes().await, ["session accepted  10"]);
}

/// 49
#[tokio::test]
async fn sessions_of_another_time_are_dropped() {
    let session = |started: Value| json!({"started": started, "attrs": {"release": "shop@1"}});
    for (started, reason) in
        [(json!("2026-11-16T15:00:00Z"), "timestamp"), (json!(1_795_000_000), "invalid_json")]
    {
        let ended = outcome_of("session", &session(started).to_string()).await;
        assert_eq!(ended, [format!("session invalid {reason} 1")]);
    }
}

/// 60, as far as there is no store for logs yet
#[tokio::test]
async fn a_container_of_logs_holds_as_many_as_it_says_or_is_dropped() {
    let payload = recorded("python/py_logs", &ItemType::Log).remove(0);
    let content_type = "application/vnd.sentry.items.log+json";
    for (count, outcome) in
        [(7, "log_item unsupported not_yet_supported 7"), (6, "log_item invalid invalid_json 6")]
    {
        let header = json!({"type": "log", "item_count": count, "content_type": content_type});
        let ended = outcomes_of(&header, &[&payload]).await;
        assert_eq!(ended[1], outcome, "{ended:?}");
    }
}
