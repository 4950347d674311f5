//! `picket demo`: two weeks of errors in a fresh instance.

use std::process::Output;

use crate::support::process::Installation;
use crate::support::{TestDatabase, database};

const EVENTS: i64 = 800;

async fn demo(database: &TestDatabase, arguments: &[&str]) -> Output {
    let installation = Installation::new();
    let mut command = installation.command(&["demo"]);
    command.args(arguments).env("DATABASE_URL", database.url()).output().await.unwrap()
}

async fn number(database: &TestDatabase, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(&database.pool).await.unwrap()
}

#[tokio::test]
async fn a_fresh_instance_gets_two_weeks_of_errors_in_six_projects() {
    let database = database().await;
    let output = demo(&database, &["--events", &EVENTS.to_string()]).await;
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    assert!(told.ends_with("800 of 800 events\n"), "{told}");

    for (what, query, expected) in [
        ("projects", "SELECT count(*) FROM projects WHERE first_event_at IS NOT NULL", 6..=6),
        ("events", "SELECT count(*) FROM events", EVENTS..=EVENTS),
        ("in issues", "SELECT sum(event_count)::bigint FROM issues", EVENTS..=EVENTS),
        (
            "accepted",
            "SELECT sum(quantity)::bigint FROM outcomes WHERE category = 'error'",
            EVENTS..=EVENTS,
        ),
        ("lost", "SELECT count(*) FROM outcomes WHERE outcome <> 'accepted'", 0..=0),
        ("deploys", "SELECT count(*) FROM deploys", 40..=60),
        ("commits", "SELECT count(DISTINCT sha) FROM release_commits", 60..=160),
        (
            "sessions",
            "SELECT sum(total)::bigint FROM session_days WHERE release <> ''",
            EVENTS * 3..=EVENTS * 5,
        ),
        (
            "releases in use",
            "SELECT count(DISTINCT release) FROM session_days WHERE release <> ''",
            20..=25,
        ),
        ("days", "SELECT count(DISTINCT received_at::date) FROM events", 14..=15),
        ("issues", "SELECT count(*) FROM issues", 40..=70),
        ("levels", "SELECT count(DISTINCT level) FROM issues", 4..=5),
        ("releases", "SELECT count(DISTINCT release) FROM events", 15..=25),
        ("resolved", "SELECT count(*) FROM issues WHERE status = 'resolved'", 5..=20),
        ("archived", "SELECT count(*) FROM issues WHERE status = 'ignored'", 3..=10),
        ("regressed", "SELECT count(*) FROM issues WHERE substatus = 'regressed'", 3..=10),
        ("lanes", "SELECT count(*) FROM journal_positions", 0..=0),
    ] {
        let found = number(&database, query).await;
        assert!(expected.contains(&found), "{what}: {found}, expected {expected:?}");
    }
}

#[tokio::test]
async fn an_instance_in_use_is_left_alone_unless_told_otherwise() {
    let database = database().await;
    assert!(demo(&database, &["--events", "60"]).await.status.success());

    let again = demo(&database, &["--events", "60"]).await;
    assert!(!again.status.success());
    let told = String::from_utf8_lossy(&again.stderr);
    assert!(told.contains("in use") && told.contains("--force"), "{told}");
    assert_eq!(number(&database, "SELECT count(*) FROM events").await, 60);

    assert!(demo(&database, &["--events", "60", "--force"]).await.status.success());
    assert_eq!(number(&database, "SELECT count(*) FROM events").await, 120);
    assert_eq!(number(&database, "SELECT count(*) FROM projects").await, 12);
}
