//! When the releases of projects came, for putting events into the order of their releases.

pub mod store;

use std::collections::HashMap;

use sqlx::PgConnection;

use super::version::{self, Dated, Name};
use crate::base::{ProjectId, Timestamp};

/// As many of a project's latest releases are looked at to find its newest.
const LOOKED_AT: i64 = 500;

/// What has to be known.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// When these releases came; the organization is that of the project.
    pub releases: Vec<(ProjectId, String)>,
    /// Which releases of these projects are the newest.
    pub newest: Vec<ProjectId>,
    /// Which releases have these commits.
    pub commits: Vec<(ProjectId, String)>,
}

/// What is known of the releases of some projects.
#[derive(Clone, Debug, Default)]
pub struct Timeline {
    came: HashMap<(ProjectId, String), Timestamp>,
    latest: HashMap<ProjectId, Vec<(String, Timestamp)>>,
    with_commit: HashMap<(ProjectId, String), Vec<(String, Timestamp)>>,
}

impl Timeline {
    /// Looks up what is asked; nothing that is not.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn load(db: &mut PgConnection, asked: &Asked) -> sqlx::Result<Self> {
        let mut timeline = Self::default();
        if !asked.releases.is_empty() {
            timeline.came = store::find_dates(db, &asked.releases).await?;
        }
        if !asked.newest.is_empty() {
            for (project, release, at) in store::list_latest(db, &asked.newest, LOOKED_AT).await? {
                timeline.latest.entry(project).or_default().push((release, at));
            }
        }
        if !asked.commits.is_empty() {
            for (place, release, at) in store::find_with_commits(db, &asked.commits).await? {
                timeline.with_commit.entry(place).or_default().push((release, at));
            }
        }
        Ok(timeline)
    }

    /// When a release came, if it is known.
    pub fn came(&self, project: ProjectId, release: &str) -> Option<Timestamp> {
        self.came.get(&(project, release.to_owned())).copied()
    }

    /// The newest release of a project: of the package that `like` names, if that has any.
    pub fn newest(&self, project: ProjectId, like: Option<&str>) -> Option<Dated<'_>> {
        let alike = self.alike(project, like);
        alike.into_iter().max_by(|one, other| version::compare(*one, *other))
    }

    /// The same releases, the newest first.
    pub fn by_age(&self, project: ProjectId, like: Option<&str>) -> Vec<Dated<'_>> {
        let mut alike = self.alike(project, like);
        alike.sort_by(|one, other| version::compare(*other, *one));
        alike
    }

    /// The releases of the package that `like` names; all, if there are none.
    fn alike(&self, project: ProjectId, like: Option<&str>) -> Vec<Dated<'_>> {
        let latest = self.latest.get(&project).map_or(&[][..], Vec::as_slice);
        let package = like.map(|release| Name::parse(release).package);
        let is_alike = |(release, _): &&(String, Timestamp)| {
            package.is_none_or(|own| Name::parse(release).package == own)
        };
        let alike: Vec<Dated<'_>> = latest.iter().filter(is_alike).map(dated).collect();
        if alike.is_empty() { latest.iter().map(dated).collect() } else { alike }
    }

    /// The first release that has a commit.
    pub fn first_with(&self, project: ProjectId, commit: &str) -> Option<Dated<'_>> {
        let releases = self.with_commit.get(&(project, commit.to_owned()))?;
        releases.iter().map(dated).min_by(|one, other| version::compare(*one, *other))
    }
}

fn dated((release, at): &(String, Timestamp)) -> Dated<'_> {
    Dated { release, at: *at }
}
