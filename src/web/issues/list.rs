//! The issue list: everything that is broken, the newest trouble first.

use askama::Template;
use axum::extract::State;

use sqlx::PgConnection;

use super::filter::{ListQuery, SORTS, STATES, WITHOUT_ENVIRONMENT};
use super::owners::AssignMenu;
use super::paths::IssueListPath;
use super::row::IssueRow;
use super::toast::Toast;
use crate::app::App;
use crate::base::Timestamp;
use crate::base::page::{Page as Rows, Total};
use crate::domain::issues::{self, Condition, Issue, IssueFilter, Scope, StatsPeriod};
use crate::domain::ownership::Owners;
use crate::domain::projects::Project;
use crate::domain::releases::list_latest;
use crate::web::components::number;
use crate::web::components::words::sentence;
use crate::web::{Member, Page, Query, Result, Shell};

/// As many of the latest releases can be chosen; others are found with `release:`.
const RELEASES_OFFERED: u16 = 30;

#[derive(Template)]
#[template(path = "issues/list.html")]
pub(super) struct ListView {
    pub(super) shell: Shell,
    pub(super) toast: Option<Toast>,
    /// The list without any filter.
    pub(super) list_url: String,
    /// The list as it is, where selections are sent.
    pub(super) here_url: String,
    pub(super) query: ListQuery,
    pub(super) tabs: Vec<Choice>,
    pub(super) projects: Vec<Choice>,
    pub(super) environments: Vec<Choice>,
    pub(super) releases: Vec<Choice>,
    pub(super) sorts: Vec<Choice>,
    pub(super) bars: Vec<Choice>,
    pub(super) assign: AssignMenu,
    /// What is wrong with the search; empty if nothing is.
    pub(super) problem: String,
    /// What the search did not look at.
    pub(super) notes: Vec<String>,
    pub(super) rows: Vec<IssueRow>,
    pub(super) previous_url: Option<String>,
    pub(super) next_url: Option<String>,
    pub(super) empty: Option<Empty>,
}

/// One of several things to choose.
#[derive(Clone, Debug, Default)]
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
    /// The list with it.
    pub(super) url: String,
    pub(super) is_chosen: bool,
    /// How many issues there would be; empty if that was not counted.
    pub(super) count: String,
}

/// Why there is nothing to show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Empty {
    /// The organization has no project; where to make one.
    NoProject(String),
    /// No event has arrived; the project to look at and where its snippets are.
    NoEvents { project: String, url: String },
    /// The search or filter finds nothing; the list without it.
    NothingMatches(String),
    /// Nothing waits for anybody; the list of all.
    AllDone(String),
    /// No issue is in that state; the list of all.
    NoneInState { state: &'static str, url: String },
}

/// Shows the list.
pub async fn show_issue_list(
    _: IssueListPath,
    member: Member,
    Query(query): Query<ListQuery>,
    State(app): State<App>,
) -> Result<Page> {
    show(&app, &member, query, None).await
}

/// The list's page; a toast says what was just done.
pub(super) async fn show(
    app: &App,
    member: &Member,
    query: ListQuery,
    toast: Option<Toast>,
) -> Result<Page> {
    let now = app.clock.now();
    let mut db = app.db.acquire().await?;
    let scope = scope(member, &query);
    let mut view = ListView::new(member, query, toast);
    view.add_environments(&mut db, member).await?;
    view.add_releases(&mut db, member, &scope).await?;
    match issues::query::parse(&view.query.query, now) {
        Err(problem) => view.problem = sentence(&problem.to_string()),
        Ok(searched) => {
            let searched = view.settle(&mut db, &scope, searched, now).await?;
            view.count_states(&mut db, &scope, &searched, now).await?;
            let filter = view.query.filter_of(view.query.state(), searched);
            let found = issues::search(&mut db, &scope, &filter, now).await?;
            view.add_rows(&mut db, &found, now).await?;
            view.add_owners(&mut db, member, &found).await?;
            if found.items.is_empty() {
                view.empty = Some(view.reason(&member.projects));
            }
        }
    }
    Page::new(&view)
}

/// The chosen project, or all; an unknown slug finds nothing, rather than everything.
fn scope(member: &Member, query: &ListQuery) -> Scope {
    let organization = member.organization.id;
    let viewer = Some(member.user.id);
    if query.project.is_empty() {
        return Scope::organization(organization).seen_by(viewer);
    }
    let project = member.projects.iter().find(|project| project.slug.as_str() == query.project);
    let nowhere = crate::base::ProjectId(0);
    Scope::project(organization, project.map_or(nowhere, |project| project.id)).seen_by(viewer)
}

