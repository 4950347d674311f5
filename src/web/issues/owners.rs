//! Who has an issue, whom it can be given to, and who may know about it.

use sqlx::PgConnection;

use crate::base::{IssueId, Timestamp};
use crate::domain::issues::suspects::{self, Suspect};
use crate::domain::issues::{self, Issue, OwnerWord};
use crate::domain::ownership::{self, Owner, OwnerName, Owners, Subject};
use crate::protocol::event::Event;
use crate::web::components::time::Moment;
use crate::web::{Member, Result};

/// As much of a commit's hash as people need.
const SHORT_SHA: usize = 7;

/// Whom issues can be given to.
#[derive(Clone, Debug, Default)]
pub(super) struct AssignMenu {
    /// Who has it; empty for nobody, and where several issues are meant.
    pub(super) present: String,
    /// The teams, then the people; whoever looks first.
    pub(super) choices: Vec<AssignChoice>,
}

/// Somebody to choose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct AssignChoice {
    /// What the button sends behind `assign:`.
    pub(super) value: String,
    pub(super) label: String,
    pub(super) is_chosen: bool,
}

impl AssignMenu {
    /// The menu of a selection.
    pub(super) fn new(member: &Member, owners: &Owners, present: Option<Owner>) -> Self {
        let choice = |owner: Owner, label: String| AssignChoice {
            value: OwnerWord(owner).to_string(),
            is_chosen: present == Some(owner),
            label,
        };
        let me = Owner::User(member.user.id);
        let teams = owners.teams.iter().map(|team| Owner::Team(team.id));
        let people = owners.people.iter().map(|person| Owner::User(person.id));
        let others = teams.chain(people).filter(|owner| *owner != me);
        let others = others.filter_map(|owner| Some(choice(owner, owners.label(owner)?)));
        let own = std::iter::once(choice(me, "Me".to_owned()));
        Self {
            present: present.and_then(|owner| owners.label(owner)).unwrap_or_default(),
            choices: own.chain(others).collect(),
        }
    }

    /// The menu of one issue.
    pub(super) async fn load(
        db: &mut PgConnection,
        member: &Member,
        issue: IssueId,
    ) -> Result<Self> {
        let owners = Owners::find(db, member.organization.id).await?;
        let present = issues::assignees(db, &[issue]).await?.remove(&issue);
        Ok(Self::new(member, &owners, present))
    }
}

/// Who may know about an issue, with the reasons.
#[derive(Clone, Debug, Default)]
pub(super) struct SuspectsView {
    pub(super) owners: Vec<SuspectOwner>,
    pub(super) commits: Vec<SuspectCommit>,
    /// Where the rules are.
    pub(super) settings_url: String,
}

/// Somebody who may know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SuspectOwner {
    pub(super) label: String,
    /// What the button sends behind `assign:`; empty for somebody who is no member.
    pub(super) value: String,
    /// Why, with `code`.
    pub(super) why: String,
}

/// A commit that may have brought it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SuspectCommit {
    pub(super) sha: String,
    pub(super) short_sha: String,
    pub(super) message: String,
    pub(super) author: String,
    pub(super) release: String,
    pub(super) repository: String,
    pub(super) committed: Moment,
    /// Why, with `code`.
    pub(super) why: String,
}

impl SuspectsView {
    /// Asks the rules and the commits of releases about one of the issue's events.
    pub(super) async fn load(
        db: &mut PgConnection,
        member: &Member,
        issue: &Issue,
        event: &Event,
        now: Timestamp,
    ) -> Result<Self> {
        let owners = Owners::find(db, member.organization.id).await?;
        let set = ownership::find(db, issue.project_id).await?;
        let subject = Subject::of(event);
        let suspects = suspects::suspects(db, issue, &subject).await?;
        let mut found = by_rules(&set.rules, &owners, &subject);
        for suspect in &suspects {
            found.extend(by_commit(suspect, &owners));
        }
        let team = member.projects.iter().find(|project| project.id == issue.project_id);
        let team = team.map(|project| Owner::Team(project.team_id));
        if found.is_empty()
            && let Some(label) = team.and_then(|team| owners.label(team))
        {
            let value = team.map(|team| OwnerWord(team).to_string()).unwrap_or_default();
            let why = "owns the project, and no rule knows this event".to_owned();
            found.push(SuspectOwner { label, value, why });
        }
        Ok(Self {
            owners: joined(found),
            commits: suspects.into_iter().map(|one| SuspectCommit::new(one, now)).collect(),
            settings_url: format!(
                "/{}/projects/{}/settings/ownership",
                member.organization.slug, issue.project_slug
            ),
        })
    }
}

