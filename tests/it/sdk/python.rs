//! The Python client.

use chrono::{TimeDelta, Timelike};
use insta::{assert_debug_snapshot, assert_snapshot};
use picket::base::Clock;
use picket::domain::limits::{self, Limits, ProjectLimits, Windows};

use super::outline::outline;
use super::{issues, programs, run, variable};
use crate::support::page_text::page_text;
use crate::support::{TestApp, requirement};
use crate::web::browser::{Browser, create_user};

/// A Python that can import the client.
pub(super) async fn python() -> Option<String> {
    let python = variable("PICKET_TEST_PYTHON").unwrap_or_else(|| "python3".to_owned());
    let found =
        tokio::process::Command::new(&python).args(["-c", "import sentry_sdk"]).output().await;
    if found.is_ok_and(|output| output.status.success()) {
        return Some(python);
    }
    requirement::skip("sdk", "no Python with `sentry-sdk`; PICKET_TEST_PYTHON names one");
    None
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_python_client_reports_becomes_issues() {
    let Some(python) = python().await else { return };
    let app = TestApp::start().await;
    let project = app.create_project("Shop").await;
    let program = programs().join("errors.py");

    run(&python, &[program.to_str().unwrap(), &project.dsn]).await;
    app.settle().await;

    assert_debug_snapshot!(issues(&app, &project).await, @r#"
    [
        "40 python KeyError: 'lamp' | __main__ in charge | 2 events, 2 users",
        "40 python stock of pen is negative: -4 |  | 1 events, 0 users",
    ]
    "#);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_in_flask_becomes_an_issue_with_its_request() {
    let Some(python) = python().await else { return };
    let app = TestApp::start().await;
    let project = app.create_project("Shop").await;
    let program = programs().join("errors_flask.py");

    run(&python, &[program.to_str().unwrap(), &project.dsn]).await;
    app.settle().await;

    assert_snapshot!(outline(&app).await, @r#"
    error | ValueError: could not convert string to float: '12,5' | set_price | unhandled, 1 events, 1 users
      tags currency=EUR, environment=production, release=shop@1.4.2, user=id:7
      exception ValueError | could not convert string to float: '12,5' | flask, handled false
        price_of errors_flask.py:23 `return float(text)` ["text"]
        set_price errors_flask.py:31 `return str(price_of(flask.request.form["price"]))` ["sku"]
      request POST http://127.0.0.1/items/lamp/price [["currency","EUR"]] {"price":"12,5"}
      breadcrumb warning | shop | price of lamp changes
    "#);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_python_client_holds_back_when_told_to_and_says_what_it_dropped() {
    let Some(python) = python().await else { return };
    // The client waits by its own clock: it must have most of the minute left to wait.
    let now = Clock::system().now();
    let now = if now.second() < 30 { now } else { now + TimeDelta::seconds(30) };
    let app = TestApp::start_at(Clock::fixed(now), |_| {}).await;
    let project = app.create_project("Shop").await;
    let errors = Windows { minute: Some(2), ..Windows::default() };
    let set = Limits { errors, ..Limits::default() };
    let set = ProjectLimits { limits: set, ..ProjectLimits::default() };
    limits::set(&app.app, project.id, set).await.unwrap();
    let program = programs().join("limited.py");

    run(&python, &[program.to_str().unwrap(), &project.dsn]).await;
    app.settle().await;

    create_user(&app, "ada@example.com").await;
    let mut browser = Browser::signed_in(&app, "ada@example.com").await;
    // The third is refused, and counted within five seconds. The other two are never sent.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(30);
    let page = loop {
        let answer = browser.get("/default/usage").await;
        let page = page_text(answer.expect_page());
        if page.contains("project_errors_minute") || std::time::Instant::now() > deadline {
            break page;
        }
    };
    let reason = |line: &&str| line.starts_with("Rate limited |") || line.contains("_backoff");
    let lines: Vec<&str> = page.lines().filter(reason).collect();
    assert_snapshot!(lines.join("\n"), @"
    Rate limited | project_errors_minute | The project's limit of errors in a minute was used up. | 1
    Dropped by client | ratelimit_backoff | The server had asked the SDK to wait. | 2
    ");
    let error = |outcome: &str, reason: &str, quantity| {
        ("error".to_owned(), outcome.to_owned(), reason.to_owned(), quantity)
    };
    let expected = [
        error("accepted", "", 2),
        error("client_discard", "ratelimit_backoff", 2),
        error("rate_limited", "project_errors_minute", 1),
    ];
    assert_eq!(app.outcomes().await, expected);
    app.stop().await;
}
