//! A project's keys: what people do with them, and what that does to senders.

use chrono::TimeDelta;
use picket::base::Clock;
use reqwest::StatusCode;

use super::browser::{Browser, between};
use super::projects::{ada, create, send_to};
use crate::api::program::start_time;
use crate::support::TestApp;

const KEYS: &str = "/default/projects/shop/settings/keys";

/// A server at a standing clock, with a project and one key.
async fn shop() -> (TestApp, Browser) {
    let app = TestApp::start_at(Clock::fixed(start_time()), |_| {}).await;
    let mut browser = ada(&app).await;
    create(&mut browser, "Shop", "").await;
    (app, browser)
}

/// The keys on the page: name, where it is managed, DSN.
async fn keys(browser: &mut Browser) -> Vec<(String, String, String)> {
    let page = browser.get(KEYS).await;
    let rows = page.expect_page().split("<div class=\"key\">").skip(1);
    let key = |row: &str| {
        let path = between(row, "<h3><a href=\"", "\"").unwrap();
        let label = between(row, "<h3><a href=\"", "</a>").unwrap().split_once('>').unwrap().1;
        let dsn = between(row, "<code id=\"dsn-", "</code>").unwrap().split_once('>').unwrap().1;
        (label.to_owned(), path.to_owned(), dsn.to_owned())
    };
    rows.map(key).collect()
}

async fn act(browser: &mut Browser, path: &str, verb: &str, fields: &[(&str, &str)]) -> String {
    browser.get(path).await.expect_page();
    let fields = [&[("verb", verb)], fields].concat();
    browser.post(path, &fields).await.expect_redirect().to_owned()
}

/// Lets the front door ask again.
fn a_minute_passes(app: &TestApp) {
    app.app.clock.advance(TimeDelta::minutes(1));
}

#[tokio::test]
async fn a_key_is_made_named_switched_off_and_on_again() {
    let (app, mut browser) = shop().await;
    browser.get(KEYS).await.expect_page();
    let answer = browser.post(KEYS, &[("label", "Old app")]).await;
    assert_eq!(answer.expect_redirect(), KEYS);
    let (_, path, dsn) = keys(&mut browser).await[1].clone();
    assert_eq!(send_to(&app, &dsn).await, StatusCode::OK);
    app.settle().await;
    let page = browser.get(KEYS).await;
    assert!(page.expect_page().contains("Used within the hour · 1 event today"), "{}", page.body);
    assert!(page.body.contains("Never used"), "the other one");

    act(&mut browser, &path, "rename", &[("label", "Older app")]).await;
    act(&mut browser, &path, "off", &[]).await;
    a_minute_passes(&app);
    assert_eq!(send_to(&app, &dsn).await, StatusCode::FORBIDDEN);
    assert_eq!(keys(&mut browser).await[1].0, "Older app");
    act(&mut browser, &path, "on", &[]).await;
    a_minute_passes(&app);
    assert_eq!(send_to(&app, &dsn).await, StatusCode::OK);

    let answer = browser.post(KEYS, &[("label", " ")]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    app.stop().await;
}

#[tokio::test]
async fn a_key_is_replaced_without_a_gap_and_the_old_one_ends_when_it_shall() {
    let (app, mut browser) = shop().await;
    let (_, path, old) = keys(&mut browser).await[0].clone();
    let limit = [("errors_hour", "1,000"), ("attachments_month", "25")];
    act(&mut browser, &path, "limit", &limit).await;
    app.app.clock.advance(TimeDelta::seconds(1));
    assert_eq!(act(&mut browser, &path, "replace", &[("days", "1")]).await, KEYS);

    let listed = keys(&mut browser).await;
    let names: Vec<_> = listed.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(names, ["Default (replaced)", "Default"]);
    let page = browser.get(&listed[1].1).await;
    assert!(page.expect_page().contains("name=\"errors_hour\" value=\"1,000\""), "limits go along");
    assert!(page.body.contains("name=\"attachments_month\" value=\"25\""));
    let new = &listed[1].2;
    for dsn in [&old, new] {
        assert_eq!(send_to(&app, dsn).await, StatusCode::OK, "both open");
    }
    app.app.clock.advance(TimeDelta::days(1) - TimeDelta::seconds(1));
    assert_eq!(send_to(&app, &old).await, StatusCode::OK);
    app.app.clock.advance(TimeDelta::seconds(1));
    assert_eq!(send_to(&app, &old).await, StatusCode::FORBIDDEN, "to the second");
    assert_eq!(send_to(&app, new).await, StatusCode::OK);

    let answer = browser.post(&path, &[("verb", "replace"), ("days", "400")]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    act(&mut browser, &path, "on", &[]).await;
    a_minute_passes(&app);
    assert_eq!(send_to(&app, &old).await, StatusCode::OK, "whoever switches it on means it");
    app.stop().await;
}

#[tokio::test]
async fn a_key_is_deleted_but_never_the_last_one() {
    let (app, mut browser) = shop().await;
    let (_, path, dsn) = keys(&mut browser).await[0].clone();
    browser.get(&path).await.expect_page();
    let answer = browser.post(&path, &[("verb", "delete")]).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("only key"), "{}", answer.body);
    assert_eq!(send_to(&app, &dsn).await, StatusCode::OK);

    act(&mut browser, &path, "replace", &[("days", "")]).await;
    act(&mut browser, &path, "delete", &[]).await;
    assert_eq!(keys(&mut browser).await.len(), 1);
    a_minute_passes(&app);
    assert_eq!(send_to(&app, &dsn).await, StatusCode::FORBIDDEN);
    assert_eq!(browser.get(&path).await.status, StatusCode::NOT_FOUND);
    app.stop().await;
}

#[tokio::test]
async fn a_key_of_another_project_is_out_of_reach() {
    let (app, mut browser) = shop().await;
    create(&mut browser, "Blog", "").await;
    let (_, path, dsn) = keys(&mut browser).await[0].clone();
    let elsewhere = path.replace("/shop/", "/blog/");
    assert_eq!(browser.get(&elsewhere).await.status, StatusCode::NOT_FOUND);
    for verb in ["off", "rename", "replace", "delete", "limit"] {
        let fields = [("verb", verb), ("label", "Mine"), ("days", "0"), ("errors_hour", "0")];
        let answer = browser.post(&elsewhere, &fields).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{verb}");
    }
    a_minute_passes(&app);
    assert_eq!(send_to(&app, &dsn).await, StatusCode::OK);
    app.stop().await;
}

#[tokio::test]
async fn a_project_whose_keys_are_all_off_says_so_where_the_dsn_would_be() {
    let (app, mut browser) = shop().await;
    let (_, path, _) = keys(&mut browser).await[0].clone();
    act(&mut browser, &path, "off", &[]).await;
    let page = browser.get("/default/projects/shop?platform=go").await;
    assert!(page.expect_page().contains("This project has no active key"));
    assert!(!page.body.contains("package main"));
    assert!(page.body.contains(&format!("href=\"{KEYS}\"")));
    app.stop().await;
}
