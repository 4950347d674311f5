//! How well a project's events are grouped: what is doubtful, and in which issues.
//!
//! The latest stored events are grouped again with the project's settings, and looked at from three sides
//! (`grouping-problems.md`):
//!
//! - **poor evidence**: events with nothing to group by, with stacks that are minified or without names, or without a
//!   frame of the program's own;
//! - **too much in one issue** ([`crowded`]): one hash, and texts that have little to do with each other; or a
//!   program's own fingerprint that joins many places;
//! - **one problem in many issues** ([`alike`]): issues that are alike by type, frames and words.
//!
//! These are suspects and no verdicts: nothing is changed.

mod alike;
mod crowded;

use std::collections::{BTreeMap, BTreeSet};

use sqlx::PgConnection;

pub use alike::Alike;
pub use crowded::{Crowded, CrowdedBy};

use crate::base::{EventId, IssueId, ProjectId};
use crate::domain::Result;
use crate::domain::events::EventRow;
use crate::domain::issues::moves;
use crate::grouping::{self, Config, Observation, Signature, StackQuality};
use crate::infra::compression::Dictionaries;
use crate::pipeline::preview::{EVENTS, visit_latest};
use crate::protocol::event::Event;

/// An event that was looked at.
#[derive(Clone, Debug)]
struct Seen {
    issue: IssueId,
    event: EventId,
    hash: String,
    observation: Observation,
    signature: Option<Signature>,
}

impl Seen {
    fn new(row: &EventRow, event: &Event, config: &Config) -> Self {
        let grouping = grouping::regroup(event, config);
        Self {
            issue: row.issue_id,
            event: row.event_id,
            hash: row.primary_hash.clone(),
            observation: Observation::of(&grouping),
            signature: Signature::of(&grouping),
        }
    }
}

/// Events with something in common, and the issues they are in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// How many events.
    pub events: usize,
    /// Their issues with how many of the events, those with most first.
    pub issues: Vec<(IssueId, usize)>,
}

impl Share {
    fn of(seen: &[Seen], is_meant: impl Fn(&Observation) -> bool) -> Self {
        let mut issues: BTreeMap<IssueId, usize> = BTreeMap::new();
        for seen in seen.iter().filter(|seen| is_meant(&seen.observation)) {
            *issues.entry(seen.issue).or_default() += 1;
        }
        let events = issues.values().sum();
        let mut issues: Vec<(IssueId, usize)> = issues.into_iter().collect();
        issues.sort_by_key(|(issue, events)| (std::cmp::Reverse(*events), *issue));
        Self { events, issues }
    }
}

/// How well a project's latest events are grouped.
#[derive(Clone, Debug, Default)]
pub struct GroupingHealth {
    /// How many events were looked at.
    pub events: usize,
    /// In how many issues they are.
    pub issues: usize,
    /// Events with nothing to group by: all of them are one issue.
    pub nothing: Share,
    /// Events whose functions have the names that a minifier gave.
    pub minified: Share,
    /// Events whose frames have addresses and no names.
    pub unnamed: Share,
    /// Events with a stack of which no frame is the program's own.
    pub nothing_own: Share,
    /// Issues that may be several problems, the one with most events first.
    pub crowded: Vec<Crowded>,
    /// Issues that may be one problem, the largest set first.
    pub alike: Vec<Alike>,
}

impl GroupingHealth {
    /// Looks at the latest events of a project.
    ///
    /// # Errors
    /// When the database fails or what it holds is damaged.
    pub async fn examine(
        db: &mut PgConnection,
        dictionaries: &Dictionaries,
        project: ProjectId,
        config: &Config,
    ) -> Result<Self> {
        let mut seen = Vec::new();
        visit_latest(db, dictionaries, project, EVENTS, |row, event| {
            seen.push(Seen::new(row, event, config));
        })
        .await?;
        let apart = moves::kept_apart(db, project).await?;
        Ok(Self::of(&seen, &apart))
    }

    fn of(seen: &[Seen], apart: &BTreeSet<(IssueId, IssueId)>) -> Self {
        let with_stack = |quality| Share::of(seen, |observation| observation.stack == quality);
        let issues: BTreeSet<IssueId> = seen.iter().map(|seen| seen.issue).collect();
        Self {
            events: seen.len(),
            issues: issues.len(),
            nothing: Share::of(seen, |observation| observation.has_nothing),
            minified: with_stack(StackQuality::Minified),
            unnamed: with_stack(StackQuality::Unnamed),
            nothing_own: with_stack(StackQuality::NothingOwn),
            crowded: crowded::find(seen),
            alike: alike::find(seen, apart),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::base::IssueNumber;
    use crate::protocol::lenient::Problems;

    pub(super) fn issue(number: i64) -> IssueId {
        IssueId::new(ProjectId(1), IssueNumber(number))
    }

    fn seen_of(number: i64, event: &Value) -> Seen {
        let config = Config::default();
        let json = serde_json::to_vec(event).unwrap();
        let event = Event::read(&json, &Problems::default()).unwrap().unwrap();
        let grouping = grouping::regroup(&event, &config);
        Seen {
            issue: issue(number),
            event: EventId::random(),
            hash: "0".repeat(32),
            observation: Observation::of(&grouping),
            signature: Signature::of(&grouping),
        }
    }

    fn stack(kind: &str, frames: &Value) -> Value {
        json!({"platform": "javascript", "exception": [
            {"type": kind, "value": "it broke", "stacktrace": {"frames": frames}}
        ]})
    }

    pub(super) fn seen_with(number: i64, change: impl Fn(&mut Observation)) -> Seen {
        let frames = json!([{"module": "shop.cart", "function": "total", "in_app": true}]);
        let mut seen = seen_of(number, &stack("KeyError", &frames));
        change(&mut seen.observation);
        seen
    }

    pub(super) fn message(number: i64, text: &str) -> Seen {
        seen_of(number, &json!({"message": text}))
    }

    #[test]
    fn poor_evidence_is_counted_by_its_kind() {
        let minified =
            json!([{"function": "t", "in_app": true}, {"function": "n.e", "in_app": false}]);
        let unnamed = json!([{"instruction_addr": "0x1000"}, {"instruction_addr": "0x2000"}]);
        let libraries = json!([{"module": "django.core", "function": "call", "in_app": false}]);
        let own = json!([{"module": "shop", "function": "checkout", "in_app": true}]);
        let seen = [
            seen_of(1, &json!({})),
            seen_of(1, &json!({"message": ""})),
            seen_of(2, &stack("TypeError", &minified)),
            seen_of(3, &stack("SIGSEGV", &unnamed)),
            seen_of(4, &stack("Timeout", &libraries)),
            seen_of(5, &stack("KeyError", &own)),
        ];
        let health = GroupingHealth::of(&seen, &BTreeSet::new());
        assert_eq!((health.events, health.issues), (6, 5));
        let share = |number, events| Share { events, issues: vec![(issue(number), events)] };
        assert_eq!(health.nothing, share(1, 2));
        assert_eq!(health.minified, share(2, 1));
        assert_eq!(health.unnamed, share(3, 1));
        assert_eq!(health.nothing_own, share(4, 1));
    }
}
