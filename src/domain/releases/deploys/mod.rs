//! Where releases went, and when.

pub mod store;

use std::collections::BTreeMap;

use sqlx::PgConnection;

use super::{Release, check_url};
use crate::app::Essentials;
use crate::base::{OrganizationId, ProjectId, ReleaseId, Timestamp};
use crate::domain::projects::environment_problem;
use crate::domain::{Error, Result};

/// The longest name of a deploy, in characters.
const MAX_NAME_CHARS: usize = 64;

/// The most deploys of a release that are listed, the latest.
const MAX_LISTED: i64 = 1_000;

/// A deploy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deploy {
    /// Its id.
    pub id: i64,
    /// What was deployed.
    pub release_id: ReleaseId,
    /// Where to.
    pub environment: String,
    /// How somebody called it.
    pub name: Option<String>,
    /// Where more is said about it.
    pub url: Option<String>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it was done.
    pub finished_at: Timestamp,
    /// Which projects; empty: all of the release's.
    pub project_ids: Vec<i64>,
}

/// A deploy as somebody tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewDeploy {
    /// Where to.
    pub environment: String,
    /// How it is called.
    pub name: Option<String>,
    /// Where more is said about it.
    pub url: Option<String>,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it was done; now, if nobody says.
    pub finished_at: Option<Timestamp>,
    /// Which projects; none: all of the release's.
    pub projects: Vec<ProjectId>,
}

/// Notes that a release was deployed.
///
/// # Errors
/// When a value cannot be used, or the database fails.
pub async fn create(app: &Essentials, release: &Release, new: &NewDeploy) -> Result<Deploy> {
    let environment = new.environment.trim();
    let problem = match environment {
        "" => Some("name where it went"),
        environment => environment_problem(environment),
    };
    if let Some(problem) = problem {
        return Err(Error::invalid("environment", format!("Choose another: {problem}.")));
    }
    check_url(new.url.as_deref())?;
    if new
        .name
        .as_deref()
        .is_some_and(|name| name.chars().count() > MAX_NAME_CHARS || name.contains('\0'))
    {
        let problem = format!("A name has at most {MAX_NAME_CHARS} characters.");
        return Err(Error::invalid("name", problem));
    }
    let finished_at = new.finished_at.unwrap_or(app.clock.now());
    let mut tx = app.db.begin().await?;
    super::store::add_projects(&mut tx, release, &new.projects, app.clock.now()).await?;
    let deploy = store::insert(&mut tx, release, environment, new, finished_at).await?;
    tx.commit().await?;
    Ok(deploy)
}

/// The deploys of a release, the latest first.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &mut PgConnection, release: &Release) -> Result<Vec<Deploy>> {
    Ok(store::list(db, release, MAX_LISTED).await?)
}

/// The last deploy of each of these releases to each environment, the latest first.
///
/// # Errors
/// When the database fails.
pub async fn last_by_environment(
    db: &mut PgConnection,
    organization: OrganizationId,
    releases: &[ReleaseId],
) -> Result<BTreeMap<ReleaseId, Vec<Deploy>>> {
    let releases: Vec<i64> = releases.iter().map(|release| release.0).collect();
    let mut found: BTreeMap<ReleaseId, Vec<Deploy>> = BTreeMap::new();
    for deploy in store::list_last_by_environment(db, organization, &releases).await? {
        found.entry(deploy.release_id).or_default().push(deploy);
    }
    for deploys in found.values_mut() {
        deploys.sort_by_key(|deploy| std::cmp::Reverse(deploy.finished_at));
    }
    Ok(found)
}

/// How often each release was deployed, and where to last.
pub(super) async fn summaries(
    db: &mut PgConnection,
    organization: OrganizationId,
    releases: &[i64],
) -> Result<BTreeMap<ReleaseId, (i64, Option<Deploy>)>> {
    let last = store::list_last(db, organization, releases).await?;
    Ok(last.into_iter().map(|(count, deploy)| (deploy.release_id, (count, Some(deploy)))).collect())
}
