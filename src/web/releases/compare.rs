//! Two releases side by side: how each fares, which issues only one of them has, which commits lie between.

use std::fmt::Write;

use askama::Template;
use axum::extract::State;
use axum_extra::routing::TypedPath;
use serde::Deserialize;
use sqlx::PgConnection;

use super::choices::{self, Choice, PERIODS, Period};
use super::detail::CommitRow;
use super::issues::{IssueLine, in_order};
use super::paths::ReleaseUrls;
use super::verdict::points;
use super::words::{Change, NameWords};
use crate::app::App;
use crate::base::{Slug, Timestamp};
use crate::domain::projects::Project;
use crate::domain::releases::verdict::{Sample, difference};
use crate::domain::releases::version::Name;
use crate::domain::releases::{self, Card, commits, effects, overview};
use crate::domain::sessions::health::{self, Apart, Health, Users, Wanted, Window};
use crate::web::components::number;
use crate::web::{Error, Member, Page, Query, Result, Shell};

/// The period that is shown without a wish.
const USUAL_PERIOD: &str = "30d";

/// As many issues of each release are shown, releases between them, commits of each of those, and names offered.
const ISSUES_SHOWN: i64 = 20;
const RELEASES_SHOWN: usize = 20;
const COMMITS_SHOWN: usize = 50;
const NAMES_OFFERED: u16 = 100;

/// The page.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path("/{organization}/releases/compare", rejection(Error))]
pub struct ComparePath {
    /// Whose.
    pub organization: Slug,
}

/// What is compared.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct CompareQuery {
    /// The release one comes from.
    #[serde(default)]
    base: String,
    /// The release one looks at.
    #[serde(default)]
    head: String,
    /// A project's slug; the first that both have, if empty.
    #[serde(default)]
    project: String,
    /// An environment; empty for all.
    #[serde(default)]
    environment: String,
    /// How far back rates look.
    #[serde(default)]
    period: String,
}

#[derive(Template)]
#[template(path = "releases/compare.html")]
struct CompareView {
    shell: Shell,
    path: ComparePath,
    list_url: String,
    query: CompareQuery,
    /// Names to choose from.
    versions: Vec<String>,
    projects: Vec<Choice>,
    environments: Vec<Choice>,
    periods: Vec<Choice>,
    span: &'static str,
    /// What cannot be compared; empty if it can.
    problem: String,
    result: Option<Comparison>,
}

struct Comparison {
    base: Side,
    head: Side,
    swap_url: String,
    measures: Vec<MeasureRow>,
    only_base: Vec<IssueLine>,
    only_head: Vec<IssueLine>,
    between: Vec<Between>,
    between_note: String,
}

struct Side {
    name: NameWords,
    url: String,
}

/// A figure of both.
struct MeasureRow {
    what: &'static str,
    base: (String, String),
    head: (String, String),
    change: Option<Change>,
    /// Where the difference lies; empty where that is not known.
    interval: String,
}

/// A release that lies between the two.
struct Between {
    name: NameWords,
    url: String,
    commits: Vec<CommitRow>,
}

/// Shows the comparison, or what to choose.
pub async fn show_release_comparison(
    path: ComparePath,
    member: Member,
    Query(query): Query<CompareQuery>,
    State(app): State<App>,
) -> Result<Page> {
    let now = app.clock.now();
    let organization = member.organization.id;
    let mut db = app.db.acquire().await?;
    let chosen = choices::project_ids(&member.projects, &query.project);
    let project = chosen.first().copied().filter(|_| !query.project.is_empty());
    let latest = releases::list_latest(&mut db, organization, project, NAMES_OFFERED).await?;
    let everywhere = choices::project_ids(&member.projects, "");
    let names = overview::environments(&mut db, organization, &everywhere).await?;
    let mut view = CompareView::new(&member, path, query);
    view.versions = latest.into_iter().map(|release| release.version).collect();
    view.environments = choices::environments(&names, &view.query.environment);
    if !view.query.base.is_empty() && !view.query.head.is_empty() {
        view.compare(&mut db, &member, now).await?;
    } else {
        view.offer_latest();
    }
    Page::new(&view)
}