/// Each of them once, with all reasons.
fn joined(found: Vec<SuspectOwner>) -> Vec<SuspectOwner> {
    let mut owners: Vec<SuspectOwner> = Vec::new();
    for one in found {
        match owners.iter_mut().find(|known| known.label == one.label) {
            Some(known) => known.why = format!("{}; {}", known.why, one.why),
            None => owners.push(one),
        }
    }
    owners
}

/// The owners that the rules name, as they are now.
fn by_rules(rules: &str, owners: &Owners, subject: &Subject<'_>) -> Vec<SuspectOwner> {
    let Ok(rules) = ownership::check(rules, owners) else { return Vec::new() };
    let Some(decision) = rules.decide(subject) else { return Vec::new() };
    let why = format!("by rule `{}`: `{}`", decision.rule.words(), decision.found);
    let suspect = |name: &OwnerName| {
        let owner = owners.named(name)?;
        let value = OwnerWord(owner).to_string();
        Some(SuspectOwner { label: owners.label(owner)?, value, why: why.clone() })
    };
    decision.rule.owners.iter().filter_map(suspect).collect()
}

/// The author of a suspected commit.
fn by_commit(suspect: &Suspect, owners: &Owners) -> Option<SuspectOwner> {
    let email = suspect.author.email.as_deref();
    let owner = email.and_then(OwnerName::parse).and_then(|name| owners.named(&name));
    let known = owner.and_then(|owner| owners.label(owner));
    let label = known.or_else(|| author(suspect))?;
    Some(SuspectOwner {
        label,
        value: owner.map(|owner| OwnerWord(owner).to_string()).unwrap_or_default(),
        why: format!("wrote `{}`, which changed `{}`", short(&suspect.sha), suspect.path),
    })
}

fn author(suspect: &Suspect) -> Option<String> {
    suspect.author.name.clone().or_else(|| suspect.author.email.clone())
}

fn short(sha: &str) -> &str {
    sha.get(..SHORT_SHA).unwrap_or(sha)
}

impl SuspectCommit {
    fn new(suspect: Suspect, now: Timestamp) -> Self {
        let place = match suspect.distance {
            0 => "the frame of your own code nearest the crash".to_owned(),
            1 => "the frame of your own code before that of the crash".to_owned(),
            distance => format!("a frame of your own code, {distance} before that of the crash"),
        };
        Self {
            author: author(&suspect).unwrap_or_else(|| "Somebody".to_owned()),
            short_sha: short(&suspect.sha).to_owned(),
            message: suspect.message.lines().next().unwrap_or_default().to_owned(),
            release: suspect.release,
            repository: suspect.repository,
            committed: Moment::new(suspect.committed_at, now),
            why: format!("changed `{}`, the file of {place}", suspect.path),
            sha: suspect.sha,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_who_is_suspected_twice_is_named_once_with_both_reasons() {
        let suspect = |label: &str, why: &str| SuspectOwner {
            label: label.to_owned(),
            value: String::new(),
            why: why.to_owned(),
        };
        let found =
            vec![suspect("Ada", "by rule"), suspect("Eve", "wrote"), suspect("Ada", "wrote")];
        let owners = joined(found);
        assert_eq!(owners, [suspect("Ada", "by rule; wrote"), suspect("Eve", "wrote")]);
    }
}
