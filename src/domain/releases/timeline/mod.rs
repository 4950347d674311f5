//! When the releases of projects came, for putting events into the order of their releases.

pub mod store;

use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashMap};

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
        // Where kinds of names are mixed the order has circles, on which sorting panics; a heap does not mind.
        let mut heap: BinaryHeap<ByAge<'_>> =
            self.alike(project, like).into_iter().map(ByAge).collect();
        std::iter::from_fn(|| heap.pop()).map(|ByAge(release)| release).collect()
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

/// A release that stands where its age puts it.
struct ByAge<'a>(Dated<'a>);

impl PartialEq for ByAge<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for ByAge<'_> {}

impl PartialOrd for ByAge<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ByAge<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        version::compare(self.0, other.0)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn timeline(names: impl Iterator<Item = String>) -> Timeline {
        let at = |hours: i64| Timestamp::UNIX_EPOCH + TimeDelta::hours(hours);
        let latest = names.zip(0..).map(|(name, hours)| (name, at(hours))).collect();
        Timeline { latest: HashMap::from([(ProjectId(1), latest)]), ..Timeline::default() }
    }

    #[test]
    fn releases_are_listed_by_age() {
        let names = ["1.0", "2.0", "1.1"].map(str::to_owned).into_iter();
        let timeline = timeline(names);
        let by_age = timeline.by_age(ProjectId(1), None);
        let names: Vec<&str> = by_age.iter().map(|release| release.release).collect();
        assert_eq!(names, ["2.0", "1.1", "1.0"]);
    }

    #[test]
    fn names_of_several_kinds_whose_order_has_circles_are_listed_all_the_same() {
        // Numbers fall while time passes, and hashes go by time: each is older than the next, and than itself.
        let name = |number: u32| match number % 2 {
            0 => format!("{}.0", 1_000 - number * 7 % 1_000),
            _ => format!("{number:040x}"),
        };
        let timeline = timeline((0..500).map(name));
        assert_eq!(timeline.by_age(ProjectId(1), None).len(), 500);
    }
}
