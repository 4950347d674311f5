//! What happened to an issue, line by line.

use sqlx::PgConnection;
use uuid::Uuid;

use super::store;
use crate::base::{IssueId, Timestamp, UserId};
use crate::domain::Result;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum ActivityKind {
    /// The first event opened it.
    Opened,
    /// Somebody resolved it.
    Resolved,
    /// It waits for somebody again.
    Reopened,
    /// Somebody archived it.
    Archived,
    /// An event arrived after it was resolved.
    Regressed,
    /// Somebody has it now.
    Assigned,
    /// Nobody has it any more.
    Unassigned,
    /// A commit says that it repairs it.
    FixedBy,
    /// It became much more frequent than it was.
    Escalated,
    /// Others were merged into it.
    Merged,
    /// It was merged into another.
    MergedInto,
    /// Some of its events went to other issues.
    GaveBack,
    /// It was merged, and is an issue of its own again.
    TakenOut,
    /// It was made of events of another.
    SplitOff,
    /// It got events of another.
    Received,
    /// It followed a change of how its project groups.
    Regrouped,
    /// A merge, a taking out or a move was undone.
    Undone,
}

impl ActivityKind {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Resolved => "resolved",
            Self::Reopened => "reopened",
            Self::Archived => "archived",
            Self::Regressed => "regressed",
            Self::Assigned => "assigned",
            Self::Unassigned => "unassigned",
            Self::FixedBy => "fixed_by",
            Self::Escalated => "escalated",
            Self::Merged => "merged",
            Self::MergedInto => "merged_into",
            Self::GaveBack => "gave_back",
            Self::TakenOut => "taken_out",
            Self::SplitOff => "split_off",
            Self::Received => "received",
            Self::Regrouped => "regrouped",
            Self::Undone => "undone",
        }
    }
}

/// A line of an issue's history.
#[derive(Clone, Debug)]
pub struct Activity {
    /// Its id.
    pub id: Uuid,
    /// What happened.
    pub kind: ActivityKind,
    /// Who did it; none for Picket itself.
    pub actor_id: Option<UserId>,
    /// What they are called; none for Picket itself and for people who are gone.
    pub actor_name: Option<String>,
    /// Their address.
    pub actor_email: Option<String>,
    /// What was said with it.
    pub detail: serde_json::Value,
    /// When.
    pub created_at: Timestamp,
}

/// The most lines that are shown.
const MAX_LINES: i64 = 100;

/// An issue's history, the newest line first.
///
/// # Errors
/// When the database fails.
pub async fn activity(db: &mut PgConnection, id: IssueId) -> Result<Vec<Activity>> {
    Ok(store::list_activity(db, id, MAX_LINES).await?)
}
