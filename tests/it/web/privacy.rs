//! Secrets in a real client's event: nothing of them is stored, shown or answered; and the settings.

use chrono::TimeDelta;
use picket::base::{Clock, EventId};
use picket::domain::accounts::Scopes;
use picket::domain::accounts::tokens::{self, NewToken};
use picket::domain::events;
use picket::domain::events::payload::{self, Payload};
use picket::pipeline::project_settings::BELIEVED_FOR;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::browser::{Browser, create_user};
use crate::support::corpus;
use crate::support::{TestApp, TestProject};

const ADA: &str = "ada@example.com";
const SETTINGS: &str = "/default/projects/shop/settings/privacy";

/// Secrets by the place where they are planted.
const SECRETS: [(&str, &str); 10] = [
    ("header", "hunter-header"),
    ("cookie", "hunter-cookie"),
    ("query", "hunter-query"),
    ("variable", "hunter-variable"),
    ("extra", "hunter-extra"),
    ("breadcrumb", "ghp_0123456789abcdefghijABCDEFGHIJ012345"),
    ("value", "hunter-value"),
    ("url", "hunter-url"),
    ("tag", "hunter-tag"),
    ("source", "AKIAIOSFODNN7EXAMPLE"),
];

/// What Flask's client sent, with secrets in it.
fn recorded_with_secrets() -> Value {
    let sent = corpus::events().into_iter().find(|event| event.name.starts_with("py_flask"));
    let mut event: Value = serde_json::from_slice(&sent.unwrap().bytes).unwrap();
    let secret = |place: &str| SECRETS.iter().find(|(known, _)| *known == place).unwrap().1;
    event["request"]["headers"]["Authorization"] = format!("Bearer {}", secret("header")).into();
    event["request"]["headers"]["Cookie"] =
        format!("sessionid={}; theme=dark", secret("cookie")).into();
    event["request"]["cookies"] = Value::Null;
    event["request"]["query_string"] = format!("page=2&api_key={}", secret("query")).into();
    event["request"]["url"] = format!("https://ada:{}@shop.example/", secret("url")).into();
    event["extra"] = json!({"db_password": secret("extra"), "cart": "3 items"});
    event["user"] = json!({"id": "7", "ip_address": "198.51.100.23"});
    event["tags"] = json!({"secret_tag": secret("tag"), "shop": "eu"});
    event["breadcrumbs"] =
        json!({"values": [{"message": format!("cloning with {}", secret("breadcrumb"))}]});
    let exception = &mut event["exception"]["values"][0];
    exception["value"] = format!("no answer from redis://:{}@cache:6379", secret("value")).into();
    let frame = &mut exception["stacktrace"]["frames"][0];
    frame["vars"] = json!({"config": {"secret_key": secret("variable"), "debug": true}});
    frame["context_line"] = format!("client = connect('{}')", secret("source")).into();
    event
}

/// Sends an event in an envelope and waits until it is stored.
async fn send(app: &TestApp, project: &TestProject, event: &Value) -> EventId {
    let id = EventId::random();
    let mut event = event.clone();
    event["event_id"] = id.to_string().into();
    let body = format!("{{\"event_id\":\"{id}\"}}\n{{\"type\":\"event\"}}\n{event}\n");
    assert_eq!(app.send_envelope(project, body).await.status(), StatusCode::OK);
    app.settle().await;
    id
}

/// The bytes that are stored, decompressed.
async fn stored(app: &TestApp, project: &TestProject, id: EventId) -> String {
    let mut db = app.app.db.acquire().await.unwrap();
    let row = events::find(&mut db, project.id, id).await.unwrap().unwrap();
    let Payload::Kept(kept) = payload::read(&mut db, &app.app.dictionaries, &row).await.unwrap()
    else {
        panic!("the payload is kept");
    };
    String::from_utf8(kept.json).unwrap()
}

/// What a program with a token is answered.
async fn answered(app: &TestApp, id: EventId) -> String {
    let new = NewToken {
        organization_id: app.organization,
        organization_slug: &"default".parse().unwrap(),
        user_id: None,
        name: "Reader",
        scopes: Scopes::parse("event:read project:read org:read").unwrap(),
    };
    let (_, token) = tokens::create(&app.app, new).await.unwrap();
    let url = format!("{}/api/0/projects/default/shop/events/{id}/", app.url);
    let answer = app.http.get(url).bearer_auth(token).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    answer.text().await.unwrap()
}

async fn ada(app: &TestApp) -> Browser {
    create_user(app, ADA).await;
    Browser::signed_in(app, ADA).await
}

fn assert_free_of_secrets(what: &str, text: &str) {
    for (place, secret) in SECRETS {
        assert!(!text.contains(secret), "{what} has the secret of the {place}: {text}");
    }
}

#[tokio::test]
async fn secrets_in_a_real_event_are_neither_stored_nor_shown_nor_answered() {
    let app = TestApp::start().await;
    let project = app.create_project("Shop").await;
    let mut browser = ada(&app).await;
    let id = send(&app, &project, &recorded_with_secrets()).await;

    let payload = stored(&app, &project, id).await;
    assert_free_of_secrets("the payload", &payload);
    for kept in ["cart", "3 items", "198.51.100.23", "redis://:[Filtered]@cache:6379", "dark"] {
        assert!(payload.contains(kept), "{kept}: {payload}");
    }
    let answer = answered(&app, id).await;
    assert_free_of_secrets("the API", &answer);
    assert!(answer.contains("[Filtered]"));

    let list = browser.get("/default/issues").await;
    assert_free_of_secrets("the list", list.expect_page());
    let page = browser.get("/default/issues/SHOP-1").await;
    let page = page.expect_page();
    assert_free_of_secrets("the page", page);
    assert!(page.contains("Taken out: the name says that it is secret"), "{page}");
    assert!(page.contains("Taken out: the password of a URL"), "{page}");
    assert!(page.contains("request.headers.Authorization"), "{page}");
    app.stop().await;
}

