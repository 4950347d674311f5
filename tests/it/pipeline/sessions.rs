//! Sessions, from what clients send to the buckets they are counted in.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DurationRound, TimeDelta};
use picket::base::{Clock, ProjectId, Timestamp};
use picket::domain::sessions::batch::{self, Arrived, Place, Said};
use picket::domain::sessions::health::{self, Apart, Group, Health, Users, Wanted, Window};
use picket::domain::sessions::{
    MAX_PLACES_PER_DAY, OTHER_RELEASES, SessionCounts, Trouble, Troubles,
};
use picket::infra::db::partitions::{self, Partitioned};
use picket::server::background;
use proptest::prelude::{Just, any};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::support::database;
use crate::support::{TestApp, TestProject};

const PROJECT: ProjectId = ProjectId(7);

fn start() -> Timestamp {
    "2026-11-22T15:00:00Z".parse().unwrap()
}

async fn make_days(db: &mut PgConnection) {
    let day = start().date_naive();
    for table in [Partitioned::SessionStates, Partitioned::SessionHours] {
        partitions::ensure(db, table, day.pred_opt().unwrap()..=day).await.unwrap();
    }
}

/// A whole session and what is said of it, step by step.
#[derive(Clone, Debug)]
struct Life {
    sid: Uuid,
    started: Timestamp,
    place: Place,
    user: Option<i64>,
    steps: Vec<(bool, Vec<Trouble>)>,
}

fn lives() -> impl Strategy<Value = Vec<Life>> {
    let trouble = proptest::sample::select(Trouble::ALL.to_vec());
    let step = (any::<bool>(), proptest::collection::vec(trouble, 0..2));
    let life = (
        any::<u128>(),
        0..30_i64,
        0..3_usize,
        0..2_usize,
        proptest::option::of(0..8_i64),
        proptest::collection::vec(step, 1..5),
    )
        .prop_map(|(sid, hours, release, environment, user, steps)| Life {
            sid: Uuid::from_u128(sid),
            started: start() - TimeDelta::hours(hours),
            place: Place {
                release: ["shop@1", "shop@2", "abc"][release].to_owned(),
                environment: ["", "live"][environment].to_owned(),
            },
            user: user.map(|user| user * 0x9e37_79b9),
            steps,
        });
    proptest::collection::vec(life, 1..40)
}

/// Every step at least once, in any order, in batches of any size.
fn deliveries(lives: Vec<Life>) -> impl Strategy<Value = (Vec<Life>, Vec<Vec<Arrived>>)> {
    let steps: Vec<Arrived> = lives
        .iter()
        .flat_map(|life| {
            let last = life.steps.len() - 1;
            life.steps.iter().enumerate().map(move |(number, (knows_user, troubles))| Arrived {
                project_id: PROJECT,
                received_at: start(),
                started: life.started,
                place: life.place.clone(),
                // Said with the last step at the latest.
                user: life.user.filter(|_| *knows_user || number == last),
                said: Said::Step(
                    life.sid,
                    troubles.iter().fold(Troubles::default(), |all, one| all | (*one).into()),
                ),
            })
        })
        .collect();
    let again = proptest::sample::subsequence(steps.clone(), 0..=steps.len());
    let order = again.prop_flat_map(move |again| {
        let all: Vec<Arrived> = steps.iter().cloned().chain(again).collect();
        Just(all).prop_shuffle()
    });
    (Just(lives), order, proptest::collection::vec(1..20_usize, 40)).prop_map(
        |(lives, mut steps, sizes)| {
            let mut batches = Vec::new();
            for size in sizes.into_iter().cycle() {
                if steps.is_empty() {
                    break;
                }
                let rest = steps.split_off(size.min(steps.len()));
                batches.push(std::mem::replace(&mut steps, rest));
            }
            (lives, batches)
        },
    )
}

/// The naive model: every session looked at as a whole.
#[derive(Debug, Default, PartialEq)]
struct Naive {
    counts: SessionCounts,
    users: [BTreeSet<i64>; 5],
}

