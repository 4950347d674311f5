//! What a project leaves out: settings, trial and effect.

use picket::base::Clock;
use picket::pipeline::project_settings::BELIEVED_FOR;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::browser::{Browser, create_user};
use crate::api::program::start_time;
use crate::support::page_text::page_text;
use crate::support::{TestApp, TestProject};

const ADA: &str = "ada@example.com";
const SETTINGS: &str = "/default/projects/shop/settings/filters";

/// The form as it is on the page of a project that has set nothing, with changes.
fn form<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![
        ("chunk_load", "on"),
        ("react_hydration", "on"),
        ("csp_sources", "on"),
        ("error_messages", ""),
        ("releases", ""),
        ("ip_addresses", ""),
        ("allowed_domains", "*"),
    ];
    fields.retain(|(name, _)| changes.iter().all(|(changed, _)| changed != name));
    fields.extend(changes);
    fields
}

async fn send(app: &TestApp, project: &TestProject, event: &Value, agent: &str) {
    let answer = app
        .http
        .post(format!("{}/api/{}/envelope/", app.url, project.id))
        .header("X-Sentry-Auth", format!("Sentry sentry_key={}, sentry_version=7", project.key))
        .header("User-Agent", agent)
        .body(format!("{{}}\n{{\"type\":\"event\"}}\n{event}\n"))
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK, "senders are not told");
}

fn error(kind: &str, value: &str) -> Value {
    json!({"exception": [{"type": kind, "value": value}], "release": "shop@1.0"})
}

async fn outcomes(app: &TestApp) -> Vec<(String, String, i64)> {
    app.settle().await;
    sqlx::query_as(
        "SELECT outcome, reason, sum(quantity)::bigint FROM outcomes WHERE category = 'error'
         GROUP BY 1, 2 ORDER BY 1, 2",
    )
    .fetch_all(&app.app.db)
    .await
    .unwrap()
}

fn row(outcome: &str, reason: &str, quantity: i64) -> (String, String, i64) {
    (outcome.to_owned(), reason.to_owned(), quantity)
}

async fn shop() -> (TestApp, TestProject, Browser) {
    let app = TestApp::start_at(Clock::fixed(start_time()), |_| {}).await;
    create_user(&app, ADA).await;
    let browser = Browser::signed_in(&app, ADA).await;
    let project = app.create_project("Shop").await;
    (app, project, browser)
}

#[tokio::test]
async fn what_matches_is_answered_with_200_not_stored_and_counted_with_its_reason() {
    let (app, project, mut browser) = shop().await;
    let other = app.create_project("Blog").await;
    browser.get(SETTINGS).await.expect_page();
    let lists = [
        ("web_crawlers", "on"),
        ("legacy_browsers", "ie"),
        ("legacy_browsers", "safari"),
        ("error_messages", "KeyError: *\r\n\r\n*timeout*"),
        ("releases", "shop@2.*"),
        ("ip_addresses", "203.0.113.0/24"),
    ];
    browser.post(SETTINGS, &form(&lists)).await.expect_redirect();
    app.app.clock.advance(BELIEVED_FOR);

    let python = "sentry.python/2.75.0";
    let mut newer = error("ValueError", "x");
    newer["release"] = json!("Shop@2.1");
    let mut old = error("ValueError", "x");
    old["request"] = json!({"url": "https://shop.example/", "headers": {
        "User-Agent": "Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko"}});
    for project in [&project, &other] {
        send(&app, project, &error("ValueError", "Googlebot"), python).await;
        send(
            &app,
            project,
            &error("ValueError", "x"),
            "Googlebot/2.1 (+http://www.google.com/bot.html)",
        )
        .await;
        send(&app, project, &error("KeyError", "'sku'"), python).await;
        send(&app, project, &json!({"message": "read TIMEOUT"}), python).await;
        send(&app, project, &newer, python).await;
        send(&app, project, &old, python).await;
    }
    // What the other one leaves out by default.
    send(&app, &other, &error("ChunkLoadError", "Loading chunk 3 failed."), python).await;

    let expected = [
        row("accepted", "", 1 + 6),
        row("filtered", "chunk-load-error", 1),
        row("filtered", "error-message", 2),
        row("filtered", "legacy-browsers", 1),
        row("filtered", "release-version", 1),
        row("filtered", "web-crawlers", 1),
    ];
    assert_eq!(outcomes(&app).await, expected);
    let stored: i64 =
        sqlx::query_scalar("SELECT count(*) FROM events").fetch_one(&app.app.db).await.unwrap();
    assert_eq!(stored, 7);
    let usage = page_text(browser.get("/default/usage?project=shop").await.expect_page());
    assert!(
        usage.contains("Filtered | web-crawlers | A search engine or another robot"),
        "{usage}"
    );
    app.stop().await;
}

