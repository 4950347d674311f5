//! The session explorer: how runs of programs went, by release, environment, project or all together.

use askama::Template;
use axum::extract::State;
use axum_extra::routing::TypedPath;
use serde::Deserialize;
use sqlx::PgConnection;

use super::split::{Charts, Told};
use crate::app::App;
use crate::base::{ProjectId, Slug, Timestamp};
use crate::domain::projects::Project;
use crate::domain::releases::{annotations, list_latest, overview};
use crate::domain::sessions::health::{self, Apart, Group, Health, Users, Wanted, Window};
use crate::web::components::chart::Spark;
use crate::web::components::markers::Markers;
use crate::web::components::number;
use crate::web::components::stacked::{Series, Stacked};
use crate::web::releases::choices::{self, Choice, PERIODS, Period, step_of};
use crate::web::releases::paths::ReleaseUrls;
use crate::web::releases::words::{NameWords, Rate, STATUSES, statuses};
use crate::web::{Error, Member, Page, Query, Result, Shell};

/// The period that is shown without a wish.
const USUAL_PERIOD: &str = "24h";

/// As many groups are listed, the largest.
const GROUPS_SHOWN: usize = 50;

/// As many of the latest releases can be chosen.
const RELEASES_OFFERED: u16 = 50;

/// What groups can be told apart by: in the address, on the page, and as the head of a column.
const GROUPINGS: [(&str, &str, &str); 4] = [
    ("release", "By release", "Release"),
    ("environment", "By environment", "Environment"),
    ("project", "By project", "Project"),
    ("status", "By outcome", "Outcome"),
];

/// The page.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path("/{organization}/sessions", rejection(Error))]
pub struct SessionsPath {
    /// Whose.
    pub organization: Slug,
}

/// Which sessions are shown; everything may be missing or wrong.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct SessionsQuery {
    /// A project's slug; empty for all.
    #[serde(default)]
    project: String,
    /// An environment; empty for all.
    #[serde(default)]
    environment: String,
    /// A release's name; empty for all.
    #[serde(default)]
    release: String,
    /// How far back.
    #[serde(default)]
    period: String,
    /// What the table tells apart.
    #[serde(default)]
    group: String,
}

#[derive(Template)]
#[template(path = "sessions/explorer.html")]
struct SessionsView {
    shell: Shell,
    path: SessionsPath,
    query: SessionsQuery,
    projects: Vec<Choice>,
    environments: Vec<Choice>,
    releases: Vec<Choice>,
    periods: Vec<Choice>,
    groupings: Vec<Choice>,
    /// In a sentence: `the last 24 hours`.
    span: &'static str,
    /// Empty: there are none.
    totals: Vec<Total>,
    /// By outcome, where that is told apart.
    chart: Option<Stacked>,
    /// By anything else.
    charts: Option<Charts>,
    /// `By release`.
    told_apart: &'static str,
    /// The head of the table's first column.
    head: &'static str,
    rows: Vec<GroupRow>,
    outcomes: Vec<OutcomeRow>,
    /// How many groups are not listed.
    more: String,
}

/// A figure with its name.
struct Total {
    label: &'static str,
    text: String,
    note: String,
}

/// Sessions that have something in common.
struct GroupRow {
    name: NameWords,
    url: String,
    bars: Spark,
    sessions: String,
    users: String,
    rates: [Rate; 2],
    crashed: String,
    in_trouble: String,
}

/// Sessions that ended in one way.
struct OutcomeRow {
    class: &'static str,
    label: String,
    sessions: String,
    share: String,
    users: String,
}

/// Shows the page.
pub async fn show_sessions(
    path: SessionsPath,
    member: Member,
    Query(query): Query<SessionsQuery>,
    State(app): State<App>,
) -> Result<Page> {
    let now = app.clock.now();
    let organization = member.organization.id;
    let mut db = app.db.acquire().await?;
    let mut view = SessionsView::new(&member, path, query);
    let everywhere = choices::project_ids(&member.projects, "");
    let names = overview::environments(&mut db, organization, &everywhere).await?;
    view.environments = choices::environments(&names, &view.query.environment);
    let chosen = choices::project_ids(&member.projects, &view.query.project);
    let project = chosen.first().copied().filter(|_| !view.query.project.is_empty());
    let latest = list_latest(&mut db, organization, project, RELEASES_OFFERED).await?;
    view.offer_releases(latest.into_iter().map(|release| release.version));
    view.look_into(&mut db, &member, chosen, now).await?;
    Page::new(&view)
}