fn naive(lives: &[Life]) -> BTreeMap<(Timestamp, Place), Naive> {
    let mut buckets: BTreeMap<(Timestamp, Place), Naive> = BTreeMap::new();
    for life in lives {
        let hour = life.started.duration_trunc(TimeDelta::hours(1)).unwrap();
        let bucket = buckets.entry((hour, life.place.clone())).or_default();
        let met: BTreeSet<Trouble> =
            life.steps.iter().flat_map(|(_, troubles)| troubles).copied().collect();
        let counts = &mut bucket.counts;
        counts.total += 1;
        match met.last() {
            None => {}
            Some(Trouble::Errored) => counts.errored += 1,
            Some(Trouble::Unhandled) => counts.unhandled += 1,
            Some(Trouble::Abnormal) => counts.abnormal += 1,
            Some(Trouble::Crashed) => counts.crashed += 1,
        }
        let Some(user) = life.user else { continue };
        let is_in = [
            true,
            !met.is_empty(),
            met.contains(&Trouble::Unhandled),
            met.contains(&Trouble::Abnormal),
            met.contains(&Trouble::Crashed),
        ];
        for (set, is_in) in bucket.users.iter_mut().zip(is_in) {
            if is_in {
                set.insert(user);
            }
        }
    }
    buckets
}

fn numbers(health: &Health) -> (SessionCounts, [i64; 5]) {
    let users = health.users;
    let users = [users.total, users.in_trouble, users.unhandled, users.abnormal, users.crashed];
    (health.sessions, users)
}

async fn groups(db: &mut PgConnection, apart: Apart, step: TimeDelta) -> Vec<Group> {
    let wanted = Wanted { projects: vec![PROJECT], ..Wanted::default() };
    let until = start() + TimeDelta::minutes(1);
    let window = Window::in_steps(start() - TimeDelta::hours(30), until, step).unwrap();
    health::groups(db, &wanted, apart, window, Users::Counted).await.unwrap()
}

#[tokio::test]
async fn whatever_order_and_however_often_steps_arrive_each_session_is_counted_once() {
    let database = database().await;
    let mut db = database.pool.acquire().await.unwrap();
    make_days(&mut db).await;
    let mut runner = TestRunner::deterministic();
    for _ in 0..60 {
        let (lives, batches) =
            lives().prop_flat_map(deliveries).new_tree(&mut runner).unwrap().current();
        for table in ["session_states", "session_buckets"] {
            let statement = format!("TRUNCATE {table}");
            sqlx::query(sqlx::AssertSqlSafe(statement)).execute(&mut *db).await.unwrap();
        }
        for arrived in &batches {
            batch::record(&mut db, &arrived.iter().collect::<Vec<_>>()).await.unwrap();
        }

        let expected = naive(&lives);
        let apart = Apart { releases: true, environments: true, ..Apart::default() };
        let mut found = BTreeMap::new();
        for group in groups(&mut db, apart, TimeDelta::hours(1)).await {
            let first = (start() - TimeDelta::hours(30)).duration_trunc(TimeDelta::hours(1));
            let first = first.unwrap();
            let place = Place {
                release: group.key.release.unwrap(),
                environment: group.key.environment.unwrap(),
            };
            for (hours, health) in (0..).zip(&group.steps).filter(|(_, h)| **h != Health::default())
            {
                let hour = first + TimeDelta::hours(hours);
                found.insert((hour, place.clone()), numbers(health));
            }
        }
        let size = |set: &BTreeSet<i64>| i64::try_from(set.len()).unwrap();
        let expected_numbers: BTreeMap<_, _> = expected
            .iter()
            .map(|(key, naive)| (key.clone(), (naive.counts, naive.users.each_ref().map(size))))
            .collect();
        assert_eq!(found, expected_numbers);

        // Days, and all releases together, say the same as the hours they are made of.
        let mut sum = Naive::default();
        for naive in expected.into_values() {
            sum.counts += naive.counts;
            sum.users.iter_mut().zip(naive.users).for_each(|(set, users)| set.extend(users));
        }
        for apart in [Apart::default(), Apart { projects: true, ..Apart::default() }] {
            let days = groups(&mut db, apart, TimeDelta::days(1)).await;
            let total = numbers(&days[0].total);
            assert_eq!(total, (sum.counts, sum.users.each_ref().map(size)));
        }
    }
}

fn step(sid: u128, release: &str, troubles: Troubles) -> Arrived {
    Arrived {
        project_id: PROJECT,
        received_at: start(),
        started: start(),
        place: Place { release: release.to_owned(), environment: String::new() },
        user: None,
        said: Said::Step(Uuid::from_u128(sid), troubles),
    }
}

