//! Signing in and out, and what guessing comes to.

use chrono::TimeDelta;
use picket::base::Clock;
use reqwest::StatusCode;

use super::browser::{Browser, PASSWORD, create_user};
use crate::support::TestApp;

const ADA: &str = "ada@example.com";

async fn app_with_ada() -> TestApp {
    let app = TestApp::start().await;
    create_user(&app, ADA).await;
    app
}

/// An app whose clock only the test moves.
async fn app_with_clock() -> (TestApp, Clock) {
    let clock = Clock::fixed(Clock::system().now());
    let app = TestApp::start_at(clock.clone(), |_| {}).await;
    create_user(&app, ADA).await;
    (app, clock)
}

#[tokio::test]
async fn signing_in_leads_to_the_page_somebody_came_for() {
    let app = app_with_ada().await;
    let mut browser = Browser::new(&app);
    let answer = browser.get("/default/projects?a=1&b=%20").await;
    let sign_in = answer.expect_redirect().to_owned();
    assert_eq!(sign_in, "/sign-in?next=%2Fdefault%2Fprojects%3Fa%3D1%26b%3D%2520");

    browser.get(&sign_in).await.expect_page();
    let fields = [("email", ADA), ("password", PASSWORD), ("next", "/default/projects?a=1&b=%20")];
    let answer = browser.post("/sign-in", &fields).await;
    assert_eq!(answer.expect_redirect(), "/default/projects?a=1&b=%20");
    browser.get("/default/projects").await.expect_page();
    // Whoever is signed in is not asked again.
    assert_eq!(browser.get("/sign-in?next=/account").await.expect_redirect(), "/account");
    app.stop().await;
}

