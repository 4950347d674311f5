//! The list of releases: what is out there, and how it fares beside what was before.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use serde::Deserialize;
use sqlx::PgConnection;

use super::choices::{self, Choice, PERIODS, Period};
use super::paths::{ReleaseListPath, ReleaseUrls};
use super::row::ReleaseRow;
use crate::app::App;
use crate::base::page::{Cursor, Edge};
use crate::base::{PageRequest, Timestamp};
use crate::domain::releases::overview::{self, Fare, Place};
use crate::domain::releases::wanted::Search;
use crate::domain::releases::{self, Card, Filter, ReleaseStatus, deploys, effects};
use crate::domain::sessions::health::Window;
use crate::web::components::words::sentence;
use crate::web::{Member, Page, Query, Result, Shell};

/// Releases on a page.
const PAGE_SIZE: u16 = 25;

/// The period that is shown without a wish.
const USUAL_PERIOD: &str = "14d";

/// The tabs: in the address, and on the page.
const TABS: [(&str, &str); 3] = [("", "Open"), ("archived", "Archived"), ("all", "All")];

/// The list's address, as it comes; everything may be missing or wrong.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct ListQuery {
    /// `archived` or `all`; empty for open ones.
    #[serde(default)]
    status: String,
    /// A project's slug; empty for all.
    #[serde(default)]
    project: String,
    /// An environment; empty for all.
    #[serde(default)]
    environment: String,
    /// How far back rates look.
    #[serde(default)]
    period: String,
    /// A part of the name.
    #[serde(default)]
    query: String,
    /// The place of the page.
    #[serde(default)]
    cursor: String,
}

impl ListQuery {
    fn period(&self) -> Period {
        Period::find(&self.period, USUAL_PERIOD)
    }

    fn status(&self) -> Option<ReleaseStatus> {
        match self.status.as_str() {
            "archived" => Some(ReleaseStatus::Archived),
            "all" => None,
            _ => Some(ReleaseStatus::Open),
        }
    }

    fn is_narrowed(&self) -> bool {
        !(self.query.trim().is_empty() && self.environment.is_empty() && self.project.is_empty())
    }

    fn url(&self, list_url: &str) -> String {
        let period = self.period().value;
        let pairs = [
            ("status", self.status.as_str()),
            ("project", &self.project),
            ("environment", &self.environment),
            ("period", if period == USUAL_PERIOD { "" } else { period }),
            ("query", self.query.trim()),
            ("cursor", &self.cursor),
        ];
        choices::address(list_url, &pairs)
    }

    fn first_page(&self) -> Self {
        Self { cursor: String::new(), ..self.clone() }
    }
}

#[derive(Template)]
#[template(path = "releases/list.html")]
struct ListView {
    shell: Shell,
    list_url: String,
    compare_url: String,
    sessions_url: String,
    query: ListQuery,
    tabs: Vec<Choice>,
    projects: Vec<Choice>,
    environments: Vec<Choice>,
    periods: Vec<Choice>,
    /// In a sentence: `the last 14 days`.
    span: &'static str,
    rows: Vec<ReleaseRow>,
    /// Why nothing is listed; empty if the search could be read.
    problem: String,
    /// What the search did not look at.
    notes: Vec<String>,
    previous_url: Option<String>,
    next_url: Option<String>,
    /// What to type where there is no release at all; empty otherwise.
    commands: String,
    tokens_url: &'static str,
}

/// Shows the list.
pub async fn show_release_list(
    _: ReleaseListPath,
    member: Member,
    Query(query): Query<ListQuery>,
    State(app): State<App>,
) -> Result<Page> {
    let now = app.clock.now();
    let mut db = app.db.acquire().await?;
    let mut view = ListView::new(&member, query);
    let everywhere = choices::project_ids(&member.projects, "");
    let names = overview::environments(&mut db, member.organization.id, &everywhere).await?;
    view.environments = choices::environments(&names, &view.query.environment);
    view.add_rows(&mut db, &member, now).await?;
    if view.rows.is_empty() && !view.query.is_narrowed() {
        view.commands = commands(&member, &app.config.server.base_url());
    }
    Page::new(&view)
}

