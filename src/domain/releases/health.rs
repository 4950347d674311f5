//! How releases fare: their share of a project's sessions, and their rates.
//!
//! **Adoption** is a release's share of the sessions, or users, of the last 24 hours. The **stage** says where it is on its way:
//!
//! | stage | when |
//! |---|---|
//! | not adopted | no session in the last 24 hours, and it never had [`ADOPTED_SHARE`] of a day |
//! | adopting | fewer sessions than that, and it never had that many |
//! | adopted | [`ADOPTED_SHARE`] of the last 24 hours' sessions or more |
//! | replaced | fewer, but on one of the last [`REMEMBERED_DAYS`] days it had that many |

use std::collections::{BTreeMap, HashMap};

use chrono::TimeDelta;
use sqlx::PgConnection;

use crate::base::{ProjectId, Timestamp};
use crate::domain::Result;
use crate::domain::sessions::health::{self, Apart, Group, Health, Users, Wanted, Window, rate};

/// The share of sessions from which on a release is adopted.
pub const ADOPTED_SHARE: f64 = 0.1;

/// Days back in which it is remembered that a release was adopted.
pub const REMEMBERED_DAYS: i64 = 30;

/// Where a release is on its way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// Nobody uses it.
    #[default]
    NotAdopted,
    /// Some use it.
    Adopting,
    /// Many use it.
    Adopted,
    /// Many used it.
    Replaced,
}

impl Stage {
    /// The word for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotAdopted => "not_adopted",
            Self::Adopting => "adopting",
            Self::Adopted => "adopted",
            Self::Replaced => "replaced",
        }
    }

    /// The stage of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        let all = [Self::NotAdopted, Self::Adopting, Self::Adopted, Self::Replaced];
        all.into_iter().find(|stage| stage.as_str() == word)
    }
}

/// How a release fares in a project.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ReleaseHealth {
    /// In the period that was asked for.
    pub period: Health,
    /// In the last 24 hours.
    pub last_day: Health,
    /// All releases in the last 24 hours.
    pub project_last_day: Health,
    /// Sessions by hour in the last 24 hours, the earliest first.
    pub hours: Vec<(Timestamp, i64)>,
    /// Where it is on its way.
    pub stage: Stage,
}

impl ReleaseHealth {
    /// Its share of the last 24 hours' sessions.
    pub fn session_adoption(&self) -> Option<f64> {
        rate(self.last_day.sessions.total, self.project_last_day.sessions.total)
    }

    /// Its share of the last 24 hours' users.
    pub fn user_adoption(&self) -> Option<f64> {
        rate(self.last_day.users.total, self.project_last_day.users.total)
    }
}

/// How these releases fare in a project and environments (none: all). Every one has an entry.
///
/// # Errors
/// When the database fails.
pub async fn of_releases(
    db: &mut PgConnection,
    project: ProjectId,
    versions: &[String],
    environments: &[String],
    period: Window,
) -> Result<HashMap<String, ReleaseHealth>> {
    let now = period.until();
    let all = Wanted {
        projects: vec![project],
        releases: Vec::new(),
        environments: environments.to_vec(),
    };
    let named = Wanted { releases: versions.to_vec(), ..all.clone() };
    let apart = Apart { releases: true, ..Apart::default() };
    let day_ago = now - TimeDelta::days(1);
    let hours = Window::in_steps(day_ago, now, TimeDelta::hours(1))?;
    let project_last_day = health::total(db, &all, Window::whole(day_ago, now)).await?;
    let empty = ReleaseHealth {
        project_last_day,
        hours: hours.steps().into_iter().map(|hour| (hour, 0)).collect(),
        ..ReleaseHealth::default()
    };
    let mut found: HashMap<String, ReleaseHealth> =
        versions.iter().map(|version| (version.clone(), empty.clone())).collect();
    if versions.is_empty() {
        return Ok(found);
    }
    let mut each = |groups: Vec<Group>, note: &dyn Fn(&mut ReleaseHealth, Group)| {
        for group in groups {
            let version = group.key.release.clone().unwrap_or_default();
            if let Some(health) = found.get_mut(&version) {
                note(health, group);
            }
        }
    };
    let groups = health::groups(db, &named, apart, period, Users::Crashes).await?;
    each(groups, &|health, group| health.period = group.total);
    let groups = health::groups(db, &named, apart, hours, Users::Crashes).await?;
    each(groups, &|health, group| {
        health.last_day = group.total;
        for (slot, step) in health.hours.iter_mut().zip(group.steps) {
            slot.1 = step.sessions.total;
        }
    });
    let adopted = days_adopted(db, &all, &named, now).await?;
    for (version, health) in &mut found {
        let was_adopted = adopted.get(version).copied().unwrap_or_default();
        health.stage = stage(health.session_adoption(), was_adopted);
    }
    Ok(found)
}

