//! What became of everything that was sent, as people see it.

use chrono::TimeDelta;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::browser::{Browser, create_user};
use super::projects::create_organization;
use crate::api::program::{error, send, server};
use crate::support::page_text::page_text;
use crate::support::{TestApp, TestProject};

const ADA: &str = "ada@example.com";
const PAGE: &str = "/default/usage";

/// The envelopes with a client report that a recorded client sent.
fn recorded_reports(file: &str) -> Vec<String> {
    let path = format!("{}/tests/fixtures/corpus/{file}.json", env!("CARGO_MANIFEST_DIR"));
    let scenario: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let requests = scenario["requests"].as_array().unwrap();
    let has_report = |request: &&Value| request["item_types"].to_string().contains("client_report");
    let body = |request: &Value| request["body"].as_str().unwrap().to_owned();
    requests.iter().filter(has_report).map(body).collect()
}

fn entry(reason: &str, quantity: impl Into<Value>) -> Value {
    json!({"reason": reason, "category": "error", "quantity": quantity.into()})
}

async fn post(app: &TestApp, project: &TestProject, body: String) {
    assert_eq!(app.send_envelope(project, body).await.status(), StatusCode::OK);
    app.settle().await;
}

async fn report(app: &TestApp, project: &TestProject, payload: &str) {
    let item = format!("{{\"type\":\"client_report\",\"length\":{}}}", payload.len());
    post(app, project, format!("{{}}\n{item}\n{payload}\n")).await;
}

/// Everything that was counted: hour, category, outcome, reason, quantity.
async fn outcomes(app: &TestApp) -> Vec<(String, String, String, String, i64)> {
    sqlx::query_as(
        "SELECT to_char(hour AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24'), category, outcome, reason, \
             sum(quantity)::bigint
         FROM outcomes GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4",
    )
    .fetch_all(&app.app.db)
    .await
    .unwrap()
}

fn row(
    hour: &str,
    category: &str,
    outcome: &str,
    reason: &str,
    quantity: i64,
) -> (String, String, String, String, i64) {
    (hour.into(), category.into(), outcome.into(), reason.into(), quantity)
}

#[tokio::test]
async fn what_recorded_clients_say_they_dropped_is_counted_in_its_hour_and_shown() {
    let app = server().await;
    create_user(&app, ADA).await;
    let mut browser = Browser::signed_in(&app, ADA).await;
    let project = app.create_project("Shop").await;
    for file in ["python/py_dropped", "python/py_flask", "node/node_express"] {
        let reports = recorded_reports(file);
        assert!(!reports.is_empty(), "{file}");
        for body in reports {
            post(&app, &project, body).await;
        }
    }

    let hour = "2026-11-22 14";
    let dropped =
        |category, reason, quantity| row(hour, category, "client_discard", reason, quantity);
    let expected = [
        dropped("error", "before_send", 3),
        dropped("error", "event_processor", 1),
        dropped("span", "event_processor", 3),
        dropped("span", "no_parent_span", 3),
        dropped("transaction", "event_processor", 1),
    ];
    assert_eq!(outcomes(&app).await, expected, "the reports themselves count as nothing");

    let page = browser.get(PAGE).await;
    let text = page_text(page.expect_page());
    assert!(
        text.contains("Dropped by client | before_send | The program's own before_send"),
        "{text}"
    );
    assert!(text.contains("Spans | 0 | 0 | 0 | 0 | 6 | 0"), "{text}");
    let spans = page_text(browser.get(&format!("{PAGE}?category=span")).await.expect_page());
    assert!(spans.contains("no_parent_span") && !spans.contains("before_send"), "{spans}");
    app.stop().await;
}

