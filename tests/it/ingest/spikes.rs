//! Spikes, and limits over a restart: with everything behind the front door.

use std::sync::Arc;

use axum::body::Body;
use chrono::TimeDelta;
use futures_util::{StreamExt, stream};
use picket::base::{Clock, Timestamp};
use picket::domain::limits::{self, Limits, ProjectLimits, Windows};
use picket::domain::usage::Recorder;
use picket::infra::db::partitions::{self, Partitioned};
use picket::ingest::{self, Options};
use tower::ServiceExt;

use super::door::credentials;
use crate::support::{TestApp, TestProject};

const EVENT: &str = "{}\n{\"type\":\"event\"}\n{\"message\":\"hi\"}\n{\"type\":\"attachment\",\
                     \"length\":2,\"filename\":\"a\"}\nab";

async fn start() -> TestApp {
    let now: Timestamp = "2026-11-22T10:20:10Z".parse().unwrap();
    TestApp::start_at(Clock::fixed(now), |_| {}).await
}

/// Makes a project that has been sending ten events an hour for two days.
async fn project_with_history(app: &TestApp) -> TestProject {
    let project = app.create_project("Shop").await;
    let mut db = app.app.db.acquire().await.unwrap();
    let today = app.app.clock.now().date_naive();
    let days = today - TimeDelta::days(2)..=today;
    partitions::ensure(&mut db, Partitioned::Outcomes, days).await.unwrap();
    sqlx::query(
        "INSERT INTO outcomes (project_id, hour, category, outcome, reason, public_key, quantity)
         SELECT $1, hour, 'error', 'accepted', '', $2, 10
         FROM generate_series($3 - interval '48 hours', $3 - interval '1 hour', interval '1 hour') hour",
    )
    .bind(project.id.0)
    .bind(&project.key)
    .bind("2026-11-22T10:00:00Z".parse::<Timestamp>().unwrap())
    .execute(&mut *db)
    .await
    .unwrap();
    project
}

/// Sends events and answers how many were answered with 200.
async fn send(app: &TestApp, project: &TestProject, events: usize) -> usize {
    let answers = stream::iter(0..events).map(|_| app.send_envelope(project, EVENT));
    let answers: Vec<_> = answers.buffer_unordered(16).collect().await;
    app.settle().await;
    answers.iter().filter(|answer| answer.status() == 200).count()
}

/// What was counted since the history: outcome, reason and quantity of one category.
async fn counted(app: &TestApp, category: &str) -> Vec<(String, String, i64)> {
    sqlx::query_as(
        "SELECT outcome, reason, sum(quantity)::bigint FROM outcomes
         WHERE category = $1 AND hour >= '2026-11-22T10:00:00Z' GROUP BY 1, 2 ORDER BY 1, 2",
    )
    .bind(category)
    .fetch_all(&app.app.db)
    .await
    .unwrap()
}

fn row(outcome: &str, reason: &str, quantity: i64) -> (String, String, i64) {
    (outcome.to_owned(), reason.to_owned(), quantity)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spike_is_sampled_and_every_event_of_it_is_counted() {
    let app = start().await;
    let project = project_with_history(&app).await;

    assert_eq!(send(&app, &project, 1_025).await, 1_025, "senders are not told to hold back");
    let spike = |quantity| row("rate_limited", "spike_protection", quantity);
    let expected = [row("accepted", "", 1_002), spike(23)];
    assert_eq!(counted(&app, "error").await, expected, "1,000 and every tenth");
    let files = counted(&app, "attachment_item").await;
    assert_eq!(files.iter().map(|row| row.2).sum::<i64>(), 1_025, "{files:?}");
    assert!(files.contains(&spike(23)), "{files:?}");

    // The next minute is an ordinary one.
    app.app.clock.advance(TimeDelta::minutes(1));
    assert_eq!(send(&app, &project, 5).await, 5);
    assert_eq!(counted(&app, "error").await, [row("accepted", "", 1_007), spike(23)]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_switches_the_protection_off_gets_everything() {
    let app = start().await;
    let project = project_with_history(&app).await;
    let set = ProjectLimits { spike_protection: false, ..ProjectLimits::default() };
    limits::set(&app.app, project.id, set).await.unwrap();
    assert_eq!(send(&app, &project, 1_025).await, 1_025);
    assert_eq!(counted(&app, "error").await, [row("accepted", "", 1_025)]);
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_front_door_that_starts_anew_knows_what_was_let_through_before() {
    let app = start().await;
    let project = app.create_project("Shop").await;
    let errors = Windows { hour: Some(5), month: Some(7), ..Windows::default() };
    let set = Limits { errors, ..Limits::default() };
    limits::set(&app.app, project.id, ProjectLimits { limits: set, ..ProjectLimits::default() })
        .await
        .unwrap();
    assert_eq!(send(&app, &project, 4).await, 4);

    let restarted =
        || ingest::router_with(app.app.clone(), Arc::<Recorder>::default(), Options::default());
    let ask = async |door: axum::Router| {
        let request = axum::http::Request::post(format!("/api/{}/envelope/", project.id))
            .header("X-Sentry-Auth", credentials(&project.key))
            .body(Body::from(EVENT))
            .unwrap();
        door.oneshot(request).await.unwrap().status().as_u16()
    };
    let door = restarted();
    assert_eq!(ask(door.clone()).await, 200, "the fifth of the hour");
    assert_eq!(ask(door).await, 429, "the sixth");
    app.settle().await;
    assert_eq!(ask(restarted()).await, 429, "stored by two, known to the third");

    app.app.clock.advance(TimeDelta::hours(1));
    assert_eq!(ask(restarted()).await, 200, "the sixth of the month");
    app.settle().await;
    let door = restarted();
    assert_eq!(ask(door.clone()).await, 200, "the seventh");
    assert_eq!(ask(door).await, 429, "the eighth");
    app.stop().await;
}
