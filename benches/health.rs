//! How long questions about sessions take with a year of a busy project stored: 365 days, two environments, four releases
//! at a time that live for a month each, 40,000 users a day, a bucket for every hour.
//!
//! `cargo bench --bench health [-- ROUNDS]`. Prints medians and 95th percentiles, and what the buckets take on disk.

#![expect(clippy::print_stdout, reason = "a benchmark reports on standard output")]

use std::path::Path;
use std::time::Instant;

use chrono::{Days, DurationRound, TimeDelta};
use picket::base::{Clock, ProjectId, Timestamp, secrets};
use picket::config::Config;
use picket::domain::releases::health as releases;
use picket::domain::sessions::UserSketch;
use picket::domain::sessions::health::{self, Apart, Users, Wanted, Window};
use picket::infra::db::partitions::{self, Partitioned};
use picket::infra::db::{self, Purpose};
use sqlx::PgConnection;

const PROJECT: ProjectId = ProjectId(1);
const DAYS: u64 = 365;
const ENVIRONMENTS: [&str; 2] = ["production", "staging"];

/// A sketch of `count` users, beginning with number `first`.
fn sketch(first: u64, count: u64) -> Vec<u8> {
    let mut sketch = UserSketch::default();
    for number in first..first + count {
        let digest = secrets::hash(&number.to_string());
        sketch.insert(i64::from_be_bytes(digest[..8].try_into().expect("a digest has 32 bytes")));
    }
    sketch.to_bytes()
}

/// The releases of a day: a new one every week.
fn releases_of(day: u64) -> Vec<String> {
    (0..4).map(|age| format!("shop@1.{}", day / 7 + 4 - age)).collect()
}

async fn insert(
    db: &mut PgConnection,
    (span, at, release): (i16, Timestamp, &str),
    sketches: &[Vec<u8>; 3],
) -> sqlx::Result<()> {
    for environment in ENVIRONMENTS {
        sqlx::query(
            "INSERT INTO session_buckets VALUES \
             ($1, $2, $3, $4, $5, 9000, 90, 20, 5, 30, $6, $7, $8, $8, $8)",
        )
        .bind(PROJECT.0)
        .bind(span)
        .bind(at)
        .bind(release)
        .bind(environment)
        .bind(&sketches[0])
        .bind(&sketches[1])
        .bind(&sketches[2])
        .execute(&mut *db)
        .await?;
    }
    Ok(())
}

async fn seed(db: &mut PgConnection, now: Timestamp) -> anyhow::Result<()> {
    let today = now.date_naive();
    let days = today - Days::new(DAYS)..=today;
    partitions::ensure(db, Partitioned::SessionHours, days).await?;
    let sizes = [[1_500, 60, 20], [20_000, 900, 200], [40_000, 2_000, 500]];
    // Sets that differ from day to day, without making thousands of them.
    let pool: Vec<[[Vec<u8>; 3]; 3]> =
        (0..20).map(|day| sizes.map(|size| size.map(|count| sketch(day * 5_000, count)))).collect();
    for day in 0..=DAYS {
        let midnight = (now - TimeDelta::days(i64::try_from(DAYS - day)?))
            .duration_trunc(TimeDelta::days(1))?;
        let [hour_sets, day_sets, all_sets] = &pool[usize::try_from(day)? % pool.len()];
        sqlx::query("BEGIN").execute(&mut *db).await?;
        insert(db, (24, midnight, ""), all_sets).await?;
        for release in releases_of(day) {
            insert(db, (24, midnight, &release), day_sets).await?;
            for hour in 0..24 {
                insert(db, (1, midnight + TimeDelta::hours(hour), &release), hour_sets).await?;
            }
        }
        sqlx::query("COMMIT").execute(&mut *db).await?;
    }
    sqlx::query("ANALYZE").execute(&mut *db).await?;
    Ok(())
}

/// A question: its name, days back, hours of a step (0: none), what is told apart, whether users are counted.
type Question = (&'static str, i64, i64, Apart, Users);

const NOTHING: Apart = Apart { projects: false, releases: false, environments: false };
const RELEASES: Apart = Apart { releases: true, ..NOTHING };
const ENVIRONMENT: Apart = Apart { environments: true, ..NOTHING };

const QUESTIONS: [Question; 10] = [
    ("a day", 1, 0, NOTHING, Users::Crashes),
    ("a day by hour and release", 1, 1, RELEASES, Users::Crashes),
    ("two weeks", 14, 0, NOTHING, Users::Crashes),
    ("two weeks by day and release", 14, 24, RELEASES, Users::Crashes),
    ("a month by hour, sessions", 30, 1, NOTHING, Users::Ignored),
    ("a quarter by day and environment", 90, 24, ENVIRONMENT, Users::Crashes),
    ("a year", 364, 0, NOTHING, Users::Crashes),
    ("a year by day", 364, 24, NOTHING, Users::Crashes),
    ("a year, every trouble", 364, 0, NOTHING, Users::Counted),
    ("a year by day and release, sessions", 364, 24, RELEASES, Users::Ignored),
];

async fn ask(db: &mut PgConnection, question: Question, now: Timestamp) -> anyhow::Result<usize> {
    let (_, days, step, apart, users) = question;
    let wanted = Wanted { projects: vec![PROJECT], ..Wanted::default() };
    let from = now - TimeDelta::days(days);
    let window = match step {
        0 => Window::whole(from, now),
        hours => Window::in_steps(from, now, TimeDelta::hours(hours))?,
    };
    Ok(health::groups(db, &wanted, apart, window, users).await?.len())
}

fn report(name: &str, mut times: Vec<f64>) {
    times.sort_unstable_by(f64::total_cmp);
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
    println!("{name:<38} {:>9.2} {:>9.2}", at(50), at(95));
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let rounds = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(40);
    let directory = tempfile::tempdir()?;
    let config = Config { data_dir: directory.path().to_owned(), ..Config::default() };
    let database =
        db::open(&config, Purpose::Command, Path::new(env!("CARGO_BIN_EXE_picket"))).await?;
    let now = Clock::system().now();
    let mut db = database.pool.acquire().await?;
    seed(&mut db, now).await?;
    let (rows, bytes): (i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM session_buckets), \
                pg_total_relation_size('session_days') + sum(pg_total_relation_size(inhrelid))::bigint \
         FROM pg_inherits WHERE inhparent = 'session_hours'::regclass",
    )
    .fetch_one(&mut *db)
    .await?;
    println!("{rows} buckets, {bytes} bytes, {} each\n", bytes / rows);
    println!("{:<38} {:>9} {:>9}", "", "p50 ms", "p95 ms");
    for question in QUESTIONS {
        let mut times = Vec::new();
        for round in 0..rounds + 6 {
            let started = Instant::now();
            ask(&mut db, question, now).await?;
            // The first few find caches cold, and Postgres without a plan.
            if round >= 6 {
                times.push(started.elapsed().as_secs_f64() * 1000.0);
            }
        }
        report(question.0, times);
    }
    let mut times = Vec::new();
    for _ in 0..rounds {
        let started = Instant::now();
        let window = Window::whole(now - TimeDelta::days(14), now);
        releases::of_releases(&mut db, PROJECT, &releases_of(DAYS), &[], window).await?;
        times.push(started.elapsed().as_secs_f64() * 1000.0);
    }
    report("health of four releases, two weeks", times);
    drop(db);
    database.close().await;
    Ok(())
}
