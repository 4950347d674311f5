//! Who may know about issues, for many of them at once: by the commits and the rules as they are now, and the latest
//! event of each that was kept.

use std::collections::{BTreeSet, HashMap};

use chrono::TimeDelta;
use sqlx::PgConnection;

use super::{Asked, Suspect, store, suspects_of_all};
use crate::base::{IssueId, ProjectId, Timestamp};
use crate::domain::Result;
use crate::domain::events::payload;
use crate::domain::issues::Issue;
use crate::domain::ownership::{
    self, Compiled, Decision, Matcher, Owner, OwnerName, Owners, Subject,
};
use crate::infra::compression::Dictionaries;
use crate::protocol::event::Event;

/// How far back from an issue's last event one is looked for that was kept: of every issue some of a day are.
const KEPT_WITHIN: TimeDelta = TimeDelta::days(1);

/// Somebody who may know about an issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suggestion {
    /// Who.
    pub owner: Owner,
    /// Why.
    pub because: Because,
}

/// Why somebody may know about an issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Because {
    /// They wrote a suspected commit.
    Commit,
    /// A rule names them.
    Rule,
    /// A rule of CODEOWNERS names them.
    Codeowners,
}

/// Who may know about each of these issues of an organization, authors of commits first, each once. In as many queries for
/// all of them as for one.
///
/// # Errors
/// When the database fails, or what it holds is damaged.
pub async fn suggestions(
    db: &mut PgConnection,
    dictionaries: &Dictionaries,
    owners: &Owners,
    issues: &[Issue],
) -> Result<HashMap<IssueId, Vec<Suggestion>>> {
    let latest = latest_kept(db, dictionaries, issues).await?;
    let rules = rules_of(db, issues).await?;
    let mut found: HashMap<IssueId, Vec<Suggestion>> = HashMap::new();
    let mut by_rule: Vec<(IssueId, Vec<Suggestion>)> = Vec::new();
    let (mut ids, mut asked) = (Vec::new(), Vec::new());
    for issue in issues {
        let Some(event) = latest.get(&issue.id) else { continue };
        let subject = Subject::of(event);
        let decision = rules.get(&issue.project_id).and_then(|rules| rules.decide(&subject));
        by_rule.extend(decision.map(|decision| (issue.id, of_decision(&decision, owners))));
        if let Some(first_release) = issue.first_release.clone() {
            ids.push(issue.id);
            asked.push(Asked { project: issue.project_id, first_release, files: subject.files() });
        }
    }
    let asked: Vec<&Asked> = asked.iter().collect();
    let suspects = suspects_of_all(db, &asked).await?.into_iter();
    let by_commit = suspects.map(|suspects| of_commits(&suspects, owners));
    for (issue, suggestions) in ids.into_iter().zip(by_commit).chain(by_rule) {
        let known = found.entry(issue).or_default();
        for suggestion in suggestions {
            if !known.iter().any(|other| other.owner == suggestion.owner) {
                known.push(suggestion);
            }
        }
    }
    Ok(found)
}

/// The latest event of each issue that was kept, if it is one of its last day.
pub(in crate::domain::issues) async fn latest_kept(
    db: &mut PgConnection,
    dictionaries: &Dictionaries,
    issues: &[Issue],
) -> Result<HashMap<IssueId, Event>> {
    let since = |last: Timestamp| last.checked_sub_signed(KEPT_WITHIN).unwrap_or(last);
    let wanted: Vec<_> = issues.iter().map(|issue| (issue.id, since(issue.last_seen))).collect();
    let mut events = HashMap::new();
    for (issue, frame) in store::list_latest_payloads(db, &wanted).await? {
        events.insert(issue, payload::open(db, dictionaries, &frame).await?);
    }
    Ok(events)
}

/// The rules of the issues' projects. What cannot be read, because another version of Picket wrote it, names nobody.
async fn rules_of(db: &mut PgConnection, issues: &[Issue]) -> Result<HashMap<ProjectId, Compiled>> {
    let projects: BTreeSet<i64> = issues.iter().map(|issue| issue.project_id.0).collect();
    let projects: Vec<i64> = projects.into_iter().collect();
    let texts = ownership::store::list_rules(db, &projects).await?;
    let compiled = texts.into_iter().filter_map(|(project, text)| {
        let rules = ownership::parse(&text).ok()?;
        Some((project, Compiled::new(rules).ok()?))
    });
    Ok(compiled.collect())
}

fn of_decision(decision: &Decision<'_>, owners: &Owners) -> Vec<Suggestion> {
    let because = match decision.rule.matcher {
        Matcher::Codeowners => Because::Codeowners,
        Matcher::Path | Matcher::Module | Matcher::Url | Matcher::Tag(_) => Because::Rule,
    };
    let named = decision.rule.owners.iter().filter_map(|name| owners.named(name));
    named.map(|owner| Suggestion { owner, because }).collect()
}

fn of_commits(suspects: &[Suspect], owners: &Owners) -> Vec<Suggestion> {
    let author = |suspect: &Suspect| {
        let name = OwnerName::parse(suspect.author.email.as_deref()?.trim())?;
        Some(Suggestion { owner: owners.named(&name)?, because: Because::Commit })
    };
    suspects.iter().filter_map(author).collect()
}
