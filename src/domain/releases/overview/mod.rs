//! How the releases of a list fare, in as many queries for a page of them as for one.
//!
//! A release is looked at in all of its projects that are asked for, together: its sessions are theirs, and its share is that of
//! their sessions.

mod store;

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashMap};

use chrono::TimeDelta;
use sqlx::PgConnection;

use super::health::{ADOPTED_SHARE, REMEMBERED_DAYS, Stage, stage};
use super::version::{self, Dated, Name};
use super::{Card, Release};
use crate::base::{OrganizationId, ProjectId, Timestamp};
use crate::domain::Result;
use crate::domain::sessions::health::{self, Apart, Group, Health, Users, Wanted, Window, rate};

/// So many releases are looked through for those that came before.
const LOOKED_AT: i64 = 500;

/// Where one looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Whose releases.
    pub organization: OrganizationId,
    /// In which projects.
    pub projects: Vec<ProjectId>,
    /// In which environments; none: all of them.
    pub environments: Vec<String>,
}

/// How a release fares.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fare {
    /// In the period that was asked for.
    pub period: Health,
    /// The release before it, and how that fared.
    pub before: Option<(String, Health)>,
    /// Its share of the last 24 hours' sessions.
    pub adoption: Option<f64>,
    /// Its share of each day's sessions, the earliest first; `None` on days without sessions.
    pub days: Vec<(Timestamp, Option<f64>)>,
    /// Where it is on its way.
    pub stage: Stage,
}

/// A release that may be the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Candidate {
    version: String,
    at: Timestamp,
    project_ids: Vec<i64>,
}

impl Candidate {
    fn dated(&self) -> Dated<'_> {
        Dated { release: &self.version, at: self.at }
    }
}

/// How these releases fare in the period, by their names.
///
/// # Errors
/// When the database fails.
pub async fn fares(
    db: &mut PgConnection,
    cards: &[Card],
    place: &Place,
    period: Window,
) -> Result<HashMap<String, Fare>> {
    if cards.is_empty() {
        return Ok(HashMap::new());
    }
    let before = before(db, cards, place).await?;
    let own: Vec<String> = cards.iter().map(|card| card.release.version.clone()).collect();
    let both: BTreeSet<&String> = own.iter().chain(before.values()).collect();
    let all = Wanted {
        projects: place.projects.clone(),
        releases: Vec::new(),
        environments: place.environments.clone(),
    };
    let named = Wanted { releases: both.into_iter().cloned().collect(), ..all.clone() };
    let apart = Apart { releases: true, ..Apart::default() };
    let in_period: HashMap<String, Health> =
        health::groups(db, &named, apart, period, Users::Crashes)
            .await?
            .into_iter()
            .map(|group| (group.key.release.unwrap_or_default(), group.total))
            .collect();
    let named = Wanted { releases: own, ..all.clone() };
    let shares = Shares::read(db, &all, &named, period.until()).await?;
    let health_of = |version: &String| in_period.get(version).copied().unwrap_or_default();
    let fare = |card: &Card| {
        let version = &card.release.version;
        let (days, adoption) = shares.of(card, place);
        let was_adopted = days.iter().any(|(_, share)| share.is_some_and(|it| it >= ADOPTED_SHARE));
        let before = before.get(version).map(|before| (before.clone(), health_of(before)));
        let fare = Fare {
            period: health_of(version),
            before,
            stage: stage(adoption, was_adopted),
            adoption,
            days,
        };
        (version.clone(), fare)
    };
    Ok(cards.iter().map(fare).collect())
}

/// The newest older release of the same package that shares a project, for each that has one.
async fn before(
    db: &mut PgConnection,
    cards: &[Card],
    place: &Place,
) -> Result<HashMap<String, String>> {
    let Some(latest) = cards.iter().map(|card| card.release.at()).max() else {
        return Ok(HashMap::new());
    };
    let candidates = store::list_candidates(db, place, latest, LOOKED_AT).await?;
    let before = cards.iter().filter_map(|card| {
        let projects: Vec<i64> = card.projects.iter().map(|project| project.project_id.0).collect();
        let found = newest_before(&card.release, &projects, &candidates)?;
        Some((card.release.version.clone(), found.to_owned()))
    });
    Ok(before.collect())
}

fn newest_before<'a>(
    release: &Release,
    projects: &[i64],
    candidates: &'a [Candidate],
) -> Option<&'a str> {
    let package = Name::parse(&release.version).package;
    let is_before = |candidate: &&Candidate| {
        candidate.project_ids.iter().any(|id| projects.contains(id))
            && Name::parse(&candidate.version).package == package
            && version::compare(candidate.dated(), release.dated()) == Ordering::Less
    };
    let older = candidates.iter().filter(is_before);
    let newest = older.max_by(|one, other| version::compare(one.dated(), other.dated()));
    newest.map(|candidate| candidate.version.as_str())
}

/// Sessions by day of projects, and of releases in them.
struct Shares {
    days: Vec<Timestamp>,
    projects: HashMap<ProjectId, Vec<i64>>,
    releases: HashMap<(String, ProjectId), Vec<i64>>,
    /// The last 24 hours.
    projects_now: HashMap<ProjectId, i64>,
    releases_now: HashMap<(String, ProjectId), i64>,
}

