//! What is forgotten, and that nothing else is.

use chrono::TimeDelta;
use picket::base::{Clock, IssueId, IssueNumber};
use picket::domain::issues::{self, Archive, Resolution, Scope, retention};
use picket::domain::projects::{self, Options};
use picket::server::background;
use serde_json::{Value, json};

use crate::support::{TestApp, TestProject};

/// With the default of 90 days.
async fn server() -> TestApp {
    let start = "2026-11-22T15:00:00Z".parse().unwrap();
    TestApp::start_at(Clock::fixed(start), |_| {}).await
}

/// Sends one error of a type and waits until it is stored.
async fn send(app: &TestApp, project: &TestProject, kind: &str) {
    let event = json!({
        "environment": "production",
        "user": {"id": "ada"},
        "tags": {"region": "eu", kind: "1"},
        "exception": [{"type": kind, "value": "it broke"}],
    });
    let body = format!("{{}}\n{{\"type\":\"event\"}}\n{event}\n");
    assert!(app.send_envelope(project, body).await.status().is_success());
    app.settle().await;
}

fn issue(project: &TestProject, number: i64) -> IssueId {
    IssueId::new(project.id, IssueNumber(number))
}

fn scope(app: &TestApp) -> Scope {
    Scope::organization(app.organization)
}

async fn days_pass(app: &TestApp, days: i64) {
    app.app.clock.advance(TimeDelta::days(days));
    background::turn_days(&app.app).await.unwrap();
}

/// How many rows each table has about an issue, by the table's name.
async fn rows(app: &TestApp, id: IssueId) -> Value {
    sqlx::query_scalar(
        "SELECT jsonb_build_object(
            'issues', (SELECT count(*) FROM issues WHERE id = $1),
            'hashes', (SELECT count(*) FROM issue_hashes WHERE issue_id = $1),
            'hours', (SELECT count(*) FROM issue_hours WHERE part_id = $1),
            'environments', (SELECT count(*) FROM issue_releases WHERE part_id = $1),
            'tags', (SELECT count(*) FROM issue_tags WHERE part_id = $1),
            'users', (SELECT count(*) FROM issue_users WHERE part_id = $1),
            'signatures', (SELECT count(*) FROM issue_signatures WHERE part_id = $1),
            'signature keys', (SELECT count(*) FROM issue_signature_keys WHERE part_id = $1),
            'activity', (SELECT count(*) FROM issue_activity WHERE issue_id = $1),
            'events', (SELECT count(*) FROM events WHERE part_id = $1))",
    )
    .bind(id.0)
    .fetch_one(&app.app.db)
    .await
    .unwrap()
}

/// The counts of the project's tags, and the same from the issues' own.
async fn tag_counts(app: &TestApp) -> (Vec<(String, i64)>, Vec<(String, i64)>) {
    let counted = sqlx::query_as("SELECT key, event_count FROM project_tags ORDER BY key");
    let summed = sqlx::query_as(
        "SELECT key, sum(event_count)::bigint FROM issue_tags GROUP BY key ORDER BY key",
    );
    let db = &app.app.db;
    (counted.fetch_all(db).await.unwrap(), summed.fetch_all(db).await.unwrap())
}

#[tokio::test]
async fn an_issue_goes_with_all_its_rows_when_its_last_event_is_gone() {
    let app = server().await;
    let project = app.create_project("Shop").await;
    for kind in ["KeyError", "TypeError"] {
        send(&app, &project, kind).await;
    }
    days_pass(&app, 60).await;
    send(&app, &project, "TypeError").await;

    days_pass(&app, 30).await;
    assert_eq!(retention::remove_old(&app.app).await.unwrap(), retention::Removed::default());
    days_pass(&app, 1).await;
    let removed = retention::remove_old(&app.app).await.unwrap();

    assert_eq!(removed, retention::Removed { issues: 1, hours: 1, events: 0 });
    let nothing = json!({"issues": 0, "hashes": 0, "hours": 0, "environments": 0, "tags": 0,
        "users": 0, "signatures": 0, "signature keys": 0, "activity": 0, "events": 0});
    assert_eq!(rows(&app, issue(&project, 1)).await, nothing);
    // What lives on keeps what was counted for all its life; of its hours the old one is gone.
    let alive = rows(&app, issue(&project, 2)).await;
    assert_eq!(
        (&alive["issues"], &alive["hours"], &alive["events"]),
        (&json!(1), &json!(1), &json!(1))
    );
    assert_eq!(alive["signatures"], json!(1));
    assert!(alive["signature keys"].as_i64() > Some(0), "{alive}");
    let mut db = app.app.db.acquire().await.unwrap();
    let found = issues::find(&mut db, issue(&project, 2)).await.unwrap().unwrap();
    drop(db);
    assert_eq!((found.event_count, found.user_count), (2, 1));
    let (counted, summed) = tag_counts(&app).await;
    assert_eq!(counted, summed);
    assert!(counted.contains(&("region".to_owned(), 2)), "{counted:?}");
    assert!(!counted.iter().any(|(key, _)| key == "KeyError"), "{counted:?}");

    // Should it happen again, it is a new issue with a number of its own.
    send(&app, &project, "KeyError").await;
    let reborn = rows(&app, issue(&project, 3)).await;
    assert_eq!(
        (&reborn["issues"], &reborn["hashes"], &reborn["events"]),
        (&json!(1), &json!(1), &json!(1))
    );
    app.stop().await;
}

