//! SQL of the tag counters, a whole batch at a time.

use std::collections::{HashMap, HashSet};

use sqlx::PgConnection;

use super::{KeyCounts, TagCounts};
use crate::base::{IssueId, Timestamp};
use crate::domain::events::batch::storable;
use crate::domain::issues::batch::record::Seen;

/// [`TagCounts`] as the columns of `issue_tags`.
struct Columns<'a> {
    projects: Vec<i64>,
    issues: Vec<i64>,
    keys: Vec<std::borrow::Cow<'a, str>>,
    values: Vec<std::borrow::Cow<'a, str>>,
    events: Vec<i64>,
    first: Vec<Timestamp>,
    last: Vec<Timestamp>,
}

impl<'a> Columns<'a> {
    fn new(counts: &'a TagCounts) -> Self {
        let seen = |get: fn(&Seen) -> Timestamp| counts.values().map(get).collect();
        Self {
            projects: counts.keys().map(|(id, ..)| id.project().0).collect(),
            issues: counts.keys().map(|(id, ..)| id.0).collect(),
            keys: counts.keys().map(|(_, key, _)| storable(key)).collect(),
            values: counts.keys().map(|(.., value)| storable(value)).collect(),
            events: counts.values().map(|seen| seen.event_count).collect(),
            first: seen(|seen| seen.first),
            last: seen(|seen| seen.last),
        }
    }
}

/// Adds to the values that exist; returns which those were.
pub(super) async fn add_to_known_tags(
    db: &mut PgConnection,
    counts: &TagCounts,
) -> sqlx::Result<HashSet<(IssueId, String, String)>> {
    let columns = Columns::new(counts);
    let rows = sqlx::query!(
        r#"
        UPDATE issue_tags
        SET event_count = issue_tags.event_count + added.event_count,
            first_seen = least(issue_tags.first_seen, added.first_seen),
            last_seen = greatest(issue_tags.last_seen, added.last_seen)
        FROM unnest(
            $1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[],
            $6::timestamptz[], $7::timestamptz[]
        ) AS added (project_id, issue_id, key, value, event_count, first_seen, last_seen)
        WHERE issue_tags.project_id = added.project_id AND issue_tags.issue_id = added.issue_id
          AND issue_tags.key = added.key AND issue_tags.value = added.value
        RETURNING issue_tags.issue_id AS "issue_id: IssueId", issue_tags.key, issue_tags.value
        "#,
        &columns.projects,
        &columns.issues,
        &columns.keys as &[_],
        &columns.values as &[_],
        &columns.events,
        &columns.first,
        &columns.last,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.issue_id, row.key, row.value)).collect())
}

/// How many values each of these tags has in its issue.
pub(super) async fn count_tag_values(
    db: &mut PgConnection,
    keys: &HashSet<(IssueId, &str)>,
) -> sqlx::Result<HashMap<(IssueId, String), i64>> {
    let projects: Vec<i64> = keys.iter().map(|(id, _)| id.project().0).collect();
    let issues: Vec<i64> = keys.iter().map(|(id, _)| id.0).collect();
    let names: Vec<_> = keys.iter().map(|(_, key)| storable(key)).collect();
    let rows = sqlx::query!(
        r#"
        SELECT wanted.issue_id AS "issue_id!: IssueId", wanted.key AS "key!", taken.count AS "count!"
        FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS wanted (project_id, issue_id, key)
        CROSS JOIN LATERAL (
            SELECT count(*) FROM issue_tags
            WHERE issue_tags.project_id = wanted.project_id
              AND issue_tags.issue_id = wanted.issue_id AND issue_tags.key = wanted.key
        ) AS taken
        "#,
        &projects,
        &issues,
        &names as &[_],
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| ((row.issue_id, row.key), row.count)).collect())
}

/// Writes values that are new, or adds to the one that the rest is folded into.
pub(super) async fn insert_tags(db: &mut PgConnection, counts: &TagCounts) -> sqlx::Result<()> {
    let columns = Columns::new(counts);
    sqlx::query!(
        r#"
        INSERT INTO issue_tags
            (project_id, issue_id, key, value, event_count, first_seen, last_seen)
        SELECT * FROM unnest(
            $1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[],
            $6::timestamptz[], $7::timestamptz[]
        )
        ON CONFLICT (project_id, issue_id, key, value) DO UPDATE
        SET event_count = issue_tags.event_count + excluded.event_count,
            first_seen = least(issue_tags.first_seen, excluded.first_seen),
            last_seen = greatest(issue_tags.last_seen, excluded.last_seen)
        "#,
        &columns.projects,
        &columns.issues,
        &columns.keys as &[_],
        &columns.values as &[_],
        &columns.events,
        &columns.first,
        &columns.last,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Adds to the counts of the projects' tags.
pub(super) async fn add_to_project_tags(
    db: &mut PgConnection,
    counts: &KeyCounts,
) -> sqlx::Result<()> {
    let projects: Vec<i64> = counts.keys().map(|(project, _)| project.0).collect();
    let keys: Vec<_> = counts.keys().map(|(_, key)| storable(key)).collect();
    let events: Vec<i64> = counts.values().copied().collect();
    sqlx::query!(
        r#"
        INSERT INTO project_tags (project_id, key, event_count)
        SELECT * FROM unnest($1::bigint[], $2::text[], $3::bigint[])
        ON CONFLICT (project_id, key) DO UPDATE
        SET event_count = project_tags.event_count + excluded.event_count
        "#,
        &projects,
        &keys as &[_],
        &events,
    )
    .execute(db)
    .await?;
    Ok(())
}
