//! The ledger: what was done with parts, move by move, and which issues are kept apart.

pub(super) mod store;

use serde::{Deserialize, Serialize};

use super::act::{ActKind, Relink};
use crate::base::{IssueId, PartId, Timestamp, UserId};
use crate::domain::issues::{State, Status, StatusDetail, Substatus};

/// The state of an issue before an act changed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct StateBefore {
    pub(super) issue: IssueId,
    status: Status,
    substatus: Option<Substatus>,
    detail: StatusDetail,
}

impl StateBefore {
    pub(super) fn new(issue: IssueId, state: State) -> Self {
        let State { status, substatus, detail } = state;
        Self { issue, status, substatus, detail }
    }

    pub(super) fn state(self) -> State {
        State { status: self.status, substatus: self.substatus, detail: self.detail }
    }
}

/// What an act needs to be undone, besides its moves.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Before {
    pub(super) states: Vec<StateBefore>,
    /// Pairs that were kept apart until a merge joined them.
    #[serde(default)]
    pub(super) separations: Vec<(IssueId, IssueId)>,
    /// Hashes that the act had lead somewhere.
    #[serde(default)]
    pub(super) links: Vec<String>,
    /// Hashes that the act had lead elsewhere.
    #[serde(default)]
    pub(super) relinks: Vec<Relink>,
}

/// An act as it is in the ledger.
#[derive(Debug)]
pub(super) struct StoredAct {
    pub(super) kind: ActKind,
    pub(super) issue: IssueId,
    pub(super) before: Before,
    pub(super) created_at: Timestamp,
    pub(super) is_undone: bool,
}

/// A move as it is in the ledger.
#[derive(Debug)]
pub(super) struct StoredMove {
    pub(super) part: PartId,
    pub(super) from: IssueId,
    pub(super) to: IssueId,
    pub(super) from_home: IssueId,
}

/// Who did it.
pub(super) type By = Option<UserId>;