impl ListView {
    fn new(member: &Member, mut query: ListQuery) -> Self {
        if !TABS.iter().any(|(status, _)| *status == query.status) {
            query.status.clear();
        }
        let urls = ReleaseUrls::new(member.organization.slug.as_str(), None);
        let list_url = urls.list().to_owned();
        let tab = |(status, label): (&str, &str)| Choice {
            url: ListQuery { status: status.to_owned(), ..query.first_page() }.url(&list_url),
            value: status.to_owned(),
            label: label.to_owned(),
            is_chosen: query.status == status,
        };
        let period = |period: Period| Choice {
            value: period.value.to_owned(),
            label: period.label.to_owned(),
            is_chosen: period == query.period(),
            ..Choice::default()
        };
        Self {
            shell: member.shell("releases"),
            compare_url: format!("{list_url}/compare"),
            sessions_url: format!("/{}/sessions", member.organization.slug),
            tabs: TABS.map(tab).into(),
            projects: choices::projects(&member.projects, &query.project),
            environments: Vec::new(),
            periods: PERIODS.map(period).into(),
            span: query.period().span,
            rows: Vec::new(),
            problem: String::new(),
            notes: Vec::new(),
            previous_url: None,
            next_url: None,
            commands: String::new(),
            tokens_url: "/account#tokens",
            list_url,
            query,
        }
    }

    /// Every figure of all rows is read at once.
    async fn add_rows(
        &mut self,
        db: &mut PgConnection,
        member: &Member,
        now: Timestamp,
    ) -> Result<()> {
        let organization = member.organization.id;
        let place = Place {
            organization,
            projects: choices::project_ids(&member.projects, &self.query.project),
            environments: choices::environment_names(&self.query.environment),
        };
        let is_unknown = place.projects.is_empty() && !self.query.project.is_empty();
        if is_unknown {
            return Ok(());
        }
        let search = match Search::parse(&self.query.query) {
            Ok(search) => search,
            Err(problem) => {
                self.problem = sentence(&problem.to_string());
                return Ok(());
            }
        };
        let within = (organization, place.projects.as_slice());
        let found = search.find(db, within, &place.environments, now).await?;
        self.notes = found.notes;
        let filter = Filter {
            projects: if self.query.project.is_empty() { vec![] } else { place.projects.clone() },
            environments: place.environments.clone(),
            words: search.words,
            versions: found.versions,
            status: self.query.status(),
        };
        let cursor: Option<Cursor> = self.query.cursor.parse().ok();
        let request = PageRequest::new(cursor, PAGE_SIZE);
        let found = releases::list(db, organization, &filter, &request).await?;
        let page = |edge: Edge| {
            let query = ListQuery { cursor: edge.cursor.to_string(), ..self.query.first_page() };
            edge.has_rows.then(|| query.url(&self.list_url))
        };
        (self.previous_url, self.next_url) = (page(found.previous), page(found.next));
        let cards = releases::cards(db, found.items).await?;
        self.rows = self.read_rows(db, &cards, &place, now).await?;
        Ok(())
    }

    async fn read_rows(
        &self,
        db: &mut PgConnection,
        cards: &[Card],
        place: &Place,
        now: Timestamp,
    ) -> Result<Vec<ReleaseRow>> {
        let window = Window::whole(now - self.query.period().length(), now);
        let fares = overview::fares(db, cards, place, window).await?;
        let versions: Vec<String> = cards.iter().map(|card| card.release.version.clone()).collect();
        let ids: Vec<_> = cards.iter().map(|card| card.release.id).collect();
        let effects = effects::count(db, &place.projects, &versions).await?;
        let deploys = deploys::last_by_environment(db, place.organization, &ids).await?;
        Ok(self.rows_of(cards, (&fares, &effects), &deploys, now))
    }

    fn rows_of(
        &self,
        cards: &[Card],
        (fares, effects): (&HashMap<String, Fare>, &HashMap<String, effects::Effects>),
        deploys: &std::collections::BTreeMap<crate::base::ReleaseId, Vec<deploys::Deploy>>,
        now: Timestamp,
    ) -> Vec<ReleaseRow> {
        let organization = self.list_url.trim_start_matches('/').trim_end_matches("/releases");
        let project = Some(self.query.project.as_str()).filter(|slug| !slug.is_empty());
        let urls = ReleaseUrls::new(organization, project);
        let unknown = Fare::default();
        let row = |card: &Card| {
            let version = &card.release.version;
            let fare = fares.get(version).unwrap_or(&unknown);
            let effects = effects.get(version).copied().unwrap_or_default();
            let deploys = deploys.get(&card.release.id).map_or(&[][..], Vec::as_slice);
            ReleaseRow::new(card, (fare, effects), deploys, &urls, now)
        };
        cards.iter().map(row).collect()
    }
}

