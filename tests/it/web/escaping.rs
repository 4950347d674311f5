//! Whatever an SDK sends is shown as text, wherever it is shown.

use picket::base::EventId;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::browser::{Browser, create_user};
use crate::support::TestApp;
use crate::support::corpus::events;

/// Ends an attribute, ends a script, and would run.
const NASTY: &str = "'\"></title></script><img src=x onerror=alert(1)>{{7*7777}}";

/// Fields whose words decide how the rest is read: with others, less would be shown.
const KEPT: [&str; 8] =
    ["type", "level", "platform", "timestamp", "event_id", "in_app", "method", "ip_address"];

/// Every text of the event with the attack behind it; names of tags, data and variables, too.
fn poison(value: &mut Value, key: &str) {
    match value {
        Value::String(text) if !KEPT.contains(&key) || key == "type" => text.push_str(NASTY),
        Value::Array(elements) => elements.iter_mut().for_each(|element| poison(element, key)),
        Value::Object(fields) => {
            fields.iter_mut().for_each(|(key, value)| poison(value, key));
            if matches!(key, "vars" | "extra" | "data" | "headers" | "env" | "tags") {
                fields.insert(format!("name{NASTY}"), json!(NASTY));
            }
        }
        _ => {}
    }
}

#[tokio::test]
async fn what_an_event_says_is_text_on_every_page() {
    let app = TestApp::start().await;
    create_user(&app, "ada@example.com").await;
    let mut browser = Browser::signed_in(&app, "ada@example.com").await;
    let project = app.create_project("Shop").await;
    let mut sent = 0;
    for family in ["python", "browser", "node", "native", "go", "ruby", "rust"] {
        let richest = events().into_iter().filter(|event| event.family == family);
        let mut event: Value =
            serde_json::from_slice(&richest.max_by_key(|event| event.bytes.len()).unwrap().bytes)
                .unwrap();
        poison(&mut event, "");
        let id = EventId::random();
        event["event_id"] = json!(id.to_string());
        event["timestamp"] = json!(app.app.clock.now().timestamp());
        let body = format!("{{\"event_id\":\"{id}\"}}\n{{\"type\":\"event\"}}\n{event}\n");
        assert_eq!(app.send_envelope(&project, body).await.status(), StatusCode::OK);
        sent += 1;
    }
    app.settle().await;

    let issues: Vec<i64> =
        sqlx::query_scalar("SELECT id FROM issues").fetch_all(&app.app.db).await.unwrap();
    assert_eq!(issues.len(), sent);
    let mut pages = vec!["/default/issues".to_owned(), "/default/projects".to_owned()];
    for issue in issues {
        for tab in ["", "events/latest/", "tags/", "grouping/", "activity/"] {
            pages.push(format!("/default/issues/{issue}/{tab}"));
        }
    }
    let mut marks = 0;
    for path in pages {
        let page = browser.get(&path).await;
        let body = page.expect_page();
        for tag in ["<img", "</script><", "onerror=alert(1)>{{"] {
            assert!(!body.contains(tag), "{path} has {tag}: {}", around(body, tag));
        }
        assert!(!body.contains("54439"), "{path}: a template inside a text was run");
        marks += body.matches("onerror=alert(1)").count();
    }
    assert!(marks > 500, "the attack is shown as text {marks} times");
    app.stop().await;
}

fn around<'a>(body: &'a str, found: &str) -> &'a str {
    let at = body.find(found).unwrap_or_default();
    let from = body.floor_char_boundary(at.saturating_sub(200));
    &body[from..body.floor_char_boundary((at + 200).min(body.len()))]
}
