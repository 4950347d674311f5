//! What users wrote, from a report, a form or a client to the pages.

use std::path::Path;

use picket::base::EventId;
use serde_json::{Value, json};
use tokio::process::Command;

use super::browser::{Browser, create_user};
use crate::chromium;
use crate::support::page_text::page_text;
use crate::support::{TestApp, TestProject};

const ADA: &str = "ada@example.com";

async fn send(app: &TestApp, project: &TestProject, id: &str, items: &[(&str, Value)]) {
    let item = |(kind, payload): &(&str, Value)| format!("{{\"type\":\"{kind}\"}}\n{payload}\n");
    let items: String = items.iter().map(item).collect();
    let body = format!("{{\"event_id\":\"{id}\"}}\n{items}");
    assert_eq!(app.send_envelope(project, body).await.status(), 200);
    app.settle().await;
}

fn new_id() -> String {
    EventId::random().to_string()
}

fn report(id: &str, words: &str) -> Value {
    json!({"event_id": id, "name": "Bob", "email": null, "comments": words})
}

fn feedback(message: &str, about: Option<&str>) -> Value {
    json!({"type": "feedback", "release": "shop@1", "user": {"email": "eve@example.com"}, "contexts": {"feedback":
        {"message": message, "associated_event_id": about, "url": "https://shop.example/cart"}}})
}

async fn outcomes(app: &TestApp) -> Vec<(String, String, String, i64)> {
    let mut outcomes = app.outcomes().await;
    outcomes.retain(|(category, ..)| category == "feedback");
    outcomes
}

