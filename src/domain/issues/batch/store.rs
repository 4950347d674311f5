//! SQL for issues meeting events. Every statement takes a whole batch.

use std::collections::{BTreeMap, HashMap};

use sqlx::PgConnection;
use sqlx::types::Json;

use super::draft::IssueDraft;
use super::record::{HourCounts, Regressed, ReleaseCounts};
use super::{NewHash, Numbers, Owner};
use crate::base::{IssueId, IssueNumber, PartId, ProjectId, Timestamp};
use crate::domain::events::batch::storable;
use crate::domain::issues::StatusDetail;
use crate::domain::issues::summary::Summary;

/// Where these hashes lead; `projects` and `hashes` go in pairs.
pub(in super::super) async fn find_hash_owners(
    db: &mut PgConnection,
    projects: &[i64],
    hashes: &[&str],
) -> sqlx::Result<HashMap<(ProjectId, String), Owner>> {
    let rows = sqlx::query!(
        r#"
        SELECT issue_hashes.project_id AS "project_id: ProjectId", issue_hashes.hash,
               issue_hashes.issue_id AS "issue_id: IssueId",
               issue_hashes.part_id AS "part_id: PartId"
        FROM unnest($1::bigint[], $2::text[]) AS sought (project_id, hash)
        JOIN issue_hashes USING (project_id, hash)
        "#,
        projects,
        hashes as &[&str],
    )
    .fetch_all(db)
    .await?;
    let owner = |issue, part| Owner { issue, part };
    Ok(rows
        .into_iter()
        .map(|row| ((row.project_id, row.hash), owner(row.issue_id, row.part_id)))
        .collect())
}

/// Locks the issue counters of `projects` (ascending) until the transaction ends; returns the last
/// numbers given away.
pub(super) async fn lock_counters(
    db: &mut PgConnection,
    projects: &[i64],
) -> sqlx::Result<BTreeMap<ProjectId, Numbers>> {
    sqlx::query!(
        r#"
        INSERT INTO issue_counters (project_id, last_number)
        SELECT project_id, 0 FROM unnest($1::bigint[]) AS wanted (project_id)
        ORDER BY project_id
        ON CONFLICT DO NOTHING
        "#,
        projects,
    )
    .execute(&mut *db)
    .await?;
    let rows = sqlx::query!(
        r#"
        SELECT project_id AS "project_id: ProjectId", last_number AS "last_number: IssueNumber",
               last_part
        FROM issue_counters
        WHERE project_id = ANY($1)
        ORDER BY project_id
        FOR UPDATE
        "#,
        projects,
    )
    .fetch_all(db)
    .await?;
    let numbers = |issue, part| Numbers { issue, part };
    Ok(rows
        .into_iter()
        .map(|row| (row.project_id, numbers(row.last_number, row.last_part)))
        .collect())
}