impl ListView {
    fn new(member: &Member, query: ListQuery, toast: Option<Toast>) -> Self {
        let list_url = format!("/{}/issues", member.organization.slug);
        Self {
            shell: member.shell("issues"),
            toast,
            here_url: query.url(&list_url),
            tabs: tabs(&query, &list_url),
            projects: projects(&query, &member.projects),
            environments: Vec::new(),
            releases: Vec::new(),
            sorts: sorts(&query, &list_url),
            bars: bars(&query, &list_url),
            assign: AssignMenu::default(),
            problem: String::new(),
            notes: Vec::new(),
            rows: Vec::new(),
            previous_url: None,
            next_url: None,
            empty: None,
            list_url,
            query,
        }
    }

    async fn add_environments(&mut self, db: &mut PgConnection, member: &Member) -> Result<()> {
        let everywhere = Scope::organization(member.organization.id);
        let names = issues::environment_names(db, &everywhere).await?;
        self.environments = environments(&self.query, &names);
        Ok(())
    }

    /// The latest releases, of the chosen project if there is one.
    async fn add_releases(
        &mut self,
        db: &mut PgConnection,
        member: &Member,
        scope: &Scope,
    ) -> Result<()> {
        let project = scope.projects.first().copied();
        let found = list_latest(db, member.organization.id, project, RELEASES_OFFERED).await?;
        self.releases = releases(&self.query, found.into_iter().map(|release| release.version));
        Ok(())
    }

    /// What the search means once its releases have names; notes what was not looked at.
    async fn settle(
        &mut self,
        db: &mut PgConnection,
        scope: &Scope,
        searched: Condition,
        now: Timestamp,
    ) -> Result<Condition> {
        let environments = self.query.environments();
        let mut filter =
            IssueFilter { condition: searched, environments, ..IssueFilter::default() };
        self.notes = issues::settle_releases(db, scope, &mut filter, now).await?;
        Ok(filter.condition)
    }

    async fn count_states(
        &mut self,
        db: &mut PgConnection,
        scope: &Scope,
        searched: &Condition,
        now: Timestamp,
    ) -> Result<()> {
        for tab in &mut self.tabs {
            let filter = self.query.filter_of(&tab.value, searched.clone());
            tab.count = total_words(issues::count(db, scope, &filter, now).await?);
        }
        Ok(())
    }

    async fn add_rows(
        &mut self,
        db: &mut PgConnection,
        found: &Rows<Issue>,
        now: Timestamp,
    ) -> Result<()> {
        let ids: Vec<_> = found.items.iter().map(|issue| issue.id).collect();
        let period = self.query.bars();
        let series = issues::series(db, &ids, &self.query.environments(), period, now).await?;
        let span = if period == StatsPeriod::Day { "24 hours" } else { "14 days" };
        let row = |issue: &Issue| {
            let points = series.get(&issue.id).map(Vec::as_slice).unwrap_or_default();
            IssueRow::new(issue, points, span, &self.list_url, now)
        };
        self.rows = found.items.iter().map(row).collect();
        let page = |edge: crate::base::page::Edge| {
            let query = ListQuery { cursor: edge.cursor.to_string(), ..self.query.first_page() };
            edge.has_rows.then(|| query.url(&self.list_url))
        };
        (self.previous_url, self.next_url) = (page(found.previous), page(found.next));
        Ok(())
    }

    /// Whose the issues are, and whom they can be given to.
    async fn add_owners(
        &mut self,
        db: &mut PgConnection,
        member: &Member,
        found: &Rows<Issue>,
    ) -> Result<()> {
        let owners = Owners::find(db, member.organization.id).await?;
        let ids: Vec<_> = found.items.iter().map(|issue| issue.id).collect();
        let assignees = issues::assignees(db, &ids).await?;
        for (row, id) in self.rows.iter_mut().zip(&ids) {
            let owner = assignees.get(id).and_then(|owner| owners.label(*owner));
            row.assignee = owner.unwrap_or_default();
        }
        self.assign = AssignMenu::new(member, &owners, None);
        Ok(())
    }

    /// Why the list is empty: the nearest thing that can be changed about it.
    fn reason(&self, projects: &[Project]) -> Empty {
        let organization_url = self.list_url.trim_end_matches("/issues");
        if projects.is_empty() {
            return Empty::NoProject(format!("{organization_url}/projects/new"));
        }
        let wanted = |project: &&Project| {
            self.query.project.is_empty() || project.slug.as_str() == self.query.project
        };
        let is_silent = |project: &Project| project.first_event_at.is_none();
        let chosen: Vec<&Project> = projects.iter().filter(wanted).collect();
        if let Some(project) = chosen.first().filter(|_| chosen.iter().all(|p| is_silent(p))) {
            return Empty::NoEvents {
                project: project.name.clone(),
                url: format!("{organization_url}/projects/{}", project.slug),
            };
        }
        let all =
            ListQuery { state: "all".to_owned(), ..self.query.first_page() }.url(&self.list_url);
        match (self.query.is_narrowed(), self.query.state()) {
            (true, _) => Empty::NothingMatches(self.list_url.clone()),
            (false, "unresolved") => Empty::AllDone(all),
            (false, state) => Empty::NoneInState { state, url: all },
        }
    }
}