#[tokio::test]
async fn settings_take_effect_within_seconds_and_can_be_taken_back() {
    let clock = Clock::fixed(Clock::system().now());
    let app = TestApp::start_at(clock.clone(), |_| {}).await;
    let project = app.create_project("Shop").await;
    let mut browser = ada(&app).await;
    let event = json!({
        "extra": {"salary": "4711 euros", "password": "hunter-extra"},
        "user": {"id": "7", "ip_address": "198.51.100.23"},
    });
    let first = stored(&app, &project, send(&app, &project, &event).await).await;
    assert!(first.contains("4711 euros") && first.contains("198.51.100.23"), "{first}");

    browser.get(SETTINGS).await.expect_page();
    let own = [
        ("verb", "save"),
        ("source", "own"),
        ("scrub_data", "on"),
        ("scrub_ip_addresses", "on"),
        ("sensitive_fields", "salary\r\n"),
        ("safe_fields", ""),
    ];
    assert_eq!(browser.post(SETTINGS, &own).await.expect_redirect(), SETTINGS);
    clock.advance(BELIEVED_FOR + TimeDelta::seconds(1));
    let second = stored(&app, &project, send(&app, &project, &event).await).await;
    for gone in ["4711 euros", "198.51.100.23"] {
        assert!(!second.contains(gone), "{second}");
    }
    assert!(second.contains("hunter-extra"), "the built-in rules are off: {second}");
    let page = browser.get(SETTINGS).await;
    assert!(page.expect_page().contains(">\nsalary</textarea>"), "{}", page.body);

    let follow = [("verb", "save"), ("source", "organization")];
    browser.post(SETTINGS, &follow).await.expect_redirect();
    clock.advance(BELIEVED_FOR + TimeDelta::seconds(1));
    let third = stored(&app, &project, send(&app, &project, &event).await).await;
    assert!(third.contains("4711 euros") && !third.contains("hunter-extra"), "{third}");
    app.stop().await;
}

#[tokio::test]
async fn the_lists_of_the_organization_count_in_every_project() {
    let clock = Clock::fixed(Clock::system().now());
    let app = TestApp::start_at(clock.clone(), |_| {}).await;
    let project = app.create_project("Shop").await;
    let mut owner = ada(&app).await;
    create_user(&app, "bob@example.com").await;
    let mut member = Browser::signed_in(&app, "bob@example.com").await;
    let path = "/default/settings/privacy";
    let form = [("verb", "save"), ("scrub_data", "on"), ("sensitive_fields", "salary")];

    assert!(member.get(path).await.expect_page().contains("Owners can change this."));
    assert_eq!(member.post(path, &form).await.status, StatusCode::FORBIDDEN);
    owner.get(path).await.expect_page();
    owner.post(path, &form).await.expect_redirect();
    let own = [("verb", "save"), ("source", "own"), ("scrub_data", "on")];
    owner.post(SETTINGS, &own).await.expect_redirect();
    clock.advance(BELIEVED_FOR + TimeDelta::seconds(1));
    let event = json!({"extra": {"salary": "4711 euros"}});
    let stored = stored(&app, &project, send(&app, &project, &event).await).await;
    assert!(!stored.contains("4711 euros"), "{stored}");
    app.stop().await;
}

#[tokio::test]
async fn settings_are_tried_on_an_event_without_being_saved() {
    let app = TestApp::start().await;
    let project = app.create_project("Shop").await;
    let mut browser = ada(&app).await;
    browser.get(SETTINGS).await.expect_page();
    let form = |event: &'static str| {
        [
            ("verb", "try"),
            ("source", "own"),
            ("scrub_data", "on"),
            ("sensitive_fields", "salary"),
            ("event", event),
        ]
    };
    let answer = browser.post(SETTINGS, &form("")).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("No event of this project is stored yet."));
    let answer = browser.post(SETTINGS, &form("nonsense")).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("This is not the JSON of an event."), "{}", answer.body);

    let pasted = r#"{"extra": {"salary": "<b>4711</b>", "city": "Bonn"}}"#;
    let answer = browser.post(SETTINGS, &form(pasted)).await;
    let page = answer.expect_page();
    assert!(page.contains("One value would be changed."), "{page}");
    assert!(page.contains("Before: </span>&#34;&#60;b&#62;4711&#60;/b&#62;&#34;</del>"), "{page}");
    assert!(page.contains("After: </span>&#34;[Filtered]&#34;</ins>"), "{page}");

    send(&app, &project, &json!({"extra": {"salary": "4712", "city": "Bonn"}})).await;
    let answer = browser.post(SETTINGS, &form("")).await;
    assert!(
        answer.expect_page().contains("Before: </span>&#34;4712&#34;</del>"),
        "{}",
        answer.body
    );
    let page = browser.get(SETTINGS).await;
    assert!(!page.expect_page().contains("salary</textarea>"), "nothing was saved");

    let short = [("verb", "save"), ("source", "own"), ("sensitive_fields", "id")];
    let answer = browser.post(SETTINGS, &short).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("is inside of too many words"), "{}", answer.body);
    app.stop().await;
}
