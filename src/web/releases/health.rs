//! How a release fares over time.

use chrono::TimeDelta;
use sqlx::PgConnection;

use super::choices::{Choice, PERIODS, Period, step_of};
use super::paths::ReleaseUrls;
use super::words::{self, CRASH_FREE, Rate, STATUSES, StageWords};
use crate::base::{ProjectId, Timestamp};
use crate::domain::projects::Project;
use crate::domain::releases::overview::{self, Place};
use crate::domain::releases::{Card, annotations};
use crate::domain::sessions::health::{self, Apart, Health, Users, Wanted, Window, rate};
use crate::web::components::lines::Lines;
use crate::web::components::markers::Markers;
use crate::web::components::number;
use crate::web::components::stacked::Stacked;
use crate::web::{Member, Result};

/// The longest time that is shown of a release without a wish.
const MAX_DAYS: i64 = 90;

/// The series of a share of all sessions.
static ADOPTION: [crate::web::components::stacked::Series; 1] =
    [crate::web::components::stacked::Series::of(
        "sessions",
        "Sessions",
        "of the project's sessions",
    )];

/// The time in which a release is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lifetime {
    from: Timestamp,
    now: Timestamp,
    span: &'static str,
}

impl Lifetime {
    /// The period of this value, or since the release came to the project.
    pub(super) fn new(card: &Card, project: ProjectId, period: &str, now: Timestamp) -> Self {
        if let Some(period) = PERIODS.into_iter().find(|known| known.value == period) {
            return Self { from: now - period.length(), now, span: period.span };
        }
        let seen = card.projects.iter().filter(|of| of.project_id == project);
        let seen = seen.flat_map(|of| [of.first_event_at, of.first_session_at]).flatten().min();
        let came = seen.unwrap_or(card.release.created_at).min(now - TimeDelta::hours(23));
        let earliest = now - TimeDelta::days(MAX_DAYS);
        let span = if came < earliest { "the last 90 days" } else { "the time since it came" };
        Self { from: came.max(earliest), now, span }
    }

    /// What one can choose.
    pub(super) fn choices(chosen: &str) -> Vec<Choice> {
        let choice = |value: &str, label: &str| Choice {
            value: value.to_owned(),
            label: label.to_owned(),
            is_chosen: value == chosen,
            ..Choice::default()
        };
        let mut choices = vec![choice("", "Since it came")];
        choices.extend(PERIODS.map(|period: Period| choice(period.value, period.label)));
        choices
    }
}

/// The part of a release's page about its health.
#[derive(Clone, Debug)]
pub(super) struct HealthSection {
    /// In a sentence: `the last 24 hours`.
    pub(super) span: &'static str,
    /// Empty: no session was reported.
    pub(super) totals: Vec<Total>,
    pub(super) stage: StageWords,
    pub(super) crash_free: Lines,
    pub(super) statuses: Stacked,
    pub(super) adoption: Lines,
}

/// A figure with its name.
#[derive(Clone, Debug)]
pub(super) struct Total {
    pub(super) label: &'static str,
    pub(super) text: String,
    pub(super) note: String,
    pub(super) change: Option<words::Change>,
}

impl HealthSection {
    /// Loads the section.
    pub(super) async fn load(
        db: &mut PgConnection,
        member: &Member,
        (card, project): (&Card, &Project),
        environments: &[String],
        Lifetime { from, now, span }: Lifetime,
    ) -> Result<Self> {
        let step = step_of(now - from);
        let window = Window::in_steps(from, now, step)?;
        let place = Place {
            organization: member.organization.id,
            projects: vec![project.id],
            environments: environments.to_vec(),
        };
        let whole = Window::whole(window.from(), now);
        let mut fares = overview::fares(db, std::slice::from_ref(card), &place, whole).await?;
        let fare = fares.remove(&card.release.version).unwrap_or_default();
        let (own, all) = series(db, card, &place, window).await?;
        let ends = (window.from(), window.from() + step * i32::try_from(own.len()).unwrap_or(1));
        let came =
            annotations::list(db, place.organization, &place.projects, &place.environments, ends)
                .await?;
        let slug = project.slug.as_str();
        let urls = ReleaseUrls::new(member.organization.slug.as_str(), Some(slug));
        let markers = Markers::new(&came, ends, &urls);
        let starts = window.steps();
        let charts = Charts { starts: &starts, own: &own, all: &all, step, span };
        Ok(Self {
            span,
            totals: if fare.period.sessions.total == 0 { Vec::new() } else { totals(&fare) },
            stage: fare.stage.into(),
            crash_free: charts.crash_free().with_markers(markers.clone()),
            statuses: charts.statuses().with_markers(markers.clone()),
            adoption: charts.adoption().with_markers(markers),
        })
    }
}

