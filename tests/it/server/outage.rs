//! Postgres is away for an hour.

use chrono::TimeDelta;
use picket::base::Clock;
use reqwest::StatusCode;

use super::totals::{Totals, send};
use crate::support::{TestApp, TestProject, database};

async fn status(app: &TestApp, path: &str) -> StatusCode {
    app.http.get(format!("{}{path}", app.url)).send().await.unwrap().status()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_an_hour_without_postgres_are_acknowledged_and_stored_once_when_it_is_back() {
    // Over midnight: the day of the last events begins while nobody can make a partition.
    let clock = Clock::fixed("2026-11-22T23:30:00Z".parse().unwrap());
    let (database, wire) = database().await.through_a_wire().await;
    let app = TestApp::start_on(database, clock.clone(), |_| {}).await;
    let project = app.create_project("Shop").await;
    assert_eq!(send(&app, &project, 0).await.status(), StatusCode::OK);
    app.settle().await;

    wire.cut();
    for minute in 0..60 {
        clock.advance(TimeDelta::minutes(1));
        for kind in 0..3 {
            let answer = send(&app, &project, minute + kind).await;
            assert_eq!(answer.status(), StatusCode::OK, "minute {minute}");
        }
    }
    assert_eq!(status(&app, "/health/live").await, StatusCode::OK);
    assert_eq!(status(&app, "/health/ready").await, StatusCode::SERVICE_UNAVAILABLE);
    assert!(status(&app, "/sign-in").await.is_success(), "what needs no database is there");
    assert!(status(&app, "/api/0/projects/").await.is_client_error());
    // Of a key that nobody knows yet it cannot be said that it is wrong: the client keeps the event.
    let stranger = TestProject { key: "f".repeat(32), ..project.clone() };
    assert_eq!(send(&app, &stranger, 0).await.status(), StatusCode::SERVICE_UNAVAILABLE);

    wire.mend();
    app.settle().await;

    assert_eq!(Totals::read(&app.app.db).await, Totals::of(181));
    let days: Vec<i64> = sqlx::query_scalar(
        "SELECT count(*) FROM events GROUP BY received_at::date ORDER BY received_at::date",
    )
    .fetch_all(&app.app.db)
    .await
    .unwrap();
    assert_eq!(days, [1 + 29 * 3, 31 * 3], "each on the day on which it was received");
    assert_eq!(status(&app, "/health/ready").await, StatusCode::OK);
    assert_eq!(send(&app, &project, 0).await.status(), StatusCode::OK);
    app.settle().await;
    assert_eq!(Totals::read(&app.app.db).await, Totals::of(182));
    app.stop().await;
}
