//! SQL that reads counted sessions.

use sqlx::PgConnection;

use super::{Apart, CountRow, GroupKey, SketchRow, Users, Wanted, Window};
use crate::base::ProjectId;
use crate::domain::sessions::SessionCounts;

/// Whether the buckets that stand for all releases answer the question.
fn is_of_all_releases(wanted: &Wanted, apart: Apart) -> bool {
    wanted.releases.is_empty() && !apart.releases
}

fn projects(wanted: &Wanted) -> Vec<i64> {
    wanted.projects.iter().map(|project| project.0).collect()
}

/// How many sessions each group has in each step.
pub(super) async fn count(
    db: &mut PgConnection,
    wanted: &Wanted,
    apart: Apart,
    window: &Window,
) -> sqlx::Result<Vec<CountRow>> {
    let (first_day, last_day) = window.days();
    let rows = sqlx::query!(
        r#"
        SELECT CASE WHEN $8 THEN project_id END AS "project: ProjectId",
               CASE WHEN $9 THEN release END AS release,
               CASE WHEN $10 THEN environment END AS environment,
               date_bin($11::bigint * interval '1 second', started, $2) AS "started!",
               sum(total)::bigint AS "total!", sum(errored)::bigint AS "errored!",
               sum(unhandled)::bigint AS "unhandled!", sum(abnormal)::bigint AS "abnormal!",
               sum(crashed)::bigint AS "crashed!"
        FROM (
            SELECT project_id, started, release, environment, total, errored, unhandled, abnormal,
                   crashed
            FROM session_buckets
            WHERE project_id = ANY($1) AND span_hours = 24 AND started >= $4 AND started < $5
                AND (release = '') = $12
            UNION ALL
            SELECT project_id, started, release, environment, total, errored, unhandled, abnormal,
                   crashed
            FROM session_buckets
            WHERE project_id = ANY($1) AND span_hours = 1 AND started >= $2 AND started < $3
                AND (started < $4 OR started >= $5)
        ) AS buckets
        WHERE (cardinality($6::text[]) = 0 OR release = ANY($6))
            AND (cardinality($7::text[]) = 0 OR environment = ANY($7))
        GROUP BY 1, 2, 3, 4
        "#,
        &projects(wanted),
        window.from,
        window.until,
        first_day,
        last_day,
        &wanted.releases,
        &wanted.environments,
        apart.projects,
        apart.releases,
        apart.environments,
        step_seconds(window),
        is_of_all_releases(wanted, apart),
    )
    .fetch_all(db)
    .await?;
    let row = rows.into_iter().map(|row| CountRow {
        key: GroupKey { project: row.project, release: row.release, environment: row.environment },
        started: row.started,
        counts: SessionCounts {
            total: row.total,
            errored: row.errored,
            unhandled: row.unhandled,
            abnormal: row.abnormal,
            crashed: row.crashed,
        },
    });
    Ok(row.collect())
}

/// The sketches of the buckets of all groups. Those that nobody asked for are not even read.
pub(super) async fn list_sketches(
    db: &mut PgConnection,
    wanted: &Wanted,
    (apart, users): (Apart, Users),
    window: &Window,
) -> sqlx::Result<Vec<SketchRow>> {
    let (first_day, last_day) = window.days();
    let rows = sqlx::query!(
        r#"
        SELECT CASE WHEN $8 THEN project_id END AS "project: ProjectId",
               CASE WHEN $9 THEN release END AS release,
               CASE WHEN $10 THEN environment END AS environment,
               started AS "started!", users, CASE WHEN $12 THEN users_in_trouble END AS in_trouble,
               CASE WHEN $12 THEN users_unhandled END AS unhandled,
               CASE WHEN $12 THEN users_abnormal END AS abnormal, users_crashed,
               users_waiting
        FROM (
            SELECT project_id, started, release, environment, users, users_in_trouble,
                   users_unhandled, users_abnormal, users_crashed, users_waiting
            FROM session_buckets
            WHERE project_id = ANY($1) AND span_hours = 24 AND started >= $4 AND started < $5
                AND (release = '') = $11 AND (users IS NOT NULL OR users_waiting IS NOT NULL)
            UNION ALL
            SELECT project_id, started, release, environment, users, users_in_trouble,
                   users_unhandled, users_abnormal, users_crashed, users_waiting
            FROM session_buckets
            WHERE project_id = ANY($1) AND span_hours = 1 AND started >= $2 AND started < $3
                AND (started < $4 OR started >= $5) AND (users IS NOT NULL OR users_waiting IS NOT NULL)
        ) AS buckets
        WHERE (cardinality($6::text[]) = 0 OR release = ANY($6))
            AND (cardinality($7::text[]) = 0 OR environment = ANY($7))
        "#,
        &projects(wanted),
        window.from,
        window.until,
        first_day,
        last_day,
        &wanted.releases,
        &wanted.environments,
        apart.projects,
        apart.releases,
        apart.environments,
        is_of_all_releases(wanted, apart),
        users == Users::Counted,
    )
    .fetch_all(db)
    .await?;
    let row = rows.into_iter().map(|row| SketchRow {
        key: GroupKey { project: row.project, release: row.release, environment: row.environment },
        started: row.started,
        sketches: [row.users, row.in_trouble, row.unhandled, row.abnormal, row.users_crashed],
        waiting: row.users_waiting,
    });
    Ok(row.collect())
}

/// The length of a step; of a window that is one step, more than any window has.
fn step_seconds(window: &Window) -> i64 {
    const MOST: i64 = 100 * 366 * 24 * 3600;
    window.step.num_seconds().min(MOST)
}
