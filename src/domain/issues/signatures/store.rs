//! SQL about signatures of parts.

use sqlx::{PgConnection, query, query_as, query_scalar};

use super::{Candidate, NewSignature};
use crate::base::IssueId;

/// Keeps the signatures of new parts.
pub async fn insert(db: &mut PgConnection, signatures: &[NewSignature]) -> sqlx::Result<()> {
    if signatures.is_empty() {
        return Ok(());
    }
    let (projects, parts): (Vec<i64>, Vec<i64>) =
        signatures.iter().map(|new| (new.part.project().0, new.part.0)).unzip();
    let bytes: Vec<&[u8]> = signatures.iter().map(|new| new.bytes.as_slice()).collect();
    let places = (1_i32..).zip(signatures);
    let (places, keys): (Vec<i32>, Vec<i64>) =
        places.flat_map(|(place, new)| new.keys.iter().map(move |key| (place, *key))).unzip();
    query!(
        r#"
        WITH keys AS (
            SELECT place, array_agg(DISTINCT key) AS keys
            FROM unnest($4::int[], $5::bigint[]) AS keys (place, key)
            GROUP BY place
        ),
        signatures AS (
            INSERT INTO issue_signatures (project_id, part_id, signature, keys)
            SELECT project_id, part_id, signature, coalesce(keys.keys, '{}')
            FROM unnest($1::bigint[], $2::bigint[], $3::bytea[]) WITH ORDINALITY
                AS new (project_id, part_id, signature, place)
            LEFT JOIN keys ON keys.place = new.place
            RETURNING project_id, part_id, keys
        )
        INSERT INTO issue_signature_keys (project_id, key, part_id)
        SELECT project_id, unnest(keys), part_id FROM signatures
        "#,
        &projects,
        &parts,
        &bytes as &[&[u8]],
        &places,
        &keys,
    )
    .execute(db)
    .await?;
    Ok(())
}

/// The signatures of the first `limit` parts of an issue.
pub(super) async fn list_own(
    db: &mut PgConnection,
    issue: IssueId,
    limit: i64,
) -> sqlx::Result<Vec<Vec<u8>>> {
    query_scalar!(
        r#"
        SELECT mine.signature
        FROM issue_parts AS part
        JOIN issue_signatures AS mine ON mine.project_id = $1 AND mine.part_id = part.id
        WHERE part.project_id = $1 AND part.issue_id = $2
        ORDER BY part.id
        LIMIT $3
        "#,
        issue.project().0,
        issue.0,
        limit,
    )
    .fetch_all(db)
    .await
}

/// Parts of other issues that share a key with the first `own_limit` parts of `issue`; at most `limit` of them
/// for each key, and `limit` together.
pub(super) async fn list_candidates(
    db: &mut PgConnection,
    issue: IssueId,
    own_limit: i64,
    limit: i64,
) -> sqlx::Result<Vec<Candidate>> {
    query_as!(
        Candidate,
        r#"
        WITH own AS (
            SELECT mine.keys
            FROM issue_parts AS part
            JOIN issue_signatures AS mine ON mine.project_id = $1 AND mine.part_id = part.id
            WHERE part.project_id = $1 AND part.issue_id = $2
            ORDER BY part.id
            LIMIT $3
        ),
        sought AS (
            SELECT DISTINCT unnest(own.keys) AS key FROM own
        ),
        alike AS (
            SELECT found.part_id, found.issue_id, count(*) AS shared
            FROM sought
            CROSS JOIN LATERAL (
                SELECT theirs.part_id, part.issue_id
                FROM issue_signature_keys AS theirs
                JOIN issue_parts AS part ON part.project_id = $1 AND part.id = theirs.part_id
                WHERE theirs.project_id = $1 AND theirs.key = sought.key AND part.issue_id <> $2
                  AND NOT EXISTS (
                      SELECT FROM issue_separations AS apart
                      WHERE apart.project_id = $1
                        AND apart.issue_id = least(part.issue_id, $2)
                        AND apart.other_id = greatest(part.issue_id, $2)
                  )
                ORDER BY theirs.part_id DESC
                LIMIT $4
            ) AS found
            GROUP BY found.part_id, found.issue_id
            ORDER BY shared DESC, found.part_id DESC
            LIMIT $4
        )
        SELECT alike.issue_id AS "issue: IssueId", theirs.signature AS bytes
        FROM alike
        JOIN issue_signatures AS theirs ON theirs.project_id = $1 AND theirs.part_id = alike.part_id
        ORDER BY alike.shared DESC, alike.part_id DESC
        "#,
        issue.project().0,
        issue.0,
        own_limit,
        limit,
    )
    .fetch_all(db)
    .await
}