#[tokio::test]
async fn what_somebody_decided_about_is_not_forgotten() {
    let app = server().await;
    let project = app.create_project("Shop").await;
    for kind in ["KeyError", "TypeError", "ValueError"] {
        send(&app, &project, kind).await;
    }
    let (archived, resolved) = (issue(&project, 1), issue(&project, 2));
    issues::archive(&app.app, &scope(&app), &[archived], Archive::Forever, None).await.unwrap();
    days_pass(&app, 80).await;
    issues::resolve(&app.app, &scope(&app), &[resolved], Resolution::Now, None).await.unwrap();

    days_pass(&app, 20).await;
    let removed = retention::remove_old(&app.app).await.unwrap();
    assert_eq!(removed.issues, 1, "the one about which nobody decided anything");
    assert_eq!(rows(&app, resolved).await["issues"], json!(1));

    days_pass(&app, 80).await;
    assert_eq!(retention::remove_old(&app.app).await.unwrap().issues, 1);
    assert_eq!(rows(&app, resolved).await["issues"], json!(0));
    // The archive is for good: its next event calls nobody.
    send(&app, &project, "KeyError").await;
    let mut db = app.app.db.acquire().await.unwrap();
    let found = issues::find(&mut db, archived).await.unwrap().unwrap();
    assert_eq!((found.status, found.event_count), (issues::Status::Ignored, 2));
    drop(db);
    app.stop().await;
}

#[tokio::test]
async fn an_event_that_happened_long_ago_keeps_its_issue_as_long_as_itself() {
    let app = server().await;
    let project = app.create_project("Shop").await;
    let happened = app.app.clock.now() - TimeDelta::days(60);
    let event =
        json!({"timestamp": happened, "exception": [{"type": "Late", "value": "it broke"}]});
    let body = format!("{{}}\n{{\"type\":\"event\"}}\n{event}\n");
    assert!(app.send_envelope(&project, body).await.status().is_success());
    app.settle().await;

    days_pass(&app, 60).await;
    retention::remove_old(&app.app).await.unwrap();

    let kept = rows(&app, issue(&project, 1)).await;
    assert_eq!((&kept["issues"], &kept["events"]), (&json!(1), &json!(1)));
    app.stop().await;
}

#[tokio::test]
async fn more_than_one_transaction_holds_is_removed_in_one_run() {
    let app = server().await;
    let project = app.create_project("Shop").await;
    for number in 0..3 {
        send(&app, &project, &format!("Error{number}")).await;
    }
    let copied = sqlx::raw_sql(
        "CREATE TABLE copied AS SELECT (jsonb_populate_record(issues,
             jsonb_build_object('id', issues.id + 100 * step))).*
         FROM issues, generate_series(1, 100) AS step;
         ALTER TABLE copied DROP COLUMN last_minute;
         INSERT INTO issues SELECT * FROM copied",
    );
    assert_eq!(copied.execute(&app.app.db).await.unwrap().rows_affected(), 600);
    let hours = sqlx::query(
        "INSERT INTO issue_hours SELECT project_id, part_id, hour - step * interval '1 hour', environment, 1
         FROM issue_hours, generate_series(1, 4000) AS step",
    );
    hours.execute(&app.app.db).await.unwrap();
    days_pass(&app, 20).await;
    send(&app, &project, "Error0").await;
    days_pass(&app, 75).await;

    let removed = retention::remove_old(&app.app).await.unwrap();

    assert_eq!(removed.issues, 302);
    assert_eq!(removed.hours, 4001, "of the issue that stays; the others went with theirs");
    app.stop().await;
}

#[tokio::test]
async fn an_issue_that_a_writer_holds_is_left_for_the_next_run() {
    let app = server().await;
    let project = app.create_project("Shop").await;
    send(&app, &project, "KeyError").await;
    days_pass(&app, 100).await;
    let mut writer = app.app.db.begin().await.unwrap();
    sqlx::query("SELECT FROM issues FOR UPDATE").execute(&mut *writer).await.unwrap();

    // It would wait for ever: the writer does not end.
    assert_eq!(retention::remove_old(&app.app).await.unwrap().issues, 0);

    writer.rollback().await.unwrap();
    assert_eq!(retention::remove_old(&app.app).await.unwrap().issues, 1);
    app.stop().await;
}

