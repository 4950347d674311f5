//! Points 50 to 59: what becomes of an event's fields.

use picket::base::Timestamp;
use picket::domain::filters::{self, FilterSettings};
use picket::domain::privacy::{self, PrivacySettings};
use serde_json::{Value, json};

use super::{ID, Server, envelope};
use crate::ingest::door::answer;

/// When an event happened, as it is shown.
async fn occurred(server: &Server, id: &str) -> Timestamp {
    server.shown(id).await["dateCreated"].as_str().unwrap().parse().unwrap()
}

/// What was wrong with an event, as types.
fn problems(event: &Value) -> Vec<&str> {
    let problems = event["errors"].as_array().into_iter().flatten();
    problems.filter_map(|problem| problem["type"].as_str()).collect()
}

/// 50
#[tokio::test]
async fn a_clock_that_is_hours_off_is_set_right_and_one_that_is_minutes_off_is_not() {
    let server = Server::start().await;
    for (sent_at, happened, stored) in
        [("13:00:00", "12:59:00", "14:59:00"), ("14:50:00", "14:49:00", "14:49:00")]
    {
        let at = |time: &str| format!("2026-11-22T{time}Z");
        let header = format!("{{\"sent_at\":\"{}\"}}", at(sent_at));
        let event = format!("{{\"timestamp\":\"{}\"}}", at(happened));
        let id = server.send(envelope(&header, &event)).await.id().to_owned();
        assert_eq!(occurred(&server, &id).await, at(stored).parse::<Timestamp>().unwrap());
    }
}

/// 51
#[tokio::test]
async fn an_event_of_another_time_is_stored_at_the_time_it_came() {
    let server = Server::start().await;
    for (year, problem) in [("2099", "future_timestamp"), ("1969", "past_timestamp")] {
        let event = format!("{{\"timestamp\":\"{year}-01-01T00:00:00Z\"}}");
        let received = server.app.app.clock.now();
        let id = server.send_event(&event).await;
        assert_eq!(occurred(&server, &id).await, received, "{year}");
        assert_eq!(problems(&server.stored(&id).await), [problem]);
    }
}

/// 52
#[tokio::test]
async fn an_exception_is_the_same_in_all_its_forms() {
    let server = Server::start().await;
    let exception = json!({"type": "ZeroDivisionError", "value": "division by zero"});
    let mut stored = Vec::new();
    for event in [
        json!({"exception": [exception]}),
        json!({"exception": {"values": [exception]}}),
        json!({"exception": exception}),
        json!({"sentry.interfaces.Exception": [exception]}),
    ] {
        let id = server.send_event(&event.to_string()).await;
        stored.push(server.stored(&id).await["exception"].clone());
    }
    let expected = json!({"values": [exception]});
    assert_eq!(stored, [expected.clone(), expected.clone(), expected.clone(), expected]);
    assert_eq!(server.titles().await, ["ZeroDivisionError: division by zero"]);
}

/// 53
#[tokio::test]
async fn breadcrumbs_and_tags_are_the_same_in_both_their_forms() {
    let server = Server::start().await;
    let crumb = json!({"message": "clicked", "category": "ui", "level": "info"});
    let mut stored = Vec::new();
    for event in [
        json!({"breadcrumbs": [crumb], "tags": {"environment": "live", "release": "x", "shop": "eu"}}),
        json!({"breadcrumbs": {"values": [crumb]},
            "tags": [["environment", "live"], ["release", "x"], ["shop", "eu"]]}),
    ] {
        let id = server.send_event(&event.to_string()).await;
        let event = server.stored(&id).await;
        assert_eq!(event["environment"], "live");
        assert_eq!(event["release"], Value::Null);
        stored.push((event["breadcrumbs"].clone(), event["tags"].clone()));
    }
    assert_eq!(stored[0], stored[1]);
    assert_eq!(stored[0].0["values"][0]["message"], "clicked");
    let tags = stored[0].1.to_string();
    assert!(tags.contains("shop") && !tags.contains("release"), "{tags}");
}

/// Fields that are checked, with their paths.
const FIELDS: [&str; 14] = [
    "breadcrumbs",
    "contexts",
    "debug_meta",
    "exception",
    "extra",
    "fingerprint",
    "level",
    "modules",
    "platform",
    "request",
    "tags",
    "threads",
    "timestamp",
    "user",
];

