//! Files of events, from the envelope to the page and to the disk of whoever reads it.

use chrono::TimeDelta;
use picket::base::EventId;
use picket::server::background;
use reqwest::Method;
use serde_json::{Value, json};

use super::browser::{Browser, between, create_user};
use crate::api::program::{Program, server};
use crate::support::page_text::page_text;
use crate::support::{TestApp, TestProject};

const ADA: &str = "ada@example.com";

/// A PNG of one pixel.
const PIXEL: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89\0\0\0\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\0\x05\0\x01\xff\x89\x99=\x1d\0\0\0\0IEND\xaeB`\x82";

/// An envelope of an event with files, each a header and its bytes.
fn envelope(id: &str, event: Option<&str>, files: &[(Value, &[u8])]) -> Vec<u8> {
    let mut body = format!("{{\"event_id\":\"{id}\"}}\n").into_bytes();
    if let Some(event) = event {
        body.extend_from_slice(format!("{{\"type\":\"event\"}}\n{event}\n").as_bytes());
    }
    for (header, bytes) in files {
        let mut header = header.clone();
        header["type"] = json!("attachment");
        header["length"] = json!(bytes.len());
        body.extend_from_slice(format!("{header}\n").as_bytes());
        body.extend_from_slice(bytes);
        body.push(b'\n');
    }
    body
}

async fn send(app: &TestApp, project: &TestProject, body: Vec<u8>) {
    assert_eq!(app.send_envelope(project, body).await.status(), 200);
    app.settle().await;
}

fn new_id() -> String {
    EventId::random().to_string()
}

/// What was counted: category, outcome, reason and quantity.
fn line(category: &str, outcome: &str, reason: &str, n: i64) -> (String, String, String, i64) {
    (category.to_owned(), outcome.to_owned(), reason.to_owned(), n)
}

/// How many files and chunks there are.
async fn stored(app: &TestApp) -> (i64, i64) {
    let counts =
        "SELECT (SELECT count(*) FROM attachments), (SELECT count(*) FROM attachment_chunks)";
    sqlx::query_as(counts).fetch_one(&app.app.db).await.unwrap()
}

const FORM: &str = "multipart/form-data; boundary=between";

/// A form with a part for each of these ends of its header.
fn form(parts: &[&str]) -> String {
    let part = |rest: &&str| {
        format!(
            "--between\r\nContent-Disposition: form-data; name=\"upload\"{rest}\r\nContent-Type: text/plain\r\n\r\nafter\r\n"
        )
    };
    parts.iter().map(part).collect::<String>() + "--between--\r\n"
}

async fn upload(app: &TestApp, url: &str, kind: Option<&str>, body: String) -> (u16, String) {
    let request = app.http.post(url).body(body);
    let request = match kind {
        Some(kind) => request.header("Content-Type", kind),
        None => request,
    };
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// The address of the file of that name on a page.
fn file_url(page: &str, name: &str) -> String {
    let before = page.split(&format!("<span>{name}</span>")).next().unwrap();
    let link = before.rsplit("class=\"file-name\" href=\"").next().unwrap();
    link.split('"').next().unwrap().to_owned()
}

#[tokio::test]
async fn files_are_listed_shown_and_saved() {
    let app = TestApp::start().await;
    create_user(&app, ADA).await;
    let mut browser = Browser::signed_in(&app, ADA).await;
    let project = app.create_project("Shop").await;
    let log = "first line\n<script>alert(1)</script>\n".to_owned() + &"x".repeat(3 << 20);
    let files = [
        (json!({"filename": "screenshot.png", "content_type": "image/png"}), PIXEL),
        (json!({"filename": "app.log"}), log.as_bytes()),
        (
            json!({"filename": "../evil\".html", "content_type": "text/html"}),
            b"<script>alert(2)</script>".as_slice(),
        ),
        (json!({"filename": "fake.png", "content_type": "image/png"}), b"<svg onload=alert(3)>"),
        (json!({"filename": "empty.bin"}), b""),
        (
            json!({"filename": "view-hierarchy.json", "attachment_type": "event.view_hierarchy"}),
            br#"{"rendering_system":"compose","windows":[{"type":"Window"}]}"#,
        ),
        (json!({"filename": "odd", "attachment_type": "event.nonsense"}), b"123"),
    ];
    let event = r#"{"message":"broken"}"#;
    send(&app, &project, envelope(&new_id(), Some(event), &files)).await;

    let page = browser.get("/default/issues/SHOP-1").await.expect_page().to_owned();
    assert!(!page.contains("<script>alert"), "a file became markup");
    let text = page_text(&page);
    let part = text.split("## Attachments").last().unwrap();
    insta::assert_snapshot!(part.split("\n## ").next().unwrap(), @r#"
    6
     - screenshot.png image/png · 70 bytes
     - ../evil".html text/html · 25 bytes
     ▸ What it says
     - app.log text/plain · 3.1 MB
     ▸ How it begins
     - empty.bin application/octet-stream · 0 bytes
     - fake.png image/png · 21 bytes
     ▸ What it says
     - view-hierarchy.json View hierarchy · text/plain · 60 bytes
     ▸ What was on the screen
    "#);
    assert_eq!(page.matches("class=\"file-image\"").count(), 1);

    assert_eq!(browser.get(&file_url(&page, "app.log")).await.body, log);
    let bytes: usize = files[..6].iter().map(|(_, bytes)| bytes.len()).sum();
    assert_eq!(
        app.outcomes().await,
        [
            line("attachment", "accepted", "", bytes.try_into().unwrap()),
            line("attachment", "unsupported", "unknown_attachment_type", 3),
            line("attachment_item", "accepted", "", 6),
            line("attachment_item", "unsupported", "unknown_attachment_type", 1),
            line("error", "accepted", "", 1),
        ]
    );
    app.stop().await;
}

#[tokio::test]
async fn files_are_saved_and_never_opened() {
    let app = TestApp::start().await;
    create_user(&app, ADA).await;
    let mut browser = Browser::signed_in(&app, ADA).await;
    let project = app.create_project("Shop").await;
    let files = [
        (json!({"filename": "screenshot.png"}), PIXEL),
        (
            json!({"filename": "../evil\".html", "content_type": "text/html"}),
            b"<script>alert(2)</script>".as_slice(),
        ),
        (json!({"filename": "fake.png", "content_type": "image/png"}), b"<svg onload=alert(3)>"),
    ];
    send(&app, &project, envelope(&new_id(), Some("{}"), &files)).await;
    let page = browser.get("/default/issues/SHOP-1").await.expect_page().to_owned();
    let saved = browser.get(&file_url(&page, "../evil&#34;.html")).await;
    assert_eq!(saved.body, "<script>alert(2)</script>");
    assert_eq!(saved.header("content-type"), "application/octet-stream");
    assert_eq!(saved.header("content-security-policy"), "sandbox; default-src 'none'");
    assert_eq!(saved.header("x-content-type-options"), "nosniff");
    assert!(
        saved.header("content-disposition").starts_with("attachment; filename=\"_evil_.html\"")
    );
    let image = between(&page, "<img src=\"", "\"").unwrap();
    let shown = browser.get(image).await;
    assert_eq!((shown.status.as_u16(), shown.header("content-type")), (200, "image/png"));
    assert_eq!(shown.header("content-security-policy"), "sandbox; default-src 'none'");
    let fake = browser.get(&format!("{}/image", file_url(&page, "fake.png"))).await;
    assert_eq!(fake.status, 404);
    app.stop().await;
}

#[tokio::test]
async fn files_of_others_are_not_there() {
    let app = TestApp::start().await;
    create_user(&app, ADA).await;
    let mut browser = Browser::signed_in(&app, ADA).await;
    let project = app.create_project("Shop").await;
    let id = new_id();
    let file = (json!({"filename": "a.txt"}), b"secret".as_slice());
    send(&app, &project, envelope(&id, Some("{}"), &[file])).await;
    let page = browser.get("/default/issues/SHOP-1").await.expect_page().to_owned();
    let url = file_url(&page, "a.txt");
    assert_eq!(browser.get(&url).await.body, "secret");
    let stranger = Browser::new(&app).get(&url).await;
    assert_ne!(stranger.body, "secret");
    // The same file under another event.
    let other = new_id();
    send(&app, &project, envelope(&other, Some("{}"), &[])).await;
    assert_eq!(browser.get(&url.replace(&id, &other)).await.status, 404);
    app.stop().await;
}

#[tokio::test]
async fn files_may_come_before_their_event_or_after_it() {
    let app = TestApp::start().await;
    create_user(&app, ADA).await;
    let mut browser = Browser::signed_in(&app, ADA).await;
    let project = app.create_project("Shop").await;
    let id = new_id();
    let file = |name: &str| (json!({"filename": name}), b"1".as_slice());
    send(&app, &project, envelope(&id, None, &[file("before.txt")])).await;
    send(&app, &project, envelope(&id, Some("{}"), &[])).await;
    let url = format!(
        "{}/api/{}/events/{id}/attachments/?sentry_key={}",
        app.url, project.id, project.key
    );
    let files = form(&["; filename=\"after.txt\"", "; filename=\"Bild ä.txt\""]);
    assert_eq!(upload(&app, &url, Some(FORM), files.clone()).await, (201, String::new()));
    for (kind, body, status) in [
        (Some(FORM), form(&[""]), 400),
        (Some(FORM), "no form".to_owned(), 400),
        (Some("multipart/form-data"), files.clone(), 400),
        (Some("text/plain"), files.clone(), 415),
        (None, files.clone(), 400),
    ] {
        assert_eq!(upload(&app, &url, kind, body.clone()).await.0, status, "{kind:?} {body}");
    }
    let nobody = url.split('?').next().unwrap();
    assert_eq!(upload(&app, nobody, Some(FORM), files.clone()).await.0, 401);
    let no_event = url.replace(&id, "zz");
    assert_eq!(upload(&app, &no_event, Some(FORM), files).await.0, 400);
    app.settle().await;
    let page = page_text(browser.get("/default/issues/SHOP-1").await.expect_page());
    for name in ["before.txt", "after.txt", "Bild ä.txt"] {
        assert!(page.contains(name), "{name}: {page}");
    }
    let mut orphan = envelope(&id, None, &[file("a")]);
    orphan.splice(..orphan.iter().position(|byte| *byte == b'\n').unwrap(), *b"{}");
    send(&app, &project, orphan).await;
    let counted = app.outcomes().await;
    assert!(
        counted.contains(&line("attachment_item", "invalid", "invalid_event_id", 1)),
        "{counted:?}"
    );
    app.stop().await;
}

#[tokio::test]
async fn files_share_the_fate_of_their_event() {
    let app = TestApp::start_with(|config| config.ingest.payloads_per_issue_and_day = 1).await;
    let project = app.create_project("Shop").await;
    let file = || (json!({"filename": "a"}), b"12345".as_slice());
    let first = new_id();
    send(&app, &project, envelope(&first, Some("{}"), &[file()])).await;
    // Once more the same; one whose payload is sampled away; one that is no event.
    send(&app, &project, envelope(&first, Some("{}"), &[file()])).await;
    send(&app, &project, envelope(&new_id(), Some("{}"), &[file()])).await;
    send(&app, &project, envelope(&new_id(), Some("[]"), &[file()])).await;
    let counted = app.outcomes().await;
    let files: Vec<_> = counted.into_iter().filter(|line| line.0 == "attachment").collect();
    assert_eq!(
        files,
        [
            line("attachment", "accepted", "", 5),
            line("attachment", "filtered", "sampled", 5),
            line("attachment", "invalid", "duplicate", 5),
            line("attachment", "invalid", "no_event_payload", 5),
        ]
    );
    assert_eq!(stored(&app).await, (1, 1));
    app.stop().await;
}

#[tokio::test]
async fn programs_list_save_and_delete_files() {
    let app = server().await;
    let project = app.create_project("Shop").await;
    let id = new_id();
    let file = (json!({"filename": "a.log", "content_type": "text/x-log"}), b"hello".as_slice());
    send(&app, &project, envelope(&id, Some("{}"), &[file])).await;
    let program = Program::of_organization(&app, "project:admin,event:read").await;
    let path = format!("/projects/default/shop/events/{id}/attachments/");
    let files = program.read(&path).await;
    let mut one = files[0].clone();
    let file_id = one["id"].as_str().unwrap().to_owned();
    one["id"] = json!("…");
    one["event_id"] = json!("…");
    one["dateCreated"] = json!("…");
    insta::assert_json_snapshot!(one, @r#"
    {
      "dateCreated": "…",
      "event_id": "…",
      "headers": {
        "Content-Type": "text/x-log"
      },
      "id": "…",
      "mimetype": "text/x-log",
      "name": "a.log",
      "sha1": "aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d",
      "size": 5,
      "type": "event.attachment"
    }
    "#);
    assert_eq!(program.read(&format!("{path}{file_id}/")).await["name"], "a.log");
    let saved = app.http.get(format!("{}/api/0{path}{file_id}/?download=1", app.url));
    let saved = saved.bearer_auth(program.token.as_deref().unwrap()).send().await.unwrap();
    let disposition = "attachment; filename=\"a.log\"; filename*=UTF-8''a%2Elog";
    assert_eq!(saved.headers()["content-disposition"], disposition);
    assert_eq!(saved.text().await.unwrap(), "hello");

    let reader = Program::reading(&app).await;
    let file = format!("{path}{file_id}/");
    assert_eq!(reader.ask(Method::DELETE, &file, None).await.status, 403);
    assert_eq!(program.ask(Method::DELETE, &file, None).await.status, 204);
    assert_eq!(program.get(&file).await.status, 404);
    assert_eq!(program.read(&path).await, json!([]));
    assert_eq!(stored(&app).await, (0, 0));
    app.stop().await;
}

#[tokio::test]
async fn files_go_with_the_days_of_events() {
    let app = server().await;
    let project = app.create_project("Shop").await;
    let file = (json!({"filename": "a"}), b"12345".as_slice());
    send(&app, &project, envelope(&new_id(), Some("{}"), &[file])).await;
    for (days, left) in [(90, (1, 1)), (1, (0, 0))] {
        app.app.clock.advance(TimeDelta::days(days));
        background::turn_days(&app.app).await.unwrap();
        assert_eq!(stored(&app).await, left, "{days} days later");
    }
    app.stop().await;
}
