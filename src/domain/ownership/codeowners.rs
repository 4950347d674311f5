//! CODEOWNERS files, as GitHub and GitLab read them, made into rules.
//!
//! Both say patterns of paths with owners; the last one that fits a file says. GitLab adds sections with owners
//! of their own, and patterns with `!` in front that take files out again. Any text can be read: what cannot be
//! made into a rule is listed with the reason.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::globs;
use super::rules::{OwnerName, parse, quoted};

/// How a file of a repository fits the stacks and people here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Mapping {
    /// How paths in stacks begin: `/srv/app/`.
    pub stack_root: String,
    /// The directory of the repository that this is: `services/shop/`.
    pub source_root: String,
    /// Who the names in the file are: `@org/payments` is `#payments`. An empty text is nobody.
    pub names: BTreeMap<String, String>,
}

/// What a file was made into.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conversion {
    /// The rules, line by line.
    pub rules: Vec<String>,
    /// Everybody whom the file names, by name.
    pub names: Vec<String>,
    /// What was left out.
    pub left_out: Vec<LeftOut>,
}

/// A line that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The line, from 1.
    pub line: usize,
    /// The line itself.
    pub text: String,
    /// Why.
    pub why: String,
}

/// A line of a file.
#[derive(Debug, PartialEq, Eq)]
struct Entry<'a> {
    pattern: &'a str,
    owners: Vec<&'a str>,
    /// It takes files out again.
    is_negated: bool,
}

/// Makes a CODEOWNERS file into rules.
pub fn convert(text: &str, mapping: &Mapping) -> Conversion {
    let mut conversion = Conversion::default();
    let mut names = BTreeSet::new();
    let mut section_owners: Vec<&str> = Vec::new();
    for (number, line) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(owners) = section(line) {
            names.extend(owners.iter().copied());
            section_owners = owners;
            continue;
        }
        let mut entry = Entry::read(line);
        if entry.owners.is_empty() && !entry.is_negated {
            entry.owners.clone_from(&section_owners);
        }
        names.extend(entry.owners.iter().copied());
        match rule(&entry, mapping) {
            Ok(rule) => conversion.rules.push(rule),
            Err(why) => {
                let text = line.to_owned();
                conversion.left_out.push(LeftOut { line: number, text, why });
            }
        }
    }
    conversion.names = names.into_iter().map(str::to_owned).collect();
    conversion
}

/// The owners of a section's head: `[Payments]`, `^[Docs][2] @writers`; `None` for any other line.
fn section(line: &str) -> Option<Vec<&str>> {
    let rest = line.strip_prefix('^').unwrap_or(line).strip_prefix('[')?;
    let (_, mut rest) = rest.split_once(']')?;
    if let Some((count, behind)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        count.parse::<u32>().ok()?;
        rest = behind;
    }
    let is_head = rest.is_empty() || rest.starts_with(char::is_whitespace);
    is_head.then(|| owners(rest))
}

/// The words up to a comment.
fn owners(text: &str) -> Vec<&str> {
    text.split_whitespace().take_while(|word| !word.starts_with('#')).collect()
}

impl<'a> Entry<'a> {
    fn read(line: &'a str) -> Self {
        let (line, is_negated) = match line.strip_prefix('!') {
            Some(rest) => (rest.trim_start(), true),
            None => (line, false),
        };
        let mut is_escaped = false;
        let end = line.find(|letter: char| {
            let ends = letter.is_whitespace() && !is_escaped;
            is_escaped = letter == '\\' && !is_escaped;
            ends
        });
        let (pattern, rest) = line.split_at(end.unwrap_or(line.len()));
        Self { pattern, owners: if is_negated { Vec::new() } else { owners(rest) }, is_negated }
    }
}

/// The rule of an entry.
fn rule(entry: &Entry<'_>, mapping: &Mapping) -> Result<String, String> {
    let pattern = rebased(entry.pattern, mapping)
        .ok_or("It is about another part of the repository.".to_owned())?;
    let mut known: Vec<OwnerName> = Vec::new();
    for owner in entry.owners.iter().filter_map(|name| mapping.names.get(*name)) {
        known.extend(OwnerName::parse(owner).filter(|owner| !known.contains(owner)));
    }
    if known.is_empty() && !entry.owners.is_empty() {
        return Err("Nobody whom it names is mapped to anybody here.".to_owned());
    }
    let mut rule = format!("codeowners:{}", quoted(&pattern));
    for owner in known {
        rule.push(' ');
        rule.push_str(&owner.to_string());
    }
    // A pattern that the language cannot have must not spoil all others.
    match parse(&rule) {
        Ok(rules) if rules.len() == 1 => Ok(rule),
        Ok(_) => Err("Its pattern is empty.".to_owned()),
        Err(problems) => Err(problems.into_iter().map(|problem| problem.text).collect()),
    }
}

/// A pattern as it fits the paths of stacks; `None` if it is about what lies beside the source root.
fn rebased(pattern: &str, mapping: &Mapping) -> Option<String> {
    let body = pattern.strip_prefix('/').unwrap_or(pattern);
    let is_anchored = pattern.starts_with('/') || body.trim_end_matches('/').contains('/');
    if !is_anchored {
        // It fits at any depth, whatever the roots are.
        return Some(pattern.to_owned());
    }
    let below = below_root(body, &mapping.source_root)?;
    let stack_root = mapping.stack_root.trim().trim_matches('/');
    Some(if stack_root.is_empty() { format!("/{below}") } else { format!("/{stack_root}/{below}") })
}

/// What of a pattern is left below the source root.
fn below_root(body: &str, source_root: &str) -> Option<String> {
    let mut segments = body.split('/').peekable();
    for root in source_root.trim().split('/').filter(|root| !root.is_empty() && *root != ".") {
        match segments.peek().copied() {
            // A directory above: everything here is its.
            None | Some("") => return Some("**".to_owned()),
            Some("**") => break,
            Some(segment) if globs::is_segment(segment, root) => segments.next(),
            Some(_) => return None,
        };
    }
    let rest: Vec<&str> = segments.collect();
    let rest = rest.join("/");
    Some(if rest.is_empty() { "**".to_owned() } else { rest })
}

/// How the part of the rules begins that an import made.
const BEGIN: &str = "# From CODEOWNERS: an import replaces what stands here";

/// How it ends.
const END: &str = "# End of CODEOWNERS";

/// The rules with those of an import, in place of what an import brought before; else in front.
pub fn placed(rules: &str, imported: &[String]) -> String {
    let block = format!("{BEGIN}\n{}\n{END}", imported.join("\n"));
    let lines: Vec<&str> = rules.lines().collect();
    let at = |mark: &str| lines.iter().position(|line| line.trim() == mark);
    match (at(BEGIN), at(END)) {
        (Some(begin), Some(end)) if begin < end => {
            let before = lines[..begin].iter().copied();
            let behind = lines[end + 1..].iter().copied();
            let all: Vec<&str> = before.chain([block.as_str()]).chain(behind).collect();
            all.join("\n")
        }
        _ if rules.trim().is_empty() => block,
        // What people wrote themselves stands behind, where it says.
        _ => format!("{block}\n\n{}", rules.trim_start()),
    }
}
