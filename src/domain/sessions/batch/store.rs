//! SQL for writing sessions in batches.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::PgConnection;
use uuid::Uuid;

use super::Place;
use super::fold::{Addition, BucketKey, Buckets, Row, Sketches, State};
use super::places::DayPlace;
use crate::base::{ProjectId, Timestamp};
use crate::domain::sessions::Troubles;

/// A session's key.
type StateKey = (ProjectId, Uuid);

/// What is known of these sessions if they began in `from..until`; locked in the order of their keys.
pub(super) async fn lock_states(
    db: &mut PgConnection,
    keys: &BTreeSet<StateKey>,
    (from, until): (Timestamp, Timestamp),
) -> sqlx::Result<BTreeMap<StateKey, State>> {
    if keys.is_empty() {
        return Ok(BTreeMap::new());
    }
    let (projects, sids): (Vec<i64>, Vec<Uuid>) = keys.iter().map(|(p, sid)| (p.0, *sid)).unzip();
    let rows = sqlx::query!(
        r#"
        SELECT states.project_id AS "project_id: ProjectId", states.sid, states.started,
               states.release, states.environment, states.user_hash, states.troubles
        FROM unnest($1::bigint[], $2::uuid[]) AS sought (project_id, sid)
        JOIN session_states AS states
            ON states.project_id = sought.project_id AND states.sid = sought.sid
        WHERE states.started >= $3 AND states.started < $4
        ORDER BY states.project_id, states.sid, states.started
        FOR UPDATE OF states
        "#,
        &projects,
        &sids,
        from,
        until,
    )
    .fetch_all(db)
    .await?;
    let mut known = BTreeMap::new();
    for row in rows {
        let state = State {
            started: row.started,
            place: Place { release: row.release, environment: row.environment },
            user: row.user_hash,
            troubles: Troubles::from_bits(row.troubles),
        };
        known.entry((row.project_id, row.sid)).or_insert(state);
    }
    Ok(known)
}

