//! Tags that are counted together while a lane is behind.

use std::collections::HashSet;

use chrono::TimeDelta;
use picket::base::ProjectId;
use picket::domain::issues::batch::{self, Arrival, Counting, MAX_PROJECT_TAG_KEYS, MAX_TAG_KEYS};
use picket::domain::journal::LaneKey;
use reqwest::StatusCode;
use serde_json::json;

use crate::support::TestApp;
use crate::support::batch::{LANE, now, store};

/// Issue number, key, value, events.
type TagRow = (i64, String, String, i64);

fn arrival(hash: &str, tags: &[(&str, &str)]) -> Arrival {
    let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
    Arrival {
        tags: tags.iter().map(owned).collect(),
        ..crate::support::batch::arrival(ProjectId(1), &[hash])
    }
}

async fn tags(app: &TestApp) -> Vec<TagRow> {
    sqlx::query_as(
        "SELECT part_id & 4294967295, key, value, event_count FROM issue_tags ORDER BY 1, 2, 3",
    )
    .fetch_all(&app.app.db)
    .await
    .unwrap()
}

async fn waiting(app: &TestApp) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM waiting_tags").fetch_one(&app.app.db).await.unwrap()
}

fn row(issue: i64, key: &str, value: &str, count: i64) -> TagRow {
    (issue, key.to_owned(), value.to_owned(), count)
}

#[tokio::test]
async fn tags_that_were_put_off_are_counted_with_the_batch_that_catches_up() {
    let app = TestApp::start().await;
    store(&app, &[arrival("a", &[("browser", "Chrome")])], Counting::Now).await;

    let batch =
        [arrival("a", &[("browser", "Chrome"), ("os", "Linux")]), arrival("b", &[("os", "Linux")])];
    store(&app, &batch, Counting::Later).await;
    let opened = row(2, "os", "Linux", 1);
    assert_eq!(
        tags(&app).await,
        [row(1, "browser", "Chrome", 1), opened.clone()],
        "what the batch opened can be found by its tags at once"
    );
    assert_eq!(waiting(&app).await, 1);

    store(&app, &[arrival("a", &[("browser", "Firefox")])], Counting::All).await;
    let exact = [
        row(1, "browser", "Chrome", 2),
        row(1, "browser", "Firefox", 1),
        row(1, "os", "Linux", 1),
        opened,
    ];
    assert_eq!(tags(&app).await, exact);
    assert_eq!(waiting(&app).await, 0);
    app.stop().await;
}

#[tokio::test]
async fn what_a_lane_left_waiting_is_counted_when_it_begins_but_not_for_issues_that_are_gone() {
    let app = TestApp::start().await;
    let both = [arrival("a", &[("os", "Linux")]), arrival("b", &[("os", "Linux")])];
    store(&app, &both, Counting::Now).await;
    store(&app, &both, Counting::Later).await;
    sqlx::raw_sql(
        "DELETE FROM issues WHERE id & 4294967295 = 2;
         DELETE FROM issue_parts WHERE id & 4294967295 = 2;
         DELETE FROM issue_tags WHERE part_id & 4294967295 = 2",
    )
    .execute(&app.app.db)
    .await
    .unwrap();

    let mut tx = app.app.db.begin().await.unwrap();
    batch::count_waiting(&mut tx, LaneKey { lane: 1, ..LANE }).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(waiting(&app).await, 1, "another lane's tags are not touched");

    let mut tx = app.app.db.begin().await.unwrap();
    batch::count_waiting(&mut tx, LANE).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(tags(&app).await, [row(1, "os", "Linux", 2)]);
    assert_eq!(waiting(&app).await, 0);
    app.stop().await;
}

#[tokio::test]
async fn what_a_lane_that_never_comes_back_left_waiting_is_counted_after_an_hour() {
    let app = TestApp::start().await;
    let event = [arrival("a", &[("os", "Linux")])];
    store(&app, &event, Counting::Now).await;
    store(&app, &event, Counting::Later).await;
    for (passed, expected) in [(TimeDelta::minutes(59), 1), (TimeDelta::minutes(61), 2)] {
        let mut tx = app.app.db.begin().await.unwrap();
        batch::count_abandoned(&mut tx, now() + passed).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(tags(&app).await, [row(1, "os", "Linux", expected)]);
    }
    app.stop().await;
}

