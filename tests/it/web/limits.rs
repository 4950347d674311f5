//! A project's limits and general settings: forms, effect, and what people are told.

use chrono::TimeDelta;
use picket::base::Clock;
use picket::pipeline::project_settings::BELIEVED_FOR;
use reqwest::StatusCode;

use super::browser::Browser;
use super::projects::{ada, create};
use crate::api::program::start_time;
use crate::support::page_text::page_text;
use crate::support::{TestApp, TestProject};

const SETTINGS: &str = "/default/projects/shop/settings";
const LIMITS: &str = "/default/projects/shop/settings/limits";
const USAGE: &str = "/default/usage";

async fn shop() -> (TestApp, TestProject, Browser) {
    let app = TestApp::start_at(Clock::fixed(start_time()), |_| {}).await;
    let browser = ada(&app).await;
    let project = app.create_project("Shop").await;
    (app, project, browser)
}

async fn save(browser: &mut Browser, path: &str, fields: &[(&str, &str)]) {
    browser.get(path).await.expect_page();
    browser.post(path, fields).await.expect_redirect();
}

/// Sends events and answers how many were accepted.
async fn send(app: &TestApp, project: &TestProject, events: usize) -> usize {
    let mut accepted = 0;
    for number in 0..events {
        let event = format!("{{}}\n{{\"type\":\"event\"}}\n{{\"message\":\"number {number}\"}}");
        accepted += usize::from(app.send_envelope(project, event).await.status() == StatusCode::OK);
    }
    app.settle().await;
    accepted
}

async fn words(browser: &mut Browser, path: &str) -> String {
    page_text(browser.get(path).await.expect_page())
}

#[tokio::test]
async fn a_limit_that_is_set_holds_and_people_are_told_before_and_when_it_is_hit() {
    let (app, project, mut browser) = shop().await;
    assert!(!words(&mut browser, USAGE).await.contains("The limit of"));
    save(&mut browser, LIMITS, &[("errors_month", "10"), ("spike_protection", "on")]).await;

    assert_eq!(send(&app, &project, 7).await, 7);
    for page in [USAGE, LIMITS] {
        assert!(!words(&mut browser, page).await.contains("The limit of"), "70 %");
    }
    assert_eq!(send(&app, &project, 1).await, 1);
    let near = "Shop: The limit of 10 errors in a month is used to 80%: 8 errors. \
                It begins anew on 1 December 2026 at 00:00 UTC.";
    for page in [USAGE, LIMITS] {
        let text = words(&mut browser, page).await;
        assert!(text.contains(near), "{text}");
    }

    app.app.clock.advance(TimeDelta::seconds(5));
    assert_eq!(send(&app, &project, 5).await, 2);
    // Refusals are written every five seconds, and at the end.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    let hit = "The limit of 10 errors in a month is used up: 3 errors refused.";
    while !words(&mut browser, USAGE).await.contains(hit) {
        assert!(std::time::Instant::now() < deadline, "{}", words(&mut browser, USAGE).await);
    }
    let text = words(&mut browser, USAGE).await;
    assert!(text.contains("project_errors_month"), "{text}");
    assert!(text.contains("The project's limit of errors in a month was used up."), "{text}");
    app.stop().await;
}

#[tokio::test]
async fn a_number_that_is_none_is_marked_and_nothing_is_saved() {
    let (app, _, mut browser) = shop().await;
    save(&mut browser, LIMITS, &[("errors_hour", "100"), ("attachments_month", "1 000")]).await;
    let wrong = [("errors_hour", "200"), ("everything_month", "a lot")];
    let answer = browser.post(LIMITS, &wrong).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.body.contains("Write a whole number"), "{}", answer.body);
    assert!(answer.body.contains("value=\"a lot\"") && answer.body.contains("value=\"200\""));
    let page = browser.get(LIMITS).await;
    assert!(page.expect_page().contains("name=\"errors_hour\" value=\"100\""));
    assert!(page.body.contains("name=\"attachments_month\" value=\"1,000\""));
    assert!(!page.body.contains("name=\"spike_protection\" value=\"on\" checked"), "it was off");
    app.stop().await;
}

