//! All SQL about what projects leave out.

use sqlx::types::Json;
use sqlx::{PgConnection, query};

use super::FilterSettings;
use crate::base::{ProjectId, Timestamp};

/// The settings of a project; of one that has set nothing, the defaults.
pub async fn find(db: &mut PgConnection, project: ProjectId) -> sqlx::Result<FilterSettings> {
    let row = query!(
        r#"SELECT filters AS "filters: Json<FilterSettings>" FROM projects WHERE id = $1"#,
        project.0,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.and_then(|row| row.filters).map(|Json(settings)| settings).unwrap_or_default())
}

/// The settings of every project that has set something.
pub async fn list_set(db: &mut PgConnection) -> sqlx::Result<Vec<(ProjectId, FilterSettings)>> {
    let rows = query!(
        r#"
        SELECT id AS "id: ProjectId", filters AS "filters!: Json<FilterSettings>"
        FROM projects
        WHERE filters IS NOT NULL
        "#,
    )
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.filters.0)).collect())
}

/// What the front door must know about a key: its project, whether it is active, and which pages may
/// send with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyRow {
    /// The project.
    pub project_id: ProjectId,
    /// Whether anything is accepted with it.
    pub is_active: bool,
    /// When it stops to be good by itself.
    pub expires_at: Option<Timestamp>,
    /// The project's list.
    pub allowed_domains: Vec<String>,
}

/// The key that an SDK sent, also if it is switched off.
pub async fn find_key(db: &mut PgConnection, public_key: &str) -> sqlx::Result<Option<KeyRow>> {
    let row = query!(
        r#"
        SELECT project_keys.project_id AS "project_id: ProjectId", project_keys.is_active, project_keys.expires_at,
               projects.filters AS "filters: Json<FilterSettings>"
        FROM project_keys JOIN projects ON projects.id = project_keys.project_id
        WHERE project_keys.public_key = $1
        "#,
        public_key,
    )
    .fetch_optional(db)
    .await?;
    Ok(row.map(|row| KeyRow {
        project_id: row.project_id,
        is_active: row.is_active,
        expires_at: row.expires_at,
        allowed_domains: row.filters.map(|Json(own)| own).unwrap_or_default().allowed_domains,
    }))
}

/// Sets a project's settings; `false` if there is no such project.
pub async fn update(
    db: &mut PgConnection,
    project: ProjectId,
    settings: &FilterSettings,
) -> sqlx::Result<bool> {
    let done =
        query!("UPDATE projects SET filters = $2 WHERE id = $1", project.0, Json(settings) as _,)
            .execute(db)
            .await?;
    Ok(done.rows_affected() == 1)
}
