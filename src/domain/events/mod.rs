//! Events: single reports, each with the issue it belongs to and, unless it was sampled away, its payload.
//!
//! The few columns that lists need lie beside the payload, so lists never unpack anything. Events are
//! partitioned by the day of reception; whoever knows an issue's [`IssueSpan`] says so, and days that
//! cannot hold its events are not opened.

pub mod batch;
mod filter;
pub mod payload;
pub mod store;

pub use filter::{Condition, EventFilter, parse_query};
pub use payload::Payload;

use chrono::TimeDelta;
use sqlx::PgConnection;

use crate::base::{EventId, IssueId, Page, PartId, ProjectId, Timestamp};
use crate::domain::Result;
use crate::protocol::event::Level;

/// An event without its payload.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct EventRow {
    /// Its project.
    pub project_id: ProjectId,
    /// Its id, chosen by the client.
    pub event_id: EventId,
    /// The issue it belongs to.
    pub issue_id: IssueId,
    /// When Picket accepted it.
    pub received_at: Timestamp,
    /// When it happened, by the client's clock within bounds.
    pub occurred_at: Timestamp,
    /// How bad it is.
    #[sqlx(try_from = "i16")]
    pub level: Level,
    /// The hash that decided the issue.
    pub primary_hash: String,
    /// Where the program ran.
    pub environment: Option<String>,
    /// Which build of it.
    pub release: Option<String>,
    /// How to call the affected user.
    pub user_label: Option<String>,
    /// What the event is called.
    pub title: String,
    /// The route or function that was served.
    pub transaction: Option<String>,
    /// Whether the payload was kept.
    pub has_payload: bool,
}

/// Where the events of an issue lie in time, by when they happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IssueSpan {
    /// The issue.
    pub issue_id: IssueId,
    /// When the first of its events happened.
    pub first_seen: Timestamp,
    /// When the latest of its events happened.
    pub last_seen: Timestamp,
}

/// How far an event may claim to have happened after it was received (`protocol.md` §5.4).
const MAX_AHEAD: TimeDelta = TimeDelta::minutes(2);

impl IssueSpan {
    /// No event of the issue was received before this moment: nothing is received before it happens,
    /// but for the clocks' tolerance. There is no such bound at the other end, since offline clients
    /// deliver months late.
    fn received_since(&self) -> Timestamp {
        self.first_seen.checked_sub_signed(MAX_AHEAD).unwrap_or(self.first_seen)
    }
}

/// Which event of an issue is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The last that happened.
    Latest,
    /// The first that happened and is still stored.
    Oldest,
    /// The one that tells most: the latest whose payload was kept, or else the latest.
    Recommended,
    /// This one.
    Id(EventId),
}

impl std::str::FromStr for Which {
    type Err = ();

    /// Reads `latest`, `oldest`, `recommended` (also `helpful`, its old name) or an id.
    fn from_str(text: &str) -> std::result::Result<Self, ()> {
        Ok(match text {
            "latest" => Self::Latest,
            "oldest" => Self::Oldest,
            "recommended" | "helpful" => Self::Recommended,
            id => Self::Id(id.parse().map_err(|_| ())?),
        })
    }
}

/// The events beside one, in its issue and in the order they happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Neighbours {
    /// The one before.
    pub previous: Option<EventId>,
    /// The one after.
    pub next: Option<EventId>,
}

/// An event of an issue; `None` if there is no such event, or none at all any more.
///
/// # Errors
/// When the database fails.
pub async fn find_in_issue(
    db: &mut PgConnection,
    issue: &IssueSpan,
    which: Which,
) -> Result<Option<EventRow>> {
    let (id, since) = (issue.issue_id, issue.received_since());
    Ok(match which {
        Which::Latest => store::find_latest(db, id, since, false).await?,
        Which::Oldest => store::find_oldest(db, id, since).await?,
        Which::Recommended => match store::find_latest(db, id, since, true).await? {
            Some(kept) => Some(kept),
            None => store::find_latest(db, id, since, false).await?,
        },
        Which::Id(event_id) => {
            store::find(db, id.project(), event_id).await?.filter(|event| event.issue_id == id)
        }
    })
}

/// A project's event.
///
/// # Errors
/// When the database fails.
pub async fn find(
    db: &mut PgConnection,
    project: ProjectId,
    event_id: EventId,
) -> Result<Option<EventRow>> {
    Ok(store::find(db, project, event_id).await?)
}

/// The event of this id in whichever of the projects has it.
///
/// # Errors
/// When the database fails.
pub async fn find_anywhere(
    db: &mut PgConnection,
    projects: &[ProjectId],
    event_id: EventId,
) -> Result<Option<EventRow>> {
    Ok(store::find_anywhere(db, projects, event_id).await?)
}

/// How many of an issue's latest events are looked through for one of a certain hash.
const HASH_DEPTH: i64 = 1000;

/// The latest event of an issue that `hash` decided; `None` if none of the latest thousand was.
///
/// # Errors
/// When the database fails.
pub async fn latest_of_hash(
    db: &mut PgConnection,
    issue: &IssueSpan,
    hash: &str,
) -> Result<Option<EventRow>> {
    let since = issue.received_since();
    Ok(store::find_latest_of_hash(db, issue.issue_id, since, hash, HASH_DEPTH).await?)
}

/// The events beside `event` in its issue.
///
/// # Errors
/// When the database fails.
pub async fn neighbours(
    db: &mut PgConnection,
    issue: &IssueSpan,
    event: &EventRow,
) -> Result<Neighbours> {
    let since = issue.received_since();
    Ok(Neighbours {
        previous: store::find_before(db, event, since).await?,
        next: store::find_after(db, event, since).await?,
    })
}

/// A page of an issue's events, the latest first.
///
/// # Errors
/// When the database fails.
pub async fn list_of_issue(
    db: &mut PgConnection,
    issue: &IssueSpan,
    filter: &EventFilter,
) -> Result<Page<EventRow>> {
    let rows = store::list_of_issue(db, issue.issue_id, issue.received_since(), filter).await?;
    Ok(page_of(rows, filter))
}

/// Events of some parts of a project's issues, in the order that `filter` reads: as many as its page needs to know
/// whether it is the last. `from` is when the earliest of them may have happened.
///
/// # Errors
/// When the database fails.
pub async fn read_of_parts(
    db: &mut PgConnection,
    project: ProjectId,
    parts: &[PartId],
    from: Timestamp,
    filter: &EventFilter,
) -> Result<Vec<EventRow>> {
    let since = from.checked_sub_signed(MAX_AHEAD).unwrap_or(from);
    Ok(store::list_of_parts(db, project, parts, since, filter).await?)
}

/// The page of what was read for it.
pub fn page_of(rows: Vec<EventRow>, filter: &EventFilter) -> Page<EventRow> {
    Page::of(rows, &filter.page, |row| {
        (row.occurred_at.timestamp_micros(), row.event_id.0.as_u128())
    })
}
