//! What a token may do (`web-api.md` §1.3).

use std::fmt;
use std::str::FromStr;

/// One permission, `family:level`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Scope(&'static str);

/// All scopes that clients ask for, in the order pages show them.
const KNOWN: &[&str] = &[
    "event:read",
    "event:write",
    "event:admin",
    "project:read",
    "project:write",
    "project:admin",
    "project:releases",
    "project:distribution",
    "org:read",
    "org:write",
    "org:admin",
    "org:integrations",
    "org:ci",
    "team:read",
    "team:write",
    "team:admin",
    "member:read",
    "member:invite",
    "member:write",
    "member:admin",
    "alerts:read",
    "alerts:write",
];

impl Scope {
    /// See issues and events.
    pub const EVENT_READ: Self = Self("event:read");
    /// Change issues.
    pub const EVENT_WRITE: Self = Self("event:write");
    /// Delete issues.
    pub const EVENT_ADMIN: Self = Self("event:admin");
    /// See projects and their keys.
    pub const PROJECT_READ: Self = Self("project:read");
    /// Create and change projects.
    pub const PROJECT_WRITE: Self = Self("project:write");
    /// Delete what projects hold.
    pub const PROJECT_ADMIN: Self = Self("project:admin");
    /// Register releases.
    pub const PROJECT_RELEASES: Self = Self("project:releases");
    /// See the organization.
    pub const ORG_READ: Self = Self("org:read");
    /// See teams.
    pub const TEAM_READ: Self = Self("team:read");
    /// May change teams.
    pub const TEAM_WRITE: Self = Self("team:write");
    /// May delete teams.
    pub const TEAM_ADMIN: Self = Self("team:admin");
    /// May see who belongs to the organization.
    pub const MEMBER_READ: Self = Self("member:read");
    /// May change in which teams they are.
    pub const MEMBER_WRITE: Self = Self("member:write");
    /// What builds need: releases and their files.
    pub const ORG_CI: Self = Self("org:ci");

    /// Every scope there is.
    pub fn all() -> impl Iterator<Item = Self> {
        KNOWN.iter().map(|name| Self(name))
    }

    /// The scope as clients write it.
    pub fn as_str(self) -> &'static str {
        self.0
    }

    /// Whether holding `self` allows what needs `other`: in a family, admin includes write, and write read.
    fn includes(self, other: Self) -> bool {
        let (family, level) = self.parts();
        let (other_family, other_level) = other.parts();
        let rank = |level| ["read", "write", "admin"].iter().position(|known| *known == level);
        self == other
            || (family == other_family
                && matches!((rank(level), rank(other_level)), (Some(has), Some(needs)) if has > needs))
    }

    /// Family and level: `event` and `read`.
    pub fn parts(self) -> (&'static str, &'static str) {
        self.0.split_once(':').unwrap_or((self.0, ""))
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A scope nobody knows.
#[derive(Debug, thiserror::Error)]
#[error("there is no scope `{0}`; known are {known}", known = KNOWN.join(", "))]
pub struct UnknownScope(String);

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        KNOWN
            .iter()
            .find(|known| **known == text)
            .map(|known| Self(known))
            .ok_or_else(|| UnknownScope(text.to_owned()))
    }
}

/// The scopes of one token, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// Reads `a,b`, with spaces or commas between.
    pub fn parse(list: &str) -> Result<Self, UnknownScope> {
        list.split([',', ' ', '\n'])
            .filter(|part| !part.is_empty())
            .map(str::parse)
            .collect::<Result<Self, _>>()
    }

    /// Whether a token with these scopes may do what needs `scope`.
    pub fn allows(&self, scope: Scope) -> bool {
        self.0.iter().any(|held| held.includes(scope))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = Scope> {
        self.0.iter().copied()
    }

    /// As stored and as answered by the API.
    pub fn to_strings(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        let mut scopes: Vec<Scope> = scopes.into_iter().collect();
        scopes.sort_by_key(|scope| KNOWN.iter().position(|known| *known == scope.0));
        scopes.dedup();
        Self(scopes)
    }
}

/// Reads a stored list. What this version does not know allows nothing, so it is left out.
impl From<Vec<String>> for Scopes {
    fn from(stored: Vec<String>) -> Self {
        stored.iter().filter_map(|text| text.parse().ok()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_higher_scope_includes_the_lower_ones_of_its_family() {
        let scopes = Scopes::parse("event:admin").unwrap();
        assert!(scopes.allows(Scope::EVENT_READ));
        assert!(scopes.allows(Scope::EVENT_WRITE));
        assert!(scopes.allows(Scope::EVENT_ADMIN));
        assert!(!scopes.allows(Scope::PROJECT_READ));
    }

    #[test]
    fn a_lower_scope_does_not_reach_up_or_sideways() {
        let scopes = Scopes::parse("event:read,project:releases,org:ci").unwrap();
        assert!(!scopes.allows(Scope::EVENT_WRITE));
        assert!(!scopes.allows(Scope::PROJECT_READ));
        assert!(!scopes.allows(Scope::ORG_READ));
        assert!(scopes.allows(Scope::PROJECT_RELEASES));
        assert!(!Scopes::parse("org:admin").unwrap().allows(Scope::ORG_CI));
    }

    #[test]
    fn a_list_is_read_with_commas_and_spaces_and_sorted_without_repetition() {
        let scopes = Scopes::parse("org:read, event:read event:read").unwrap();
        assert_eq!(scopes.to_strings(), ["event:read", "org:read"]);
        assert!(Scopes::parse(" , ").unwrap().is_empty());
    }

    #[test]
    fn an_unknown_scope_is_named() {
        let error = Scopes::parse("event:read,event:everything").unwrap_err();
        assert!(error.to_string().contains("`event:everything`"), "{error}");
        assert!(Scopes::from(vec!["future:read".to_owned()]).is_empty());
    }
}
