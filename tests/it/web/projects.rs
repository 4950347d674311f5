//! Projects: creating them, sending to them, their keys, and who may see them.

use picket::domain::accounts::Scopes;
use picket::domain::accounts::tokens::{self, NewToken};
use picket::domain::organizations::{self, Organization};
use picket::domain::projects;
use reqwest::StatusCode;

use super::browser::{Browser, between, create_user};
use crate::support::TestApp;

const ADA: &str = "ada@example.com";
const EVENT: &str = r#"{"level": "error", "platform": "python", "message": "Hello"}"#;

/// Another organization, to which nobody belongs.
pub(super) async fn create_organization(app: &TestApp, slug: &str) -> Organization {
    let mut db = app.app.db.acquire().await.unwrap();
    let slug = slug.parse().unwrap();
    organizations::store::insert(&mut db, &slug, "Other", app.app.clock.now())
        .await
        .unwrap()
        .unwrap()
}

pub(super) async fn ada(app: &TestApp) -> Browser {
    create_user(app, ADA).await;
    Browser::signed_in(app, ADA).await
}

/// Creates a project on its page and gives the path it leads to.
pub(super) async fn create(browser: &mut Browser, name: &str, platform: &str) -> String {
    browser.get("/default/projects/new").await.expect_page();
    let fields = [("name", name), ("platform", platform)];
    let answer = browser.post("/default/projects/new", &fields).await;
    answer.expect_redirect().to_owned()
}

/// Sends an event with the DSN that a page shows.
pub(super) async fn send_to(app: &TestApp, dsn: &str) -> StatusCode {
    let (key, project) = (between(dsn, "://", "@").unwrap(), dsn.rsplit('/').next().unwrap());
    let url = format!("{}/api/{project}/store/?sentry_key={key}", app.url);
    let response = app.http.post(url).body(EVENT).send().await.unwrap();
    response.status()
}

#[tokio::test]
async fn a_new_project_waits_for_its_first_event_and_moves_on_to_its_issue() {
    let app = TestApp::start().await;
    let mut browser = ada(&app).await;
    let path = create(&mut browser, "Check out", "python-flask").await;
    assert_eq!(path, "/default/projects/check-out");
    let page = browser.get(&path).await;
    let page = page.expect_page();
    assert!(page.contains("Waiting for the first event."));
    assert!(page.contains("from flask import Flask"));
    let dsn = between(page, "id=\"dsn\">", "<").unwrap();
    assert!(page.matches(dsn).count() >= 3, "in the field, the guide and the commands: {page}");

    let asking = format!("{path}/first-event");
    let fragment = [("hx-request", "true")];
    let answer = browser.get_with(&asking, &fragment).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert_eq!(browser.get(&format!("{path}?waiting=1")).await.status, StatusCode::OK);

    assert_eq!(send_to(&app, dsn).await, StatusCode::OK);
    app.settle().await;
    let answer = browser.get_with(&asking, &fragment).await;
    assert_eq!(answer.status, StatusCode::OK);
    let next = answer.header("hx-redirect").to_owned();
    let answer = browser.get(&next).await;
    assert_eq!(answer.expect_redirect(), "/default/issues/CHECK-OUT-1");

    browser.get("/default/issues/CHECK-OUT-1").await.expect_page();
    let list = browser.get("/default/projects").await;
    assert!(list.expect_page().contains("1 event in 14 days"));

    // Whoever comes back later is not sent away.
    let page = browser.get(&path).await;
    assert!(page.expect_page().contains("Events arrive."));
    assert!(!page.body.contains("hx-trigger=\"every"));
    app.stop().await;
}

#[tokio::test]
async fn names_may_repeat_and_slugs_do_not() {
    let app = TestApp::start().await;
    let mut browser = ada(&app).await;
    assert_eq!(create(&mut browser, "Shop", "").await, "/default/projects/shop");
    assert_eq!(create(&mut browser, "shop!", "").await, "/default/projects/shop-2");
    // `new` is the page that creates projects.
    assert_eq!(create(&mut browser, "New", "").await, "/default/projects/new-2");
    assert_eq!(create(&mut browser, "42", "").await, "/default/projects/project-42");
    let page = browser.get("/default/projects").await;
    assert_eq!(page.expect_page().matches("Waiting for its first event").count(), 4);
    app.stop().await;
}

