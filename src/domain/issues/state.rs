//! What has been decided about an issue.

use serde::{Deserialize, Serialize};

use crate::base::Timestamp;

/// Whether somebody has to look at an issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Status {
    /// It waits for somebody.
    Unresolved,
    /// It was repaired; the next event reopens it.
    Resolved,
    /// It is archived: it counts on, and does not call anybody.
    Ignored,
}

impl Status {
    /// The word in the database, the API and searches.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unresolved => "unresolved",
            Self::Resolved => "resolved",
            Self::Ignored => "ignored",
        }
    }
}

/// A status in more detail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type)]
#[serde(rename_all = "snake_case")]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Substatus {
    /// Unresolved, and first seen not long ago.
    New,
    /// Unresolved, and known.
    Ongoing,
    /// Unresolved, and much more frequent than it was.
    Escalating,
    /// Unresolved again, after it was resolved.
    Regressed,
    /// Archived until it becomes much more frequent.
    ArchivedUntilEscalating,
    /// Archived until a time, or until so many events or users more.
    ArchivedUntilConditionMet,
    /// Archived for good.
    ArchivedForever,
}

impl Substatus {
    /// Every substatus.
    pub const ALL: [Self; 7] = [
        Self::New,
        Self::Ongoing,
        Self::Escalating,
        Self::Regressed,
        Self::ArchivedUntilEscalating,
        Self::ArchivedUntilConditionMet,
        Self::ArchivedForever,
    ];

    /// The word in the database, the API and searches.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Ongoing => "ongoing",
            Self::Escalating => "escalating",
            Self::Regressed => "regressed",
            Self::ArchivedUntilEscalating => "archived_until_escalating",
            Self::ArchivedUntilConditionMet => "archived_until_condition_met",
            Self::ArchivedForever => "archived_forever",
        }
    }

    /// The substatus of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == word)
    }

    /// The status that it details.
    pub fn status(self) -> Status {
        match self {
            Self::New | Self::Ongoing | Self::Escalating | Self::Regressed => Status::Unresolved,
            _ => Status::Ignored,
        }
    }
}

/// The whole state of an issue: what a verb sets and [`restore`](super::restore) brings back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// The status.
    pub status: Status,
    /// Its detail; none when resolved.
    pub substatus: Option<Substatus>,
    /// What belongs to it.
    pub detail: StatusDetail,
}

/// What was said when the state was set, as the API shows it in `statusDetails`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatusDetail {
    /// Resolved by the release after the present one.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub in_next_release: bool,
    /// The newest release when it was resolved by the next one, or by a commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_release: Option<String>,
    /// Resolved in this release.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_release: Option<String>,
    /// Resolved by this commit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_commit: Option<String>,
    /// Archived until then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignore_until: Option<Timestamp>,
    /// Archived until so many more events.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignore_count: Option<i64>,
    /// Archived until so many more users.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ignore_user_count: Option<i64>,
}

impl StatusDetail {
    /// Whether it was resolved by the order of releases, and not from then on.
    pub fn is_bound_to_release(&self) -> bool {
        self.in_next_release || self.in_release.is_some() || self.in_commit.is_some()
    }

    /// As it is stored and shown.
    pub fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self).expect("texts, numbers and moments are JSON")
    }
}

impl From<sqlx::types::Json<Self>> for StatusDetail {
    fn from(stored: sqlx::types::Json<Self>) -> Self {
        stored.0
    }
}

/// How an issue is said to be resolved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Resolution {
    /// From now on.
    #[default]
    Now,
    /// With the release after the present one.
    InNextRelease,
    /// With the newest release that its project has; from now on, if it has none.
    InCurrentRelease,
    /// With this release.
    InRelease(String),
    /// With this commit.
    InCommit(String),
}

impl Resolution {
    /// The state of an issue that is resolved so.
    pub fn state(self) -> State {
        let mut detail = StatusDetail::default();
        match self {
            // Which release that is depends on the issue: `resolve` fills it in.
            Self::Now | Self::InCurrentRelease => {}
            Self::InNextRelease => detail.in_next_release = true,
            Self::InRelease(version) => detail.in_release = Some(version),
            Self::InCommit(commit) => detail.in_commit = Some(commit),
        }
        State { status: Status::Resolved, substatus: None, detail }
    }
}

/// For how long an issue is archived.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Archive {
    /// Until it becomes much more frequent.
    #[default]
    UntilEscalating,
    /// For good.
    Forever,
    /// Until the first of these is met; each counts from now on.
    Until {
        /// This moment.
        moment: Option<Timestamp>,
        /// So many more events.
        events: Option<i64>,
        /// So many more users.
        users: Option<i64>,
    },
}

impl Archive {
    /// The state of an issue that is archived so.
    pub fn state(self) -> State {
        let mut detail = StatusDetail::default();
        let substatus = match self {
            Self::UntilEscalating => Substatus::ArchivedUntilEscalating,
            Self::Forever => Substatus::ArchivedForever,
            Self::Until { moment, events, users } => {
                detail.ignore_until = moment;
                detail.ignore_count = events;
                detail.ignore_user_count = users;
                Substatus::ArchivedUntilConditionMet
            }
        };
        State { status: Status::Ignored, substatus: Some(substatus), detail }
    }
}
