//! Issues meet events: the set-based write side, called once per batch inside its transaction.
//!
//! [`assign()`] finds or opens the issue of every arrival; [`record()`] then counts. Each issue is touched
//! once per batch however many events it got, so a storm of one error costs little more than one event.
//!
//! Locks are always taken in the same order — issue counters by project, issues by id, outcome
//! counters by key — and all rows that hang on an issue are written under its lock. Writers of several
//! processes therefore wait for each other and do not deadlock.

mod assign;
pub(super) mod draft;
pub mod parts;
mod record;
mod regression;
pub mod store;
mod tags;
mod users;

pub use assign::{Assignment, MAX_PARTS, NewHash, NewPart, Numbers, Owner, assign};
pub use record::{Recorded, Recording, Regressed, Sampling, record};
pub use tags::{
    Counting, MAX_PROJECT_TAG_KEYS, MAX_TAG_KEYS, MAX_TAG_VALUES, MAX_WAITING_BYTES,
    count_abandoned, count_waiting,
};

use serde::{Deserialize, Serialize};

use crate::base::{ProjectId, Timestamp};
use crate::protocol::event::Level;

/// What an issue needs to know of an event.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The project.
    pub project_id: ProjectId,
    /// When Picket accepted it.
    pub received_at: Timestamp,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// How bad it is.
    pub level: Level,
    /// The platform.
    pub platform: String,
    /// The logger's name; empty if none.
    pub logger: String,
    /// What the event is about.
    pub subject: Subject,
    /// Where the program ran.
    pub environment: Option<String>,
    /// Which build of it.
    pub release: Option<String>,
    /// Stands for the affected user.
    pub user_hash: Option<i64>,
    /// The tags.
    pub tags: Vec<(String, String)>,
    /// Hashes by which the issue may be known from before; they lead to it, and nothing more.
    pub former_hashes: Vec<String>,
    /// The hashes that may decide the issue, the primary one first; never empty.
    pub hashes: Vec<ArrivalHash>,
}

/// The words an issue is shown with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// `error`, `default`, `csp` …
    pub kind: String,
    /// The title.
    pub title: String,
    /// Where it happened, in one line.
    pub culprit: String,
    /// The main exception's type.
    pub exception_type: Option<String>,
    /// The main exception's value.
    pub exception_value: Option<String>,
    /// The file of the crash.
    pub filename: Option<String>,
    /// The function of the crash.
    pub function: Option<String>,
    /// Whether nothing in the program caught it.
    pub is_unhandled: bool,
}

/// One way to recognise the issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArrivalHash {
    /// `app`, `system`, `default`, `custom_client_fingerprint` …
    pub variant: String,
    /// 32 hex digits.
    pub hash: String,
}