#[tokio::test]
async fn general_settings_are_saved_and_what_cannot_be_is_said() {
    let (app, _, mut browser) = shop().await;
    let set = [("name", "Store"), ("retention_days", "30"), ("default_environment", "live")];
    save(&mut browser, SETTINGS, &set).await;
    let page = browser.get(SETTINGS).await;
    assert!(page.expect_page().contains("name=\"retention_days\" value=\"30\""));
    assert!(page.body.contains("value=\"live\"") && page.body.contains("Settings of Store"));

    for (field, value, problem) in [
        ("retention_days", "91", "This server keeps events for 90 days."),
        ("retention_days", "0", "at least a day"),
        ("retention_days", "ten", "number of days"),
        ("default_environment", "a/b", "no slash"),
        ("name", "", "Give the project a name."),
    ] {
        let fields: Vec<_> = set
            .into_iter()
            .map(|(name, old)| (name, if name == field { value } else { old }))
            .collect();
        let answer = browser.post(SETTINGS, &fields).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{value}");
        assert!(answer.body.contains(problem), "{problem}: {}", answer.body);
    }
    save(&mut browser, SETTINGS, &[("name", "Store")]).await;
    let page = browser.get(SETTINGS).await;
    assert!(page.expect_page().contains("name=\"retention_days\" value=\"\""));
    app.stop().await;
}

#[tokio::test]
async fn events_that_say_no_environment_get_the_projects() {
    let (app, project, mut browser) = shop().await;
    let send = async |event: &str| {
        let envelope = format!("{{}}\n{{\"type\":\"event\"}}\n{event}");
        assert_eq!(app.send_envelope(&project, envelope).await.status(), StatusCode::OK);
        app.settle().await;
    };
    send(r#"{"message":"before"}"#).await;
    save(&mut browser, SETTINGS, &[("name", "Shop"), ("default_environment", "live")]).await;
    app.app.clock.advance(BELIEVED_FOR);
    send(r#"{"message":"none said"}"#).await;
    send(r#"{"message":"its own","environment":"staging"}"#).await;
    let stored: Vec<(String, Option<String>)> =
        sqlx::query_as("SELECT title, environment FROM events ORDER BY received_at, title")
            .fetch_all(&app.app.db)
            .await
            .unwrap();
    let row =
        |title: &str, environment: Option<&str>| (title.to_owned(), environment.map(str::to_owned));
    let expected =
        [row("before", None), row("its own", Some("staging")), row("none said", Some("live"))];
    assert_eq!(stored, expected);
    app.stop().await;
}

#[tokio::test]
async fn the_grouping_page_says_which_version_and_leads_to_an_explanation() {
    let (app, project, mut browser) = shop().await;
    let page = format!("{SETTINGS}/grouping");
    let text = words(&mut browser, &page).await;
    assert!(text.contains("There is no issue yet"), "{text}");
    send(&app, &project, 1).await;
    let answer = browser.get(&page).await;
    assert!(answer.expect_page().contains("href=\"/default/issues/SHOP-1/grouping\""));
    let version = picket::grouping::Config::default().version().to_owned();
    assert!(answer.body.contains(&version), "{}", answer.body);
    assert!(browser.get("/default/issues/SHOP-1/grouping").await.expect_page().contains(&version));
    app.stop().await;
}

#[tokio::test]
async fn limits_of_another_organization_are_out_of_reach() {
    let (app, _, mut browser) = shop().await;
    create(&mut browser, "Blog", "").await;
    super::projects::create_organization(&app, "other").await;
    for part in ["limits", "keys", "grouping"] {
        let path = format!("/other/projects/shop/settings/{part}");
        assert_eq!(browser.get(&path).await.status, StatusCode::NOT_FOUND, "{part}");
    }
    let answer =
        browser.post("/other/projects/shop/settings/limits", &[("errors_hour", "0")]).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    app.stop().await;
}