fn total_words(total: Total) -> String {
    let count = number::grouped(total.count);
    if total.is_capped { format!("{count}+") } else { count }
}

fn tabs(query: &ListQuery, list_url: &str) -> Vec<Choice> {
    let tab = |(word, label): (&str, &str)| Choice {
        value: word.to_owned(),
        label: label.to_owned(),
        url: ListQuery { state: word.to_owned(), ..query.first_page() }.url(list_url),
        is_chosen: query.state() == word,
        count: String::new(),
    };
    STATES.into_iter().map(tab).collect()
}

fn sorts(query: &ListQuery, list_url: &str) -> Vec<Choice> {
    let sort = |(sort, label): (issues::Sort, &str)| Choice {
        value: sort.as_str().to_owned(),
        label: label.to_owned(),
        url: ListQuery { sort: sort.as_str().to_owned(), ..query.first_page() }.url(list_url),
        is_chosen: query.sort() == sort,
        count: String::new(),
    };
    SORTS.into_iter().map(sort).collect()
}

fn bars(query: &ListQuery, list_url: &str) -> Vec<Choice> {
    let bars = |period: StatsPeriod, label: &str| Choice {
        value: period.as_str().to_owned(),
        label: label.to_owned(),
        url: ListQuery { bars: period.as_str().to_owned(), ..query.first_page() }.url(list_url),
        is_chosen: query.bars() == period,
        count: String::new(),
    };
    vec![bars(StatsPeriod::Day, "24 h"), bars(StatsPeriod::Fortnight, "14 d")]
}

fn projects(query: &ListQuery, projects: &[Project]) -> Vec<Choice> {
    let choice = |project: &Project| Choice {
        value: project.slug.to_string(),
        label: project.name.clone(),
        is_chosen: query.project == project.slug.as_str(),
        ..Choice::default()
    };
    let mut choices: Vec<Choice> = projects.iter().map(choice).collect();
    add_unknown(&mut choices, &query.project);
    choices
}

fn environments(query: &ListQuery, names: &[String]) -> Vec<Choice> {
    let choice = |name: &String| {
        let value = if name.is_empty() { WITHOUT_ENVIRONMENT } else { name };
        let label = if name.is_empty() { "Without environment" } else { name };
        Choice {
            is_chosen: query.environment == value,
            value: value.to_owned(),
            label: label.to_owned(),
            ..Choice::default()
        }
    };
    let mut choices: Vec<Choice> = names.iter().map(choice).collect();
    add_unknown(&mut choices, &query.environment);
    choices
}

fn releases(query: &ListQuery, versions: impl Iterator<Item = String>) -> Vec<Choice> {
    let choice = |version: String| Choice {
        is_chosen: query.release == version,
        value: version.clone(),
        label: version,
        ..Choice::default()
    };
    let mut choices: Vec<Choice> = versions.map(choice).collect();
    add_unknown(&mut choices, &query.release);
    choices
}

/// What the address asks for is shown as chosen even if it does not exist, so that it can be changed.
fn add_unknown(choices: &mut Vec<Choice>, chosen: &str) {
    if !chosen.is_empty() && !choices.iter().any(|choice| choice.is_chosen) {
        let value = chosen.to_owned();
        choices.push(Choice { label: value.clone(), value, is_chosen: true, ..Choice::default() });
    }
}

#[cfg(test)]
impl ListView {
    /// The list of these issues, or why there are none.
    pub(super) fn sample(issues: &[Issue], empty: Option<Empty>) -> Self {
        use super::sample;
        let list_url = "/default/issues".to_owned();
        let query = ListQuery::default();
        let mut tabs = tabs(&query, &list_url);
        for (tab, count) in tabs.iter_mut().zip(["214", "1,000+", "7", "1,000+"]) {
            count.clone_into(&mut tab.count);
        }
        let row = |(issue, seed): (&Issue, i64)| {
            let series = sample::series(seed, 24, chrono::TimeDelta::hours(1));
            IssueRow::new(issue, &series, "24 hours", &list_url, sample::now())
        };
        Self {
            shell: Shell { flash: String::new(), ..Shell::sample() },
            toast: issues.first().map(|_| Toast {
                text: "2 issues resolved.".to_owned(),
                undo: "[]".to_owned(),
                offer: None,
            }),
            here_url: list_url.clone(),
            tabs,
            projects: Vec::new(),
            environments: environments(&query, &["production".to_owned(), String::new()]),
            releases: releases(&query, ["shop@4.2.0".to_owned()].into_iter()),
            sorts: sorts(&query, &list_url),
            bars: bars(&query, &list_url),
            assign: AssignMenu::default(),
            problem: String::new(),
            notes: Vec::new(),
            rows: issues.iter().zip(0..).map(row).collect(),
            previous_url: None,
            next_url: issues.first().map(|_| list_url.clone()),
            empty,
            list_url,
            query,
        }
    }
}
