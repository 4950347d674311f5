//! Days of partitioned tables, on a real Postgres.

use chrono::{Days, NaiveDate};
use picket::infra::db::partitions::{self, Partitioned};

use crate::support;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[tokio::test]
async fn missing_days_are_made_once_and_take_rows() {
    let database = support::database().await;
    let mut db = database.pool.acquire().await.unwrap();
    let (first, last) = (day("2026-11-21"), day("2026-11-23"));

    for table in Partitioned::ALL {
        let made = partitions::ensure(&mut db, table, first..=last).await.unwrap();
        assert_eq!(made, [first, day("2026-11-22"), last]);
        let more = partitions::ensure(&mut db, table, first..=day("2026-11-24")).await.unwrap();
        assert_eq!(more, [day("2026-11-24")]);
        assert_eq!(partitions::list(&mut db, table).await.unwrap().len(), 4);
    }

    // The last microsecond of one day and the first of the next are different days.
    for hour in ["2026-11-22 23:59:59.999999Z", "2026-11-23 00:00:00Z"] {
        insert_outcome(&mut db, hour).await.unwrap();
    }
    let placed: Vec<String> =
        sqlx::query_scalar("SELECT tableoid::regclass::text FROM outcomes ORDER BY hour")
            .fetch_all(&mut *db)
            .await
            .unwrap();
    assert_eq!(placed, ["outcomes_20261122", "outcomes_20261123"]);
}

#[tokio::test]
async fn a_counter_can_be_upserted_by_the_key_of_its_day() {
    let database = support::database().await;
    let mut db = database.pool.acquire().await.unwrap();
    let today = day("2026-11-22");
    partitions::ensure(&mut db, Partitioned::Outcomes, today..=today).await.unwrap();

    insert_outcome(&mut db, "2026-11-22 10:00Z").await.unwrap();
    let error = insert_outcome(&mut db, "2026-11-22 10:00Z").await.unwrap_err();

    let constraint = error.as_database_error().unwrap().constraint().map(str::to_owned);
    assert_eq!(constraint.as_deref(), Some("outcomes_20261122_pkey"));
}

#[tokio::test]
async fn a_second_event_with_the_same_id_is_refused_by_the_day() {
    let database = support::database().await;
    let mut db = database.pool.acquire().await.unwrap();
    let today = day("2026-11-22");
    partitions::ensure(&mut db, Partitioned::Events, today..=today).await.unwrap();
    let insert = "INSERT INTO events (project_id, event_id, part_id, received_at, occurred_at, level, \
                  primary_hash, title) VALUES (1, 'c0ffee00-0000-4000-8000-000000000000', 7, \
                  '2026-11-22 10:00Z', '2026-11-22 10:00Z', 4, '', '')";

    sqlx::query(insert).execute(&mut *db).await.unwrap();
    let error = sqlx::query(insert).execute(&mut *db).await.unwrap_err();

    assert!(error.as_database_error().unwrap().is_unique_violation(), "{error}");
}

#[tokio::test]
async fn several_processes_may_make_the_same_days_at_once() {
    let database = support::database().await;
    let (first, last) = (day("2026-11-01"), day("2026-11-30"));

    let made: Vec<usize> = futures_util::future::join_all((0..6).map(|_| async {
        let mut db = database.pool.acquire().await.unwrap();
        partitions::ensure(&mut db, Partitioned::Events, first..=last).await.unwrap().len()
    }))
    .await;

    assert_eq!(made.iter().sum::<usize>(), 30, "{made:?}");
}

#[tokio::test]
async fn writers_go_on_while_days_are_made() {
    let database = support::database().await;
    let mut writer = database.pool.begin().await.unwrap();
    let mut db = database.pool.acquire().await.unwrap();
    let today = day("2026-11-22");
    partitions::ensure(&mut db, Partitioned::Outcomes, today..=today).await.unwrap();
    insert_outcome(&mut writer, "2026-11-22 10:00Z").await.unwrap();

    // The writer's transaction is open and holds its lock on the table.
    sqlx::query("SET lock_timeout = '5s'").execute(&mut *db).await.unwrap();
    let made =
        partitions::ensure(&mut db, Partitioned::Outcomes, today..=today + Days::new(1)).await;

    assert_eq!(made.unwrap(), [today + Days::new(1)]);
    writer.commit().await.unwrap();
}

#[tokio::test]
async fn days_past_the_retention_are_dropped_and_a_day_in_use_is_left_for_later() {
    let database = support::database().await;
    let mut db = database.pool.acquire().await.unwrap();
    let (first, last) = (day("2026-11-01"), day("2026-11-10"));
    partitions::ensure(&mut db, Partitioned::Events, first..=last).await.unwrap();
    let mut reader = database.pool.begin().await.unwrap();
    sqlx::query("SELECT FROM events_20261102").execute(&mut *reader).await.unwrap();

    let kept_from = day("2026-11-05");
    let dropped = partitions::drop_before(&mut db, Partitioned::Events, kept_from).await.unwrap();
    assert_eq!(dropped, [first, day("2026-11-03"), day("2026-11-04")]);

    reader.rollback().await.unwrap();
    let dropped = partitions::drop_before(&mut db, Partitioned::Events, kept_from).await.unwrap();
    assert_eq!(dropped, [day("2026-11-02")]);
    let left = partitions::list(&mut db, Partitioned::Events).await.unwrap();
    assert_eq!((left.first(), left.last()), (Some(&kept_from), Some(&last)));
}

async fn insert_outcome(db: &mut sqlx::PgConnection, hour: &str) -> sqlx::Result<()> {
    sqlx::query(
        "INSERT INTO outcomes (project_id, hour, category, outcome, reason, public_key, quantity) \
         VALUES (1, $1::text::timestamptz, 'error', 'accepted', '', '', 1)",
    )
    .bind(hour)
    .execute(db)
    .await
    .map(drop)
}
