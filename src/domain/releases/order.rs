//! Which release comes before or after another.

use std::cmp::Ordering;

use sqlx::PgConnection;

use super::{Release, store, version};
use crate::base::{OrganizationId, ProjectId};
use crate::domain::Result;

/// As many of the latest releases are looked at.
const LOOKED_AT: i64 = 500;

/// The newest release of a project that was seen in an environment (`None`: anywhere), by [`version::compare`].
///
/// # Errors
/// When the database fails.
pub async fn find_latest(
    db: &mut PgConnection,
    organization: OrganizationId,
    project: ProjectId,
    environment: Option<&str>,
) -> Result<Option<Release>> {
    let releases =
        store::list_of_project(db, organization, project, environment, LOOKED_AT).await?;
    Ok(releases.into_iter().max_by(|one, other| version::compare(one.dated(), other.dated())))
}

/// The newest of the releases of a project that are older than `release` and were seen in the environment.
///
/// # Errors
/// When the database fails.
pub async fn find_previous(
    db: &mut PgConnection,
    release: &Release,
    project: ProjectId,
    environment: Option<&str>,
) -> Result<Option<Release>> {
    let organization = release.organization_id;
    let releases =
        store::list_of_project(db, organization, project, environment, LOOKED_AT).await?;
    let package = version::Name::parse(&release.version).package;
    let is_older = |other: &Release| {
        // Another package of the project, such as its worker, is not what this one replaces.
        version::Name::parse(&other.version).package == package
            && version::compare(other.dated(), release.dated()) == Ordering::Less
    };
    let older = releases.into_iter().filter(is_older);
    Ok(older.max_by(|one, other| version::compare(one.dated(), other.dated())))
}