/// 54
#[tokio::test]
async fn wrong_types_in_every_field_leave_an_event_that_says_so() {
    let server = Server::start().await;
    let mut event = json!({"message": "still here"});
    for field in FIELDS {
        event[field] = json!(true);
    }
    let id = server.send_event(&event.to_string()).await;
    let stored = server.stored(&id).await;
    assert_eq!(stored["logentry"]["formatted"], "still here");
    let errors = stored["errors"].as_array().unwrap();
    let mut named: Vec<_> = errors.iter().filter_map(|error| error["name"].as_str()).collect();
    named.sort_unstable();
    assert_eq!(named, FIELDS);
}

/// 55
#[tokio::test]
async fn nul_anywhere_is_stored_and_readable() {
    let server = Server::start().await;
    let event = json!({
        "message": "a\0b", "tags": {"c\0": "d\0e"}, "extra": {"f\0g": "h\0i"}, "user": {"id": "j\0k"},
        "transaction": "l\0m", "exception": {"type": "n\0o", "value": "p\0q"},
    });
    let id = server.send_event(&event.to_string()).await;
    assert_eq!(server.shown(&id).await["eventID"], id);
    assert_eq!(server.event_ids().await, [id]);
    assert_eq!(server.outcomes().await, ["error accepted  1"]);
}

/// 56
#[tokio::test]
async fn what_is_barely_json_harms_nobody() {
    let server = Server::start().await;
    let deep = format!("{{\"extra\":{}1{}}}", "{\"a\":".repeat(200), "}".repeat(200));
    let bodies: [Vec<u8>; 4] = [
        br#"{"message":"half \ud800 pair"}"#.to_vec(),
        br#"{"extra":{"a":1e400}}"#.to_vec(),
        deep.into_bytes(),
        b"{\"message\":\"caf\xe9\"}".to_vec(),
    ];
    for body in bodies {
        let mut envelope = b"{}\n{\"type\":\"event\"}\n".to_vec();
        envelope.extend_from_slice(&body);
        assert_eq!(server.send(envelope).await.status, 200);
    }
    let health = server.request(reqwest::Method::GET, "/health/ready").send().await.unwrap();
    assert_eq!(health.status(), 200);
    assert_eq!(server.outcomes().await, ["error accepted  4"]);
}

/// 57
#[tokio::test]
async fn secrets_are_taken_out_and_the_remark_says_so() {
    let server = Server::start().await;
    let event = json!({
        "extra": {"password": "hunter2", "token_count": 5, "cart": "3 items"},
        "request": {"url": "https://shop.example/", "headers": {"Authorization": "Bearer abc"}},
    });
    let id = server.send_event(&event.to_string()).await;
    let stored = server.stored(&id).await;
    assert_eq!(stored["extra"]["password"], "[Filtered]");
    assert_eq!(stored["extra"]["token_count"], Value::Null);
    assert_eq!(stored["extra"]["cart"], "3 items");
    let headers = stored["request"]["headers"].to_string();
    assert!(headers.contains("[Filtered]") && !headers.contains("abc"), "{headers}");
    assert!(stored["_meta"]["extra"]["password"][""]["rem"].is_array(), "{}", stored["_meta"]);
}

/// 58
#[tokio::test]
async fn addresses_are_kept_unless_the_project_wants_none() {
    let server = Server::start().await;
    let event = json!({"user": {"id": "7", "ip_address": "{{auto}}"}}).to_string();
    let id = server.send_event(&event).await;
    assert_eq!(server.stored(&id).await["user"]["ip_address"], "127.0.0.1");

    let settings = PrivacySettings { scrub_ip_addresses: true, ..PrivacySettings::default() };
    privacy::set_for_project(&server.app.app, server.shop.id, Some(settings)).await.unwrap();
    server.wait();
    let id = server.send_event(&event).await;
    let stored = server.stored(&id).await;
    assert_eq!(stored["user"]["id"], "7");
    assert!(!stored.to_string().contains("127.0.0.1"), "{stored}");
}

/// 59
#[tokio::test]
async fn crawlers_are_left_out_and_counted() {
    let server = Server::start().await;
    let settings = FilterSettings { web_crawlers: true, ..FilterSettings::default() };
    filters::set(&server.app.app, server.shop.id, settings).await.unwrap();
    server.wait();
    let agent = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
    let header = format!("{{\"event_id\":\"{ID}\"}}");
    let request = server.post_as_curl("/api/P/envelope/").header("User-Agent", agent);
    assert_eq!(answer(request.body(envelope(&header, "{\"message\":\"hi\"}"))).await.id(), ID);
    assert_eq!(server.outcomes().await, ["error filtered web-crawlers 1"]);
    assert_eq!(server.event_ids().await, [""; 0]);
}
