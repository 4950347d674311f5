//! SQL about lists of releases.

use sqlx::{PgConnection, query_as, query_scalar};

use super::{Candidate, Place};
use crate::base::{OrganizationId, Timestamp};

/// The releases of a place up to a moment, the latest first, with their projects.
pub(super) async fn list_candidates(
    db: &mut PgConnection,
    place: &Place,
    until: Timestamp,
    limit: i64,
) -> sqlx::Result<Vec<Candidate>> {
    let projects: Vec<i64> = place.projects.iter().map(|project| project.0).collect();
    query_as!(
        Candidate,
        r#"
        SELECT releases.version, coalesce(releases.released_at, releases.created_at) AS "at!",
               ARRAY(
                   SELECT of_project.project_id FROM release_projects AS of_project
                   WHERE of_project.organization_id = $1 AND of_project.release_id = releases.id)
                   AS "project_ids!"
        FROM releases
        WHERE releases.organization_id = $1
            AND coalesce(releases.released_at, releases.created_at) <= $4
            AND EXISTS (
                SELECT FROM release_projects AS of_project
                WHERE of_project.organization_id = $1 AND of_project.release_id = releases.id
                    AND of_project.project_id = ANY($2))
            AND (cardinality($3::text[]) = 0 OR EXISTS (
                SELECT FROM release_environments AS seen
                WHERE seen.organization_id = $1 AND seen.release_id = releases.id
                    AND seen.project_id = ANY($2) AND seen.environment = ANY($3)))
        ORDER BY coalesce(releases.released_at, releases.created_at) DESC, releases.id DESC
        LIMIT $5
        "#,
        place.organization.0,
        &projects,
        &place.environments,
        until,
        limit,
    )
    .fetch_all(db)
    .await
}

/// The environments of projects' releases.
pub(super) async fn list_environments(
    db: &mut PgConnection,
    organization: OrganizationId,
    projects: &[i64],
) -> sqlx::Result<Vec<String>> {
    query_scalar!(
        r#"
        SELECT DISTINCT environment FROM release_environments
        WHERE organization_id = $1 AND project_id = ANY($2)
        ORDER BY environment
        "#,
        organization.0,
        projects,
    )
    .fetch_all(db)
    .await
}