impl SessionsView {
    fn new(member: &Member, path: SessionsPath, query: SessionsQuery) -> Self {
        let chosen = Period::find(&query.period, USUAL_PERIOD);
        let grouping = grouping(&query.group);
        let group = |(value, label, _): (&str, &str, &str)| Choice {
            url: query.url(&path, &[("group", value)]),
            value: value.to_owned(),
            label: label.to_owned(),
            is_chosen: value == grouping.0,
        };
        let period = |period: Period| Choice {
            url: query.url(&path, &[("period", period.value)]),
            value: period.value.to_owned(),
            label: period.label.to_owned(),
            is_chosen: period == chosen,
        };
        Self {
            shell: member.shell("releases"),
            projects: choices::projects(&member.projects, &query.project),
            environments: Vec::new(),
            releases: Vec::new(),
            periods: PERIODS.map(period).into(),
            groupings: GROUPINGS.map(group).into(),
            span: chosen.span,
            totals: Vec::new(),
            chart: None,
            charts: None,
            told_apart: grouping.1,
            head: grouping.2,
            rows: Vec::new(),
            outcomes: Vec::new(),
            more: String::new(),
            path,
            query,
        }
    }

    fn offer_releases(&mut self, versions: impl Iterator<Item = String>) {
        let choice = |version: String| Choice {
            is_chosen: version == self.query.release,
            value: version.clone(),
            label: version,
            ..Choice::default()
        };
        self.releases = choices::with_unknown(versions.map(choice).collect(), &self.query.release);
    }

    async fn look_into(
        &mut self,
        db: &mut PgConnection,
        member: &Member,
        projects: Vec<ProjectId>,
        now: Timestamp,
    ) -> Result<()> {
        let period = Period::find(&self.query.period, USUAL_PERIOD);
        let step = step_of(period.length());
        let window = Window::in_steps(now - period.length(), now, step)?;
        let release = self.query.release.clone();
        let wanted = Wanted {
            projects,
            releases: Some(release).filter(|release| !release.is_empty()).into_iter().collect(),
            environments: choices::environment_names(&self.query.environment),
        };
        let whole = Window::whole(window.from(), now);
        let all = one(db, &wanted, window, Users::Ignored).await?;
        let total = one(db, &wanted, whole, Users::Counted).await?.total;
        if total.sessions.total == 0 {
            return Ok(());
        }
        let starts = window.steps();
        let ends = (window.from(), starts.last().map_or(now, |last| *last + step));
        let markers = self.markers(db, member, &wanted, ends).await?;
        self.totals = totals(&total);
        let told = Told { all: &all.steps, starts: &starts, step, span: self.span };
        if grouping(&self.query.group).0 == "status" {
            self.chart = Some(by_outcome(&told).with_markers(markers));
            self.outcomes = outcomes(&total);
            return Ok(());
        }
        self.add_rows(db, member, &wanted, (window, whole), (&told, &markers)).await
    }

    async fn markers(
        &self,
        db: &mut PgConnection,
        member: &Member,
        wanted: &Wanted,
        ends: (Timestamp, Timestamp),
    ) -> Result<Markers> {
        let organization = member.organization.id;
        let (projects, environments) = (&wanted.projects, &wanted.environments);
        let came = annotations::list(db, organization, projects, environments, ends).await?;
        Ok(Markers::new(&came, ends, &self.urls()))
    }

    fn urls(&self) -> ReleaseUrls {
        let project = Some(self.query.project.as_str()).filter(|slug| !slug.is_empty());
        ReleaseUrls::new(self.path.organization.as_str(), project)
    }