#[tokio::test]
async fn a_project_without_a_name_or_with_a_strange_platform_is_not_created() {
    let app = TestApp::start().await;
    let mut browser = ada(&app).await;
    browser.get("/default/projects/new").await;
    for (name, platform, words) in [
        (" ", "go", "Give the project a name."),
        (&"x".repeat(101), "go", "Use 100 characters or fewer."),
        ("Shop", "<b>", "Use a platform&#39;s short name"),
    ] {
        let fields = [("name", name), ("platform", platform)];
        let answer = browser.post("/default/projects/new", &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.body.contains(words), "{words}: {}", answer.body);
    }
    assert_eq!(browser.get("/").await.expect_redirect(), "/default/projects/new");
    app.stop().await;
}

#[tokio::test]
async fn the_first_project_takes_over_the_dsn_that_was_printed_at_the_start() {
    let app = TestApp::start().await;
    let offer = projects::starter::offer(&app.app).await.unwrap().unwrap();
    let printed = projects::dsn(&app.app.config.server, &offer.public_key, offer.project_id);
    let mut browser = ada(&app).await;
    assert_eq!(browser.get("/").await.expect_redirect(), "/default/projects/new");
    let path = create(&mut browser, "Shop", "").await;
    let page = browser.get(&path).await;
    assert_eq!(between(page.expect_page(), "id=\"dsn\">", "<"), Some(printed.as_str()));
    app.stop().await;
}

#[tokio::test]
async fn a_project_can_be_renamed_and_keeps_its_address() {
    let app = TestApp::start().await;
    let mut browser = ada(&app).await;
    let project = create(&mut browser, "Shop", "").await;
    let settings = format!("{project}/settings");
    browser.get(&settings).await;
    browser.post(&settings, &[("name", "Store")]).await.expect_redirect();
    let page = browser.get(&project).await;
    assert!(page.expect_page().contains("<h1>Store</h1>"));
    let answer = browser.post(&settings, &[("name", "")]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    app.stop().await;
}

#[tokio::test]
async fn somebody_elses_organization_looks_as_if_it_did_not_exist() {
    let app = TestApp::start().await;
    let mut browser = ada(&app).await;
    create_organization(&app, "other").await;
    for page in ["projects", "projects/new", "projects/shop", "projects/shop/settings", "settings"]
    {
        let there = browser.get(&format!("/other/{page}")).await;
        let nowhere = browser.get(&format!("/nowhere/{page}")).await;
        assert_eq!(there.status, StatusCode::NOT_FOUND, "{page}");
        let words = |body: &str| between(body, "<h1>", "</main>").unwrap().to_owned();
        assert_eq!(words(&there.body), words(&nowhere.body));
    }
    browser.get("/default/projects/new").await;
    let answer = browser.post("/other/projects/new", &[("name", "Mine"), ("platform", "")]).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    app.stop().await;
}

#[tokio::test]
async fn only_owners_revoke_a_token_of_the_organization() {
    let app = TestApp::start().await;
    let mut owner = ada(&app).await;
    create_user(&app, "bob@example.com").await;
    let mut member = Browser::signed_in(&app, "bob@example.com").await;
    let new = NewToken {
        organization_id: app.organization,
        organization_slug: &"default".parse().unwrap(),
        user_id: None,
        name: "Deploys",
        scopes: Scopes::parse("org:ci").unwrap(),
    };
    let (token, text) = tokens::create(&app.app, new).await.unwrap();
    let revoke = format!("/default/settings/tokens/{}/revoke", token.id);

    let page = member.get("/default/projects/new").await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(member.post(&revoke, &[]).await.status, StatusCode::FORBIDDEN);
    assert!(tokens::authenticate(&app.app, &text).await.unwrap().is_some());

    let page = owner.get("/default/settings").await;
    assert!(page.expect_page().contains(&revoke));
    owner.post(&revoke, &[]).await.expect_redirect();
    assert_eq!(tokens::authenticate(&app.app, &text).await.unwrap(), None);
    app.stop().await;
}

#[tokio::test]
async fn only_owners_rename_the_organization() {
    let app = TestApp::start().await;
    let mut owner = ada(&app).await;
    create_user(&app, "bob@example.com").await;
    let mut member = Browser::signed_in(&app, "bob@example.com").await;
    let page = member.get("/default/settings").await;
    assert!(!page.expect_page().contains("action=\"/default/settings\""));
    let answer = member.post("/default/settings", &[("name", "Mine")]).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(answer.body.contains("Only owners may do this"));

    owner.get("/default/settings").await;
    owner.post("/default/settings", &[("name", "Acme")]).await.expect_redirect();
    let page = member.get("/default/settings").await;
    assert!(page.expect_page().contains("Acme"));
    app.stop().await;
}
