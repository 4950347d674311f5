//! What holds for every page and every form.

use picket::web;
use reqwest::StatusCode;

use super::browser::{Answer, Browser, create_user};
use crate::support::TestApp;

const ADA: &str = "ada@example.com";

async fn signed_in() -> (TestApp, Browser) {
    let app = TestApp::start().await;
    create_user(&app, ADA).await;
    let browser = Browser::signed_in(&app, ADA).await;
    (app, browser)
}

/// Every route as a path that exists in form: parameters are filled in.
fn paths(method: &str, access: &str) -> Vec<String> {
    let lines = web::routes().lines();
    let wanted = lines.iter().filter(|line| line.method == method && line.access == access);
    wanted
        .map(|line| {
            let parts = line.path.split('/').map(|part| match part {
                "{organization}" => "default",
                "{project}" => "shop",
                "{issue}" => "SHOP-1",
                "{session}" | "{token}" => "1",
                part if part.starts_with('{') => "latest",
                part => part,
            });
            parts.collect::<Vec<_>>().join("/")
        })
        .collect()
}

fn expect_headers(path: &str, answer: &Answer) {
    let policy = answer.header("content-security-policy");
    for part in ["default-src 'none'", "script-src 'nonce-", "frame-ancestors 'none'"] {
        assert!(policy.contains(part), "{path}: {policy}");
    }
    assert!(!policy.contains("unsafe"), "{path}: {policy}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
    assert_eq!(answer.header("referrer-policy"), "same-origin", "{path}");
    assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{path}");
    assert!(answer.header("permissions-policy").contains("camera=()"), "{path}");
}

#[tokio::test]
async fn every_page_carries_the_security_headers_and_is_kept_by_nobody() {
    let (app, mut browser) = signed_in().await;
    app.create_project("Shop").await;
    let mut seen = 0;
    for path in ["public", "signed in", "member"].iter().flat_map(|access| paths("GET", access)) {
        let answer = browser.get(&path).await;
        expect_headers(&path, &answer);
        if answer.header("content-type").starts_with("text/html") {
            assert_eq!(answer.header("cache-control"), "no-store", "{path}");
            let nonce =
                super::browser::between(answer.header("content-security-policy"), "'nonce-", "'");
            let marked = format!("<script nonce=\"{}\"", nonce.unwrap());
            let scripts = answer.body.matches("<script").count();
            assert_eq!(answer.body.matches(&marked).count(), scripts, "{path}");
            assert!(!answer.body.contains(" style=\""), "{path}: the policy would drop it");
            seen += 1;
        }
    }
    assert!(seen >= 6, "{seen} pages");
    app.stop().await;
}

#[tokio::test]
async fn errors_carry_the_security_headers_too() {
    let (app, mut browser) = signed_in().await;
    for (path, status) in [
        ("/no/such/page", StatusCode::NOT_FOUND),
        ("/default/projects/nope", StatusCode::NOT_FOUND),
        ("/DEFAULT/projects", StatusCode::NOT_FOUND),
        ("/sign-out", StatusCode::METHOD_NOT_ALLOWED),
    ] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, status, "{path}");
        expect_headers(path, &answer);
        assert!(answer.body.contains("href=\"/\""), "{path}: a way out");
    }
    app.stop().await;
}

#[tokio::test]
async fn nobody_sees_a_page_of_members_without_signing_in() {
    let app = TestApp::start().await;
    create_user(&app, ADA).await;
    let mut stranger = Browser::new(&app);
    let closed: Vec<String> =
        ["signed in", "member"].iter().flat_map(|access| paths("GET", access)).collect();
    assert!(closed.len() >= 7, "{closed:?}");
    for path in closed {
        for spelling in [path.clone(), format!("{}/", path.trim_end_matches('/'))] {
            let answer = stranger.get(&spelling).await;
            assert!(answer.expect_redirect().starts_with("/sign-in?next="), "{spelling}");
        }
    }
    app.stop().await;
}

#[tokio::test]
async fn nobody_sends_a_form_of_members_without_signing_in() {
    let app = TestApp::start().await;
    create_user(&app, ADA).await;
    let mut stranger = Browser::new(&app);
    stranger.get("/sign-in").await;
    let closed: Vec<String> =
        ["signed in", "member"].iter().flat_map(|access| paths("POST", access)).collect();
    assert!(closed.len() >= 10, "{closed:?}");
    for path in closed {
        let answer = stranger.post(&path, &[("name", "x")]).await;
        assert_eq!(answer.expect_redirect(), "/sign-in?next=%2F", "{path}");
    }
    app.stop().await;
}

