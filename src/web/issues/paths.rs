//! The addresses of issues and their events.

use axum_extra::routing::TypedPath;
use serde::Deserialize;
use sqlx::PgConnection;

use crate::base::{IssueId, Slug};
use crate::domain::issues::{self, Issue};
use crate::web::{Error, Member, Result};

/// The list.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path("/{organization}/issues", rejection(Error))]
pub struct IssueListPath {
    /// Whose.
    pub organization: Slug,
}

/// One issue with its most telling event.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path("/{organization}/issues/{issue}", rejection(Error))]
pub struct IssuePath {
    /// Whose.
    pub organization: Slug,
    /// A short id or the number.
    pub issue: String,
}

/// One issue with a chosen event.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path("/{organization}/issues/{issue}/events/{event}", rejection(Error))]
pub struct IssueEventPath {
    /// Whose.
    pub organization: Slug,
    /// A short id or the number.
    pub issue: String,
    /// `latest`, `oldest`, `recommended` or an id.
    pub event: String,
}

/// An event as it is stored.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path("/{organization}/issues/{issue}/events/{event}/json", rejection(Error))]
pub struct EventJsonPath {
    /// Whose.
    pub organization: Slug,
    /// A short id or the number.
    pub issue: String,
    /// `latest`, `oldest`, `recommended` or an id.
    pub event: String,
}

/// The tags of an issue's events.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path("/{organization}/issues/{issue}/tags", rejection(Error))]
pub struct IssueTagsPath {
    /// Whose.
    pub organization: Slug,
    /// A short id or the number.
    pub issue: String,
}

/// Why its events belong together.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path("/{organization}/issues/{issue}/grouping", rejection(Error))]
pub struct IssueGroupingPath {
    /// Whose.
    pub organization: Slug,
    /// A short id or the number.
    pub issue: String,
}

/// Two events side by side.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path("/{organization}/issues/{issue}/compare", rejection(Error))]
pub struct IssueComparePath {
    /// Whose.
    pub organization: Slug,
    /// A short id or the number.
    pub issue: String,
}

/// What it is made of, and what else may be the same problem.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path("/{organization}/issues/{issue}/merging", rejection(Error))]
pub struct IssueMergingPath {
    /// Whose.
    pub organization: Slug,
    /// A short id or the number.
    pub issue: String,
}

/// What happened to it.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path("/{organization}/issues/{issue}/activity", rejection(Error))]
pub struct IssueActivityPath {
    /// Whose.
    pub organization: Slug,
    /// A short id or the number.
    pub issue: String,
}

/// The member's issue that a path names, by its short id in any case or by its number.
pub(super) async fn find(db: &mut PgConnection, member: &Member, name: &str) -> Result<Issue> {
    let organization = member.organization.id;
    let issue = match name.parse::<IssueId>() {
        Ok(id) => issues::find(db, id).await?,
        Err(_) => issues::find_by_short_id(db, organization, name).await?,
    };
    let issue = issue.filter(|issue| issue.organization_id == organization);
    // A link to a merged issue leads to the one that has its events.
    Ok(issues::follow(db, issue.ok_or(Error::NotFound)?).await?)
}
