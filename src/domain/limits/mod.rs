//! How much may be sent: limits of projects and keys, and the protection against spikes.
//!
//! A limit is a number for a [`Group`] of items and a [`Window`] of time. A project has limits for all of
//! its keys together, a key may have some of its own, and the server may have one for everybody
//! (`ingest.max_items_per_minute`). An item must fit into all of them. What is past a limit is refused with
//! 429 and counted; nothing is charged for it.
//!
//! The counting is done by the front door in memory, with the arithmetic of [`meter`] and [`window`]; how
//! it stays true over restarts and between processes is told in `ingest::quota` and decision 6.

pub mod meter;
pub mod spike;
pub mod status;
pub mod store;
mod stored;
pub mod window;

use serde::{Deserialize, Serialize};

use crate::app::Essentials;
use crate::base::ProjectId;
use crate::domain::{Error, Result};
use crate::protocol::category::DataCategory;

pub use stored::{Refusal, refusal};
pub use window::Window;

/// The largest number that can be set: a petabyte a month.
pub const MAX_LIMIT: u64 = 1_000_000_000_000_000;

/// The longest that a client is told to hold back: a limit that somebody raises lets things through again
/// soon, and not when the month is over.
pub const MAX_WAIT_SECONDS: u32 = 300;

/// Items that share a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// Error events.
    Errors,
    /// Files that come with events, in bytes.
    Attachments,
    /// Items of every kind.
    Everything,
}

/// Who has a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Holder {
    /// A key.
    Key,
    /// A project, for all of its keys together.
    Project,
    /// The server, for all projects together.
    Server,
}

impl Group {
    /// Every group, in the order of pages and of arrays by group.
    pub const ALL: [Self; 3] = [Self::Errors, Self::Attachments, Self::Everything];

    /// Whether a quantity of this category counts.
    pub fn counts(self, category: DataCategory) -> bool {
        use DataCategory as C;
        match self {
            Self::Errors => category == C::Error,
            Self::Attachments => category == C::Attachment,
            // Each item once: neither its bytes, nor what it is counted as besides.
            Self::Everything => matches!(
                category,
                C::Error
                    | C::Transaction
                    | C::Security
                    | C::AttachmentItem
                    | C::Session
                    | C::Profile
                    | C::Replay
                    | C::Monitor
                    | C::Feedback
                    | C::MetricBucket
                    | C::ProfileChunk
                    | C::ProfileChunkUi
                    | C::LogItem
                    | C::TraceMetric
            ),
        }
    }

    /// What clients are told to hold back; empty for everything.
    pub fn categories(self) -> &'static str {
        match self {
            Self::Errors => DataCategory::Error.as_str(),
            Self::Attachments => DataCategory::Attachment.as_str(),
            Self::Everything => "",
        }
    }
}

/// The word for a limit in answers and outcomes.
pub fn reason(holder: Holder, group: Group, window: Window) -> &'static str {
    REASONS
        .iter()
        .find(|(limit, _)| *limit == (holder, group, window))
        .map_or(SERVER_REASON, |(_, word)| word)
}

/// The limit of a word.
pub fn of_reason(word: &str) -> Option<(Holder, Group, Window)> {
    REASONS.iter().find(|(_, known)| *known == word).map(|(limit, _)| *limit)
}

/// The word for the server's own limit.
pub const SERVER_REASON: &str = "server_minute";

/// The word for what the protection against spikes leaves out.
pub const SPIKE_REASON: &str = "spike_protection";

/// The word of ours that reads like `word`, which came back from a record.
pub fn known_reason(word: &str) -> &'static str {
    let words = REASONS.iter().map(|(_, known)| *known).chain([SERVER_REASON, SPIKE_REASON]);
    words.into_iter().find(|known| *known == word).unwrap_or("rate_limited")
}

#[rustfmt::skip]
const REASONS: [((Holder, Group, Window), &str); 19] = [
    ((Holder::Key,     Group::Errors,      Window::Minute), "key_errors_minute"),
    ((Holder::Key,     Group::Errors,      Window::Hour),   "key_errors_hour"),
    ((Holder::Key,     Group::Errors,      Window::Month),  "key_errors_month"),
    ((Holder::Key,     Group::Attachments, Window::Minute), "key_attachments_minute"),
    ((Holder::Key,     Group::Attachments, Window::Hour),   "key_attachments_hour"),
    ((Holder::Key,     Group::Attachments, Window::Month),  "key_attachments_month"),
    ((Holder::Key,     Group::Everything,  Window::Minute), "key_all_minute"),
    ((Holder::Key,     Group::Everything,  Window::Hour),   "key_all_hour"),
    ((Holder::Key,     Group::Everything,  Window::Month),  "key_all_month"),
    ((Holder::Project, Group::Errors,      Window::Minute), "project_errors_minute"),
    ((Holder::Project, Group::Errors,      Window::Hour),   "project_errors_hour"),
    ((Holder::Project, Group::Errors,      Window::Month),  "project_errors_month"),
    ((Holder::Project, Group::Attachments, Window::Minute), "project_attachments_minute"),
    ((Holder::Project, Group::Attachments, Window::Hour),   "project_attachments_hour"),
    ((Holder::Project, Group::Attachments, Window::Month),  "project_attachments_month"),
    ((Holder::Project, Group::Everything,  Window::Minute), "project_all_minute"),
    ((Holder::Project, Group::Everything,  Window::Hour),   "project_all_hour"),
    ((Holder::Project, Group::Everything,  Window::Month),  "project_all_month"),
    ((Holder::Server,  Group::Everything,  Window::Minute), SERVER_REASON),
];