#[tokio::test]
async fn a_client_that_makes_up_releases_fills_one_bucket_and_no_more() {
    let database = database().await;
    let mut db = database.pool.acquire().await.unwrap();
    make_days(&mut db).await;
    let many = u128::try_from(MAX_PLACES_PER_DAY).unwrap() + 50;
    let arrived: Vec<Arrived> =
        (0..many).map(|n| step(n, &format!("shop@{n}"), Troubles::default())).collect();
    for batch in arrived.chunks(300) {
        batch::record(&mut db, &batch.iter().collect::<Vec<_>>()).await.unwrap();
    }
    // One that is there already goes on being counted under its own name, and so does a session.
    let more =
        [step(many, "shop@3", Troubles::default()), step(999, "shop@999", Trouble::Crashed.into())];
    batch::record(&mut db, &more.iter().collect::<Vec<_>>()).await.unwrap();

    let apart = Apart { releases: true, ..Apart::default() };
    let groups = groups(&mut db, apart, TimeDelta::days(1)).await;
    let of = |release: &str| {
        let group = groups.iter().find(|group| group.key.release.as_deref() == Some(release));
        group.map(|group| group.total.sessions).unwrap_or_default()
    };
    assert_eq!(of("shop@3").total, 2);
    assert_eq!((of(OTHER_RELEASES).total, of(OTHER_RELEASES).crashed), (50, 1));
}

#[tokio::test]
async fn users_who_wait_and_users_in_sketches_are_counted_together_in_whatever_batches_they_come() {
    let database = database().await;
    let mut db = database.pool.acquire().await.unwrap();
    make_days(&mut db).await;
    let (users, visits, sizes) = (340_i64, 900_usize, 1..70_usize);
    let visit = (0..users, proptest::sample::subsequence(Trouble::ALL.to_vec(), 0..=2));
    let visits = proptest::collection::vec(visit, visits);
    let strategy = (visits, proptest::collection::vec(sizes, 30));
    let (visits, sizes) = strategy.new_tree(&mut TestRunner::deterministic()).unwrap().current();
    let mut sets: [BTreeSet<i64>; 5] = Default::default();
    let mut rest = visits.into_iter().zip(1_u128..).peekable();
    for size in sizes.into_iter().cycle() {
        let batch: Vec<Arrived> = rest
            .by_ref()
            .take(size)
            .map(|((user, troubles), sid)| {
                let is_in = [
                    true,
                    !troubles.is_empty(),
                    troubles.contains(&Trouble::Unhandled),
                    troubles.contains(&Trouble::Abnormal),
                    troubles.contains(&Trouble::Crashed),
                ];
                for (set, _) in sets.iter_mut().zip(is_in).filter(|(_, is_in)| *is_in) {
                    set.insert(user);
                }
                let all =
                    troubles.into_iter().fold(Troubles::default(), |all, one| all | one.into());
                Arrived { user: Some(user * 0x9e37_79b9), ..step(sid, "shop@1", all) }
            })
            .collect();
        batch::record(&mut db, &batch.iter().collect::<Vec<_>>()).await.unwrap();
        let expected = sets.each_ref().map(|set| i64::try_from(set.len()).unwrap());
        for (apart, length) in [
            (Apart::default(), TimeDelta::days(1)),
            (Apart { releases: true, ..Apart::default() }, TimeDelta::hours(1)),
        ] {
            let found = groups(&mut db, apart, length).await;
            assert_eq!(numbers(&found[0].total).1, expected);
        }
        if rest.peek().is_none() {
            break;
        }
    }
    let parts: (bool, i32) = sqlx::query_as(
        "SELECT bool_and(users IS NOT NULL), coalesce(max(octet_length(users_waiting)), 0) FROM session_buckets",
    )
    .fetch_one(&mut *db)
    .await
    .unwrap();
    assert!(parts.0 && (1..=864).contains(&parts.1), "some are in sketches, some wait: {parts:?}");

    // Of those that nobody asked for, nobody is counted.
    let wanted = Wanted { projects: vec![PROJECT], ..Wanted::default() };
    let window = Window::whole(start() - TimeDelta::hours(1), start() + TimeDelta::hours(1));
    let total = health::total(&mut db, &wanted, window).await.unwrap().users;
    let size = |place: usize| i64::try_from(sets[place].len()).unwrap();
    assert_eq!((total.total, total.crashed), (size(0), size(4)));
    assert_eq!((total.in_trouble, total.unhandled, total.abnormal), (0, 0, 0));
}

