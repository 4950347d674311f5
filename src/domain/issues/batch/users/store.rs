//! SQL about who met an issue.

use std::collections::{BTreeMap, HashSet};

use sqlx::PgConnection;

use crate::base::{IssueId, PartId, Timestamp};

/// Which of these users have met which of these issues, in any of its parts.
pub(super) async fn find_known_users(
    db: &mut PgConnection,
    users: &HashSet<(IssueId, i64)>,
) -> sqlx::Result<HashSet<(IssueId, i64)>> {
    if users.is_empty() {
        return Ok(HashSet::new());
    }
    let projects: Vec<i64> = users.iter().map(|(id, _)| id.project().0).collect();
    let issues: Vec<i64> = users.iter().map(|(id, _)| id.0).collect();
    let hashes: Vec<i64> = users.iter().map(|(_, hash)| *hash).collect();
    let rows = sqlx::query!(
        r#"
        SELECT DISTINCT part.issue_id AS "issue_id: IssueId", met.user_hash
        FROM unnest($1::bigint[], $2::bigint[], $3::bigint[])
            AS sought (project_id, issue_id, user_hash)
        JOIN issue_parts AS part USING (project_id, issue_id)
        JOIN issue_users AS met ON met.project_id = part.project_id AND met.part_id = part.id
            AND met.user_hash = sought.user_hash
        "#,
        &projects,
        &issues,
        &hashes,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.issue_id, row.user_hash)).collect())
}

/// Notes who met which part; returns those that it had not met before.
pub(super) async fn insert_users(
    db: &mut PgConnection,
    users: &BTreeMap<(PartId, i64), Timestamp>,
) -> sqlx::Result<Vec<(PartId, i64)>> {
    if users.is_empty() {
        return Ok(Vec::new());
    }
    let projects: Vec<i64> = users.keys().map(|(id, _)| id.project().0).collect();
    let parts: Vec<i64> = users.keys().map(|(id, _)| id.0).collect();
    let hashes: Vec<i64> = users.keys().map(|(_, hash)| *hash).collect();
    let seen: Vec<Timestamp> = users.values().copied().collect();
    let rows = sqlx::query!(
        r#"
        INSERT INTO issue_users (project_id, part_id, user_hash, first_seen)
        SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::timestamptz[])
        ON CONFLICT DO NOTHING
        RETURNING part_id AS "part_id: PartId", user_hash
        "#,
        &projects,
        &parts,
        &hashes,
        &seen,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.part_id, row.user_hash)).collect())
}
