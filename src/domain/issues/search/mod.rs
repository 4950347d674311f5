//! Finding issues: a page of those that fulfil a condition, in one of five orders.

mod frequency;
mod releases;
mod store;

use chrono::{DurationRound, TimeDelta};
use sqlx::PgConnection;

use super::{Condition, Issue, find_many};
use crate::base::page::Total;
use crate::base::{IssueId, OrganizationId, Page, PageRequest, ProjectId, Timestamp, UserId};
use crate::domain::{Error, Result};

/// Where to look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    /// Whose issues.
    pub organization: OrganizationId,
    /// In which of its projects; none means all. Projects of others are never looked into.
    pub projects: Vec<ProjectId>,
    /// Who is meant by `me`; nobody: it finds nothing.
    pub viewer: Option<UserId>,
}

impl Scope {
    /// All projects of an organization.
    pub fn organization(organization: OrganizationId) -> Self {
        Self { organization, projects: Vec::new(), viewer: None }
    }

    /// One project.
    pub fn project(organization: OrganizationId, project: ProjectId) -> Self {
        Self { organization, projects: vec![project], viewer: None }
    }
}

impl Scope {
    /// The same as somebody sees it: `me` in searches is theirs.
    #[must_use]
    pub fn seen_by(self, viewer: Option<UserId>) -> Self {
        Self { viewer, ..self }
    }
}

/// The stretch of time that is looked at, open where nothing is said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Period {
    /// Events from here on.
    pub since: Option<Timestamp>,
    /// Events before this moment.
    pub until: Option<Timestamp>,
}

impl Period {
    /// The hour it begins in: events are counted by the hour.
    fn since_hour(&self) -> Option<Timestamp> {
        self.since.map(|since| since.duration_trunc(TimeDelta::hours(1)).unwrap_or(since))
    }

    /// Whether it is all of time.
    pub fn is_open(&self) -> bool {
        self.since.is_none() && self.until.is_none()
    }
}

/// In which order issues are listed; all begin with the largest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// Seen last.
    #[default]
    Date,
    /// First seen last.
    New,
    /// Most events in the period and the environments.
    Freq,
    /// Most users.
    User,
    /// Where looking helps most: fresh, frequent, severe, felt by many (`web-api.md` §4.3). The freshness
    /// counts from the full hour, so that the pages of one visit fit together.
    Recommended,
}

impl Sort {
    /// Every order.
    pub const ALL: [Self; 5] = [Self::Date, Self::New, Self::Freq, Self::User, Self::Recommended];

    /// What the API and URLs call it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Date => "date",
            Self::New => "new",
            Self::Freq => "freq",
            Self::User => "user",
            Self::Recommended => "recommended",
        }
    }

    /// The order of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == word)
    }
}

/// What to look for, and which page of it.
#[derive(Clone, Debug, Default)]
pub struct IssueFilter {
    /// What issues have to fulfil; see [`query::parse`](super::query::parse).
    pub condition: Condition,
    /// Seen in one of these environments; none means any. The empty name is "without environment".
    pub environments: Vec<String>,
    /// Seen in this period.
    pub period: Period,
    /// In which order.
    pub sort: Sort,
    /// Which page.
    pub page: PageRequest,
}

impl IssueFilter {
    /// Whether its order needs counts that the issues' own rows do not have.
    fn counts_apart(&self) -> bool {
        self.sort == Sort::Freq && !(self.period.is_open() && self.environments.is_empty())
    }
}

/// The page of issues that `filter` asks for, with the number of all of them.
///
/// # Errors
/// When the database fails.
pub async fn search(
    db: &mut PgConnection,
    scope: &Scope,
    filter: &IssueFilter,
    now: Timestamp,
) -> Result<Page<Issue>> {
    let within = store::resolve(db, scope).await?;
    let (filter, _) = releases::settle_filter(db, &within, filter, now).await?;
    let filter = filter.as_ref();
    let rows = if filter.counts_apart() {
        frequency::find_places(db, &within, filter).await?
    } else {
        store::find_places(db, &within, filter, now).await?
    };
    let total = match whole_list(&rows, filter) {
        Some(total) => total,
        None => Total::of(store::count(db, &within, filter).await?),
    };
    let places = Page::of(rows, &filter.page, |row| (row.sort_key, row.id.0.unsigned_abs().into()));
    let ids: Vec<IssueId> = places.items.iter().map(|row| row.id).collect();
    let items = find_many(db, &ids).await?;
    Ok(Page { items, previous: places.previous, next: places.next, total: Some(total) })
}

/// How many issues there are, if the first page has them all: then they need not be looked for again.
fn whole_list(rows: &[store::Place], filter: &IssueFilter) -> Option<Total> {
    let count = i64::try_from(rows.len()).ok()?;
    let is_whole = filter.page.place().is_none() && count < filter.page.fetch_size();
    is_whole.then(|| Total::of(count))
}

/// How many issues `filter` finds, whatever page it asks for.
///
/// # Errors
/// When the database fails.
pub async fn count(
    db: &mut PgConnection,
    scope: &Scope,
    filter: &IssueFilter,
    now: Timestamp,
) -> Result<Total> {
    let within = store::resolve(db, scope).await?;
    let (filter, _) = releases::settle_filter(db, &within, filter, now).await?;
    Ok(Total::of(store::count(db, &within, &filter).await?))
}

/// Finds the releases that a condition asks for by anything but their names, so that each of several searches need not;
/// returns sentences about what was not looked at.
///
/// # Errors
/// When the database fails.
pub async fn settle_releases(
    db: &mut PgConnection,
    scope: &Scope,
    filter: &mut IssueFilter,
    now: Timestamp,
) -> Result<Vec<String>> {
    let within = store::resolve(db, scope).await?;
    let (settled, notes) = releases::settle_filter(db, &within, filter, now).await?;
    *filter = settled.into_owned();
    Ok(notes)
}

/// The environments that issues of `scope` were seen in, by name; the empty name is "without environment".
///
/// # Errors
/// When the database fails.
pub async fn environment_names(db: &mut PgConnection, scope: &Scope) -> Result<Vec<String>> {
    let within = store::resolve(db, scope).await?;
    Ok(store::list_environment_names(db, &within, MAX_ENVIRONMENTS).await?)
}

/// The most environments that are offered to choose from.
const MAX_ENVIRONMENTS: i64 = 200;

/// The ids of everything that `filter` finds, up to `limit`, whatever page it asks for: the selection of
/// "all of these".
///
/// # Errors
/// When it asks for more releases than are looked at: what is done to "all" must not miss some. When the database fails.
pub async fn search_ids(
    db: &mut PgConnection,
    scope: &Scope,
    filter: &IssueFilter,
    (limit, now): (i64, Timestamp),
) -> Result<Vec<IssueId>> {
    let within = store::resolve(db, scope).await?;
    let (filter, notes) = releases::settle_filter(db, &within, filter, now).await?;
    if let Some(note) = notes.first() {
        return Err(Error::invalid(
            "query",
            format!("{note} Narrow it to change all that it finds."),
        ));
    }
    Ok(store::find_ids(db, &within, &filter, limit).await?)
}
