//! What was just done to issues, and the way back.

use serde::{Deserialize, Serialize};

use uuid::Uuid;

use super::joining::Offer;
use crate::base::{IssueId, ProjectId};
use crate::domain::issues::assignees::Reassigned;
use crate::domain::issues::moves::{Act, ActKind};
use crate::domain::issues::{Change, OwnerWord, State, Status, StatusDetail, Substatus};
use crate::domain::ownership::Owner;
use crate::web::components::number;

/// A sentence about what was done, with what undoes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Toast {
    /// `2 issues resolved.`
    pub(super) text: String,
    /// What the form of "undo" sends; empty if nothing was changed.
    pub(super) undo: String,
    /// A rule that would do the same by itself.
    pub(super) offer: Option<Offer>,
}

impl Toast {
    /// A toast without a way back.
    pub(super) fn saying(text: impl Into<String>) -> Self {
        Self { text: text.into(), undo: String::new(), offer: None }
    }

    /// A toast of something that can be undone.
    fn with_undo(text: String, undo: String) -> Self {
        Self { text, undo, offer: None }
    }

    /// The toast of a verb; `done` is its past: `resolved`.
    pub(super) fn new(done: &str, changes: &[Change]) -> Self {
        if changes.is_empty() {
            return Self::saying(format!("Nothing to do: already {done}."));
        }
        let count = number::counted_len(changes.len(), "issue", "issues");
        let states: Vec<StateBefore> = changes.iter().map(StateBefore::of).collect();
        let undo = serde_json::to_string(&states).unwrap_or_default();
        Self::with_undo(format!("{count} {done}."), undo)
    }

    /// The toast of something that was done with the parts of issues; `others` are their short ids.
    pub(super) fn of_act(act: &Act, issue: &str, others: &[String]) -> Self {
        let others = match others {
            [alone] => alone.clone(),
            many => number::counted_len(many.len(), "issue", "issues"),
        };
        let reopened =
            if act.is_reopened { " It waits for somebody, as one of them did." } else { "" };
        let text = match act.kind {
            ActKind::Merge => format!("Merged {others} into {issue}.{reopened}"),
            ActKind::TakeOut => format!("Took {others} out of {issue}. They are kept apart now."),
            ActKind::Split => {
                format!("Made {others} of events of {issue}. They are kept apart now.")
            }
            ActKind::Move => format!("Moved events from {others} to {issue}."),
            ActKind::Rules => "The issues follow the new rules.".to_owned(),
        };
        Self::with_undo(text, format!("{ACT}{}:{}", act.issue.project(), act.id))
    }

    /// The toast of an act undone.
    pub(super) fn act_undone(act: &Act) -> Self {
        let what = match act.kind {
            ActKind::Merge => "the issues are apart again",
            ActKind::TakeOut | ActKind::Split => "the issues are one again",
            ActKind::Move | ActKind::Rules => "the events are back",
        };
        Self::saying(format!("Undone: {what}."))
    }

    /// The toast of something undone; there is no undoing that.
    pub(super) fn undone(changes: &[Change]) -> Self {
        let count = number::counted_len(changes.len(), "issue is", "issues are");
        Self::saying(format!("Undone: {count} as before."))
    }
}

impl Toast {
    /// The toast of giving issues to somebody, or to nobody.
    pub(super) fn assigned(owner: Option<Owner>, done: &[Reassigned]) -> Self {
        let word = if owner.is_some() { "assigned" } else { "assigned to nobody" };
        if done.is_empty() {
            return Self::saying(format!("Nothing to do: already {word}."));
        }
        let count = number::counted_len(done.len(), "issue", "issues");
        let before = |one: &Reassigned| {
            let owner = one.before.map(|owner| OwnerWord(owner).to_string());
            (one.id, owner.unwrap_or_default())
        };
        let before: Vec<(IssueId, String)> = done.iter().map(before).collect();
        let undo = serde_json::to_string(&before).unwrap_or_default();
        Self::with_undo(format!("{count} {word}."), format!("{OWNERS}{undo}"))
    }

    /// The toast of issues that are given back.
    pub(super) fn assigned_back(done: &[Reassigned]) -> Self {
        let count = number::counted_len(done.len(), "issue is", "issues are");
        Self::saying(format!("Undone: {count} assigned as before."))
    }
}

/// How the undoing of an assignment begins.
const OWNERS: &str = "owners:";

/// More issues are not assigned at once.
const MAX_OWNERS: usize = 100;

