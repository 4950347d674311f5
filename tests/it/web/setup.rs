//! The first run: from an empty installation to the first account.

use chrono::TimeDelta;
use picket::base::Clock;
use picket::domain::accounts::store::list_users;
use picket::domain::organizations::first_run;
use reqwest::StatusCode;

use super::browser::{Browser, PASSWORD, create_user};
use crate::support::TestApp;

/// The path of a fresh first-run link.
async fn link(app: &TestApp) -> String {
    let url = first_run::link(&app.app).await.unwrap().expect("nobody has an account");
    url.strip_prefix(&app.url).unwrap().to_owned()
}

async fn count_users(app: &TestApp) -> usize {
    let mut db = app.app.db.acquire().await.unwrap();
    list_users(&mut db).await.unwrap().len()
}

const ADA: &[(&str, &str)] =
    &[("email", "Ada@Example.com"), ("name", "Ada"), ("password", PASSWORD)];

#[tokio::test]
async fn the_link_from_the_log_creates_the_first_account_and_leads_to_the_first_project() {
    let app = TestApp::start().await;
    let mut browser = Browser::new(&app);
    let home = browser.get("/").await;
    assert!(home.expect_page().contains("Picket printed a link when it started"));

    let link = link(&app).await;
    browser.get(&link).await.expect_page();
    let answer = browser.post(&link, ADA).await;
    assert_eq!(answer.expect_redirect(), "/default/projects/new");
    let page = browser.get("/default/projects/new").await;
    assert!(page.expect_page().contains("Your first project"));
    assert!(page.body.contains("ada@example.com"));
    app.stop().await;
}

#[tokio::test]
async fn who_has_sent_events_before_the_first_account_finds_them() {
    let app = TestApp::start().await;
    app.create_project("Shop").await;
    let link = link(&app).await;
    let mut browser = Browser::new(&app);
    browser.get(&link).await.expect_page();
    assert_eq!(browser.post(&link, ADA).await.expect_redirect(), "/default/issues");
    app.stop().await;
}

#[tokio::test]
async fn a_link_works_once() {
    let app = TestApp::start().await;
    let (one, other) = (link(&app).await, link(&app).await);
    let mut browser = Browser::new(&app);
    browser.get(&one).await.expect_page();
    browser.post(&one, ADA).await.expect_redirect();

    let mut stranger = Browser::new(&app);
    for used in [&one, &other] {
        assert_eq!(stranger.get(used).await.expect_redirect(), "/sign-in");
        stranger.get("/sign-in").await;
        let second = [("email", "eve@example.com"), ("name", ""), ("password", PASSWORD)];
        assert_eq!(stranger.post(used, &second).await.expect_redirect(), "/sign-in");
    }
    let page = stranger.get("/sign-in").await;
    assert!(page.expect_page().contains("Picket is set up already"));
    assert_eq!(count_users(&app).await, 1);
    assert_eq!(first_run::link(&app.app).await.unwrap(), None);
    app.stop().await;
}

#[tokio::test]
async fn two_people_with_two_links_at_once_make_one_account() {
    let app = TestApp::start().await;
    let (one, other) = (link(&app).await, link(&app).await);
    let (mut ada, mut eve) = (Browser::new(&app), Browser::new(&app));
    ada.get(&one).await.expect_page();
    eve.get(&other).await.expect_page();
    let eves = [("email", "eve@example.com"), ("name", ""), ("password", PASSWORD)];
    let (first, second) = tokio::join!(ada.post(&one, ADA), eve.post(&other, &eves));
    let mut ways = [first.expect_redirect(), second.expect_redirect()];
    ways.sort_unstable();
    assert_eq!(ways, ["/default/projects/new", "/sign-in"]);
    assert_eq!(count_users(&app).await, 1);
    app.stop().await;
}

#[tokio::test]
async fn a_link_older_than_a_day_says_how_to_get_a_new_one() {
    let clock = Clock::fixed(Clock::system().now());
    let app = TestApp::start_at(clock.clone(), |_| {}).await;
    let link = link(&app).await;
    let mut browser = Browser::new(&app);
    clock.advance(TimeDelta::hours(24) - TimeDelta::seconds(1));
    browser.get(&link).await.expect_page();
    clock.advance(TimeDelta::seconds(1));
    let late = browser.post(&link, ADA).await;
    assert_eq!(late.status, StatusCode::GONE);
    assert!(late.body.contains("Restart Picket"));
    assert_eq!(browser.get(&link).await.status, StatusCode::GONE);
    assert_eq!(count_users(&app).await, 0);
    app.stop().await;
}

#[tokio::test]
async fn a_guessed_link_creates_nothing() {
    let app = TestApp::start().await;
    let real = link(&app).await;
    let mut browser = Browser::new(&app);
    browser.get(&real).await;
    let guessed = format!("/setup/{}", "0".repeat(64));
    assert_eq!(browser.post(&guessed, ADA).await.status, StatusCode::GONE);
    assert_eq!(count_users(&app).await, 0);
    // The real one is not used up by it.
    browser.get(&real).await.expect_page();
    browser.post(&real, ADA).await.expect_redirect();
    app.stop().await;
}

#[tokio::test]
async fn a_form_with_a_problem_comes_back_with_what_was_typed() {
    let app = TestApp::start().await;
    let link = link(&app).await;
    let mut browser = Browser::new(&app);
    browser.get(&link).await;
    let short = [("email", "ada@example.com"), ("name", "Ada"), ("password", "short")];
    let answer = browser.post(&link, &short).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("Use at least 10 characters"));
    assert!(answer.body.contains("value=\"ada@example.com\""));
    assert!(!answer.body.contains("value=\"short\""));
    browser.post(&link, ADA).await.expect_redirect();
    app.stop().await;
}

#[tokio::test]
async fn who_comes_by_the_command_line_needs_no_link() {
    let app = TestApp::start().await;
    create_user(&app, "ada@example.com").await;
    let mut browser = Browser::new(&app);
    assert_eq!(browser.get("/").await.expect_redirect(), "/sign-in");
    assert_eq!(first_run::link(&app.app).await.unwrap(), None);
    app.stop().await;
}