#[tokio::test]
async fn no_form_is_taken_without_its_token() {
    let (app, mut browser) = signed_in().await;
    app.create_project("Shop").await;
    let forms: Vec<String> =
        ["public", "signed in", "member"].iter().flat_map(|access| paths("POST", access)).collect();
    assert!(forms.len() >= 12, "{forms:?}");
    for path in forms {
        let answer = browser.post_as_is(&path, &[("name", "x")], &[]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
        assert!(answer.body.contains("This form is out of date"), "{path}");
    }
    browser.get("/account").await.expect_page();
    app.stop().await;
}

#[tokio::test]
async fn a_token_of_another_browser_or_of_before_signing_in_is_refused() {
    let (app, mut browser) = signed_in().await;
    let before = browser.csrf().to_owned();
    create_user(&app, "eve@example.com").await;
    let mut eve = Browser::signed_in(&app, "eve@example.com").await;
    eve.get("/account").await.expect_page();
    let foreign = eve.csrf().to_owned();
    for token in [before, foreign] {
        let fields = [("name", "Eve"), ("email", "eve2@example.com"), ("csrf", &token)];
        let answer = browser.post_as_is("/account/profile", &fields, &[]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
    }
    let page = browser.get("/account").await;
    assert!(page.expect_page().contains("value=\"ada@example.com\""));
    app.stop().await;
}

#[tokio::test]
async fn a_form_that_another_site_sends_is_refused_even_with_its_token() {
    let (app, mut browser) = signed_in().await;
    browser.get("/account").await;
    let csrf = browser.csrf().to_owned();
    let fields = [("name", "Ada"), ("email", ADA), ("csrf", &csrf)];
    for foreign in [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
    ] {
        let answer = browser.post_as_is("/account/profile", &fields, &[foreign]).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{foreign:?}");
    }
    let own = [("origin", app.url.as_str())];
    browser.post_as_is("/account/profile", &fields, &own).await.expect_redirect();
    app.stop().await;
}

#[tokio::test]
async fn htmx_sends_the_token_in_a_header() {
    let (app, mut browser) = signed_in().await;
    browser.get("/account").await;
    let csrf = browser.csrf().to_owned();
    let fields = [("name", "Ada"), ("email", ADA)];
    let header = [("x-csrf-token", csrf.as_str())];
    browser.post_as_is("/account/profile", &fields, &header).await.expect_redirect();
    let wrong = [("x-csrf-token", "0")];
    let answer = browser.post_as_is("/account/profile", &fields, &wrong).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    app.stop().await;
}

#[tokio::test]
async fn what_people_type_is_shown_as_text() {
    let (app, mut browser) = signed_in().await;
    let nasty = "\"><script>alert(1)</script><img src=x onerror=alert(1)>";
    browser.get("/account").await;
    browser.post("/account/profile", &[("name", nasty), ("email", ADA)]).await.expect_redirect();
    browser.get("/default/settings").await;
    browser.post("/default/settings", &[("name", nasty)]).await.expect_redirect();
    browser.get("/default/projects/new").await;
    let fields = [("name", nasty), ("platform", "go")];
    let project = browser.post("/default/projects/new", &fields).await;
    let project = project.expect_redirect().to_owned();
    browser.post(&format!("{project}/settings/keys"), &[("label", nasty)]).await.expect_redirect();
    let scopes = [("token_name", nasty), ("organization", "default"), ("scopes", "org:read")];
    browser.post("/account/tokens", &scopes).await.expect_page();
    let settings = format!("{project}/settings");
    let keys = format!("{settings}/keys");
    for path in ["/account", "/default/settings", "/default/projects", &project, &settings, &keys] {
        let page = browser.get(path).await;
        assert!(!page.expect_page().contains("<script>alert"), "{path}");
        assert!(!page.body.contains("<img src=x"), "{path}");
        assert!(page.body.contains("&#60;script&#62;alert(1)"), "{path}: it is shown");
    }
    let next = form_urlencoded::byte_serialize(format!("/{nasty}").as_bytes()).collect::<String>();
    let page = Browser::new(&app).get(&format!("/sign-in?next={next}")).await;
    assert!(!page.expect_page().contains("<script>alert"));
    app.stop().await;
}

#[tokio::test]
async fn a_form_past_the_limit_is_refused_with_a_page() {
    let (app, mut browser) = signed_in().await;
    browser.get("/account").await;
    let name = "x".repeat(300_000);
    let answer = browser.post("/account/profile", &[("name", &name), ("email", ADA)]).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(answer.body.contains("This is too much at once"));
    app.stop().await;
}

#[tokio::test]
async fn a_database_that_is_gone_makes_a_page_that_says_so() {
    let (app, mut browser) = signed_in().await;
    app.app.db.close().await;
    let answer = browser.get("/account").await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.body.contains("The database does not answer"));
    assert!(answer.body.contains("In the log it is error <code>"));
    assert!(!answer.body.contains("PoolClosed"), "the cause is for the log");
    expect_headers("/account", &answer);
}

#[test]
fn every_route_and_who_may_use_it() {
    let pages = web::routes().lines();
    let programs = picket::api::routes::routes().lines();
    let lines: Vec<String> = pages.iter().chain(&programs).map(ToString::to_string).collect();
    insta::assert_snapshot!(lines.join("\n"));
}
