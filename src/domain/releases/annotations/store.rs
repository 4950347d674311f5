//! SQL about what came when.

use sqlx::{PgConnection, query_as};

use super::{Annotation, MAX_LISTED};
use crate::base::{OrganizationId, Timestamp};

/// Deploys and first sights, the latest first.
pub(super) async fn list(
    db: &mut PgConnection,
    organization: OrganizationId,
    projects: &[i64],
    environments: &[String],
    (from, until): (Timestamp, Timestamp),
) -> sqlx::Result<Vec<Annotation>> {
    query_as!(
        Annotation,
        r#"
        (SELECT deploys.finished_at AS "at!", releases.version AS "version!",
                deploys.environment
        FROM deploys
        JOIN releases ON releases.organization_id = deploys.organization_id
            AND releases.id = deploys.release_id
        WHERE deploys.organization_id = $1 AND deploys.finished_at >= $4
            AND deploys.finished_at < $5
            AND (cardinality($3::text[]) = 0 OR deploys.environment = ANY($3))
            AND (cardinality($2::bigint[]) = 0 OR CASE WHEN deploys.project_ids = '{}'
                THEN EXISTS (
                    SELECT FROM release_projects AS of_project
                    WHERE of_project.organization_id = $1
                        AND of_project.release_id = deploys.release_id
                        AND of_project.project_id = ANY($2))
                ELSE deploys.project_ids && $2 END)
        ORDER BY deploys.finished_at DESC
        LIMIT $6)
        UNION ALL
        (SELECT min(seen.first_seen_at), releases.version, NULL
        FROM release_environments AS seen
        JOIN releases ON releases.organization_id = seen.organization_id
            AND releases.id = seen.release_id
        WHERE seen.organization_id = $1 AND seen.project_id = ANY($2)
            AND (cardinality($3) = 0 OR seen.environment = ANY($3))
            AND seen.first_seen_at >= $4 AND seen.first_seen_at < $5
            AND NOT EXISTS (
                SELECT FROM release_environments AS earlier
                WHERE earlier.organization_id = $1 AND earlier.release_id = seen.release_id
                    AND earlier.project_id = ANY($2) AND earlier.first_seen_at < $4
                    AND (cardinality($3) = 0 OR earlier.environment = ANY($3)))
            AND NOT EXISTS (
                SELECT FROM deploys
                WHERE deploys.organization_id = $1 AND deploys.release_id = seen.release_id
                    AND (cardinality($3) = 0 OR deploys.environment = ANY($3)))
        GROUP BY releases.version
        ORDER BY min(seen.first_seen_at) DESC
        LIMIT $6)
        ORDER BY 1 DESC, 2
        LIMIT $6
        "#,
        organization.0,
        projects,
        environments,
        from,
        until,
        MAX_LISTED,
    )
    .fetch_all(db)
    .await
}
