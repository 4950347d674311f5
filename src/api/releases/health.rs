//! How a release fares, as lists of releases show it with `health=1`.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use serde::Serialize;
use sqlx::PgConnection;

use super::views::{HealthByProject, StageView};
use crate::api::Result;
use crate::api::parameters::Parameters;
use crate::base::{ProjectId, Timestamp};
use crate::domain::releases::Card;
use crate::domain::releases::health::{self, ReleaseHealth, Stage};
use crate::domain::sessions::health::Window;

/// A release's health in a project. Rates are percents here, and shares elsewhere.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct HealthView {
    crash_free_users: Option<f64>,
    crash_free_sessions: Option<f64>,
    total_users: i64,
    #[serde(rename = "totalUsers24h")]
    total_users_24h: i64,
    #[serde(rename = "totalProjectUsers24h")]
    total_project_users_24h: i64,
    total_sessions: i64,
    #[serde(rename = "totalSessions24h")]
    total_sessions_24h: i64,
    #[serde(rename = "totalProjectSessions24h")]
    total_project_sessions_24h: i64,
    adoption: Option<f64>,
    sessions_adoption: Option<f64>,
    sessions_crashed: i64,
    sessions_errored: i64,
    has_health_data: bool,
    /// No client tells how long sessions take.
    #[serde(rename = "durationP50")]
    duration_p50: Option<f64>,
    #[serde(rename = "durationP90")]
    duration_p90: Option<f64>,
    stats: BTreeMap<&'static str, Vec<(i64, i64)>>,
    stage: &'static str,
}

impl HealthView {
    fn new(health: &ReleaseHealth) -> Self {
        let percent = |share: f64| share * 100.0;
        let (period, day) = (&health.period, &health.last_day);
        let hours = health.hours.iter().map(|(hour, count)| (hour.timestamp(), *count));
        Self {
            crash_free_users: period.users.crash_free().map(percent),
            crash_free_sessions: period.sessions.crash_free().map(percent),
            total_users: period.users.total,
            total_users_24h: day.users.total,
            total_project_users_24h: health.project_last_day.users.total,
            total_sessions: period.sessions.total,
            total_sessions_24h: day.sessions.total,
            total_project_sessions_24h: health.project_last_day.sessions.total,
            adoption: health.user_adoption().map(percent),
            sessions_adoption: health.session_adoption().map(percent),
            sessions_crashed: period.sessions.crashed,
            sessions_errored: period.sessions.errored,
            has_health_data: period.sessions.total > 0,
            duration_p50: None,
            duration_p90: None,
            stats: BTreeMap::from([("24h", hours.collect())]),
            stage: match health.stage {
                // What clients of the wire know.
                Stage::NotAdopted | Stage::Adopting => "low_adoption",
                stage => stage.as_str(),
            },
        }
    }

    pub(super) fn stage(&self) -> StageView {
        StageView { stage: self.stage }
    }
}

/// The health of each release in its projects, if the request asks for it.
pub(super) async fn asked_for(
    db: &mut PgConnection,
    cards: &[Card],
    parameters: &Parameters,
    now: Timestamp,
) -> Result<Vec<Option<HealthByProject>>> {
    if !parameters.is_on("health") {
        return Ok(cards.iter().map(|_| None).collect());
    }
    let since = parameters.length("summaryStatsPeriod")?.unwrap_or(TimeDelta::days(14));
    let since = now.checked_sub_signed(since).unwrap_or(now);
    let environments = parameters.environments();
    let mut by_project: BTreeMap<ProjectId, Vec<String>> = BTreeMap::new();
    for card in cards {
        for project in &card.projects {
            by_project.entry(project.project_id).or_default().push(card.release.version.clone());
        }
    }
    let mut found = BTreeMap::new();
    for (project, versions) in by_project {
        let window = Window::whole(since, now);
        let health = health::of_releases(db, project, &versions, &environments, window).await?;
        found.insert(project, health);
    }
    let of_card = |card: &Card| {
        let health = card.projects.iter().filter_map(|project| {
            let health = found.get(&project.project_id)?.get(&card.release.version)?;
            Some((project.slug.to_string(), HealthView::new(health)))
        });
        Some(health.collect())
    };
    Ok(cards.iter().map(of_card).collect())
}