/// Who had the issues that the form of "undo" carries; `None` if it carries something else.
pub(super) fn read_owners(text: &str) -> Option<Vec<(IssueId, Option<Owner>)>> {
    let before: Vec<(IssueId, String)> = serde_json::from_str(text.strip_prefix(OWNERS)?).ok()?;
    if before.len() > MAX_OWNERS {
        return None;
    }
    let owner = |(id, word): (IssueId, String)| {
        if word.is_empty() {
            return Some((id, None));
        }
        word.parse().ok().map(|OwnerWord(owner)| (id, Some(owner)))
    };
    before.into_iter().map(owner).collect()
}

/// The state an issue had, as the form of "undo" carries it.
#[derive(Debug, Serialize, Deserialize)]
struct StateBefore {
    issue: IssueId,
    status: Status,
    substatus: Option<Substatus>,
    detail: StatusDetail,
}

impl StateBefore {
    fn of(change: &Change) -> Self {
        let State { status, substatus, detail } = change.before.clone();
        Self { issue: change.id, status, substatus, detail }
    }
}

/// How the undoing of an act begins.
const ACT: &str = "act:";

/// The act that the form of "undo" carries; `None` if it carries something else.
pub(super) fn read_act(text: &str) -> Option<(ProjectId, Uuid)> {
    let (project, act) = text.strip_prefix(ACT)?.split_once(':')?;
    Some((project.parse().ok()?, act.parse().ok()?))
}

/// The states that the form of "undo" carries; `None` if it is not one of ours.
pub(super) fn read_undo(text: &str) -> Option<Vec<(IssueId, State)>> {
    let states: Vec<StateBefore> = serde_json::from_str(text).ok()?;
    let fits = |before: &StateBefore| match before.substatus {
        Some(substatus) => substatus.status() == before.status,
        None => before.status == Status::Resolved,
    };
    if !states.iter().all(fits) {
        return None;
    }
    let state = |before: StateBefore| {
        let StateBefore { issue, status, substatus, detail } = before;
        (issue, State { status, substatus, detail })
    };
    Some(states.into_iter().map(state).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{IssueNumber, ProjectId};
    use crate::domain::issues::{Archive, Resolution};

    fn change(number: i64) -> Change {
        Change {
            id: IssueId::new(ProjectId(1), IssueNumber(number)),
            before: Archive::Until { moment: None, events: Some(10), users: None }.state(),
            after: Resolution::Now.state(),
        }
    }

    #[test]
    fn what_was_done_can_be_undone() {
        let changes = [change(1), change(2)];
        let toast = Toast::new("resolved", &changes);
        assert_eq!(toast.text, "2 issues resolved.");
        let states = read_undo(&toast.undo).unwrap();
        assert_eq!(states, changes.map(|change| (change.id, change.before)));
    }

    #[test]
    fn one_issue_is_singular_and_nothing_cannot_be_undone() {
        assert_eq!(Toast::new("resolved", &[change(1)]).text, "1 issue resolved.");
        let nothing = Toast::new("resolved", &[]);
        assert_eq!(
            (nothing.text.as_str(), nothing.undo.as_str()),
            ("Nothing to do: already resolved.", "")
        );
    }

    #[test]
    fn who_had_an_issue_is_carried_by_its_undo() {
        let owner = Some(Owner::Team(crate::base::TeamId(7)));
        let id = IssueId::new(ProjectId(1), IssueNumber(1));
        let other = IssueId::new(ProjectId(1), IssueNumber(2));
        let done = [Reassigned { id, before: owner }, Reassigned { id: other, before: None }];
        let toast = Toast::assigned(None, &done);
        assert_eq!(toast.text, "2 issues assigned to nobody.");
        assert_eq!(read_owners(&toast.undo), Some(vec![(id, owner), (other, None)]));
        assert_eq!(read_owners("owners:[[1,\"dog:1\"]]"), None);
        assert_eq!(Toast::assigned(owner, &[]).text, "Nothing to do: already assigned.");
    }

    #[test]
    fn a_state_that_cannot_be_is_refused() {
        for text in [
            "",
            "[1]",
            r#"[{"issue":1,"status":"resolved","substatus":"ongoing","detail":{}}]"#,
            r#"[{"issue":1,"status":"unresolved","substatus":null,"detail":{}}]"#,
        ] {
            assert_eq!(read_undo(text), None, "{text}");
        }
    }
}