impl Shares {
    async fn read(
        db: &mut PgConnection,
        all: &Wanted,
        named: &Wanted,
        now: Timestamp,
    ) -> Result<Self> {
        let day = TimeDelta::days(1);
        let from = now - day * i32::try_from(REMEMBERED_DAYS - 1).unwrap_or(29);
        let days = Window::in_steps(from, now, day)?;
        let last_day = Window::whole(now - day, now);
        let by_project = Apart { projects: true, ..Apart::default() };
        let by_both = Apart { projects: true, releases: true, ..Apart::default() };
        let mut read = async |wanted: &Wanted, apart, window| {
            health::groups(&mut *db, wanted, apart, window, Users::Ignored).await
        };
        let steps = |group: &Group| -> Vec<i64> {
            group.steps.iter().map(|step| step.sessions.total).collect()
        };
        let project = |group: &Group| group.key.project.unwrap_or(ProjectId(0));
        let both = |group: &Group| (group.key.release.clone().unwrap_or_default(), project(group));
        let total = |group: &Group| group.total.sessions.total;
        Ok(Self {
            days: days.steps(),
            projects: read(all, by_project, days)
                .await?
                .iter()
                .map(|group| (project(group), steps(group)))
                .collect(),
            releases: read(named, by_both, days)
                .await?
                .iter()
                .map(|group| (both(group), steps(group)))
                .collect(),
            projects_now: read(all, by_project, last_day)
                .await?
                .iter()
                .map(|group| (project(group), total(group)))
                .collect(),
            releases_now: read(named, by_both, last_day)
                .await?
                .iter()
                .map(|group| (both(group), total(group)))
                .collect(),
        })
    }

    /// A release's share of the sessions of its projects: by day, and in the last 24 hours.
    fn of(&self, card: &Card, place: &Place) -> (Vec<(Timestamp, Option<f64>)>, Option<f64>) {
        let projects: Vec<ProjectId> = card
            .projects
            .iter()
            .map(|project| project.project_id)
            .filter(|id| place.projects.contains(id))
            .collect();
        let version = &card.release.version;
        let on_day = |place: usize| {
            let at = |steps: Option<&Vec<i64>>| {
                steps.and_then(|steps| steps.get(place)).copied().unwrap_or_default()
            };
            let own =
                projects.iter().map(|id| at(self.releases.get(&(version.clone(), *id)))).sum();
            rate(own, projects.iter().map(|id| at(self.projects.get(id))).sum())
        };
        let now = |found: Option<&i64>| found.copied().unwrap_or_default();
        let own = projects.iter().map(|id| now(self.releases_now.get(&(version.clone(), *id))));
        let all = projects.iter().map(|id| now(self.projects_now.get(id)));
        let days = self.days.iter().enumerate().map(|(place, day)| (*day, on_day(place)));
        (days.collect(), rate(own.sum(), all.sum()))
    }
}

/// The environments in which releases of these projects were seen, alphabetically; '' is none.
///
/// # Errors
/// When the database fails.
pub async fn environments(
    db: &mut PgConnection,
    organization: OrganizationId,
    projects: &[ProjectId],
) -> Result<Vec<String>> {
    let projects: Vec<i64> = projects.iter().map(|project| project.0).collect();
    Ok(store::list_environments(db, organization, &projects).await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::ReleaseId;
    use crate::domain::releases::{Refs, ReleaseStatus};

    fn release(version: &str, day: i64) -> Release {
        Release {
            id: ReleaseId(day),
            organization_id: OrganizationId(1),
            version: version.to_owned(),
            status: ReleaseStatus::Open,
            reference: None,
            url: None,
            refs: Refs::default(),
            started_at: None,
            released_at: None,
            created_at: Timestamp::UNIX_EPOCH + TimeDelta::days(day),
        }
    }

    #[test]
    fn the_release_before_is_the_newest_older_one_of_the_package_in_one_of_the_projects() {
        let candidate = |version: &str, day, project| Candidate {
            version: version.to_owned(),
            at: Timestamp::UNIX_EPOCH + TimeDelta::days(day),
            project_ids: vec![project],
        };
        let candidates = [
            candidate("shop@2.0.0", 9, 1),
            candidate("shop@1.9.5", 8, 1),
            candidate("shop@1.9.4", 7, 2),
            candidate("worker@1.9.4", 7, 1),
            candidate("shop@1.9.3", 6, 1),
        ];
        let before = |version, day, projects: &[i64]| {
            newest_before(&release(version, day), projects, &candidates)
        };
        assert_eq!(before("shop@2.0.0", 9, &[1]), Some("shop@1.9.5"));
        assert_eq!(before("shop@1.9.5", 8, &[1]), Some("shop@1.9.3"));
        assert_eq!(before("shop@1.9.5", 8, &[1, 2]), Some("shop@1.9.4"));
        assert_eq!(before("shop@1.9.3", 6, &[1]), None);
    }
}
