//! One issue, and what is known about it.

use std::collections::HashMap;

use anyhow::Context;
use sqlx::PgConnection;

use super::batch::Owner;
use super::batch::store::find_hash_owners;
use super::{State, Status, StatusDetail, Substatus, store};
use crate::base::{IssueId, IssueNumber, OrganizationId, ProjectId, Slug, Timestamp};
use crate::domain::Result;
use crate::domain::events::IssueSpan;
use crate::infra::compression;
use crate::protocol::event::Level;

/// An issue with the project it belongs to.
#[derive(Clone, Debug)]
pub struct Issue {
    /// Its id.
    pub id: IssueId,
    /// Its project.
    pub project_id: ProjectId,
    /// The project's slug, the first part of the short id.
    pub project_slug: Slug,
    /// The project's name.
    pub project_name: String,
    /// What the project is written in.
    pub project_platform: Option<String>,
    /// Whose project that is.
    pub organization_id: OrganizationId,
    /// `error`, `default`, `csp` …
    pub kind: String,
    /// Of the latest event.
    pub level: Level,
    /// Of the latest event.
    pub platform: String,
    /// The logger's name; empty if there was none.
    pub logger: String,
    /// What it is called.
    pub title: String,
    /// Where it happens; empty if unknown.
    pub culprit: String,
    /// The exception's type.
    pub exception_type: Option<String>,
    /// The exception's message.
    pub exception_value: Option<String>,
    /// The file of the crash frame.
    pub filename: Option<String>,
    /// The function of the crash frame.
    pub function: Option<String>,
    /// Nothing caught the exception.
    pub is_unhandled: bool,
    /// Whether somebody has to look.
    pub status: Status,
    /// The status in detail; none when resolved.
    pub substatus: Option<Substatus>,
    /// What was said when the status was set.
    pub status_detail: StatusDetail,
    /// When the status was set.
    pub status_changed_at: Timestamp,
    /// When its first event happened.
    pub first_seen: Timestamp,
    /// When its latest event happened.
    pub last_seen: Timestamp,
    /// The release of the first event.
    pub first_release: Option<String>,
    /// The release of the latest event that had one.
    pub last_release: Option<String>,
    /// When it last came back after it was resolved.
    pub regressed_at: Option<Timestamp>,
    /// With which release, if the event named one.
    pub regressed_release: Option<String>,
    /// All events, kept or not.
    pub event_count: i64,
    /// How many users met it.
    pub user_count: i64,
    /// Events whose payload was kept.
    pub kept_count: i64,
    /// Of how many parts it is made.
    pub part_count: i32,
    /// The issue that it was merged into and that has all its events now.
    pub merged_into: Option<IssueId>,
}

impl Issue {
    /// What people call it: `SHOP-2F`.
    pub fn short_id(&self) -> String {
        self.id.short(self.project_slug.as_str())
    }

    /// Its state as a whole.
    pub fn state(&self) -> State {
        State { status: self.status, substatus: self.substatus, detail: self.status_detail.clone() }
    }

    /// Where its events lie in time.
    pub fn span(&self) -> IssueSpan {
        IssueSpan { issue_id: self.id, first_seen: self.first_seen, last_seen: self.last_seen }
    }
}

/// The issue of this id. Whether the caller may see it is the caller's question:
/// [`Issue::organization_id`] answers it.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &mut PgConnection, id: IssueId) -> Result<Option<Issue>> {
    Ok(find_many(db, &[id]).await?.pop())
}

/// The most issues that are followed from one to the next.
const MAX_HOPS: usize = 16;

/// The issue itself, or the one that it was merged into.
///
/// # Errors
/// When the database fails.
pub async fn follow(db: &mut PgConnection, issue: Issue) -> Result<Issue> {
    let mut current = issue;
    for _ in 0..MAX_HOPS {
        let Some(next) = current.merged_into else { break };
        match find(db, next).await? {
            Some(next) => current = next,
            None => break,
        }
    }
    Ok(current)
}

/// The issues of these ids, in their order; ids without an issue are left out.
///
/// # Errors
/// When the database fails.
pub async fn find_many(db: &mut PgConnection, ids: &[IssueId]) -> Result<Vec<Issue>> {
    let (projects, numbers) = IssueId::columns(ids);
    Ok(store::find_many(db, &projects, &numbers).await?)
}

/// The issue that an organization's people call `short_id`, in any case: `SHOP-2F`.
///
/// # Errors
/// When the database fails.
pub async fn find_by_short_id(
    db: &mut PgConnection,
    organization: OrganizationId,
    short_id: &str,
) -> Result<Option<Issue>> {
    // The slug may hold dashes itself, so the last one divides.
    let Some((slug, number)) = short_id.rsplit_once('-') else { return Ok(None) };
    let Some(number) = IssueNumber::from_base32(number) else { return Ok(None) };
    match store::find_project(db, organization, &slug.to_lowercase()).await? {
        Some(project) => find(db, IssueId::new(project, number)).await,
        None => Ok(None),
    }
}

/// Where an issue was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenIn {
    /// The environment; empty for events without one.
    pub environment: String,
    /// Events there.
    pub event_count: i64,
    /// First seen there.
    pub first_seen: Timestamp,
    /// Last seen there.
    pub last_seen: Timestamp,
}

/// The environments of an issue, the busiest first.
///
/// # Errors
/// When the database fails.
pub async fn environments(db: &mut PgConnection, id: IssueId) -> Result<Vec<SeenIn>> {
    Ok(store::list_environments(db, id).await?)
}

/// A hash that leads to an issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hash {
    /// 32 hex digits.
    pub hash: String,
    /// How the issue came to own it: `created`, `second_hash`, `merge` …
    pub origin: String,
    /// The way of grouping that made it: `app`, `system`, `default` …
    pub variant: String,
    /// The version of everything that made it.
    pub config: String,
    /// When.
    pub created_at: Timestamp,
}

/// The hashes that lead to an issue, the oldest first.
///
/// # Errors
/// When the database fails.
pub async fn hashes(db: &mut PgConnection, id: IssueId) -> Result<Vec<Hash>> {
    Ok(store::list_hashes(db, id).await?)
}

/// What is known of a hash of a project.
///
/// # Errors
/// When the database fails.
pub async fn hash(db: &mut PgConnection, project: ProjectId, hash: &str) -> Result<Option<Hash>> {
    Ok(store::find_hash(db, project, hash).await?)
}

/// Whose these hashes of a project are; hashes that lead nowhere are left out.
///
/// # Errors
/// When the database fails.
pub async fn hash_owners(
    db: &mut PgConnection,
    project: ProjectId,
    hashes: &[&str],
) -> Result<HashMap<String, Owner>> {
    let projects = vec![project.0; hashes.len()];
    let owners = find_hash_owners(db, &projects, hashes).await?;
    Ok(owners.into_iter().map(|((_, hash), owner)| (hash, owner)).collect())
}

/// Why a hash came about: the grouping of the event that brought it, as JSON; `None` if it was not kept.
///
/// # Errors
/// When the database fails or what it holds is damaged.
pub async fn explanation(
    db: &mut PgConnection,
    id: IssueId,
    hash: &str,
) -> Result<Option<Vec<u8>>> {
    match store::find_explanation(db, id.project(), hash).await? {
        Some(frame) => Ok(Some(
            compression::decompress(&frame, None).context("could not unpack an explanation")?,
        )),
        None => Ok(None),
    }
}
