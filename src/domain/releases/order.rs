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

/// What came before a release and after it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Neighbours {
    /// The newest older one.
    pub previous: Option<Release>,
    /// The oldest newer one.
    pub next: Option<Release>,
}

/// The releases of the same package before and after one in a project.
///
/// # Errors
/// When the database fails.
pub async fn find_neighbours(
    db: &mut PgConnection,
    release: &Release,
    project: ProjectId,
) -> Result<Neighbours> {
    let package = version::Name::parse(&release.version).package;
    let all = store::list_of_project(db, release.organization_id, project, None, LOOKED_AT).await?;
    let mut neighbours = Neighbours::default();
    for other in all {
        if version::Name::parse(&other.version).package != package {
            continue;
        }
        let nearest = match version::compare(other.dated(), release.dated()) {
            Ordering::Equal => continue,
            Ordering::Less => &mut neighbours.previous,
            Ordering::Greater => &mut neighbours.next,
        };
        let wanted = version::compare(other.dated(), release.dated()).reverse();
        // Nearer than what was found: later before it, earlier behind it.
        if nearest
            .as_ref()
            .is_none_or(|found| version::compare(other.dated(), found.dated()) == wanted)
        {
            *nearest = Some(other);
        }
    }
    Ok(neighbours)
}

/// The releases of a project that are newer than `base` and not newer than `head`, the latest first.
///
/// # Errors
/// When the database fails.
pub async fn between(
    db: &mut PgConnection,
    (base, head): (&Release, &Release),
    project: ProjectId,
) -> Result<Vec<Release>> {
    let package = version::Name::parse(&head.version).package;
    let mut found =
        store::list_of_project(db, head.organization_id, project, None, LOOKED_AT).await?;
    found.retain(|release| {
        version::Name::parse(&release.version).package == package
            && version::compare(release.dated(), base.dated()) == Ordering::Greater
            && version::compare(release.dated(), head.dated()) != Ordering::Greater
    });
    Ok(found)
}

/// The latest releases of an organization, or of one of its projects, for choosing one.
///
/// # Errors
/// When the database fails.
pub async fn list_latest(
    db: &mut PgConnection,
    organization: OrganizationId,
    project: Option<ProjectId>,
    limit: u16,
) -> Result<Vec<Release>> {
    let filter = super::Filter {
        projects: project.into_iter().collect(),
        status: Some(super::ReleaseStatus::Open),
        ..super::Filter::default()
    };
    let request = crate::base::PageRequest::new(None, limit);
    Ok(super::list(db, organization, &filter, &request).await?.items)
}
