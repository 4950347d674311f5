//! What all pages of one issue share: its head, its numbers, its chart and its tabs.

use std::collections::HashMap;

use chrono::TimeDelta;
use serde::Deserialize;
use sqlx::PgConnection;

use super::owners::AssignMenu;
use super::words::{self, Badge};
use crate::base::Timestamp;
use crate::domain::issues::{self, Issue, Series, StatsPeriod, Status};
use crate::domain::releases::version::Name;
use crate::domain::releases::{self, annotations};
use crate::web::components::chart::{self, Bars};
use crate::web::components::markers::Markers;
use crate::web::components::time::Moment;
use crate::web::components::{link, number};
use crate::web::releases::paths::ReleaseUrls;
use crate::web::{Member, Result};

/// Which stretch of time the chart shows.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct ChartQuery {
    /// `24h` or `14d`; anything else means what fits the issue's age.
    #[serde(default)]
    pub chart: String,
}

impl ChartQuery {
    /// The period asked for; without a wish, a day for an issue that is not older.
    fn period(&self, issue: &Issue, now: Timestamp) -> StatsPeriod {
        match self.chart.as_str() {
            "24h" => StatsPeriod::Day,
            "14d" => StatsPeriod::Fortnight,
            _ if now - issue.first_seen < TimeDelta::days(1) => StatsPeriod::Day,
            _ => StatsPeriod::Fortnight,
        }
    }
}

/// The frame of an issue's pages.
#[derive(Clone, Debug)]
pub(super) struct IssueFrame {
    /// The address of the issue.
    pub(super) url: String,
    /// Where it is merged and taken apart.
    pub(super) merging_url: String,
    /// Where its events are compared.
    pub(super) compare_url: String,
    /// Where its project's grouping is set.
    pub(super) grouping_url: String,
    /// The address of the list of its project.
    pub(super) project_url: String,
    /// The address of the list.
    pub(super) list_url: String,
    /// The project's name.
    pub(super) project: String,
    /// What people call the issue.
    pub(super) short_id: String,
    /// The level's word.
    pub(super) level: &'static str,
    /// What is said at a glance: the exception's type, or the message.
    pub(super) kind: String,
    /// The exception's message.
    pub(super) value: String,
    /// Where it happens.
    pub(super) culprit: String,
    /// Nothing caught it.
    pub(super) is_unhandled: bool,
    /// Its state.
    pub(super) badge: Option<Badge>,
    /// It waits for somebody.
    pub(super) is_open: bool,
    /// The release of the latest event that named one; empty if none did.
    pub(super) last_release: String,
    /// When it last came back after it was resolved.
    pub(super) regressed: Option<RegressedView>,
    /// The newest release of the project; empty if none is known.
    pub(super) current_release: String,
    /// The same without its package.
    pub(super) current_release_short: String,
    /// Releases that it may be resolved in, the newest first.
    pub(super) releases: Vec<String>,
    /// All events.
    pub(super) events: String,
    /// All users.
    pub(super) users: String,
    /// What part of the payloads was kept, in words; empty if all were.
    pub(super) kept: String,
    /// When it was first seen.
    pub(super) first_seen: Moment,
    /// In which release.
    pub(super) first_release: String,
    /// When it was last seen.
    pub(super) last_seen: Moment,
    /// The pages of the releases that are named here, as far as they have one.
    release_urls: HashMap<String, String>,
    /// Events over time.
    pub(super) chart: Bars,
    /// Whether the chart shows a day; otherwise a fortnight.
    pub(super) is_day: bool,
    /// Of how many parts it is made; empty for one.
    pub(super) parts: String,
    /// Who has it, and who could.
    pub(super) assign: AssignMenu,
    /// The page that is shown: `event`, `tags`, `grouping`, `merging` or `activity`.
    pub(super) tab: &'static str,
}

/// When and with what an issue came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RegressedView {
    /// When the event was received.
    pub(super) at: Moment,
    /// Its release; empty if it named none.
    pub(super) release: String,
}

/// How many releases are offered to resolve in; any other can be typed.
const MAX_RELEASES_OFFERED: usize = 50;

impl IssueFrame {
    /// Loads what the frame needs.
    pub(super) async fn load(
        db: &mut PgConnection,
        member: &Member,
        issue: &Issue,
        wish: &ChartQuery,
        now: Timestamp,
    ) -> Result<Self> {
        let period = wish.period(issue, now);
        let mut series = issues::series(db, &[issue.id], &[], period, now).await?;
        let series = series.remove(&issue.id).unwrap_or_default();
        let mut frame = Self::new(member.organization.slug.as_str(), issue, &series, period, now);
        frame.add_releases(db, issue, &series, period).await?;
        if frame.is_open {
            frame.offer(issues::recent_releases(db, issue, MAX_RELEASES_OFFERED).await?);
        }
        let assign = AssignMenu::load(db, member, issue.id).await?;
        Ok(Self { assign, ..frame })
    }

