//! What people fill in about ownership, and how it comes back.

use serde::Deserialize;

use crate::domain::ownership::codeowners::{Conversion, LeftOut, Mapping};
use crate::domain::ownership::{AutoAssign, Owners, Ownership};

/// What was sent.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct OwnershipForm {
    /// `save`, `try`, `read` or `import`.
    pub(super) verb: String,
    pub(super) rules: String,
    /// A word of [`AutoAssign`].
    pub(super) auto_assign: String,
    /// The event to try the rules on: an id, an issue's short id, or nothing for the latest.
    pub(super) event: String,
    /// A CODEOWNERS file.
    pub(super) codeowners: String,
    pub(super) stack_root: String,
    pub(super) source_root: String,
    /// Names of the file, each with the owner that is chosen for it.
    pub(super) name: Vec<String>,
    pub(super) owner: Vec<String>,
}

impl OwnershipForm {
    /// The rules with the line ends of text files.
    pub(super) fn rules(&self) -> String {
        let lines: Vec<&str> = self.rules.lines().map(str::trim_end).collect();
        stored(lines.join("\n").trim_end())
    }

    /// Whether issues are assigned by themselves; what no page offers leaves it as it is.
    pub(super) fn auto_assign(&self, stored: AutoAssign) -> AutoAssign {
        AutoAssign::from_word(&self.auto_assign).unwrap_or(stored)
    }

    pub(super) fn mapping(&self) -> Mapping {
        let named = self.name.iter().cloned().zip(self.owner.iter().cloned());
        Mapping {
            stack_root: stored(self.stack_root.trim()),
            source_root: stored(self.source_root.trim()),
            names: named.map(|(name, owner)| (stored(&name), stored(&owner))).collect(),
        }
    }

    /// The same form with these names chosen.
    pub(super) fn of_mapping(form: &Self, mapping: &Mapping) -> Self {
        let (name, owner) = mapping.names.clone().into_iter().unzip();
        Self { name, owner, ..form.clone() }
    }
}

/// A text as it can be stored: no column holds NUL.
fn stored(text: &str) -> String {
    text.replace('\0', "")
}

/// The settings as the page shows them.
#[derive(Clone, Debug)]
pub(super) struct Fields {
    pub(super) rules: String,
    pub(super) auto_assign: Vec<AutoAssignChoice>,
    pub(super) event: String,
    pub(super) codeowners: String,
    pub(super) mapping: Mapping,
    pub(super) rows: usize,
}

impl Fields {
    pub(super) fn new(stored: &Ownership, form: Option<OwnershipForm>) -> Self {
        let fields = match form {
            Some(form) => Self {
                rules: form.rules(),
                auto_assign: AutoAssignChoice::all(form.auto_assign(stored.auto_assign)),
                mapping: form.mapping(),
                event: form.event,
                codeowners: form.codeowners,
                rows: 0,
            },
            None => Self {
                rules: stored.rules.clone(),
                auto_assign: AutoAssignChoice::all(stored.auto_assign),
                event: String::new(),
                codeowners: String::new(),
                mapping: stored.mapping.clone(),
                rows: 0,
            },
        };
        Self { rows: fields.rules.lines().count().clamp(6, 24) + 1, ..fields }
    }
}

/// A way to assign issues by themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct AutoAssignChoice {
    pub(super) value: &'static str,
    pub(super) label: &'static str,
    pub(super) is_chosen: bool,
}

impl AutoAssignChoice {
    fn all(chosen: AutoAssign) -> Vec<Self> {
        let choice = |way: AutoAssign| Self {
            value: way.as_str(),
            label: match way {
                AutoAssign::Off => "Nobody",
                AutoAssign::Rules => "The owners of the rule",
                AutoAssign::Commits => {
                    "The author of a suspect commit, or else the owners of the rule"
                }
            },
            is_chosen: way == chosen,
        };
        AutoAssign::ALL.map(choice).to_vec()
    }
}

/// Somebody to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OwnerChoice {
    /// As rules name them.
    pub(super) value: String,
    pub(super) label: String,
}

impl OwnerChoice {
    /// The teams, then the people.
    pub(super) fn all(owners: &Owners) -> Vec<Self> {
        let teams = owners.teams.iter().map(|team| {
            let value = format!("#{}", team.slug);
            Self { label: format!("{value} ({})", team.name), value }
        });
        let people = owners.people.iter().map(|person| Self {
            value: person.email.clone(),
            label: format!("{} ({})", person.name, person.email),
        });
        teams.chain(people).collect()
    }
}

/// A file as it was read.
#[derive(Clone, Debug)]
pub(super) struct Import {
    /// The names in it, each with the owner that is chosen.
    pub(super) names: Vec<(String, String)>,
    pub(super) rules: String,
    pub(super) rule_count: usize,
    pub(super) left_out: Vec<LeftOut>,
    /// Names for whom nobody is chosen.
    pub(super) unmapped: Vec<String>,
}

impl Import {
    pub(super) fn new(conversion: Conversion, mapping: &Mapping, owners: &Owners) -> Self {
        let known: Vec<String> =
            OwnerChoice::all(owners).into_iter().map(|choice| choice.value).collect();
        let chosen = |name: String| {
            let owner = mapping.names.get(&name).cloned().unwrap_or_default();
            (name, if known.contains(&owner) { owner } else { String::new() })
        };
        let names: Vec<(String, String)> = conversion.names.into_iter().map(chosen).collect();
        let unmapped = names.iter().filter(|(_, owner)| owner.is_empty());
        Self {
            unmapped: unmapped.map(|(name, _)| name.clone()).collect(),
            rule_count: conversion.rules.len(),
            rules: conversion.rules.join("\n"),
            left_out: conversion.left_out,
            names,
        }
    }
}
