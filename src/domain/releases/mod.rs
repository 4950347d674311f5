//! Releases: builds of an organization's programs, by name.
//!
//! A release belongs to an organization and to one or more of its projects. It is made when telemetry first names it
//! ([`batch`]), or before that by whoever builds it: through `/api/0`, as `sentry-cli releases new` does. Builds tell what is in it
//! ([`commits`]) and where it went ([`deploys`]). Which of two is newer is said in [`version`], nowhere else.
//!
//! What must stay true: a name is one release in an organization, whoever made it first, and making it again changes nothing
//! but its projects.

pub mod annotations;
pub mod batch;
mod card;
pub mod commits;
pub mod deploys;
pub mod effects;
pub mod health;
mod name;
mod order;
pub mod overview;
pub mod store;
pub mod timeline;
pub mod verdict;
pub mod version;
pub mod wanted;

pub use card::{Card, CardProject, cards};
pub use name::name_problem;
pub use order::{Neighbours, between, find_latest, find_neighbours, find_previous, list_latest};

use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::app::Essentials;
use crate::base::{OrganizationId, Page, PageRequest, ProjectId, ReleaseId, Timestamp};
use crate::domain::query::Pattern;
use crate::domain::{Error, Result};

/// The longest URL of a release or deploy.
const MAX_URL_CHARS: usize = 2_048;

/// The most revisions that are named without their commits.
const MAX_REFS: usize = 100;

/// A release.
#[derive(Clone, Debug, PartialEq)]
pub struct Release {
    /// Its id, unique in the installation.
    pub id: ReleaseId,
    /// Whose it is.
    pub organization_id: OrganizationId,
    /// Its whole name.
    pub version: String,
    /// Whether it is listed.
    pub status: ReleaseStatus,
    /// The revision it was built from, as somebody named it.
    pub reference: Option<String>,
    /// Where more is said about it.
    pub url: Option<String>,
    /// Revisions that were named without their commits.
    pub refs: Refs,
    /// When its work began.
    pub started_at: Option<Timestamp>,
    /// When it was finalized.
    pub released_at: Option<Timestamp>,
    /// When it was made or first seen.
    pub created_at: Timestamp,
}

/// Revisions that were named without their commits.
pub type Refs = sqlx::types::Json<Vec<Ref>>;

impl Release {
    /// When it came: when it was finalized, or made if it was not.
    pub fn at(&self) -> Timestamp {
        self.released_at.unwrap_or(self.created_at)
    }

    /// For comparing it with others.
    pub fn dated(&self) -> version::Dated<'_> {
        version::Dated { release: &self.version, at: self.at() }
    }
}

/// Whether a release is listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum ReleaseStatus {
    /// It is.
    #[default]
    Open,
    /// Only if asked for.
    Archived,
}

/// A revision of a repository, whose commits nobody told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ref {
    /// The repository.
    pub repository: String,
    /// The revision, or a range of them.
    pub commit: String,
    /// The revision of the release before.
    #[serde(default)]
    pub previous_commit: Option<String>,
}

/// What is said about a release when it is made or changed; what is not said stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Change {
    /// Projects that it belongs to from now on, besides those it has.
    pub projects: Vec<ProjectId>,
    /// Whether it is listed.
    pub status: Option<ReleaseStatus>,
    /// The revision it was built from.
    pub reference: Option<String>,
    /// Where more is said about it.
    pub url: Option<String>,
    /// When its work began.
    pub started_at: Option<Timestamp>,
    /// When it was finalized.
    pub released_at: Option<Timestamp>,
    /// Revisions that are named without their commits.
    pub refs: Option<Vec<Ref>>,
    /// What is in it, the newest first; replaces what was said before.
    pub commits: Option<Vec<commits::NewCommit>>,
}

impl Change {
    fn check(&self) -> Result<()> {
        check_url(self.url.as_deref())?;
        if self.refs.as_ref().is_some_and(|refs| refs.len() > MAX_REFS) {
            return Err(Error::invalid("refs", format!("Name at most {MAX_REFS} revisions.")));
        }
        self.commits.as_deref().map_or(Ok(()), commits::check)
    }
}

