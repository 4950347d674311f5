//! All SQL about what is taken out of events.

use sqlx::types::Json;
use sqlx::{PgConnection, query, query_as};

use super::{PrivacySettings, ProjectPrivacy};
use crate::base::{OrganizationId, ProjectId};

struct Row {
    id: ProjectId,
    own: Option<Json<PrivacySettings>>,
    organization: Option<Json<PrivacySettings>>,
}

impl From<Row> for ProjectPrivacy {
    fn from(row: Row) -> Self {
        Self {
            own: row.own.map(|Json(settings)| settings),
            organization: row.organization.map(|Json(settings)| settings).unwrap_or_default(),
        }
    }
}

/// The settings of a project; of one that does not exist, the defaults.
pub async fn find(db: &mut PgConnection, project: ProjectId) -> sqlx::Result<ProjectPrivacy> {
    let row = query_as!(
        Row,
        r#"
        SELECT projects.id, projects.privacy AS "own: Json<PrivacySettings>",
               organizations.privacy AS "organization: Json<PrivacySettings>"
        FROM projects JOIN organizations ON organizations.id = projects.organization_id
        WHERE projects.id = $1
        "#,
        project.0,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(Into::into).unwrap_or_default())
}

/// The settings of every project for which somebody has set something.
pub async fn list_set(db: &mut PgConnection) -> sqlx::Result<Vec<(ProjectId, ProjectPrivacy)>> {
    let rows = query_as!(
        Row,
        r#"
        SELECT projects.id, projects.privacy AS "own: Json<PrivacySettings>",
               organizations.privacy AS "organization: Json<PrivacySettings>"
        FROM projects JOIN organizations ON organizations.id = projects.organization_id
        WHERE projects.privacy IS NOT NULL OR organizations.privacy IS NOT NULL
        "#,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.into())).collect())
}

/// The settings of an organization.
pub async fn find_of_organization(
    db: &mut PgConnection,
    organization: OrganizationId,
) -> sqlx::Result<PrivacySettings> {
    let row = query!(
        r#"
        SELECT privacy AS "privacy: Json<PrivacySettings>" FROM organizations WHERE id = $1
        "#,
        organization.0,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.and_then(|row| row.privacy).map(|Json(settings)| settings).unwrap_or_default())
}

/// Sets or removes a project's own settings; `false` if there is no such project.
pub async fn update_project(
    db: &mut PgConnection,
    project: ProjectId,
    settings: Option<&PrivacySettings>,
) -> sqlx::Result<bool> {
    let done = query!(
        "UPDATE projects SET privacy = $2 WHERE id = $1",
        project.0,
        settings.map(Json) as _,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Sets an organization's settings; `false` if there is no such organization.
pub async fn update_organization(
    db: &mut PgConnection,
    organization: OrganizationId,
    settings: &PrivacySettings,
) -> sqlx::Result<bool> {
    let done = query!(
        "UPDATE organizations SET privacy = $2 WHERE id = $1",
        organization.0,
        Json(settings) as _,
    )
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}