/// Remembers sessions that nobody knew.
pub(super) async fn insert_states(
    db: &mut PgConnection,
    states: &[(StateKey, &State)],
) -> sqlx::Result<()> {
    if states.is_empty() {
        return Ok(());
    }
    let text = |of: fn(&State) -> &String| -> Vec<String> {
        states.iter().map(|(_, state)| of(state).clone()).collect()
    };
    sqlx::query!(
        r#"
        INSERT INTO session_states
            (project_id, sid, started, release, environment, user_hash, troubles)
        SELECT * FROM unnest($1::bigint[], $2::uuid[], $3::timestamptz[], $4::text[], $5::text[],
                             $6::bigint[], $7::smallint[])
        "#,
        &states.iter().map(|((project, _), _)| project.0).collect::<Vec<_>>(),
        &states.iter().map(|((_, sid), _)| *sid).collect::<Vec<_>>(),
        &states.iter().map(|(_, state)| state.started).collect::<Vec<_>>(),
        &text(|state| &state.place.release),
        &text(|state| &state.place.environment),
        &states.iter().map(|(_, state)| state.user).collect::<Vec<_>>() as &[Option<i64>],
        &states.iter().map(|(_, state)| state.troubles.to_bits()).collect::<Vec<_>>(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Writes what was learned of sessions that are locked.
pub(super) async fn update_states(
    db: &mut PgConnection,
    states: &[(StateKey, &State)],
) -> sqlx::Result<()> {
    if states.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        r#"
        UPDATE session_states AS states
        SET user_hash = learned.user_hash, troubles = learned.troubles
        FROM unnest($1::bigint[], $2::uuid[], $3::timestamptz[], $4::bigint[], $5::smallint[])
            AS learned (project_id, sid, started, user_hash, troubles)
        WHERE states.project_id = learned.project_id AND states.sid = learned.sid
            AND states.started = learned.started
        "#,
        &states.iter().map(|((project, _), _)| project.0).collect::<Vec<_>>(),
        &states.iter().map(|((_, sid), _)| *sid).collect::<Vec<_>>(),
        &states.iter().map(|(_, state)| state.started).collect::<Vec<_>>(),
        &states.iter().map(|(_, state)| state.user).collect::<Vec<_>>() as &[Option<i64>],
        &states.iter().map(|(_, state)| state.troubles.to_bits()).collect::<Vec<_>>(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Whether each place has a row on its day.
pub(super) async fn are_known(
    db: &mut PgConnection,
    places: &[DayPlace<'_>],
) -> sqlx::Result<Vec<bool>> {
    sqlx::query_scalar!(
        r#"
        SELECT EXISTS (
            SELECT FROM session_buckets AS buckets
            WHERE buckets.project_id = sought.project_id AND buckets.span_hours = 24
                AND buckets.started = sought.day AND buckets.release = sought.release
                AND buckets.environment = sought.environment
        ) AS "is_known!"
        FROM unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::text[]) WITH ORDINALITY
            AS sought (project_id, day, release, environment, place)
        ORDER BY sought.place
        "#,
        &places.iter().map(|(project, ..)| project.0).collect::<Vec<_>>(),
        &places.iter().map(|(_, day, _)| *day).collect::<Vec<_>>(),
        &places.iter().map(|(.., place)| place.release.clone()).collect::<Vec<_>>(),
        &places.iter().map(|(.., place)| place.environment.clone()).collect::<Vec<_>>(),
    )
    .fetch_all(db)
    .await
}

/// How many places projects have on these days.
pub(super) async fn count_places(
    db: &mut PgConnection,
    days: &BTreeSet<(ProjectId, Timestamp)>,
) -> sqlx::Result<Vec<((ProjectId, Timestamp), i64)>> {
    let (projects, days): (Vec<i64>, Vec<Timestamp>) =
        days.iter().map(|(project, day)| (project.0, *day)).unzip();
    let rows = sqlx::query!(
        r#"
        SELECT sought.project_id AS "project_id!: ProjectId", sought.day AS "day!",
               (SELECT count(*) FROM session_buckets AS buckets
                WHERE buckets.project_id = sought.project_id AND buckets.span_hours = 24
                    AND buckets.started = sought.day AND buckets.release <> '') AS "count!"
        FROM unnest($1::bigint[], $2::timestamptz[]) AS sought (project_id, day)
        "#,
        &projects,
        &days,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| ((row.project_id, row.day), row.count)).collect())
}

/// Bucket keys as columns, in order.
struct KeyColumns {
    projects: Vec<i64>,
    spans: Vec<i16>,
    starts: Vec<Timestamp>,
    releases: Vec<String>,
    environments: Vec<String>,
}

impl KeyColumns {
    fn new<'a>(keys: impl Iterator<Item = &'a BucketKey>) -> Self {
        let mut columns = Self {
            projects: Vec::new(),
            spans: Vec::new(),
            starts: Vec::new(),
            releases: Vec::new(),
            environments: Vec::new(),
        };
        for key in keys {
            columns.projects.push(key.project_id.0);
            columns.spans.push(key.span_hours);
            columns.starts.push(key.started);
            columns.releases.push(key.release.clone());
            columns.environments.push(key.environment.clone());
        }
        columns
    }
}

/// Adds to the counts of buckets; the rows stay locked.
pub(super) async fn add_counts(db: &mut PgConnection, buckets: &Buckets) -> sqlx::Result<()> {
    let keys = KeyColumns::new(buckets.0.keys());
    let count = |of: fn(&Addition) -> i64| -> Vec<i64> { buckets.0.values().map(of).collect() };
    sqlx::query!(
        r#"
        INSERT INTO session_buckets AS buckets (project_id, span_hours, started, release,
            environment, total, errored, unhandled, abnormal, crashed)
        SELECT * FROM unnest($1::bigint[], $2::smallint[], $3::timestamptz[], $4::text[],
            $5::text[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::bigint[])
        ON CONFLICT (project_id, span_hours, started, release, environment) DO UPDATE SET
            total = buckets.total + excluded.total,
            errored = buckets.errored + excluded.errored,
            unhandled = buckets.unhandled + excluded.unhandled,
            abnormal = buckets.abnormal + excluded.abnormal,
            crashed = buckets.crashed + excluded.crashed
        "#,
        &keys.projects,
        &keys.spans,
        &keys.starts,
        &keys.releases,
        &keys.environments,
        &count(|added| added.counts.total),
        &count(|added| added.counts.errored),
        &count(|added| added.counts.unhandled),
        &count(|added| added.counts.abnormal),
        &count(|added| added.counts.crashed),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The users that wait in these rows, in their order.
pub(super) async fn list_waiting(
    db: &mut PgConnection,
    rows: &[Row<'_>],
) -> sqlx::Result<Vec<Option<Vec<u8>>>> {
    let keys = KeyColumns::new(rows.iter().map(|(key, _)| *key));
    sqlx::query_scalar!(
        r#"
        SELECT buckets.users_waiting
        FROM unnest($1::bigint[], $2::smallint[], $3::timestamptz[], $4::text[], $5::text[])
            WITH ORDINALITY AS sought (project_id, span_hours, started, release, environment, place)
        JOIN session_buckets AS buckets USING (project_id, span_hours, started, release, environment)
        ORDER BY sought.place
        "#,
        &keys.projects,
        &keys.spans,
        &keys.starts,
        &keys.releases,
        &keys.environments,
    )
    .fetch_all(db)
    .await
}

/// Replaces the users that wait in these rows.
pub(super) async fn put_waiting(db: &mut PgConnection, rows: &[Row<'_>]) -> sqlx::Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let keys = KeyColumns::new(rows.iter().map(|(key, _)| *key));
    sqlx::query!(
        r#"
        UPDATE session_buckets AS buckets SET users_waiting = grown.users_waiting
        FROM unnest($1::bigint[], $2::smallint[], $3::timestamptz[], $4::text[], $5::text[],
                    $6::bytea[])
            AS grown (project_id, span_hours, started, release, environment, users_waiting)
        WHERE buckets.project_id = grown.project_id AND buckets.span_hours = grown.span_hours
            AND buckets.started = grown.started AND buckets.release = grown.release
            AND buckets.environment = grown.environment
        "#,
        &keys.projects,
        &keys.spans,
        &keys.starts,
        &keys.releases,
        &keys.environments,
        &rows.iter().map(|(_, users)| users.to_bytes()).collect::<Vec<_>>(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The sketches of these rows, in their order.
pub(super) async fn list_sketches(
    db: &mut PgConnection,
    rows: &[Row<'_>],
) -> sqlx::Result<Vec<Sketches>> {
    let keys = KeyColumns::new(rows.iter().map(|(key, _)| *key));
    let rows = sqlx::query!(
        r#"
        SELECT buckets.users, buckets.users_in_trouble, buckets.users_unhandled,
               buckets.users_abnormal, buckets.users_crashed
        FROM unnest($1::bigint[], $2::smallint[], $3::timestamptz[], $4::text[], $5::text[])
            WITH ORDINALITY AS sought (project_id, span_hours, started, release, environment, place)
        JOIN session_buckets AS buckets USING (project_id, span_hours, started, release, environment)
        ORDER BY sought.place
        "#,
        &keys.projects,
        &keys.spans,
        &keys.starts,
        &keys.releases,
        &keys.environments,
    )
    .fetch_all(db)
    .await?;
    let sketches = rows.into_iter().map(|row| {
        [
            row.users,
            row.users_in_trouble,
            row.users_unhandled,
            row.users_abnormal,
            row.users_crashed,
        ]
    });
    Ok(sketches.collect())
}

/// Replaces the sketches of these rows, `None` leaving one as it is; nobody waits in them any more.
pub(super) async fn put_sketches(
    db: &mut PgConnection,
    rows: &[Row<'_>],
    sketches: &[Sketches],
) -> sqlx::Result<()> {
    let keys = KeyColumns::new(rows.iter().map(|(key, _)| *key));
    let set = |place: usize| -> Vec<Option<Vec<u8>>> {
        sketches.iter().map(|sketches| sketches[place].clone()).collect()
    };
    sqlx::query!(
        r#"
        UPDATE session_buckets AS buckets SET
            users = coalesce(grown.users, buckets.users),
            users_in_trouble = coalesce(grown.users_in_trouble, buckets.users_in_trouble),
            users_unhandled = coalesce(grown.users_unhandled, buckets.users_unhandled),
            users_abnormal = coalesce(grown.users_abnormal, buckets.users_abnormal),
            users_crashed = coalesce(grown.users_crashed, buckets.users_crashed),
            users_waiting = NULL
        FROM unnest($1::bigint[], $2::smallint[], $3::timestamptz[], $4::text[], $5::text[],
                    $6::bytea[], $7::bytea[], $8::bytea[], $9::bytea[], $10::bytea[])
            AS grown (project_id, span_hours, started, release, environment, users,
                      users_in_trouble, users_unhandled, users_abnormal, users_crashed)
        WHERE buckets.project_id = grown.project_id AND buckets.span_hours = grown.span_hours
            AND buckets.started = grown.started AND buckets.release = grown.release
            AND buckets.environment = grown.environment
        "#,
        &keys.projects,
        &keys.spans,
        &keys.starts,
        &keys.releases,
        &keys.environments,
        &set(0) as &[Option<Vec<u8>>],
        &set(1) as &[Option<Vec<u8>>],
        &set(2) as &[Option<Vec<u8>>],
        &set(3) as &[Option<Vec<u8>>],
        &set(4) as &[Option<Vec<u8>>],
    )
    .execute(db)
    .await?;
    Ok(())
}
