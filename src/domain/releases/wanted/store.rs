//! SQL about releases that a search asks for.

use sqlx::{PgConnection, query_as};

use super::find::Candidate;
use crate::base::{OrganizationId, ProjectId};

/// The latest releases of projects that were seen in one of the environments (none: anywhere, or nowhere yet), each
/// as often as it has projects; perhaps only where events came from it.
pub(super) async fn list(
    db: &mut PgConnection,
    (organization, projects): (OrganizationId, &[i64]),
    environments: &[String],
    had_events: bool,
    limit: i64,
) -> sqlx::Result<Vec<Candidate>> {
    query_as!(
        Candidate,
        r#"
        SELECT of_project.project_id AS "project: ProjectId", releases.version,
               coalesce(releases.released_at, releases.created_at) AS "at!"
        FROM releases
        JOIN release_projects AS of_project
            ON of_project.organization_id = releases.organization_id
            AND of_project.release_id = releases.id
        WHERE releases.organization_id = $1 AND of_project.project_id = ANY($2)
            AND (NOT $5 OR of_project.first_event_at IS NOT NULL)
            AND (cardinality($3::text[]) = 0 OR EXISTS (
                SELECT FROM release_environments AS seen
                WHERE seen.organization_id = $1 AND seen.release_id = releases.id
                    AND seen.project_id = of_project.project_id AND seen.environment = ANY($3)))
        ORDER BY coalesce(releases.released_at, releases.created_at) DESC, releases.id DESC
        LIMIT $4
        "#,
        organization.0,
        projects,
        environments,
        limit,
        had_events,
    )
    .fetch_all(db)
    .await
}