#[tokio::test]
async fn of_a_report_that_is_wrong_only_what_makes_sense_is_counted() {
    let app = server().await;
    let project = app.create_project("Shop").await;
    let at = |timestamp: &str, reason: &str| {
        json!({"timestamp": timestamp, "discarded_events": [entry(reason, 1)]}).to_string()
    };
    let longest = "r".repeat(200);
    for payload in [
        "not json".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        json!({"discarded_events": "many"}).to_string(),
        json!({"discarded_events": [entry("negative", -1), entry("zero", 0)]}).to_string(),
        json!({"discarded_events": [entry(&"r".repeat(201), 1)]}).to_string(),
        // Ahead, and older than what is kept.
        at("2026-11-22T15:01:01Z", "ahead"),
        at("2026-01-01T00:00:00Z", "old"),
        // Three days ago, when this server did not run yet.
        at("2026-11-19T15:30:00Z", "ratelimit_backoff"),
        json!({
            "discarded_events": [entry(&longest, 2), {"reason": "x", "category": "cheese", "quantity": 4}],
            "rate_limited_events": [entry("quota", 5)],
            "filtered_events": [entry("web-crawlers", 6)],
            "filtered_sampling_events": [entry("Sampled:7", 7)],
        })
        .to_string(),
    ] {
        report(&app, &project, &payload).await;
    }

    let now = "2026-11-22 15";
    let expected = [
        row("2026-11-19 15", "error", "client_discard", "ratelimit_backoff", 1),
        row(now, "error", "client_discard", &longest, 2),
        row(now, "error", "filtered", "Sampled:7", 7),
        row(now, "error", "filtered", "web-crawlers", 6),
        row(now, "error", "rate_limited", "quota", 5),
        row(now, "unknown", "client_discard", "x", 4),
    ];
    assert_eq!(outcomes(&app).await, expected);

    app.stop().await;
}

#[tokio::test]
async fn however_much_and_whatever_clients_claim_it_can_be_added_up() {
    let app = server().await;
    create_user(&app, ADA).await;
    let mut browser = Browser::signed_in(&app, ADA).await;
    let project = app.create_project("Shop").await;
    let huge: Vec<Value> = (0..200).map(|_| entry("huge", u64::MAX)).collect();
    let huge = json!({ "discarded_events": huge }).to_string();
    let item = format!("{{\"type\":\"client_report\",\"length\":{}}}\n{huge}\n", huge.len());
    for _ in 0..2 {
        post(&app, &project, format!("{{}}\n{}", item.repeat(2))).await;
    }
    let made_up: Vec<Value> =
        (0..200).map(|number| entry(&format!("made up {number}"), 1)).collect();
    report(&app, &project, &json!({ "discarded_events": made_up }).to_string()).await;
    let reasons: (i64, i64) = sqlx::query_as(
        "SELECT count(DISTINCT reason), sum(quantity) FILTER (WHERE reason LIKE 'made up%' OR reason = 'other')::bigint FROM outcomes",
    )
    .fetch_one(&app.app.db)
    .await
    .unwrap();
    assert!(reasons.0 == 101 && reasons.1 == 200, "{reasons:?}");
    send(&app, &project, &[error("KeyError")]).await;
    let page = browser.get(&format!("{PAGE}?period=7d")).await;
    let text = page_text(page.expect_page());
    assert!(text.contains("Errors | 1 | 0 | 0 | 0 | "), "{text}");
    app.stop().await;
}

#[tokio::test]
async fn it_shows_one_project_or_all_by_hour_or_by_day_and_nothing_of_others() {
    let app = server().await;
    create_user(&app, ADA).await;
    let mut browser = Browser::signed_in(&app, ADA).await;
    let text = page_text(browser.get(PAGE).await.expect_page());
    assert!(text.contains("Nothing was sent"), "{text}");

    let shop = app.create_project("Shop").await;
    let blog = app.create_project("Blog").await;
    create_organization(&app, "other").await;
    send(&app, &shop, &[error("KeyError"), error("KeyError")]).await;
    app.app.clock.advance(TimeDelta::hours(30));
    send(&app, &blog, &[error("TypeError")]).await;

    let mut totals = Vec::new();
    for query in [
        "",
        "?period=7d",
        "?period=7d&project=shop",
        "?period=90d&project=blog",
        "?period=x&category=y",
    ] {
        let page = browser.get(&format!("{PAGE}{query}")).await;
        let body = page.expect_page();
        let accepted = body.split("Accepted</dt><dd><strong>").nth(1).unwrap();
        let rows =
            body.matches("<tr><th scope=\"row\">2").count() + body.matches(", UTC</th>").count();
        totals.push((accepted.split('<').next().unwrap().to_owned(), rows));
    }
    let total = |count: &str, steps| (count.to_owned(), steps);
    let expected = [total("1", 24), total("3", 7), total("2", 7), total("1", 90), total("1", 24)];
    assert_eq!(totals, expected);
    let stranger = page_text(browser.get(&format!("{PAGE}?project=nobody")).await.expect_page());
    assert!(stranger.contains("Nothing was sent"), "{stranger}");
    assert_eq!(browser.get("/other/usage").await.status, StatusCode::NOT_FOUND);
    app.stop().await;
}