#[tokio::test]
async fn an_event_whose_issue_goes_while_it_is_being_stored_opens_a_new_one() {
    let app = server().await;
    let project = app.create_project("Shop").await;
    send(&app, &project, "KeyError").await;
    // As the removal does it, but held open: the event finds the hash and waits for the issue.
    let mut removal = app.app.db.begin().await.unwrap();
    sqlx::query("DELETE FROM issues").execute(&mut *removal).await.unwrap();
    sqlx::query("DELETE FROM issue_hashes").execute(&mut *removal).await.unwrap();
    let event = json!({"exception": [{"type": "KeyError", "value": "it broke"}]});
    let body = format!("{{}}\n{{\"type\":\"event\"}}\n{event}\n");
    assert!(app.send_envelope(&project, body).await.status().is_success());
    wait_for_a_waiting_writer(&app).await;
    removal.commit().await.unwrap();
    app.settle().await;

    let reborn = rows(&app, issue(&project, 2)).await;
    assert_eq!(
        (&reborn["issues"], &reborn["hashes"], &reborn["events"]),
        (&json!(1), &json!(1), &json!(1))
    );
    assert_eq!(rows(&app, issue(&project, 1)).await["issues"], json!(0));
    let lost: i64 = sqlx::query_scalar("SELECT count(*) FROM outcomes WHERE outcome <> 'accepted'")
        .fetch_one(&app.app.db)
        .await
        .unwrap();
    assert_eq!(lost, 0);
    app.stop().await;
}

async fn wait_for_a_waiting_writer(app: &TestApp) {
    let waiting = async {
        loop {
            let count: i64 = sqlx::query_scalar(
                "SELECT count(*) FROM pg_stat_activity
                 WHERE datname = current_database() AND wait_event_type = 'Lock'",
            )
            .fetch_one(&app.app.db)
            .await
            .unwrap();
            if count > 0 {
                return;
            }
            tokio::task::yield_now().await;
        }
    };
    let patience = std::time::Duration::from_secs(30);
    tokio::time::timeout(patience, waiting).await.expect("the event waits for its issue");
}

#[tokio::test]
async fn a_project_that_keeps_events_for_fewer_days_loses_its_own_and_nobody_elses() {
    let app = server().await;
    let (shop, blog) = (app.create_project("Shop").await, app.create_project("Blog").await);
    let options = Options { retention_days: Some(7), ..Options::default() };
    projects::update(&app.app, shop.id, "Shop", options).await.unwrap();
    let file = "{\"type\":\"attachment\",\"length\":2,\"filename\":\"a\"}\nab\n";
    let words = json!({"event_id": "fc6d8c0c43fc4630ad850ee518f1b9d0", "name": "Ada", "email": "ada@example.com", "comments": "it broke"});
    let words = format!("{{\"type\":\"user_report\"}}\n{words}\n");
    for project in [&shop, &blog] {
        let header = "{\"event_id\":\"fc6d8c0c43fc4630ad850ee518f1b9d0\"}";
        let event = "{\"type\":\"event\"}\n{\"message\":\"hi\"}\n";
        let body = format!("{header}\n{event}{file}{words}");
        assert!(app.send_envelope(project, body).await.status().is_success());
    }
    app.settle().await;
    let count = async |project: &TestProject| -> Vec<i64> {
        sqlx::query_scalar(
            "SELECT count(*) FROM events WHERE project_id = $1
             UNION ALL SELECT count(*) FROM attachments WHERE project_id = $1
             UNION ALL SELECT count(*) FROM attachment_chunks WHERE project_id = $1
             UNION ALL SELECT count(*) FROM feedback WHERE project_id = $1
             UNION ALL SELECT count(*) FROM issues WHERE project_id = $1",
        )
        .bind(project.id.0)
        .fetch_all(&app.app.db)
        .await
        .unwrap()
    };

    days_pass(&app, 7).await;
    assert_eq!(retention::remove_old(&app.app).await.unwrap(), retention::Removed::default());
    assert_eq!(count(&shop).await, [1, 1, 1, 1, 1], "the seventh day is kept");
    days_pass(&app, 1).await;
    let removed = retention::remove_old(&app.app).await.unwrap();
    assert_eq!(removed, retention::Removed { issues: 1, hours: 0, events: 1 });
    assert_eq!(count(&shop).await, [0; 5]);
    assert_eq!(count(&blog).await, [1, 1, 1, 1, 1]);
    let outcomes = app.outcomes().await;
    assert!(
        outcomes.contains(&("error".into(), "accepted".into(), String::new(), 2)),
        "{outcomes:?}"
    );
    app.stop().await;
}