/// Whether a URL may be shown as a link.
fn check_url(url: Option<&str>) -> Result<()> {
    let Some(url) = url else { return Ok(()) };
    let is_link = url.starts_with("https://") || url.starts_with("http://");
    if is_link && url.chars().count() <= MAX_URL_CHARS && !url.contains('\0') {
        return Ok(());
    }
    let problem = format!(
        "A URL begins with http:// or https:// and has at most {MAX_URL_CHARS} characters."
    );
    Err(Error::invalid("url", problem))
}

/// Makes a release, or changes the one that has this name; whether it is new.
///
/// # Errors
/// When the name cannot be used, a value cannot, or the database fails.
pub async fn create(
    app: &Essentials,
    organization: OrganizationId,
    version: &str,
    change: &Change,
) -> Result<(Release, bool)> {
    if let Some(problem) = name_problem(version) {
        return Err(Error::invalid("version", format!("Choose another: {problem}.")));
    }
    change.check()?;
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let is_new = store::insert(&mut tx, organization, version, now).await?;
    let release = store::lock(&mut tx, organization, version).await?.ok_or(Error::NotFound)?;
    let release = apply(&mut tx, release, change, now).await?;
    tx.commit().await?;
    Ok((release, is_new))
}

/// Changes a release.
///
/// # Errors
/// When there is none, a value cannot be used, or the database fails.
pub async fn update(
    app: &Essentials,
    organization: OrganizationId,
    version: &str,
    change: &Change,
) -> Result<Release> {
    change.check()?;
    let mut tx = app.db.begin().await?;
    let release = store::lock(&mut tx, organization, version).await?.ok_or(Error::NotFound)?;
    let release = apply(&mut tx, release, change, app.clock.now()).await?;
    tx.commit().await?;
    Ok(release)
}

async fn apply(
    db: &mut PgConnection,
    mut release: Release,
    change: &Change,
    now: Timestamp,
) -> Result<Release> {
    release.status = change.status.unwrap_or(release.status);
    release.reference = change.reference.clone().or(release.reference);
    release.url = change.url.clone().or(release.url);
    release.started_at = change.started_at.or(release.started_at);
    release.released_at = change.released_at.or(release.released_at);
    release.refs = change.refs.clone().map_or(release.refs, sqlx::types::Json);
    store::update(db, &release).await?;
    store::add_projects(db, &release, &change.projects, now).await?;
    if let Some(commits) = &change.commits {
        commits::store::replace(db, &release, commits).await?;
    }
    Ok(release)
}

/// Deletes a release with what was said about it. Its events and sessions stay, and the next one makes it again.
///
/// # Errors
/// When there is none, or the database fails.
pub async fn delete(app: &Essentials, organization: OrganizationId, version: &str) -> Result<()> {
    let mut tx = app.db.begin().await?;
    let release = store::lock(&mut tx, organization, version).await?.ok_or(Error::NotFound)?;
    store::delete(&mut tx, &release).await?;
    tx.commit().await?;
    Ok(())
}

/// The release of this name.
///
/// # Errors
/// When the database fails.
pub async fn find(
    db: &mut PgConnection,
    organization: OrganizationId,
    version: &str,
) -> Result<Option<Release>> {
    Ok(store::find(db, organization, version).await?)
}

/// Those of these names that are releases of the organization.
///
/// # Errors
/// When the database fails.
pub async fn known(
    db: &mut PgConnection,
    organization: OrganizationId,
    versions: &[String],
) -> Result<Vec<String>> {
    Ok(store::list_known(db, organization, versions).await?)
}

/// Which releases are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Those of one of these projects; none: all.
    pub projects: Vec<ProjectId>,
    /// Those that were seen in one of these environments; none: all.
    pub environments: Vec<String>,
    /// Those whose name contains each of these.
    pub words: Vec<String>,
    /// Those of these names; `None`: of any.
    pub versions: Option<Vec<String>>,
    /// Those of this status; `None`: of any.
    pub status: Option<ReleaseStatus>,
}

/// A page of releases, the latest first.
///
/// # Errors
/// When the database fails.
pub async fn list(
    db: &mut PgConnection,
    organization: OrganizationId,
    filter: &Filter,
    request: &PageRequest,
) -> Result<Page<Release>> {
    let likes: Vec<String> =
        filter.words.iter().map(|words| Pattern::containing(words).into_like()).collect();
    let rows = store::list(db, organization, filter, &likes, request).await?;
    Ok(Page::of(rows, request, |release: &Release| {
        (release.at().timestamp_micros(), u128::from(release.id.0.unsigned_abs()))
    }))
}