#[tokio::test]
async fn files_go_the_way_of_their_event() {
    let (app, project, _browser) = shop().await;
    let event = error("ChunkLoadError", "Loading chunk 3 failed.");
    let file = "{\"type\":\"attachment\",\"length\":3,\"filename\":\"a.txt\"}\nabc\n";
    let body = format!("{{}}\n{{\"type\":\"event\"}}\n{event}\n{file}");
    assert_eq!(app.send_envelope(&project, body).await.status(), StatusCode::OK);
    assert_eq!(outcomes(&app).await, [row("filtered", "chunk-load-error", 1)]);
    let files: Vec<(String, String, String, i64)> = sqlx::query_as(
        "SELECT category, outcome, reason, quantity FROM outcomes WHERE category <> 'error' ORDER BY 1",
    )
    .fetch_all(&app.app.db)
    .await
    .unwrap();
    let filtered = |category: &str, quantity| {
        (category.to_owned(), "filtered".to_owned(), "chunk-load-error".to_owned(), quantity)
    };
    assert_eq!(files, [filtered("attachment", 3), filtered("attachment_item", 1)]);
    app.stop().await;
}

#[tokio::test]
async fn settings_are_kept_and_a_line_that_cannot_be_used_is_named() {
    let (app, _, mut browser) = shop().await;
    let page = browser.get(SETTINGS).await;
    assert!(page.expect_page().contains("name=\"chunk_load\" value=\"on\" checked"));
    let general = browser.get("/default/projects/shop/settings").await;
    assert!(general.expect_page().contains(&format!("href=\"{SETTINGS}\"")));

    browser.get(SETTINGS).await;
    let wrong = [("ip_addresses", "10.0.0.0/8\r\n10.0.0.0/99"), ("localhost", "on")];
    let answer = browser.post(SETTINGS, &form(&wrong)).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("Line 2: “10.0.0.0/99” is no address"), "{}", answer.body);
    assert!(answer.body.contains("10.0.0.0/8\n10.0.0.0/99</textarea>"), "what was typed stays");
    let again = browser.get(SETTINGS).await;
    assert!(!again.expect_page().contains("10.0.0.0/99"), "nothing is saved");

    let good = [("ip_addresses", "10.0.0.0/8"), ("localhost", "on"), ("legacy_browsers", "ie9")];
    browser.post(SETTINGS, &form(&good)).await.expect_redirect();
    let saved = browser.get(SETTINGS).await;
    assert!(saved.expect_page().contains("10.0.0.0/8</textarea>"), "{}", saved.body);
    assert!(saved.body.contains("name=\"localhost\" value=\"on\" checked"));
    assert!(saved.body.contains("value=\"ie9\" checked"));
    assert!(saved.body.contains("Saved."));
    app.stop().await;
}

#[tokio::test]
async fn settings_are_tried_on_stored_events_before_they_are_saved() {
    let (app, project, mut browser) = shop().await;
    let page = browser.get(SETTINGS).await;
    assert!(!page.expect_page().contains("trial-result"));
    let empty = browser.post(SETTINGS, &form(&[("verb", "try")])).await;
    assert!(empty.expect_page().contains("No event of this project is stored in full yet."));
    for number in 0..7 {
        let value = format!("Failed to fetch {number}");
        send(&app, &project, &error("TypeError", &value), "sentry.python/2").await;
    }
    for _ in 0..5 {
        send(&app, &project, &error("KeyError", "'sku'"), "sentry.python/2").await;
    }
    app.settle().await;

    let lists = [("verb", "try"), ("error_messages", "TypeError: Failed to fetch*\r\n*[45]")];
    let tried = browser.post(SETTINGS, &form(&lists)).await;
    let text = page_text(tried.expect_page());
    assert!(text.contains("Would have left out 7 of the last 12 stored events."), "{text}");
    assert!(text.contains("error-message 7"), "{text}");
    assert!(text.contains("SHOP-1 | TypeError"), "{text}");
    assert!(!text.contains("SHOP-2"), "{text}");
    let none = browser.post(SETTINGS, &form(&[("verb", "try")])).await;
    let text = page_text(none.expect_page());
    assert!(text.contains("Would have left out none of the last 12 stored events."), "{text}");
    let broken = browser.post(SETTINGS, &form(&[("verb", "try"), ("releases", "[")])).await;
    assert_eq!(broken.status, StatusCode::UNPROCESSABLE_ENTITY);

    app.app.clock.advance(BELIEVED_FOR);
    send(&app, &project, &error("TypeError", "Failed to fetch 9"), "sentry.python/2").await;
    assert_eq!(outcomes(&app).await, [row("accepted", "", 13)], "trying saves nothing");
    app.stop().await;
}