#[tokio::test]
async fn a_lane_that_was_behind_has_counted_every_tag_when_it_has_caught_up() {
    const EVENTS: usize = 1_100;
    let app = TestApp::start().await;
    let project = app.create_project("Shop").await;
    let send = async |number: usize| {
        let event = json!({
            "message": "it broke", "platform": "other",
            "tags": { "shelf": format!("{}", number % 7), "shop": "north" },
        });
        let body = format!("{{}}\n{{\"type\":\"event\"}}\n{event}\n");
        assert_eq!(app.send_envelope(&project, body).await.status(), StatusCode::OK);
    };
    send(0).await;
    app.settle().await;

    // Nobody can store while the position is held; more than a batch gathers.
    let mut held = app.app.db.begin().await.unwrap();
    sqlx::query("SELECT FROM journal_positions FOR UPDATE").execute(&mut *held).await.unwrap();
    for number in 1..EVENTS {
        send(number).await;
    }
    held.rollback().await.unwrap();
    app.settle().await;

    let counted: HashSet<(String, i64)> =
        sqlx::query_as("SELECT value, event_count FROM issue_tags WHERE key IN ('shelf', 'shop')")
            .fetch_all(&app.app.db)
            .await
            .unwrap()
            .into_iter()
            .collect();
    let shelf = |shelf: usize| (0..EVENTS).filter(|number| number % 7 == shelf).count();
    let mut expected: HashSet<(String, i64)> =
        (0..7).map(|number| (number.to_string(), i64::try_from(shelf(number)).unwrap())).collect();
    expected.insert(("north".to_owned(), i64::try_from(EVENTS).unwrap()));
    assert_eq!(counted, expected);
    assert_eq!(waiting(&app).await, 0);
    app.stop().await;
}

#[tokio::test]
async fn made_up_keys_are_counted_up_to_a_bound_and_those_that_are_known_go_on() {
    let app = TestApp::start().await;
    let names: Vec<String> = (0..=MAX_TAG_KEYS).map(|number| format!("key_{number:04}")).collect();
    let carrying = |names: &[String]| {
        let tags: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "x")).collect();
        arrival("a", &tags)
    };
    let keys = async || tags(&app).await.len();
    store(&app, &[carrying(&names[..2])], Counting::Now).await;
    store(&app, &[carrying(&names[..MAX_TAG_KEYS])], Counting::Now).await;
    assert_eq!(keys().await, MAX_TAG_KEYS);
    store(&app, &[carrying(&names)], Counting::Now).await;
    assert_eq!(keys().await, MAX_TAG_KEYS, "one more is left out");
    assert_eq!(tags(&app).await[0], row(1, "key_0000", "x", 3));

    let project_keys = async || -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM project_tags")
            .fetch_one(&app.app.db)
            .await
            .unwrap()
    };
    let known = project_keys().await;
    assert_eq!(usize::try_from(known).unwrap(), MAX_TAG_KEYS + 1);
    sqlx::query(
        "INSERT INTO project_tags SELECT 1, 'other_' || n, 1 FROM generate_series(1, $1) AS n",
    )
    .bind(MAX_PROJECT_TAG_KEYS - known - 1)
    .execute(&app.app.db)
    .await
    .unwrap();
    store(
        &app,
        &[arrival("b", &[("new_1", "x"), ("new_2", "x"), ("key_0000", "x")])],
        Counting::Now,
    )
    .await;
    assert_eq!(project_keys().await, MAX_PROJECT_TAG_KEYS, "there was room for one of two");
    let count: i64 =
        sqlx::query_scalar("SELECT event_count FROM project_tags WHERE key = 'key_0000'")
            .fetch_one(&app.app.db)
            .await
            .unwrap();
    assert_eq!(count, 4);
    app.stop().await;
}