impl CompareView {
    fn new(member: &Member, path: ComparePath, query: CompareQuery) -> Self {
        let chosen = Period::find(&query.period, USUAL_PERIOD);
        let period = |period: Period| Choice {
            value: period.value.to_owned(),
            label: period.label.to_owned(),
            is_chosen: period == chosen,
            ..Choice::default()
        };
        Self {
            shell: member.shell("releases"),
            list_url: format!("/{}/releases", member.organization.slug),
            versions: Vec::new(),
            projects: choices::projects(&member.projects, &query.project),
            environments: Vec::new(),
            periods: PERIODS.map(period).into(),
            span: chosen.span,
            problem: String::new(),
            result: None,
            path,
            query,
        }
    }

    /// Fills in the latest release and the one of its package that came before.
    fn offer_latest(&mut self) {
        if !self.query.base.is_empty() || !self.query.head.is_empty() {
            return;
        }
        let Some((latest, older)) = self.versions.split_first() else { return };
        let package = Name::parse(latest).package;
        let before = older.iter().find(|version| Name::parse(version).package == package);
        if let Some(before) = before {
            self.query.base.clone_from(before);
            self.query.head.clone_from(latest);
        }
    }

    async fn compare(
        &mut self,
        db: &mut PgConnection,
        member: &Member,
        now: Timestamp,
    ) -> Result<()> {
        let organization = member.organization.id;
        let mut cards = Vec::new();
        for version in [&self.query.base, &self.query.head] {
            let Some(release) = releases::find(db, organization, version).await? else {
                self.problem = format!("There is no release `{version}`.");
                return Ok(());
            };
            cards.extend(releases::cards(db, vec![release]).await?);
        }
        let [base, head] = cards.as_slice() else { return Ok(()) };
        let Some(project) = self.project(member, base, head) else {
            "They have no such project in common.".clone_into(&mut self.problem);
            return Ok(());
        };
        self.projects = choices::projects(&member.projects, project.slug.as_str());
        self.result = Some(self.compare_in(db, (base, head), project, now).await?);
        Ok(())
    }

    /// The chosen project, or the first that both have.
    fn project<'m>(&self, member: &'m Member, base: &Card, head: &Card) -> Option<&'m Project> {
        let has = |card: &Card, project: &Project| {
            card.projects.iter().any(|of| of.project_id == project.id)
        };
        let wanted = self.query.project.as_str();
        member.projects.iter().find(|project| {
            (wanted.is_empty() || project.slug.as_str() == wanted)
                && has(base, project)
                && has(head, project)
        })
    }

    async fn compare_in(
        &self,
        db: &mut PgConnection,
        (base, head): (&Card, &Card),
        project: &Project,
        now: Timestamp,
    ) -> Result<Comparison> {
        let slug = self.path.organization.as_str();
        let urls = ReleaseUrls::new(slug, Some(project.slug.as_str()));
        let environments = choices::environment_names(&self.query.environment);
        let (old, new) = (base.release.version.as_str(), head.release.version.as_str());
        let period = Period::find(&self.query.period, USUAL_PERIOD);
        let window = Window::whole(now - period.length(), now);
        let wanted = Wanted {
            projects: vec![project.id],
            releases: vec![old.to_owned(), new.to_owned()],
            environments: environments.clone(),
        };
        let health = both(db, &wanted, (old, new), window).await?;
        let environment = environments.first().map(String::as_str);
        let mut only = Vec::new();
        for pair in [(old, new), (new, old)] {
            let ids = effects::only_in(db, project.id, pair, environment, ISSUES_SHOWN).await?;
            let found = in_order(db, &ids).await?;
            let lines = found.iter().map(|issue| IssueLine::new(issue, slug, now));
            only.push(lines.collect::<Vec<_>>());
        }
        let (only_head, only_base) =
            (only.pop().unwrap_or_default(), only.pop().unwrap_or_default());
        let side = |version: &str| Side { name: NameWords::new(version), url: urls.of(version) };
        let (between, between_note) = between(db, (base, head), project, (&urls, now)).await?;
        Ok(Comparison {
            base: side(old),
            head: side(new),
            swap_url: self.swapped(),
            measures: measures(&health.0, &health.1, old),
            only_base,
            only_head,
            between,
            between_note,
        })
    }

    /// The same the other way round.
    fn swapped(&self) -> String {
        let query = &self.query;
        let pairs = [
            ("base", query.head.as_str()),
            ("head", &query.base),
            ("project", &query.project),
            ("environment", &query.environment),
            ("period", &query.period),
        ];
        choices::address(&self.path.to_string(), &pairs)
    }
}