#[tokio::test]
async fn signing_in_never_leads_to_another_server() {
    let app = app_with_ada().await;
    for next in ["//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example"] {
        let mut browser = Browser::new(&app);
        let query = form_urlencoded::byte_serialize(next.as_bytes()).collect::<String>();
        let page = browser.get(&format!("/sign-in?next={query}")).await;
        assert!(!page.expect_page().contains("evil"), "{next}");
        let fields = [("email", ADA), ("password", PASSWORD), ("next", next)];
        assert_eq!(browser.post("/sign-in", &fields).await.expect_redirect(), "/", "{next}");
        let again = browser.get(&format!("/sign-in?next={query}")).await;
        assert_eq!(again.expect_redirect(), "/", "{next}");
    }
    app.stop().await;
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_are_told_the_same() {
    let app = app_with_ada().await;
    let mut browser = Browser::new(&app);
    let mut said = Vec::new();
    for email in [ADA, "nobody@example.com", "no address"] {
        let answer = browser.sign_in(email, "wrong password").await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(browser.cookie("picket_session"), None);
        let words = super::browser::between(&answer.body, "role=\"alert\">", "</div>").unwrap();
        said.push(words.to_owned());
    }
    assert!(said[0].contains("do not go together"), "{}", said[0]);
    assert_eq!(said[0], said[1]);
    assert_eq!(said[0], said[2]);
    app.stop().await;
}

#[tokio::test]
async fn five_attempts_at_an_account_are_enough_for_a_quarter_of_an_hour() {
    let (app, clock) = app_with_clock().await;
    let mut browser = Browser::new(&app);
    for _ in 0..5 {
        let answer = browser.sign_in(ADA, "wrong password").await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    // Even the right password is not looked at now, however the address is spelled.
    let answer = browser.sign_in(" ADA@example.com", PASSWORD).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    assert!(answer.body.contains("Try again in"), "{}", answer.body);
    assert_eq!(answer.header("retry-after"), "901");

    // Others at the same address are not locked out.
    create_user(&app, "bob@example.com").await;
    browser.sign_in("bob@example.com", PASSWORD).await.expect_redirect();

    clock.advance(TimeDelta::minutes(15));
    Browser::new(&app).sign_in(ADA, PASSWORD).await.expect_redirect();
    app.stop().await;
}

#[tokio::test]
async fn being_right_forgives_the_attempts_before() {
    let (app, _) = app_with_clock().await;
    for _ in 0..3 {
        for _ in 0..4 {
            let answer = Browser::new(&app).sign_in(ADA, "wrong password").await;
            assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        }
        Browser::new(&app).sign_in(ADA, PASSWORD).await.expect_redirect();
    }
    app.stop().await;
}

#[tokio::test]
async fn thirty_attempts_from_an_address_are_enough_whatever_the_account() {
    let (app, clock) = app_with_clock().await;
    let mut browser = Browser::new(&app);
    for number in 0..30 {
        let answer = browser.sign_in(&format!("user{number}@example.com"), "wrong password").await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{number}");
    }
    let answer = browser.sign_in(ADA, PASSWORD).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
    clock.advance(TimeDelta::minutes(15));
    browser.sign_in(ADA, PASSWORD).await.expect_redirect();
    app.stop().await;
}

#[tokio::test]
async fn a_client_behind_no_trusted_proxy_cannot_claim_to_be_many() {
    let (app, _) = app_with_clock().await;
    let mut browser = Browser::new(&app);
    let mut statuses = Vec::new();
    for number in 0..6 {
        browser.get("/sign-in").await;
        let csrf = browser.csrf().to_owned();
        let fields = [("email", ADA), ("password", "wrong password"), ("csrf", &csrf)];
        let forwarded = format!("192.0.2.{number}");
        let headers = [("x-forwarded-for", forwarded.as_str())];
        statuses.push(browser.post_as_is("/sign-in", &fields, &headers).await.status);
    }
    assert_eq!(statuses[4], StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(statuses[5], StatusCode::TOO_MANY_REQUESTS);
    app.stop().await;
}

#[tokio::test]
async fn signing_out_ends_the_session_and_not_only_its_cookie() {
    let app = app_with_ada().await;
    let mut browser = Browser::signed_in(&app, ADA).await;
    let kept = browser.cookie("picket_session").unwrap().to_owned();
    browser.get("/account").await.expect_page();
    assert_eq!(browser.post("/sign-out", &[]).await.expect_redirect(), "/sign-in");
    assert_eq!(browser.cookie("picket_session"), None);
    assert!(browser.get("/sign-in").await.expect_page().contains("You are signed out."));
    assert!(!browser.get("/sign-in").await.expect_page().contains("You are signed out."));

    browser.set_cookie("picket_session", &kept);
    browser.get("/account").await.expect_redirect();
    app.stop().await;
}

#[tokio::test]
async fn a_session_ends_after_thirty_days_without_use_and_lives_on_with_it() {
    let (app, clock) = app_with_clock().await;
    let mut browser = Browser::signed_in(&app, ADA).await;
    for _ in 0..3 {
        clock.advance(TimeDelta::days(29));
        browser.get("/account").await.expect_page();
    }
    clock.advance(TimeDelta::days(30));
    browser.get("/account").await.expect_redirect();
    app.stop().await;
}

#[tokio::test]
async fn over_tls_cookies_are_bound_to_the_host_and_the_connection() {
    let app = TestApp::start_with(|config| {
        config.server.public_url = "https://picket.example.com".to_owned();
    })
    .await;
    create_user(&app, ADA).await;
    let mut browser = Browser::new(&app);
    let page = browser.get("/sign-in").await;
    let cookie = page.header("set-cookie");
    assert!(cookie.starts_with("__Host-picket_visitor="), "{cookie}");
    assert!(cookie.ends_with("; HttpOnly; SameSite=Lax; Secure"), "{cookie}");
    browser.sign_in(ADA, PASSWORD).await.expect_redirect();
    assert!(browser.cookie("__Host-picket_session").is_some());
    browser.get("/account").await.expect_page();
    app.stop().await;
}

#[tokio::test]
async fn a_part_of_a_page_sends_the_whole_page_to_sign_in() {
    let app = app_with_ada().await;
    let mut browser = Browser::new(&app);
    let answer = browser.get_with("/default/projects", &[("hx-request", "true")]).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert_eq!(answer.header("hx-redirect"), "/sign-in?next=%2F");
    assert_eq!(answer.body, "");
    app.stop().await;
}
