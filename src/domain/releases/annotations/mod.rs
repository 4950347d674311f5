//! What came when, for charts: a rise of errors is explained by what was deployed before it.

mod store;

use sqlx::PgConnection;

use crate::base::{OrganizationId, ProjectId, Timestamp};
use crate::domain::Result;

/// The most annotations of a time, the latest.
pub const MAX_LISTED: i64 = 300;

/// Something that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// When.
    pub at: Timestamp,
    /// The release's name.
    pub version: String,
    /// Where it was deployed to; `None`: nobody told of a deploy, and this is when it was first seen.
    pub environment: Option<String>,
}

/// What came in projects and environments (none: all of them) in a time, the earliest first: deploys, and the first sight of
/// releases of which nobody told a deploy.
///
/// # Errors
/// When the database fails.
pub async fn list(
    db: &mut PgConnection,
    organization: OrganizationId,
    projects: &[ProjectId],
    environments: &[String],
    span: (Timestamp, Timestamp),
) -> Result<Vec<Annotation>> {
    let projects: Vec<i64> = projects.iter().map(|project| project.0).collect();
    let mut latest = store::list(db, organization, &projects, environments, span).await?;
    latest.reverse();
    Ok(latest)
}