    /// What came meanwhile, and the pages of the releases that are named here.
    async fn add_releases(
        &mut self,
        db: &mut PgConnection,
        issue: &Issue,
        series: &Series,
        period: StatsPeriod,
    ) -> Result<()> {
        let organization = issue.organization_id;
        let slug = self.list_url.trim_start_matches('/').trim_end_matches("/issues");
        let urls = ReleaseUrls::new(slug, Some(issue.project_slug.as_str()));
        if let Some(ends) = chart::span(series, period.step()) {
            let projects = [issue.project_id];
            let came = annotations::list(db, organization, &projects, &[], ends).await?;
            self.chart.markers = Markers::new(&came, ends, &urls);
        }
        let named = [&issue.first_release, &issue.last_release, &issue.regressed_release];
        let named: Vec<String> = named.into_iter().flatten().cloned().collect();
        let known = releases::known(db, organization, &named).await?;
        self.release_urls =
            known.into_iter().map(|version| (version.clone(), urls.of(&version))).collect();
        Ok(())
    }

    /// The frame of an issue.
    pub(super) fn new(
        organization: &str,
        issue: &Issue,
        series: &Series,
        period: StatsPeriod,
        now: Timestamp,
    ) -> Self {
        let (kind, value) = words::title(issue);
        let list_url = format!("/{organization}/issues");
        let short_id = issue.short_id();
        let is_day = period == StatsPeriod::Day;
        let span = if is_day { "24 hours" } else { "14 days" };
        let url = format!("{list_url}/{}", link::path_part(&short_id));
        Self {
            merging_url: format!("{url}/merging"),
            compare_url: format!("{url}/compare"),
            grouping_url: format!(
                "/{organization}/projects/{}/settings/grouping",
                issue.project_slug
            ),
            url,
            project_url: format!("{list_url}?project={}", issue.project_slug),
            list_url,
            project: issue.project_name.clone(),
            short_id,
            level: issue.level.as_str(),
            kind,
            value,
            culprit: issue.culprit.clone(),
            is_unhandled: issue.is_unhandled,
            badge: words::state_badge(issue, now),
            is_open: issue.status == Status::Unresolved,
            last_release: issue.last_release.clone().unwrap_or_default(),
            regressed: issue.regressed_at.map(|at| RegressedView {
                at: Moment::new(at, now),
                release: issue.regressed_release.clone().unwrap_or_default(),
            }),
            current_release: String::new(),
            current_release_short: String::new(),
            releases: Vec::new(),
            events: number::grouped(issue.event_count),
            users: number::grouped(issue.user_count),
            kept: kept(issue),
            first_seen: Moment::new(issue.first_seen, now),
            first_release: issue.first_release.clone().unwrap_or_default(),
            last_seen: Moment::new(issue.last_seen, now),
            release_urls: HashMap::new(),
            chart: Bars::new(series, period.step(), span),
            is_day,
            parts: if issue.part_count > 1 { issue.part_count.to_string() } else { String::new() },
            assign: AssignMenu::default(),
            tab: "event",
        }
    }

    /// Offers these releases to resolve in, the newest first.
    fn offer(&mut self, releases: Vec<String>) {
        self.current_release = releases.first().cloned().unwrap_or_default();
        self.current_release_short = Name::parse(&self.current_release).short().to_owned();
        self.releases = releases;
    }

    /// The page of a release; empty where there is none.
    pub(super) fn release_url(&self, version: &str) -> &str {
        self.release_urls.get(version).map_or("", String::as_str)
    }

    /// The same frame around another tab.
    #[must_use]
    pub(super) fn on(mut self, tab: &'static str) -> Self {
        self.tab = tab;
        self
    }
}

/// `312 of 1,204 were kept in full`, as long as events are kept at all; nothing if all were.
fn kept(issue: &Issue) -> String {
    if issue.kept_count >= issue.event_count {
        return String::new();
    }
    format!(
        "{} of {} were kept in full",
        number::grouped(issue.kept_count),
        number::grouped(issue.event_count)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::issues::sample;

    #[test]
    fn the_chart_fits_the_issues_age_unless_one_wishes_otherwise() {
        let mut issue = sample::issue();
        let period = |issue: &Issue, wish: &str| {
            ChartQuery { chart: wish.to_owned() }.period(issue, sample::now())
        };
        assert_eq!(period(&issue, ""), StatsPeriod::Fortnight);
        assert_eq!(period(&issue, "24h"), StatsPeriod::Day);
        issue.first_seen = sample::now() - TimeDelta::hours(3);
        assert_eq!(period(&issue, "?"), StatsPeriod::Day);
        assert_eq!(period(&issue, "14d"), StatsPeriod::Fortnight);
    }

    #[test]
    fn it_is_said_how_many_events_were_kept_in_full() {
        let mut issue = sample::issue();
        issue.event_count = 12_040;
        issue.kept_count = 1_312;
        assert_eq!(kept(&issue), "1,312 of 12,040 were kept in full");
        issue.kept_count = 12_040;
        assert_eq!(kept(&issue), "");
    }
}