/// What a build types to tell of a release on this server.
fn commands(member: &Member, base_url: &str) -> String {
    let project = member.projects.first().map_or("my-project", |project| project.slug.as_str());
    let organization = &member.organization.slug;
    format!(
        "export SENTRY_URL={base_url}\n\
         export SENTRY_ORG={organization}\n\
         export SENTRY_PROJECT={project}\n\
         export SENTRY_AUTH_TOKEN=…\n\
         VERSION=$(sentry-cli releases propose-version)\n\
         sentry-cli releases new \"$VERSION\"\n\
         sentry-cli releases set-commits \"$VERSION\" --local\n\
         sentry-cli releases finalize \"$VERSION\"\n\
         sentry-cli releases deploys \"$VERSION\" new -e production"
    )
}

#[cfg(test)]
pub(super) use tests::sample_card;

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::base::{OrganizationId, ReleaseId};
    use crate::domain::releases::health::Stage;
    use crate::domain::releases::{Refs, Release};
    use crate::domain::sessions::SessionCounts;
    use crate::domain::sessions::health::{Health, UserCounts};
    use crate::web::projects::sample_project;

    /// A release without anything told of it.
    pub(in crate::web::releases) fn sample_card(version: &str) -> Card {
        let created_at = Timestamp::from_timestamp(1_799_900_000, 0).unwrap();
        let release = Release {
            id: ReleaseId(1),
            organization_id: OrganizationId(1),
            version: version.to_owned(),
            status: ReleaseStatus::Open,
            reference: None,
            url: None,
            refs: Refs::default(),
            started_at: None,
            released_at: None,
            created_at,
        };
        Card {
            release,
            projects: Vec::new(),
            commit_count: 0,
            last_commit: None,
            authors: Vec::new(),
            deploy_count: 0,
            last_deploy: None,
        }
    }

    fn sample(query: ListQuery, cards: &[Card], fare: &Fare) -> String {
        let member = Member::sample(sample_project("checkout", None, true));
        let now = Timestamp::from_timestamp(1_800_000_000, 0).unwrap();
        let mut view = ListView::new(&member, query);
        let fares = cards.iter().map(|card| (card.release.version.clone(), fare.clone())).collect();
        view.rows = view.rows_of(cards, (&fares, &HashMap::new()), &BTreeMap::new(), now);
        if cards.is_empty() {
            view.commands = commands(&member, "https://picket.example.com");
        }
        view.render().unwrap()
    }

    fn health(total: i64, crashed: i64) -> Health {
        Health {
            sessions: SessionCounts { total, crashed, ..SessionCounts::default() },
            users: UserCounts { total, crashed, ..UserCounts::default() },
        }
    }

    #[test]
    fn a_row_says_how_a_release_fares_beside_the_one_before() {
        let fare = Fare {
            period: health(1_000, 20),
            before: Some(("shop@1.1".to_owned(), health(1_000, 10))),
            adoption: Some(0.42),
            days: vec![(Timestamp::from_timestamp(1_799_900_000, 0).unwrap(), Some(0.42))],
            stage: Stage::Adopted,
        };
        let html = sample(ListQuery::default(), &[sample_card("shop@1.2<b>")], &fare);
        assert!(html.contains("98.00%") && html.contains("−1.00"), "{html}");
        assert!(html.contains("1.00 percentage points less than in 1.1"), "{html}");
        assert!(html.contains("Adopted") && html.contains("42%"), "{html}");
        assert!(
            html.contains("/default/releases/shop@1.2%3Cb%3E") && !html.contains("2<b>"),
            "{html}"
        );
    }

    #[test]
    fn without_sessions_nothing_is_claimed() {
        let html = sample(ListQuery::default(), &[sample_card("shop@1")], &Fare::default());
        assert!(html.contains("Not adopted") && html.contains("No sessions in 14 days"), "{html}");
        assert!(!html.contains("%</b>"), "{html}");
    }

    #[test]
    fn an_empty_list_says_how_to_tell_of_a_release() {
        let html = sample(ListQuery::default(), &[], &Fare::default());
        assert!(html.contains("SENTRY_URL=https://picket.example.com"), "{html}");
        assert!(html.contains("SENTRY_PROJECT=checkout"), "{html}");
    }

    #[test]
    fn an_address_holds_only_what_is_not_as_by_default() {
        let query = ListQuery { period: "14d".to_owned(), ..ListQuery::default() };
        assert_eq!(query.url("/d/releases"), "/d/releases");
        let query = ListQuery {
            period: "24h".to_owned(),
            query: " a&b ".to_owned(),
            status: "all".to_owned(),
            ..query
        };
        assert_eq!(query.url("/d/releases"), "/d/releases?status=all&period=24h&query=a%26b");
    }
}