/// The stage of a release that has this share of the last 24 hours' sessions.
pub(super) fn stage(share: Option<f64>, was_adopted: bool) -> Stage {
    match share {
        Some(share) if share >= ADOPTED_SHARE => Stage::Adopted,
        _ if was_adopted => Stage::Replaced,
        Some(share) if share > 0.0 => Stage::Adopting,
        _ => Stage::NotAdopted,
    }
}

/// The stages of all releases of projects that had sessions in the environments (none: anywhere); those that are missing
/// are not adopted. In as many queries for all of them as for one.
///
/// # Errors
/// When the database fails.
pub async fn stages(
    db: &mut PgConnection,
    projects: &[ProjectId],
    environments: &[String],
    now: Timestamp,
) -> Result<HashMap<(ProjectId, String), Stage>> {
    let day = TimeDelta::days(1);
    let from = now - day * i32::try_from(REMEMBERED_DAYS).unwrap_or(30);
    let windows = [Window::in_steps(from, now, day)?, Window::whole(now - day, now)];
    let wanted = Wanted {
        projects: projects.to_vec(),
        releases: Vec::new(),
        environments: environments.to_vec(),
    };
    let of_all = Apart { projects: true, ..Apart::default() };
    let of_each = Apart { releases: true, ..of_all };
    let mut highest = [HashMap::new(), HashMap::new()];
    for (window, highest) in windows.into_iter().zip(&mut highest) {
        let mut totals: HashMap<ProjectId, Vec<i64>> = HashMap::new();
        for group in health::groups(db, &wanted, of_all, window, Users::Ignored).await? {
            totals.insert(group.key.project.unwrap_or(ProjectId(0)), sessions_by_step(&group));
        }
        for group in health::groups(db, &wanted, of_each, window, Users::Ignored).await? {
            let project = group.key.project.unwrap_or(ProjectId(0));
            let all = totals.get(&project).map(Vec::as_slice).unwrap_or_default();
            let own = sessions_by_step(&group);
            let shares = own.iter().zip(all).filter_map(|(own, all)| rate(*own, *all));
            let share = shares.reduce(f64::max);
            highest.insert((project, group.key.release.unwrap_or_default()), share);
        }
    }
    let [by_day, mut last_day] = highest;
    let stage_of = |(release, share): ((ProjectId, String), Option<f64>)| {
        let was_adopted = share.is_some_and(|share| share >= ADOPTED_SHARE);
        let stage = stage(last_day.remove(&release).flatten(), was_adopted);
        (release, stage)
    };
    Ok(by_day.into_iter().map(stage_of).collect())
}

fn sessions_by_step(group: &Group) -> Vec<i64> {
    group.steps.iter().map(|step| step.sessions.total).collect()
}

/// Whether releases had the share of an adopted one on a whole day.
async fn days_adopted(
    db: &mut PgConnection,
    all: &Wanted,
    named: &Wanted,
    now: Timestamp,
) -> Result<BTreeMap<String, bool>> {
    let day = TimeDelta::days(1);
    let days =
        Window::in_steps(now - day * i32::try_from(REMEMBERED_DAYS).unwrap_or(30), now, day)?;
    let apart = Apart { releases: true, ..Apart::default() };
    let totals = health::groups(db, all, Apart::default(), days, Users::Ignored).await?;
    let totals: Vec<i64> =
        totals.into_iter().flat_map(|group| group.steps).map(|step| step.sessions.total).collect();
    let groups = health::groups(db, named, apart, days, Users::Ignored).await?;
    let adopted = groups.into_iter().map(|group| {
        let mut shares = group.steps.iter().zip(&totals);
        let was_adopted = shares.any(|(step, total)| {
            rate(step.sessions.total, *total).is_some_and(|share| share >= ADOPTED_SHARE)
        });
        (group.key.release.unwrap_or_default(), was_adopted)
    });
    Ok(adopted.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sessions::SessionCounts;

    #[test]
    fn a_release_is_adopted_by_its_share_of_the_sessions_and_replaced_when_it_loses_it() {
        let sessions = |total| Health {
            sessions: SessionCounts { total, ..SessionCounts::default() },
            ..Health::default()
        };
        let of = |own, all, was_adopted| {
            let health = ReleaseHealth {
                last_day: sessions(own),
                project_last_day: sessions(all),
                ..ReleaseHealth::default()
            };
            stage(health.session_adoption(), was_adopted)
        };
        assert_eq!(of(0, 100, false), Stage::NotAdopted);
        assert_eq!(of(0, 0, false), Stage::NotAdopted);
        assert_eq!(of(9, 100, false), Stage::Adopting);
        assert_eq!(of(10, 100, false), Stage::Adopted);
        assert_eq!(of(9, 100, true), Stage::Replaced);
        assert_eq!(of(0, 0, true), Stage::Replaced);
    }
}