/// The release's sessions by step, and those of its project.
async fn series(
    db: &mut PgConnection,
    card: &Card,
    place: &Place,
    window: Window,
) -> Result<(Vec<Health>, Vec<Health>)> {
    let all = Wanted {
        projects: place.projects.clone(),
        releases: Vec::new(),
        environments: place.environments.clone(),
    };
    let own = Wanted { releases: vec![card.release.version.clone()], ..all.clone() };
    let apart = Apart::default();
    let steps = window.steps().len();
    let mut read = async |wanted: &Wanted, users| {
        let groups = health::groups(&mut *db, wanted, apart, window, users).await?;
        let nothing = vec![Health::default(); steps];
        Ok::<_, crate::domain::Error>(groups.into_iter().next().map_or(nothing, |it| it.steps))
    };
    Ok((read(&own, Users::Crashes).await?, read(&all, Users::Ignored).await?))
}

fn totals(fare: &overview::Fare) -> Vec<Total> {
    let before = fare.before.as_ref();
    let sessions = Rate::of_sessions(&fare.period, before);
    let users = Rate::of_users(&fare.period, before);
    let rate = |label, rate: Rate| Total {
        label,
        text: if rate.text.is_empty() { "none".to_owned() } else { rate.text },
        note: rate.basis,
        change: rate.change,
    };
    let count = |label, count: i64, note: &str| Total {
        label,
        text: number::grouped(count),
        note: note.to_owned(),
        change: None,
    };
    vec![
        rate("Crash-free sessions", sessions),
        rate("Crash-free users", users),
        count("Sessions", fare.period.sessions.total, ""),
        count("Users", fare.period.users.total, "estimated beyond 384"),
        Total {
            label: "Adoption",
            text: fare.adoption.map_or_else(|| "none".to_owned(), number::rate),
            note: "of the last 24 hours' sessions".to_owned(),
            change: None,
        },
    ]
}

struct Charts<'a> {
    starts: &'a [Timestamp],
    own: &'a [Health],
    all: &'a [Health],
    step: TimeDelta,
    span: &'static str,
}

impl Charts<'_> {
    fn crash_free(&self) -> Lines {
        let point = |(start, health): (&Timestamp, &Health)| {
            (*start, [health.sessions.crash_free(), health.users.crash_free()])
        };
        let points: Vec<_> = self.starts.iter().zip(self.own).map(point).collect();
        let label = format!("Crash-free sessions and users in {}", self.span);
        Lines::new(&CRASH_FREE, &points, self.step, label)
    }

    fn statuses(&self) -> Stacked {
        let zipped = self.starts.iter().zip(self.own);
        let points: Vec<_> =
            zipped.map(|(start, health)| (*start, words::statuses(health))).collect();
        let label = format!("Sessions in {}, by what became of them", self.span);
        Stacked::new(&STATUSES, &points, self.step, label)
    }

    fn adoption(&self) -> Lines {
        let shares = self.own.iter().zip(self.all);
        let shares = shares.map(|(own, all)| rate(own.sessions.total, all.sessions.total));
        let points: Vec<_> =
            self.starts.iter().zip(shares).map(|(start, share)| (*start, [share])).collect();
        let label = format!("Its share of all sessions in {}", self.span);
        Lines::new(&ADOPTION, &points, self.step, label)
    }
}