#[tokio::test]
async fn what_users_wrote_is_listed_and_stands_beside_its_event() {
    let app = TestApp::start().await;
    create_user(&app, ADA).await;
    let mut browser = Browser::signed_in(&app, ADA).await;
    let project = app.create_project("Shop").await;
    let empty = page_text(browser.get("/default/feedback").await.expect_page());
    assert!(empty.contains("Nobody has written yet"), "{empty}");

    let id = new_id();
    send(
        &app,
        &project,
        &id,
        &[("event", json!({"message": "broken"})), ("user_report", report(&id, "first"))],
    )
    .await;
    send(&app, &project, &id, &[("user_report", report(&id, "It <b>broke</b>"))]).await;
    send(&app, &project, &new_id(), &[("feedback", feedback("The button is dead", Some(&id)))])
        .await;
    send(&app, &project, &new_id(), &[("feedback", feedback(" ", None))]).await;
    send(&app, &project, &new_id(), &[("user_report", json!({"name": "no event"}))]).await;

    let list = browser.get("/default/feedback").await.expect_page().to_owned();
    assert!(!list.contains("<b>broke"), "a message became markup");
    let text = page_text(&list);
    for shown in [
        "It <b>broke</b>",
        "Bob",
        "The button is dead",
        "eve@example.com",
        "SHOP-1",
        "broken",
        "shop@1",
    ] {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    assert!(!text.contains("first"), "the newer report takes the older one's place: {text}");
    let page = page_text(browser.get("/default/issues/SHOP-1").await.expect_page());
    assert!(page.contains("It <b>broke</b>") && page.contains("The button is dead"), "{page}");

    let line = |outcome: &str, reason: &str, n| {
        ("feedback".to_owned(), outcome.to_owned(), reason.to_owned(), n)
    };
    assert_eq!(outcomes(&app).await, [line("accepted", "", 3), line("invalid", "invalid_json", 2)]);
    app.stop().await;
}

#[tokio::test]
async fn a_screenshot_comes_with_feedback() {
    let app = TestApp::start().await;
    create_user(&app, ADA).await;
    let mut browser = Browser::signed_in(&app, ADA).await;
    let project = app.create_project("Shop").await;
    let body = format!(
        "{{\"event_id\":\"{}\"}}\n{{\"type\":\"feedback\"}}\n{}\n{{\"type\":\"attachment\",\"filename\":\"screenshot.png\",\"length\":5}}\nhello\n",
        new_id(),
        feedback("Look", None)
    );
    assert_eq!(app.send_envelope(&project, body).await.status(), 200);
    app.settle().await;
    let page = browser.get("/default/feedback").await.expect_page().to_owned();
    let link = page.split("class=\"file-name\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let saved = browser.get(link).await;
    assert_eq!(
        (saved.body.as_str(), saved.header("content-type")),
        ("hello", "application/octet-stream")
    );
    app.stop().await;
}

#[tokio::test]
async fn a_long_list_is_read_page_by_page() {
    let app = TestApp::start().await;
    create_user(&app, ADA).await;
    let mut browser = Browser::signed_in(&app, ADA).await;
    let project = app.create_project("Shop").await;
    for n in 0..30 {
        let id = new_id();
        let body = format!(
            "{{\"event_id\":\"{id}\"}}\n{{\"type\":\"user_report\"}}\n{}\n",
            report(&id, &format!("word-{n:02}"))
        );
        assert_eq!(app.send_envelope(&project, body).await.status(), 200);
    }
    app.settle().await;
    let words = |page: &str| page.matches("word-").count();
    let url = |page: &str, label: &str| {
        let before = page.split(label).next().unwrap();
        // The last link before the word; the icon in it has an address, too.
        let link = before.rsplit("<a ").next().unwrap();
        let url = link.split("href=\"").nth(1).unwrap().split('"').next().unwrap();
        url.replace("&amp;", "&").replace("&#38;", "&")
    };
    let first = browser.get("/default/feedback").await.expect_page().to_owned();
    assert_eq!(words(&first), 25);
    assert!(!first.contains(">Newer<") && !first.contains("Newer</a>"));
    let second = browser.get(&url(&first, "Older</a>")).await.expect_page().to_owned();
    assert_eq!(words(&second), 5);
    let back = browser.get(&url(&second, "Newer</a>")).await.expect_page().to_owned();
    assert_eq!(words(&back), 25);
    app.stop().await;
}

#[tokio::test]
async fn the_dialog_of_an_error_page_sends_a_report() {
    let app = TestApp::start().await;
    create_user(&app, ADA).await;
    let mut browser = Browser::signed_in(&app, ADA).await;
    let project = app.create_project("Shop").await;
    let id = new_id();
    let dsn: String = form_urlencoded::byte_serialize(project.dsn.as_bytes()).collect();
    let url =
        format!("{}/api/embed/error-page/?dsn={dsn}&eventId={id}&title=%3C%2Fscript%3E", app.url);
    let script = app.http.get(&url).send().await.unwrap();
    assert_eq!(script.headers()["content-type"], "text/javascript; charset=utf-8");
    assert_eq!(script.headers()["access-control-allow-origin"], "*");
    let script = script.text().await.unwrap();
    assert!(script.contains("\\u003c/script>") && !script.contains("</script>"), "{script}");

    let form = |body: &'static str| {
        let request =
            app.http.post(&url).header("Content-Type", "application/x-www-form-urlencoded");
        request.body(body)
    };
    let wrong = form("name=Bob&email=nowhere").send().await.unwrap();
    assert_eq!(wrong.status(), 400);
    let wrong: Value = serde_json::from_str(&wrong.text().await.unwrap()).unwrap();
    assert_eq!(
        wrong,
        json!({"errors": {"comments": ["This field is required."], "email": ["Enter a valid email address."]}})
    );
    let sent = form("name=Bob&email=bob%40example.com&comments=It+broke").send().await.unwrap();
    assert_eq!((sent.status().as_u16(), sent.text().await.unwrap().as_str()), (200, ""));
    for (address, status) in [
        (url.replace(&id, "zz"), 400),
        (url.replace("&eventId", "&noEventId"), 400),
        (url.replace(&project.key, &"f".repeat(32)), 404),
        (url.replace("dsn=", "dsn=x"), 404),
    ] {
        assert_eq!(app.http.get(&address).send().await.unwrap().status(), status, "{address}");
    }
    app.settle().await;
    let list = page_text(browser.get("/default/feedback").await.expect_page());
    assert!(list.contains("It broke") && list.contains("bob@example.com"), "{list}");
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_dialog_works_in_a_browser() {
    let Some(browser) = chromium::browser() else { return };
    let app = TestApp::start().await;
    let project = app.create_project("Shop").await;
    let dsn: String = form_urlencoded::byte_serialize(project.dsn.as_bytes()).collect();
    let url = format!("{}/api/embed/error-page/?dsn={dsn}&eventId={}", app.url, new_id());
    let output = Command::new("node")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sdk/dialog.mjs"))
        .arg(url)
        .arg(&browser.chromium)
        .env("PICKET_TEST_NODE_MODULES", &browser.modules)
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    app.settle().await;
    let written: Vec<(String, String)> =
        sqlx::query_as("SELECT email, message FROM feedback").fetch_all(&app.app.db).await.unwrap();
    assert_eq!(written, [("bob@example.com".to_owned(), "It <b>broke</b>".to_owned())]);
    app.stop().await;
}