async fn send(app: &TestApp, project: &TestProject, header: Value, kind: &str, payload: Value) {
    let body = format!("{header}\n{{\"type\":\"{kind}\"}}\n{payload}\n");
    assert_eq!(app.send_envelope(project, body).await.status(), 200);
    app.settle().await;
}

async fn day(app: &TestApp, project: &TestProject) -> Health {
    let mut db = app.app.db.acquire().await.unwrap();
    let wanted = Wanted { projects: vec![project.id], ..Wanted::default() };
    let window = Window::whole(start() - TimeDelta::days(6), start() + TimeDelta::hours(1));
    health::total(&mut db, &wanted, window).await.unwrap()
}

#[tokio::test]
async fn minutes_that_are_too_old_are_left_out_and_the_others_count() {
    let app = TestApp::start_at(Clock::fixed(start()), |_| {}).await;
    let project = app.create_project("Shop").await;
    let payload = json!({
        "aggregates": [
            {"started": "2026-11-22T14:58:00Z", "exited": 3, "errored": 2, "unhandled": 1},
            {"started": "2026-11-10T14:58:00Z", "exited": 40},
            {"started": "2026-11-18T14:58:00Z", "abnormal": 1, "did": "ada"},
            {"started": "2026-11-22T14:58:00Z"},
        ],
        "attrs": {"release": "shop@1", "environment": "none"},
    });
    send(&app, &project, json!({}), "sessions", payload).await;

    let health = day(&app, &project).await;
    let expected = SessionCounts { total: 7, errored: 2, unhandled: 1, abnormal: 1, crashed: 0 };
    assert_eq!(health.sessions, expected);
    assert_eq!((health.users.total, health.users.crashed), (1, 0));
    let outcomes = app.outcome_lines().await;
    assert_eq!(outcomes, ["session accepted  7", "session invalid timestamp 40"]);
    app.stop().await;
}

#[tokio::test]
async fn a_clock_that_is_hours_off_is_corrected() {
    let app = TestApp::start_at(Clock::fixed(start()), |_| {}).await;
    let project = app.create_project("Shop").await;
    // The client believes that it is the year 2020.
    let payload = json!({"sid": Uuid::from_u128(1), "init": true, "started": "2020-01-01T00:00:00Z",
        "timestamp": "2020-01-01T00:10:00Z", "attrs": {"release": "shop@1"}});
    let header = json!({"sent_at": "2020-01-01T00:20:00Z"});
    send(&app, &project, header, "session", payload.clone()).await;
    assert_eq!(day(&app, &project).await.sessions.total, 1);
    // And one that does not say when it sent is of another time.
    send(&app, &project, json!({}), "session", payload).await;
    assert_eq!(app.outcome_lines().await, ["session accepted  1", "session invalid timestamp 1"]);
    let hour: Timestamp = sqlx::query_scalar("SELECT started FROM session_states")
        .fetch_one(&app.app.db)
        .await
        .unwrap();
    assert_eq!(hour, start() - TimeDelta::minutes(20));
    app.stop().await;
}

#[tokio::test]
async fn single_sessions_are_forgotten_after_days_and_counted_ones_with_the_events() {
    let app = TestApp::start_at(Clock::fixed(start()), |_| {}).await;
    let project = app.create_project("Shop").await;
    let payload =
        json!({"sid": Uuid::from_u128(1), "started": start(), "attrs": {"release": "shop@1"}});
    send(&app, &project, json!({}), "session", payload).await;
    let rows = async || -> (i64, i64) {
        sqlx::query_as(
            "SELECT (SELECT count(*) FROM session_states), (SELECT count(*) FROM session_buckets)",
        )
        .fetch_one(&app.app.db)
        .await
        .unwrap()
    };
    assert_eq!(rows().await, (1, 3));
    app.app.clock.advance(TimeDelta::days(9));
    background::turn_days(&app.app).await.unwrap();
    assert_eq!(rows().await, (0, 3));
    app.app.clock.advance(TimeDelta::days(82));
    background::turn_days(&app.app).await.unwrap();
    assert_eq!(rows().await, (0, 0));
    app.stop().await;
}
