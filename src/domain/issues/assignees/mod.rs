//! Whose an issue is: a person's or a team's.
//!
//! People assign, and rules and commits do it for issues that nobody has when they are new or come back
//! ([`arriving`]), or when the commits of their release are told later ([`told`]). What people did is never overwritten, not even by another event of the same batch: a row that is there
//! stays.

mod arriving;
pub(super) mod store;
mod told;

pub use arriving::{Arriving, ByRule, Choice, assign_arriving};
pub use told::assign_told;

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use serde_json::json;
use sqlx::PgConnection;

use super::activity::ActivityKind;
use super::store::{NewLine, append_activity, lock_states};
use super::{Scope, batch};
use crate::app::Essentials;
use crate::base::{IssueId, TeamId, UserId};
use crate::domain::ownership::{Owner, Owners};
use crate::domain::{Error, Result};

/// Who is looked for by `assigned:`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sought {
    /// Issues that nobody has.
    Nobody,
    /// Issues that somebody has.
    Anybody,
    /// Those of whoever asks.
    Me,
    /// Those of the teams that they are in.
    MyTeams,
    /// Those of the team of this slug.
    Team(String),
    /// Those of the people with this name or address.
    Person(String),
}

impl Sought {
    /// Who is meant by a word of a search.
    pub fn of_word(word: &str) -> Self {
        match word {
            "" | "none" => Self::Nobody,
            "me" => Self::Me,
            "my_teams" => Self::MyTeams,
            _ => match word.strip_prefix('#') {
                Some(slug) => Self::Team(slug.to_lowercase()),
                None => Self::Person(word.to_lowercase()),
            },
        }
    }
}

/// An owner in a form: `user:1`, `team:2`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OwnerWord(pub Owner);

impl fmt::Display for OwnerWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Owner::User(id) => write!(f, "user:{id}"),
            Owner::Team(id) => write!(f, "team:{id}"),
        }
    }
}

impl FromStr for OwnerWord {
    type Err = ();

    fn from_str(text: &str) -> std::result::Result<Self, ()> {
        let (kind, id) = text.split_once(':').ok_or(())?;
        let id: i64 = id.parse().map_err(|_| ())?;
        match kind {
            "user" => Ok(Self(Owner::User(UserId(id)))),
            "team" => Ok(Self(Owner::Team(TeamId(id)))),
            _ => Err(()),
        }
    }
}

/// An issue that somebody else has now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reassigned {
    /// The issue.
    pub id: IssueId,
    /// Whose it was.
    pub before: Option<Owner>,
}

/// Gives each issue of `scope` to the owner beside it, or to nobody; returns those that this changed.
///
/// # Errors
/// When an owner does not belong to the organization, or the database fails; then nothing is changed.
pub async fn assign(
    app: &Essentials,
    scope: &Scope,
    wanted: &[(IssueId, Option<Owner>)],
    actor: Option<UserId>,
) -> Result<Vec<Reassigned>> {
    let now = app.clock.now();
    let mut tx = app.db.begin().await?;
    let owners = Owners::find(&mut tx, scope.organization).await?;
    let ids: Vec<IssueId> = wanted.iter().map(|(id, _)| *id).collect();
    let held: Vec<IssueId> =
        lock_states(&mut tx, scope, &ids).await?.into_iter().map(|held| held.id).collect();
    let present = store::list(&mut tx, &held).await?;
    let (mut changed, mut lines, mut rows) = (Vec::new(), Vec::new(), Vec::new());
    for (id, owner) in wanted.iter().filter(|(id, _)| held.contains(id)) {
        let before = present.get(id).copied();
        if before == *owner {
            continue;
        }
        lines.push(line(*id, *owner, &owners)?);
        rows.push((*id, *owner));
        changed.push(Reassigned { id: *id, before });
    }
    store::put(&mut tx, &rows, now).await?;
    append_activity(&mut tx, &lines, actor, now).await?;
    tx.commit().await?;
    Ok(changed)
}

fn line(issue_id: IssueId, owner: Option<Owner>, owners: &Owners) -> Result<NewLine> {
    let Some(owner) = owner else {
        return Ok(NewLine { issue_id, kind: ActivityKind::Unassigned, detail: json!({}) });
    };
    let label = owners.label(owner).ok_or_else(|| {
        Error::invalid("assignedTo", "Choose a member or a team of the organization.")
    })?;
    let detail = json!({ "to": label, "assignee": OwnerWord(owner).to_string() });
    Ok(NewLine { issue_id, kind: ActivityKind::Assigned, detail })
}

/// Whose these issues are; those that nobody has are left out.
///
/// # Errors
/// When the database fails.
pub async fn assignees(db: &mut PgConnection, ids: &[IssueId]) -> Result<HashMap<IssueId, Owner>> {
    Ok(store::list(db, ids).await?)
}

/// The issues of a batch that may be assigned by themselves: those that it opened, and those that came back.
pub fn may_be_assigned(
    assignment: &batch::Assignment,
    recorded: &batch::Recorded,
    issue: IssueId,
) -> bool {
    assignment.opened.contains(&issue)
        || recorded.regressed.iter().any(|regressed| regressed.issue == issue)
}
