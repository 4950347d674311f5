//! Ownership: which part of a project is whose.
//!
//! Rules say it, line by line ([`rules`]), written by people or made of a CODEOWNERS file ([`codeowners`]). A
//! [`Compiled`] set of them decides about a [`Subject`], which is what an event says of its frames, request and
//! tags, and says by which rule. Everything but [`store`] is pure.
//!
//! Where no rule knows an event it belongs to the team that owns the project: nothing is nobody's.

pub mod codeowners;
mod compiled;
mod globs;
mod rules;
pub mod store;
mod subject;
#[cfg(test)]
mod tests;

pub use compiled::{Compiled, Decision};
pub use rules::{LineProblem, MAX_RULES, MAX_RULES_BYTES, Matcher, OwnerName, Rule, parse};
pub use subject::{Place, Subject};

use std::collections::{BTreeMap, BTreeSet};

use sqlx::PgConnection;

use crate::app::Essentials;
use crate::base::{OrganizationId, ProjectId, TeamId, Timestamp, UserId};
use crate::domain::organizations::teams::{self, Team};
use crate::domain::organizations::{self, Person};
use crate::domain::projects::Project;
use crate::domain::{Error, Result};
use codeowners::Mapping;

/// What a project has set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ownership {
    /// The rules as they were written.
    pub rules: String,
    /// Whether issues are assigned by themselves.
    pub auto_assign: AutoAssign,
    /// How names of a CODEOWNERS file were mapped the last time.
    pub mapping: Mapping,
    /// When it was set first, and last; `None`: never.
    pub set_at: Option<(Timestamp, Timestamp)>,
}

/// Whether issues are assigned by themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum AutoAssign {
    /// They are not.
    Off,
    /// New and returning ones by the rules.
    #[default]
    Rules,
    /// New ones to the author of a suspected commit first; all others by the rules.
    Commits,
}

impl AutoAssign {
    /// Every choice.
    pub const ALL: [Self; 3] = [Self::Off, Self::Rules, Self::Commits];

    /// The word for forms.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Rules => "rules",
            Self::Commits => "commits",
        }
    }

    /// The choice of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == word)
    }
}

/// How a project's issues are assigned by themselves.
#[derive(Clone, Debug, Default)]
pub struct Assigning {
    /// By these rules.
    pub rules: Compiled,
    /// To the authors of suspected commits first.
    pub by_commits: bool,
}

/// Somebody who can own something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Owner {
    /// A person.
    User(UserId),
    /// A team.
    Team(TeamId),
}

/// Everybody in an organization who can own something.
#[derive(Clone, Debug, Default)]
pub struct Owners {
    /// The people, by name.
    pub people: Vec<Person>,
    /// The teams, by name.
    pub teams: Vec<Team>,
}

impl Owners {
    /// Looks them up.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(db: &mut PgConnection, organization: OrganizationId) -> Result<Self> {
        let people = organizations::store::list_people(db, organization).await?;
        Ok(Self { people, teams: teams::store::list(db, organization).await? })
    }

    /// Who is meant by a name.
    pub fn named(&self, name: &OwnerName) -> Option<Owner> {
        match name {
            OwnerName::Person(email) => {
                let is_meant = |person: &&Person| person.email.eq_ignore_ascii_case(email);
                self.people.iter().find(is_meant).map(|person| Owner::User(person.id))
            }
            OwnerName::Team(slug) => {
                let is_meant = |team: &&Team| team.slug.as_str() == slug;
                self.teams.iter().find(is_meant).map(|team| Owner::Team(team.id))
            }
        }
    }

    /// What people call an owner: `Ada`, `#payments`; `None` if they are gone.
    pub fn label(&self, owner: Owner) -> Option<String> {
        match owner {
            Owner::User(id) => {
                let person = self.people.iter().find(|person| person.id == id)?;
                Some(if person.name.is_empty() {
                    person.email.clone()
                } else {
                    person.name.clone()
                })
            }
            Owner::Team(id) => {
                let team = self.teams.iter().find(|team| team.id == id)?;
                Some(format!("#{}", team.slug))
            }
        }
    }

    /// Owners whom rules name and who do not exist, at the first line that names them.
    pub fn unknown(&self, rules: &[Rule]) -> Vec<LineProblem> {
        let mut seen = BTreeSet::new();
        let named = rules.iter().flat_map(|rule| rule.owners.iter().map(move |it| (rule.line, it)));
        let unknown = named.filter(|(_, name)| self.named(name).is_none() && seen.insert(*name));
        let problem = |(line, name): (usize, &OwnerName)| LineProblem {
            line,
            text: match name {
                OwnerName::Person(email) => format!(
                    "Nobody in this organization has the address `{email}`. Add them first, or name a team."
                ),
                OwnerName::Team(slug) => {
                    format!("There is no team `#{slug}`. Make it in the organization's settings.")
                }
            },
        };
        unknown.map(problem).collect()
    }

    /// Who the names of a CODEOWNERS file probably are: addresses of members; a team of the same slug; a member
    /// whose address or name is like it.
    pub fn guess(&self, names: &[String]) -> BTreeMap<String, String> {
        names.iter().map(|name| (name.clone(), self.guess_one(name).unwrap_or_default())).collect()
    }

    fn guess_one(&self, name: &str) -> Option<String> {
        let bare = name.trim_start_matches('@').to_lowercase();
        if let Some(known) = OwnerName::parse(&bare).filter(|known| self.named(known).is_some()) {
            return Some(known.to_string());
        }
        let last = bare.rsplit('/').next().unwrap_or_default();
        let is_person = |person: &&Person| {
            let local = person.email.split('@').next().unwrap_or_default();
            local == last || person.name.to_lowercase().replace(' ', "-") == last
        };
        let team = self.teams.iter().find(|team| team.slug.as_str() == last);
        let team = team.map(|team| format!("#{}", team.slug));
        let person = || self.people.iter().find(is_person).map(|person| person.email.clone());
        if bare.contains('/') { team } else { person().or(team) }
    }
}

/// Reads rules and finds their owners.
///
/// # Errors
/// With everything that is wrong, line by line.
pub fn check(text: &str, owners: &Owners) -> std::result::Result<Compiled, Vec<LineProblem>> {
    let rules = parse(text)?;
    let unknown = owners.unknown(&rules);
    if !unknown.is_empty() {
        return Err(unknown);
    }
    Compiled::new(rules).map_err(|problem| vec![problem])
}

/// Sets a project's ownership.
///
/// # Errors
/// When a rule cannot be used (the first one is named), there is no such project, or the database fails.
pub async fn set(app: &Essentials, project: &Project, wanted: &Ownership) -> Result<()> {
    let mut db = app.db.acquire().await?;
    let owners = Owners::find(&mut db, project.organization_id).await?;
    if let Err(problems) = check(&wanted.rules, &owners)
        && let Some(first) = problems.first()
    {
        let words = format!("Line {}: {}", first.line, first.text);
        return Err(Error::invalid("raw", words));
    }
    Ok(store::put(&mut db, project.id, wanted, app.clock.now()).await?)
}

/// What a project has set.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &mut PgConnection, project: ProjectId) -> Result<Ownership> {
    Ok(store::find(db, project).await?.unwrap_or_default())
}
