//! What people do with the parts of issues.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::base::{IssueId, PartId, Timestamp};
use crate::domain::issues::Issue;
use crate::domain::issues::summary::Summary;

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum ActKind {
    /// Issues became one.
    Merge,
    /// Merged issues became issues again.
    TakeOut,
    /// Parts became an issue of their own.
    Split,
    /// Parts went to another issue.
    Move,
    /// Issues followed a change of how their project groups.
    Rules,
}

impl ActKind {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Merge => "merge",
            Self::TakeOut => "take_out",
            Self::Split => "split",
            Self::Move => "move",
            Self::Rules => "rules",
        }
    }
}

/// Something that was done, and can be undone by its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    /// Its id.
    pub id: Uuid,
    /// What it was.
    pub kind: ActKind,
    /// The issue that it was done to: that took in parts, or gave them away.
    pub issue: IssueId,
    /// The others: merged, taken out, new, or where the parts came from.
    pub others: Vec<IssueId>,
    /// Whether the issue waits for somebody now and did not before.
    pub is_reopened: bool,
}

/// What has to be done so that issues follow a change of grouping.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RulesApplied {
    /// Parts, each with the part that it goes to, wherever that is.
    pub moves: Vec<(PartId, PartId)>,
    /// New hashes of parts.
    pub links: Vec<Link>,
    /// Hashes that lead elsewhere, with the parts that they are to lead to.
    pub relinks: Vec<(String, PartId)>,
}

impl RulesApplied {
    /// All parts that it is about.
    pub(super) fn parts(&self) -> Vec<PartId> {
        let moved = self.moves.iter().flat_map(|(part, leader)| [*part, *leader]);
        let linked = self.links.iter().map(|link| link.part);
        moved.chain(linked).chain(self.relinks.iter().map(|(_, part)| *part)).collect()
    }
}

/// What was done so that issues follow a change of grouping.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Followed {
    /// How many parts went to another issue.
    pub moved: usize,
    /// How many hashes lead somewhere by it.
    pub linked: usize,
}

/// A hash that led to one part and leads to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Relink {
    pub(super) hash: String,
    pub(super) from: PartId,
    pub(super) to: PartId,
}

/// A hash that leads to a part from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// 32 hex digits.
    pub hash: String,
    /// The variant that makes it.
    pub variant: String,
    /// Where it leads.
    pub part: PartId,
    /// The version of grouping that made it.
    pub config: String,
    /// The compressed tree that explains it.
    pub explanation: Vec<u8>,
}

/// A part of an issue, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartOf {
    /// Its id.
    pub id: PartId,
    /// The issue that it returns to when it is taken out.
    pub home: IssueId,
    /// The hash that made it.
    pub hash: String,
    /// What its latest event was called.
    pub title: String,
    /// Where that happened.
    pub culprit: String,
    /// When its first event happened.
    pub first_seen: Timestamp,
    /// When its latest event happened.
    pub last_seen: Timestamp,
    /// Its events.
    pub event_count: i64,
    /// When it came about.
    pub created_at: Timestamp,
}

impl PartOf {
    /// The part with what it is known to have counted.
    pub(super) fn new(
        (id, home, hash): (PartId, IssueId, String),
        summary: Option<Summary>,
        created_at: Timestamp,
    ) -> Self {
        let nothing = Self {
            id,
            home,
            hash,
            title: String::new(),
            culprit: String::new(),
            first_seen: created_at,
            last_seen: created_at,
            event_count: 0,
            created_at,
        };
        match summary {
            Some(summary) => Self {
                title: summary.subject.title,
                culprit: summary.subject.culprit,
                first_seen: summary.first_seen,
                last_seen: summary.last_seen,
                event_count: summary.event_count,
                ..nothing
            },
            None => nothing,
        }
    }

    /// What the only part counted is what the issue did.
    pub(super) fn speak_for(&mut self, issue: &Issue) {
        self.title.clone_from(&issue.title);
        self.culprit.clone_from(&issue.culprit);
        self.first_seen = issue.first_seen;
        self.last_seen = issue.last_seen;
        self.event_count = issue.event_count;
    }
}

/// How a part came into the issue that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastMove {
    /// By what.
    pub kind: ActKind,
    /// From which issue.
    pub from: IssueId,
    /// Who did it; none for Picket itself and for people who are gone.
    pub actor_name: Option<String>,
    /// When.
    pub at: Timestamp,
}