    async fn add_rows(
        &mut self,
        db: &mut PgConnection,
        member: &Member,
        wanted: &Wanted,
        (window, whole): (Window, Window),
        (told, markers): (&Told<'_>, &Markers),
    ) -> Result<()> {
        let by = grouping(&self.query.group).0;
        let apart = Apart {
            projects: by == "project",
            releases: by == "release",
            environments: by == "environment",
        };
        let mut totals = health::groups(db, wanted, apart, whole, Users::Crashes).await?;
        totals.sort_by_key(|group| std::cmp::Reverse(group.total.sessions.total));
        if totals.len() > GROUPS_SHOWN {
            let hidden = totals.len() - GROUPS_SHOWN;
            self.more = number::counted_len(hidden, "smaller one", "smaller ones");
            totals.truncate(GROUPS_SHOWN);
        }
        let steps = health::groups(db, wanted, apart, window, Users::Ignored).await?;
        let steps_of = |group: &Group| steps.iter().find(|other| other.key == group.key);
        let named =
            |group| Some((self.name_of(group, &member.projects).0.version, steps_of(group)?));
        let named: Vec<(String, &Group)> = totals.iter().filter_map(named).collect();
        self.charts = Some(Charts::new(told, &named, markers));
        let row = |group: &Group| {
            let counts = steps_of(group).map_or(&[][..], |group| group.steps.as_slice());
            let points: Vec<(Timestamp, i64)> = told
                .starts
                .iter()
                .zip(counts)
                .map(|(at, health)| (*at, health.sessions.total))
                .collect();
            self.row(group, &points, &member.projects)
        };
        self.rows = totals.iter().map(row).collect();
        Ok(())
    }

    fn row(&self, group: &Group, points: &[(Timestamp, i64)], projects: &[Project]) -> GroupRow {
        let (name, url) = self.name_of(group, projects);
        let total = &group.total;
        let sessions = &total.sessions;
        let peak = points.iter().map(|(_, count)| *count).max().unwrap_or(0);
        let told = number::counted(sessions.total, "session", "sessions");
        let label = format!("{told} in {}, at most {} at once", self.span, number::grouped(peak));
        GroupRow {
            name,
            url,
            bars: Spark::labelled(points, peak, label),
            sessions: number::grouped(sessions.total),
            users: number::grouped(total.users.total),
            rates: [Rate::of_sessions(total, None), Rate::of_users(total, None)],
            crashed: number::grouped(sessions.crashed),
            in_trouble: number::grouped(sessions.in_trouble() - sessions.crashed),
        }
    }

    /// What a group is called, and where one looks at it alone.
    fn name_of(&self, group: &Group, projects: &[Project]) -> (NameWords, String) {
        let plain = |text: &str| NameWords {
            version: text.to_owned(),
            package: String::new(),
            short: text.to_owned(),
        };
        if let Some(release) = &group.key.release {
            let is_one = release != crate::domain::sessions::OTHER_RELEASES;
            let url = if is_one { self.urls().base(release) } else { String::new() };
            return (NameWords::new(release), url);
        }
        if let Some(environment) = &group.key.environment {
            let value = if environment.is_empty() { "(none)" } else { environment };
            let label = if environment.is_empty() { "Without environment" } else { environment };
            return (plain(label), self.query.url(&self.path, &[("environment", value)]));
        }
        let project = projects.iter().find(|project| Some(project.id) == group.key.project);
        project.map_or((plain(""), String::new()), |project| {
            let url = self.query.url(&self.path, &[("project", project.slug.as_str())]);
            (plain(&project.name), url)
        })
    }
}

impl SessionsQuery {
    /// The page with one thing changed.
    fn url(&self, path: &SessionsPath, changed: &[(&str, &str)]) -> String {
        let own = [
            ("project", self.project.as_str()),
            ("environment", &self.environment),
            ("release", &self.release),
            ("period", &self.period),
            ("group", &self.group),
        ];
        let pairs = own.map(|(name, value)| {
            let other = changed.iter().find(|(changed, _)| *changed == name);
            (name, other.map_or(value, |(_, value)| *value))
        });
        choices::address(&path.to_string(), &pairs)
    }
}

/// What is told apart.
fn grouping(value: &str) -> (&'static str, &'static str, &'static str) {
    GROUPINGS.into_iter().find(|(known, ..)| *known == value).unwrap_or(GROUPINGS[0])
}

/// All wanted sessions together.
async fn one(
    db: &mut PgConnection,
    wanted: &Wanted,
    window: Window,
    users: Users,
) -> Result<Group> {
    let groups = health::groups(db, wanted, Apart::default(), window, users).await?;
    let nothing = || Group {
        key: health::GroupKey::default(),
        total: Health::default(),
        steps: vec![Health::default(); window.steps().len()],
    };
    Ok(groups.into_iter().next().unwrap_or_else(nothing))
}

fn by_outcome(told: &Told<'_>) -> Stacked {
    let steps = told.starts.iter().zip(told.all);
    let points: Vec<_> = steps.map(|(at, health)| (*at, statuses(health))).collect();
    let label = format!("Sessions in {}, by what became of them", told.span);
    Stacked::new(&STATUSES, &points, told.step, label)
}

fn totals(health: &Health) -> Vec<Total> {
    let rate = |label, rate: Rate| Total {
        label,
        text: if rate.text.is_empty() { "none".to_owned() } else { rate.text },
        note: rate.basis,
    };
    let count = |label, count: i64, note: &str| Total {
        label,
        text: number::grouped(count),
        note: note.to_owned(),
    };
    vec![
        rate("Crash-free sessions", Rate::of_sessions(health, None)),
        rate("Crash-free users", Rate::of_users(health, None)),
        count("Sessions", health.sessions.total, ""),
        count("Users", health.users.total, "estimated beyond 384"),
    ]
}

fn outcomes(health: &Health) -> Vec<OutcomeRow> {
    let users = &health.users;
    // Whoever met only what was handled is the rest of those in any trouble; several may have befallen one.
    let users = [
        None,
        Some(users.in_trouble),
        Some(users.unhandled),
        Some(users.abnormal),
        Some(users.crashed),
    ];
    let rows = STATUSES.iter().zip(statuses(health)).zip(users);
    let row = |((series, count), users): ((&Series, i64), Option<i64>)| OutcomeRow {
        class: series.class,
        label: series.label.to_string(),
        sessions: number::grouped(count),
        share: number::percent(count, health.sessions.total),
        users: users.map(number::grouped).unwrap_or_default(),
    };
    rows.map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changing_one_thing_keeps_the_others() {
        let path = SessionsPath { organization: "default".parse().unwrap() };
        let query = SessionsQuery {
            release: "a b".to_owned(),
            period: "7d".to_owned(),
            ..SessionsQuery::default()
        };
        let url = query.url(&path, &[("period", "24h"), ("group", "project")]);
        assert_eq!(url, "/default/sessions?release=a+b&period=24h&group=project");
        assert_eq!(grouping("nonsense").0, "release");
    }
}
