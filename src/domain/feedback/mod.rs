//! What users wrote: about an event that hit them, or about the product as such.
//!
//! Old clients send a report about an event, of which there is one: a second one takes its place. New ones
//! send feedback of its own, which may name an event and may bring files. Both are rows of one table,
//! partitioned by day like the events, and go with the same days.

pub mod store;

use chrono::TimeDelta;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::base::{EventId, IssueId, Page, PageRequest, ProjectId, Slug, Timestamp};
use crate::domain::Result;

/// The most characters of a name, an address and a message (`protocol.md` §4.7).
const MAX_NAME_CHARS: usize = 128;
const MAX_EMAIL_CHARS: usize = 75;
const MAX_MESSAGE_CHARS: usize = 4096;
const MAX_WORD_CHARS: usize = 2048;

/// How long after an event people still write about it.
const MAX_BEHIND: TimeDelta = TimeDelta::days(7);

/// Something a user wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    /// Who wrote; empty if nobody said.
    pub name: String,
    /// Where to answer; empty if nobody said.
    pub email: String,
    /// What was written.
    pub message: String,
    /// The page it was written on.
    pub url: String,
    /// The environment of the program.
    pub environment: String,
    /// The release of the program.
    pub release: String,
}

impl Words {
    /// The same as it can be stored: without NUL, and no longer than it may be.
    #[must_use]
    pub fn storable(self) -> Self {
        let cut = |text: String, most: usize| -> String {
            text.trim().chars().filter(|c| *c != '\0').take(most).collect()
        };
        Self {
            name: cut(self.name, MAX_NAME_CHARS),
            email: cut(self.email, MAX_EMAIL_CHARS),
            message: cut(self.message, MAX_MESSAGE_CHARS),
            url: cut(self.url, MAX_WORD_CHARS),
            environment: cut(self.environment, MAX_WORD_CHARS),
            release: cut(self.release, MAX_WORD_CHARS),
        }
    }
}

/// Feedback on its way into the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFeedback {
    /// The project.
    pub project_id: ProjectId,
    /// The event's id, or the feedback's own.
    pub feedback_id: EventId,
    /// When Picket accepted it.
    pub received_at: Timestamp,
    /// The event it is about.
    pub event_id: Option<EventId>,
    /// What was written.
    pub words: Words,
}

/// Feedback with what it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feedback {
    /// The project.
    pub project_id: ProjectId,
    /// The project's slug.
    pub project_slug: Slug,
    /// Its id.
    pub feedback_id: EventId,
    /// When Picket accepted it.
    pub received_at: Timestamp,
    /// The event it is about.
    pub event_id: Option<EventId>,
    /// The issue of that event, if it is stored.
    pub issue_id: Option<IssueId>,
    /// What that issue is called.
    pub issue_title: Option<String>,
    /// Who wrote; empty if nobody said.
    pub name: String,
    /// Where to answer; empty if nobody said.
    pub email: String,
    /// What was written.
    pub message: String,
    /// The page it was written on.
    pub url: String,
    /// The environment of the program.
    pub environment: String,
    /// The release of the program.
    pub release: String,
}

impl Feedback {
    /// The short id of the issue it is about.
    pub fn issue_short_id(&self) -> Option<String> {
        Some(self.issue_id?.short(self.project_slug.as_str()))
    }
}

/// A page of what was written to these projects, the latest first.
///
/// # Errors
/// When the database fails.
pub async fn list(
    db: &mut PgConnection,
    projects: &[ProjectId],
    request: &PageRequest,
) -> Result<Page<Feedback>> {
    let projects: Vec<i64> = projects.iter().map(|id| id.0).collect();
    let place = request.place().map(|(micros, tie)| {
        let at = Timestamp::from_timestamp_micros(micros).unwrap_or_default();
        (at, Uuid::from_u128(tie))
    });
    let rows = if request.is_backward() {
        store::list_backward(db, &projects, place, request.fetch_size()).await?
    } else {
        store::list(db, &projects, place, request.fetch_size()).await?
    };
    Ok(Page::of(rows, request, |row| {
        (row.received_at.timestamp_micros(), row.feedback_id.0.as_u128())
    }))
}

/// What was written about an event that was received at `received_at`.
///
/// # Errors
/// When the database fails.
pub async fn of_event(
    db: &mut PgConnection,
    project: ProjectId,
    event_id: EventId,
    received_at: Timestamp,
) -> Result<Vec<Feedback>> {
    let since = received_at.checked_sub_signed(MAX_BEHIND).unwrap_or(received_at);
    Ok(store::of_event(db, project, event_id, since).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_cut_to_what_can_be_stored() {
        let words = Words {
            name: format!(" {} ", "n".repeat(200)),
            email: "a\0@b.c".to_owned(),
            message: "ä".repeat(5000),
            ..Words::default()
        };
        let words = words.storable();
        assert_eq!(words.name.len(), MAX_NAME_CHARS);
        assert_eq!(words.email, "a@b.c");
        assert_eq!(words.message, "ä".repeat(MAX_MESSAGE_CHARS));
    }
}