/// The limits of one group; `None` for no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Windows {
    /// In a minute.
    pub minute: Option<u64>,
    /// In an hour.
    pub hour: Option<u64>,
    /// In a month of the calendar.
    pub month: Option<u64>,
}

/// The limits of a project or a key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Error events.
    pub errors: Windows,
    /// Bytes of files.
    pub attachments: Windows,
    /// Items of every kind.
    pub everything: Windows,
}

impl Limits {
    /// One of the limits.
    pub fn get(&self, group: Group, window: Window) -> Option<u64> {
        let windows = match group {
            Group::Errors => &self.errors,
            Group::Attachments => &self.attachments,
            Group::Everything => &self.everything,
        };
        match window {
            Window::Minute => windows.minute,
            Window::Hour => windows.hour,
            Window::Month => windows.month,
        }
    }

    /// All of them that are set.
    pub fn iter(&self) -> impl Iterator<Item = (Group, Window, u64)> {
        let all =
            Group::ALL.into_iter().flat_map(|group| Window::ALL.map(|window| (group, window)));
        all.filter_map(|(group, window)| Some((group, window, self.get(group, window)?)))
    }

    /// Whether none is set.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The limits, if none is beyond all reason.
    pub fn checked(self) -> Result<Self> {
        match self.iter().find(|(_, _, limit)| *limit > MAX_LIMIT) {
            None => Ok(self),
            Some(_) => Err(Error::invalid("limits", "No limit can be larger than 10^15.")),
        }
    }
}

/// What a project has set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProjectLimits {
    /// For all of its keys together.
    #[serde(flatten)]
    pub limits: Limits,
    /// Whether events of a sudden spike are sampled.
    pub spike_protection: bool,
}

impl Default for ProjectLimits {
    fn default() -> Self {
        Self { limits: Limits::default(), spike_protection: true }
    }
}

/// Sets a project's limits.
///
/// # Errors
/// When one is too large, or there is no such project.
pub async fn set(app: &Essentials, project: ProjectId, set: ProjectLimits) -> Result<()> {
    let set = ProjectLimits { limits: set.limits.checked()?, ..set };
    let mut db = app.db.acquire().await?;
    found(store::update_project(&mut db, project, &set).await?)
}

/// Sets a key's own limits.
///
/// # Errors
/// When one is too large, or the project has no such key.
pub async fn set_of_key(
    app: &Essentials,
    project: ProjectId,
    public_key: &str,
    limits: Limits,
) -> Result<()> {
    let limits = limits.checked()?;
    let mut db = app.db.acquire().await?;
    found(store::update_key(&mut db, project, public_key, &limits).await?)
}

fn found(is_found: bool) -> Result<()> {
    if is_found { Ok(()) } else { Err(Error::NotFound) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_has_its_word_and_is_found_by_it() {
        for holder in [Holder::Key, Holder::Project] {
            for group in Group::ALL {
                for window in Window::ALL {
                    let word = reason(holder, group, window);
                    assert_eq!(of_reason(word), Some((holder, group, window)));
                    assert_eq!(known_reason(word), word);
                }
            }
        }
        assert_eq!(known_reason("somebody else's"), "rate_limited");
        assert_eq!(of_reason(SPIKE_REASON), None);
    }

    #[test]
    fn what_another_version_stored_is_read_with_defaults() {
        let stored = r#"{"errors":{"minute":5},"replays":{"hour":1}}"#;
        let read: ProjectLimits = serde_json::from_str(stored).unwrap();
        assert!(read.spike_protection);
        assert_eq!(read.limits.iter().collect::<Vec<_>>(), [(Group::Errors, Window::Minute, 5)]);
        assert!(!read.limits.is_empty() && Limits::default().is_empty());
    }

    #[test]
    fn bytes_and_items_of_a_file_count_in_different_groups() {
        let groups = |category| Group::ALL.map(|group| group.counts(category));
        assert_eq!(groups(DataCategory::Attachment), [false, true, false]);
        assert_eq!(groups(DataCategory::AttachmentItem), [false, false, true]);
        assert_eq!(groups(DataCategory::Error), [true, false, true]);
        assert_eq!(groups(DataCategory::TransactionIndexed), [false; 3]);
    }
}