/// Writes the last numbers given away; the counters are locked.
pub(super) async fn save_counters(
    db: &mut PgConnection,
    numbers: &BTreeMap<ProjectId, Numbers>,
) -> sqlx::Result<()> {
    let projects: Vec<i64> = numbers.keys().map(|project| project.0).collect();
    let issues: Vec<i64> = numbers.values().map(|last| last.issue.0).collect();
    let parts: Vec<i64> = numbers.values().map(|last| last.part).collect();
    sqlx::query!(
        r#"
        UPDATE issue_counters
        SET last_number = given.last_number, last_part = given.last_part
        FROM unnest($1::bigint[], $2::bigint[], $3::bigint[])
            AS given (project_id, last_number, last_part)
        WHERE issue_counters.project_id = given.project_id
        "#,
        &projects,
        &issues,
        &parts,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Has hashes lead to their issues, each with the compressed tree that explains it and the version
/// of grouping that made it.
pub async fn insert_hashes(
    db: &mut PgConnection,
    hashes: &[NewHash],
    explanations: &[Vec<u8>],
    configs: &[&str],
    now: Timestamp,
) -> sqlx::Result<()> {
    if hashes.is_empty() {
        return Ok(());
    }
    let projects: Vec<i64> = hashes.iter().map(|hash| hash.owner.issue.project().0).collect();
    let texts: Vec<&str> = hashes.iter().map(|hash| hash.hash.as_str()).collect();
    let issues: Vec<i64> = hashes.iter().map(|hash| hash.owner.issue.0).collect();
    let parts: Vec<i64> = hashes.iter().map(|hash| hash.owner.part.0).collect();
    let origins: Vec<&str> = hashes.iter().map(|hash| hash.origin).collect();
    let variants: Vec<&str> = hashes.iter().map(|hash| hash.variant.as_str()).collect();
    sqlx::query!(
        r#"
        INSERT INTO issue_hashes
            (project_id, hash, issue_id, part_id, origin, variant, config, explanation, created_at)
        SELECT project_id, hash, issue_id, part_id, origin, variant, config, explanation, $9
        FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::text[], $6::text[],
                    $7::bytea[], $8::text[])
            AS fresh (project_id, hash, issue_id, part_id, origin, variant, explanation, config)
        ON CONFLICT DO NOTHING
        "#,
        &projects,
        &texts as &[&str],
        &issues,
        &parts,
        &origins as &[&str],
        &variants as &[&str],
        explanations,
        configs as &[&str],
        now,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Locks issues, in the order of their ids, until the transaction ends.
pub(in super::super) async fn lock_issues(
    db: &mut PgConnection,
    ids: &[IssueId],
) -> sqlx::Result<Vec<IssueDraft>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let (projects, numbers) = IssueId::columns(ids);
    let rows = sqlx::query!(
        r#"
        SELECT issues.*, issues.status_detail AS "detail: Json<StatusDetail>"
        FROM unnest($1::bigint[], $2::bigint[]) AS wanted (project_id, id)
        JOIN issues USING (project_id, id)
        ORDER BY issues.project_id, issues.id
        FOR UPDATE OF issues
        "#,
        &projects,
        &numbers,
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| IssueDraft {
            id: row.id,
            summary: Summary {
                level: row.level,
                platform: row.platform,
                logger: row.logger,
                subject: super::Subject {
                    kind: row.kind,
                    title: row.title,
                    culprit: row.culprit,
                    exception_type: row.exception_type,
                    exception_value: row.exception_value,
                    filename: row.filename,
                    function: row.function,
                    is_unhandled: row.is_unhandled,
                },
                first_seen: row.first_seen,
                last_seen: row.last_seen,
                first_release: row.first_release,
                last_release: row.last_release,
                last_release_seen: row.last_release_seen,
                event_count: row.event_count,
                kept_count: row.kept_count,
            },
            status: row.status,
            substatus: row.substatus,
            status_detail: row.detail.0,
            status_changed_at: row.status_changed_at,
            user_count: row.user_count,
            part_count: row.part_count,
            sampled_day: row.sampled_day,
            sampled_day_count: row.sampled_day_count,
            created_at: row.created_at,
        })
        .collect())
}

/// Writes issues as they are after the batch; those that exist are locked.
pub(in super::super) async fn upsert_issues(
    db: &mut PgConnection,
    issues: &[IssueDraft],
) -> sqlx::Result<()> {
    let column = |get: fn(&IssueDraft) -> i64| issues.iter().map(get).collect::<Vec<i64>>();
    let text = |get: fn(&IssueDraft) -> &str| {
        issues.iter().map(|issue| storable(get(issue))).collect::<Vec<_>>()
    };
    let optional = |get: fn(&IssueDraft) -> Option<&str>| {
        issues.iter().map(|issue| get(issue).map(storable)).collect::<Vec<_>>()
    };
    let time = |get: fn(&IssueDraft) -> Timestamp| issues.iter().map(get).collect::<Vec<_>>();
    let levels: Vec<i16> = issues.iter().map(|issue| issue.summary.level).collect();
    let unhandled: Vec<bool> =
        issues.iter().map(|issue| issue.summary.subject.is_unhandled).collect();
    let days: Vec<chrono::NaiveDate> = issues.iter().map(|issue| issue.sampled_day).collect();
    sqlx::query_file!(
        "src/domain/issues/batch/upsert_issues.sql",
        &column(|issue| issue.id.project().0),
        &column(|issue| issue.id.0),
        &text(|issue| &issue.summary.subject.kind) as &[_],
        &levels,
        &text(|issue| &issue.summary.platform) as &[_],
        &text(|issue| &issue.summary.logger) as &[_],
        &text(|issue| &issue.summary.subject.title) as &[_],
        &text(|issue| &issue.summary.subject.culprit) as &[_],
        &optional(|issue| issue.summary.subject.exception_type.as_deref()) as &[_],
        &optional(|issue| issue.summary.subject.exception_value.as_deref()) as &[_],
        &optional(|issue| issue.summary.subject.filename.as_deref()) as &[_],
        &optional(|issue| issue.summary.subject.function.as_deref()) as &[_],
        &unhandled,
        &text(|issue| &issue.status) as &[_],
        &optional(|issue| issue.substatus.as_deref()) as &[_],
        &time(|issue| issue.status_changed_at),
        &time(|issue| issue.summary.first_seen),
        &time(|issue| issue.summary.last_seen),
        &optional(|issue| issue.summary.first_release.as_deref()) as &[_],
        &optional(|issue| issue.summary.last_release.as_deref()) as &[_],
        &column(|issue| issue.summary.event_count),
        &column(|issue| issue.user_count),
        &column(|issue| issue.summary.kept_count),
        &days,
        &column(|issue| issue.sampled_day_count),
        &time(|issue| issue.created_at),
        &issues.iter().map(|issue| issue.summary.last_release_seen).collect::<Vec<_>>() as &[_],
        &issues.iter().map(|issue| issue.part_count).collect::<Vec<_>>(),
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Adds to the counters by hour.
pub(super) async fn add_hours(db: &mut PgConnection, counts: &HourCounts) -> sqlx::Result<()> {
    let projects: Vec<i64> = counts.keys().map(|(id, ..)| id.project().0).collect();
    let parts: Vec<i64> = counts.keys().map(|(id, ..)| id.0).collect();
    let hours: Vec<Timestamp> = counts.keys().map(|(_, hour, _)| *hour).collect();
    let environments: Vec<_> = counts.keys().map(|(.., name)| storable(name)).collect();
    let events: Vec<i64> = counts.values().copied().collect();
    sqlx::query!(
        r#"
        INSERT INTO issue_hours (project_id, part_id, hour, environment, event_count)
        SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::text[], $5::bigint[])
        ON CONFLICT (project_id, part_id, hour, environment)
        DO UPDATE SET event_count = issue_hours.event_count + excluded.event_count
        "#,
        &projects,
        &parts,
        &hours,
        &environments as &[_],
        &events,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Adds to the counters by environment and release.
pub(super) async fn add_releases(
    db: &mut PgConnection,
    counts: &ReleaseCounts<'_>,
) -> sqlx::Result<()> {
    let projects: Vec<i64> = counts.keys().map(|(id, ..)| id.project().0).collect();
    let parts: Vec<i64> = counts.keys().map(|(id, ..)| id.0).collect();
    let environments: Vec<_> = counts.keys().map(|(_, name, _)| storable(name)).collect();
    let releases: Vec<_> = counts.keys().map(|(.., name)| storable(name)).collect();
    let events: Vec<i64> = counts.values().map(|seen| seen.event_count).collect();
    let first: Vec<Timestamp> = counts.values().map(|seen| seen.first).collect();
    let last: Vec<Timestamp> = counts.values().map(|seen| seen.last).collect();
    sqlx::query!(
        r#"
        INSERT INTO issue_releases
            (project_id, part_id, environment, release, event_count, first_seen, last_seen)
        SELECT * FROM unnest(
            $1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[],
            $6::timestamptz[], $7::timestamptz[]
        )
        ON CONFLICT (project_id, part_id, environment, release) DO UPDATE
        SET event_count = issue_releases.event_count + excluded.event_count,
            first_seen = least(issue_releases.first_seen, excluded.first_seen),
            last_seen = greatest(issue_releases.last_seen, excluded.last_seen)
        "#,
        &projects,
        &parts,
        &environments as &[_],
        &releases as &[_],
        &events,
        &first,
        &last,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// Notes of issues that came back when and with which release, and that nothing holds of how they were resolved.
pub(super) async fn note_regressions(
    db: &mut PgConnection,
    regressed: &[Regressed],
) -> sqlx::Result<()> {
    if regressed.is_empty() {
        return Ok(());
    }
    let (projects, ids) =
        IssueId::columns(&regressed.iter().map(|it| it.issue).collect::<Vec<_>>());
    let releases: Vec<_> = regressed.iter().map(|it| it.release.as_deref().map(storable)).collect();
    let moments: Vec<Timestamp> = regressed.iter().map(|it| it.at).collect();
    sqlx::query!(
        r#"
        UPDATE issues
        SET status_detail = '{}', regressed_at = back.at, regressed_release = back.release
        FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::timestamptz[])
            AS back (project_id, id, release, at)
        WHERE issues.project_id = back.project_id AND issues.id = back.id
        "#,
        &projects,
        &ids,
        &releases as &[_],
        &moments,
    )
    .execute(db)
    .await?;
    Ok(())
}