async fn both(
    db: &mut PgConnection,
    wanted: &Wanted,
    (old, new): (&str, &str),
    window: Window,
) -> Result<(Health, Health)> {
    let apart = Apart { releases: true, ..Apart::default() };
    let groups = health::groups(db, wanted, apart, window, Users::Crashes).await?;
    let of = |version: &str| {
        let group = groups.iter().find(|it| it.key.release.as_deref() == Some(version));
        group.map(|group| group.total).unwrap_or_default()
    };
    Ok((of(old), of(new)))
}

fn measures(base: &Health, head: &Health, version: &str) -> Vec<MeasureRow> {
    let count = |what, of: fn(&Health) -> i64| MeasureRow {
        what,
        base: (number::grouped(of(base)), String::new()),
        head: (number::grouped(of(head)), String::new()),
        change: None,
        interval: String::new(),
    };
    let good = |what, of: fn(&Health) -> (i64, i64)| share(what, (of(base), of(head)), version);
    vec![
        good("Crash-free sessions", |it| {
            (it.sessions.total - it.sessions.crashed, it.sessions.total)
        }),
        good("Sessions without any error", |it| (it.sessions.healthy(), it.sessions.total)),
        good("Crash-free users", |it| (it.users.total - it.users.crashed, it.users.total)),
        count("Sessions", |it| it.sessions.total),
        count("Users", |it| it.users.total),
    ]
}

/// A share that is the better the greater it is.
fn share(
    what: &'static str,
    ((part, whole), (new_part, new_whole)): ((i64, i64), (i64, i64)),
    version: &str,
) -> MeasureRow {
    let told = |sample: Sample| {
        if sample.whole == 0 {
            return ("none".to_owned(), String::new());
        }
        let interval = sample.interval();
        let (low, high) = (number::rate(*interval.start()), number::rate(*interval.end()));
        (number::rate(sample.share()), format!("{low} to {high}"))
    };
    let (old, new) = (Sample::of(part, whole), Sample::of(new_part, new_whole));
    let is_comparable = old.whole > 0 && new.whole > 0;
    let rise = difference(new, old);
    MeasureRow {
        what,
        base: told(old),
        head: told(new),
        change: is_comparable.then(|| Change::new(new.share(), old.share(), version)),
        interval: if is_comparable { points((*rise.start(), *rise.end())) } else { String::new() },
    }
}

/// The commits of what lies between, the latest release first.
async fn between(
    db: &mut PgConnection,
    (base, head): (&Card, &Card),
    project: &Project,
    (urls, now): (&ReleaseUrls, Timestamp),
) -> Result<(Vec<Between>, String)> {
    let found = releases::between(db, (&base.release, &head.release), project.id).await?;
    let mut between = Vec::new();
    for release in found.iter().take(RELEASES_SHOWN) {
        let commits = commits::list(db, release).await?;
        let commits = commits.iter().take(COMMITS_SHOWN);
        between.push(Between {
            name: NameWords::new(&release.version),
            url: urls.of(&release.version),
            commits: commits.map(|commit| CommitRow::new(commit, now)).collect(),
        });
    }
    let mut note = number::counted_len(found.len(), "release", "releases");
    if found.len() > RELEASES_SHOWN {
        let _ = write!(note, "; the latest {RELEASES_SHOWN} are shown");
    }
    Ok((between, note))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::sessions::SessionCounts;

    fn health(total: i64, crashed: i64, errored: i64) -> Health {
        let sessions = SessionCounts { total, errored, crashed, ..SessionCounts::default() };
        Health { sessions, ..Health::default() }
    }

    #[test]
    fn shares_are_told_with_their_intervals_and_the_difference_with_its_own() {
        let rows = measures(&health(1_000, 10, 20), &health(2_000, 100, 20), "shop@1.0");
        let crash_free = &rows[0];
        assert_eq!((crash_free.base.0.as_str(), crash_free.head.0.as_str()), ("99.00%", "95.00%"));
        assert_eq!(crash_free.base.1, "97.81% to 99.55%");
        assert_eq!(crash_free.change.as_ref().unwrap().text, "−4.00");
        assert_eq!(crash_free.interval, "−5.51 to −2.37 points");
        assert_eq!(rows[1].head.0, "94.00%");
        assert_eq!((rows[2].base.0.as_str(), rows[2].interval.as_str()), ("none", ""));
        assert_eq!(rows[3].head.0, "2,000");
    }
}
