//! Whose new and returning issues are, by suspected commits and by rules.
//!
//! What an event says is found out before the batch ([`Choice`]); who that is, and which commits are suspected, only
//! the database knows. The author of a suspected commit comes before the owners of a rule: who wrote the line knows more
//! about it than who looks after its directory.

use std::collections::HashSet;

use serde_json::{Value, json};
use sqlx::PgConnection;

use super::{OwnerWord, store};
use crate::base::{IssueId, Timestamp};
use crate::domain::issues::activity::ActivityKind;
use crate::domain::issues::store::{NewLine, append_activity};
use crate::domain::issues::suspects::{self, Asked, Suspect};
use crate::domain::ownership::{Assigning, OwnerName, Subject};

/// As much of what a rule found is kept in the history.
const MAX_FOUND_CHARS: usize = 500;

/// What an event says about whose its issue may be, as the batch needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// What the rules of its project say.
    pub by_rule: Option<ByRule>,
    /// The files of its frames, where commits count; see [`Subject::files`].
    pub files: Vec<Vec<String>>,
}

/// What a rule says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByRule {
    /// The owners that it names, the first one first.
    pub owners: Vec<OwnerName>,
    /// The rule: `path:src/checkout/*`.
    pub rule: String,
    /// What of the event it found.
    pub found: String,
}

impl Choice {
    /// What an event says; `None` if that is nothing.
    pub fn of(assigning: &Assigning, subject: &Subject<'_>) -> Option<Self> {
        let decision = assigning.rules.decide(subject);
        let decision = decision.filter(|decision| !decision.rule.owners.is_empty());
        let by_rule = decision.map(|decision| ByRule {
            owners: decision.rule.owners.clone(),
            rule: decision.rule.words(),
            // No JSON column holds NUL.
            found: decision.found.chars().filter(|c| *c != '\0').take(MAX_FOUND_CHARS).collect(),
        });
        let files = if assigning.by_commits { subject.files() } else { Vec::new() };
        (by_rule.is_some() || !files.is_empty()).then_some(Self { by_rule, files })
    }
}

/// An issue that is new or has come back. Its row is locked, or was made by this transaction.
#[derive(Clone, Copy, Debug)]
pub struct Arriving<'a> {
    /// The issue.
    pub issue: IssueId,
    /// The release of the event.
    pub release: Option<&'a str>,
    /// Whether it is new.
    pub is_new: bool,
    /// What the event says.
    pub choice: &'a Choice,
}

/// Somebody to give an issue to, if they are there, and why.
pub(super) struct Candidate {
    pub(super) owner: OwnerName,
    why: Value,
}

/// Gives issues that nobody has to the author of the most suspected commit who is there, or to the first such owner
/// of their rule.
pub async fn assign_arriving(
    db: &mut PgConnection,
    arriving: impl Iterator<Item = Arriving<'_>>,
    now: Timestamp,
) -> sqlx::Result<()> {
    // The first event of a batch says.
    let mut seen = HashSet::new();
    let arriving: Vec<Arriving<'_>> = arriving.filter(|one| seen.insert(one.issue)).collect();
    if arriving.is_empty() {
        return Ok(());
    }
    let suspects = suspects_of(db, &arriving).await?;
    let candidates: Vec<Vec<Candidate>> = arriving
        .iter()
        .zip(suspects)
        .map(|(one, suspects)| {
            let by_commit = suspects.iter().filter_map(by_commit);
            by_commit.chain(one.choice.by_rule.iter().flat_map(by_rule)).collect()
        })
        .collect();
    let found: Vec<(IssueId, Vec<Candidate>)> =
        arriving.iter().map(|one| one.issue).zip(candidates).collect();
    give(db, &found, now).await
}

/// Gives each of these issues to the first of its candidates who is there, unless somebody has it. They are locked.
pub(super) async fn give(
    db: &mut PgConnection,
    found: &[(IssueId, Vec<Candidate>)],
    now: Timestamp,
) -> sqlx::Result<()> {
    let wanted: Vec<(IssueId, Vec<&OwnerName>)> = found
        .iter()
        .map(|(issue, candidates)| (*issue, candidates.iter().map(|it| &it.owner).collect()))
        .collect();
    let given = store::insert_first_known(db, &wanted, now).await?;
    let line = |given: &store::Given| {
        let (_, candidates) = found.iter().find(|(issue, _)| *issue == given.issue)?;
        let candidate = candidates.get(usize::try_from(given.place).ok()?)?;
        let mut detail = candidate.why.clone();
        detail["to"] = json!(given.label);
        detail["assignee"] = json!(OwnerWord(given.owner).to_string());
        Some(NewLine { issue_id: given.issue, kind: ActivityKind::Assigned, detail })
    };
    let lines: Vec<NewLine> = given.iter().filter_map(line).collect();
    append_activity(db, &lines, None, now).await
}

/// The commits that may have brought each of the issues that are new.
async fn suspects_of(
    db: &mut PgConnection,
    arriving: &[Arriving<'_>],
) -> sqlx::Result<Vec<Vec<Suspect>>> {
    let asked = |one: &Arriving<'_>| {
        let release = one.release.filter(|_| one.is_new && !one.choice.files.is_empty())?;
        let (first_release, files) = (release.to_owned(), one.choice.files.clone());
        Some(Asked { project: one.issue.project(), first_release, files })
    };
    let asked: Vec<Option<Asked>> = arriving.iter().map(asked).collect();
    let named: Vec<&Asked> = asked.iter().flatten().collect();
    let mut found = suspects::suspects_of_all(db, &named).await?.into_iter();
    let of_one = |asked: &Option<Asked>| asked.as_ref().and_then(|_| found.next());
    Ok(asked.iter().map(of_one).map(Option::unwrap_or_default).collect())
}

pub(super) fn by_commit(suspect: &Suspect) -> Option<Candidate> {
    let email = suspect.author.email.as_deref()?.trim();
    // Only people write commits, whatever stands in their address.
    let owner = OwnerName::parse(email).filter(|name| matches!(name, OwnerName::Person(_)))?;
    let why = json!({
        "commit": suspect.sha,
        "release": suspect.release,
        "file": suspect.path,
    });
    Some(Candidate { owner, why })
}

fn by_rule(rule: &ByRule) -> impl Iterator<Item = Candidate> {
    rule.owners.iter().map(|owner| Candidate {
        owner: owner.clone(),
        why: json!({ "rule": rule.rule, "found": rule.found }),
    })
}
