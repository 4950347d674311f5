//! Turns parsed rules into what the engine runs: conditions become bits, and every rule gets a trigger
//! without which it cannot match, so that most rules are never looked at.

use std::collections::HashMap;

use super::parse::{Action, Matcher, ParsedRule, Range, Subject};
use super::patterns::{Atom, Patterns};
use crate::grouping::cursor::{Fault, boolean};
use crate::grouping::family::Family;
use crate::grouping::glob::{Dialect, Glob};
use crate::grouping::reason::{Origin, RuleRef, RuleText};

/// The number of a category; 0 is none.
pub(super) type Category = usize;

/// Where a rule stands in the set.
pub(super) type RuleIndex = usize;

/// A rule, ready to run.
#[derive(Debug)]
pub(super) struct Rule {
    /// Its line in the project's rules; 0: it is built in.
    pub(super) line: usize,
    /// Conditions on the exception that owns the stack.
    pub(super) owner: Vec<OwnerTest>,
    pub(super) frame: Vec<Test>,
    pub(super) caller: Option<Test>,
    pub(super) callee: Option<Test>,
    /// What it does to frames before grouping.
    pub(super) classify: Vec<Classify>,
    /// What it does to what counts.
    pub(super) contribute: Vec<Contribute>,
    pub(super) classify_ref: RuleRef,
    pub(super) contribute_ref: RuleRef,
}

#[derive(Debug)]
pub(super) struct OwnerTest {
    pub(super) negated: bool,
    pub(super) subject: Subject,
    pub(super) glob: Glob,
}

#[derive(Debug)]
pub(super) struct Test {
    pub(super) negated: bool,
    pub(super) check: Check,
}

#[derive(Debug)]
pub(super) enum Check {
    /// Bits of [`Family`].
    Family(u8),
    Atom(Atom),
    /// The categories that match.
    Category(Vec<Category>),
    App(bool),
}

#[derive(Debug)]
pub(super) enum Classify {
    App(Range, bool),
    Category(Category),
}

#[derive(Debug)]
pub(super) enum Contribute {
    Group(Range, bool),
    MaxFrames(u32),
    MinFrames(u32),
}

/// What must be there for a rule to be worth a look.
#[derive(Debug)]
pub(super) enum Trigger {
    Atom(Atom),
    Category(Vec<Category>),
    Always,
}

/// Collects the patterns and categories of all rules while they are compiled.
#[derive(Debug, Default)]
pub(super) struct Compiler {
    atoms: HashMap<(Subject, String), Atom>,
    /// Subject, families and pattern of each atom.
    patterns: Vec<(Subject, u8, Glob)>,
    categories: HashMap<String, Category>,
}

impl Compiler {
    /// A compiler that knows the categories that `rules` give; what asks for others never matches.
    pub(super) fn new<'r>(rules: impl Iterator<Item = &'r ParsedRule>) -> Self {
        let mut this = Self::default();
        for (action, _) in rules.flat_map(|rule| &rule.actions) {
            if let Action::Category(name) = action {
                let next = this.categories.len() + 1;
                this.categories.entry(name.clone()).or_insert(next);
            }
        }
        this
    }

    pub(super) fn category_count(&self) -> usize {
        self.categories.len()
    }

    pub(super) fn atom_count(&self) -> usize {
        self.patterns.len()
    }

    /// The searchable patterns of one field.
    pub(super) fn patterns_of(&self, wanted: Subject) -> Patterns {
        let atoms = self.patterns.iter().enumerate();
        Patterns::new(
            atoms
                .filter(|(_, (subject, ..))| *subject == wanted)
                .map(|(atom, (_, families, glob))| (atom, *families, glob.clone())),
        )
    }

    /// Compiles one rule; the order of calls is the order of rules.
    pub(super) fn rule(
        &mut self,
        parsed: &ParsedRule,
        line: usize,
        origin: Origin,
    ) -> (Rule, Trigger) {
        let families = families_of(&parsed.frame);
        let mut owner = Vec::new();
        let mut frame = Vec::new();
        for matcher in &parsed.frame {
            match matcher.subject {
                Subject::ErrorType | Subject::ErrorValue | Subject::ErrorMechanism => {
                    owner.push(owner_test(matcher));
                }
                _ => frame.push(self.test(matcher, families)),
            }
        }
        let mut neighbour =
            |matcher: &Option<Matcher>| matcher.as_ref().map(|matcher| self.test(matcher, u8::MAX));
        let (caller, callee) = (neighbour(&parsed.caller), neighbour(&parsed.callee));
        let trigger = trigger(frame.iter().chain(&caller).chain(&callee));
        let (classify, classify_ref) = self.classify_actions(parsed, origin);
        let (contribute, contribute_ref) = contribute_actions(parsed, origin);
        let rule = Rule {
            line,
            owner,
            frame,
            caller,
            callee,
            classify,
            contribute,
            classify_ref,
            contribute_ref,
        };
        (rule, trigger)
    }

    fn test(&mut self, matcher: &Matcher, families: u8) -> Test {
        let argument = matcher.argument.as_str();
        let check = match matcher.subject {
            Subject::Family => Check::Family(family_bits(argument).unwrap_or(0)),
            Subject::App => Check::App(boolean(argument).unwrap_or(false)),
            Subject::Category => Check::Category(self.categories_like(argument)),
            Subject::Module | Subject::Function => {
                self.atom(matcher.subject, Dialect::Text, families, argument)
            }
            Subject::Package | Subject::Path => {
                self.atom(matcher.subject, Dialect::Path, families, argument)
            }
            // The parser refuses these.
            Subject::ErrorType | Subject::ErrorValue | Subject::ErrorMechanism => {
                Check::Category(Vec::new())
            }
        };
        Test { negated: matcher.negated, check }
    }

    fn atom(&mut self, subject: Subject, dialect: Dialect, families: u8, pattern: &str) -> Check {
        let next = self.patterns.len();
        let atom = *self.atoms.entry((subject, pattern.to_owned())).or_insert(next);
        if atom == next {
            self.patterns.push((subject, 0, Glob::new(pattern, dialect)));
        }
        self.patterns[atom].1 |= families;
        Check::Atom(atom)
    }

    fn categories_like(&self, pattern: &str) -> Vec<Category> {
        let glob = Glob::new(pattern, Dialect::Text);
        let named = self.categories.iter().filter(|(name, _)| glob.matches(name));
        named.map(|(_, category)| *category).collect()
    }

    fn classify_actions(&self, parsed: &ParsedRule, origin: Origin) -> (Vec<Classify>, RuleRef) {
        pick_actions(parsed, origin, |action| match action {
            Action::App(range, value) => Some(Classify::App(*range, *value)),
            Action::Category(name) => self.categories.get(name).copied().map(Classify::Category),
            _ => None,
        })
    }
}

fn contribute_actions(parsed: &ParsedRule, origin: Origin) -> (Vec<Contribute>, RuleRef) {
    pick_actions(parsed, origin, |action| match action {
        Action::Group(range, value) => Some(Contribute::Group(*range, *value)),
        Action::MaxFrames(count) => Some(Contribute::MaxFrames(*count)),
        Action::MinFrames(count) => Some(Contribute::MinFrames(*count)),
        _ => None,
    })
}

/// The actions of one pass, and the rule's text with only these.
fn pick_actions<A>(
    parsed: &ParsedRule,
    origin: Origin,
    pick: impl Fn(&Action) -> Option<A>,
) -> (Vec<A>, RuleRef) {
    let mut text = parsed.condition.clone();
    let mut picked = Vec::new();
    for (action, word) in &parsed.actions {
        if let Some(action) = pick(action) {
            picked.push(action);
            text.push(' ');
            text.push_str(word);
        }
    }
    (picked, RuleRef { text: RuleText(text.into()), origin })
}

fn owner_test(matcher: &Matcher) -> OwnerTest {
    OwnerTest {
        negated: matcher.negated,
        subject: matcher.subject,
        glob: Glob::new(&matcher.argument, Dialect::Text),
    }
}

/// The families that a rule's own conditions leave; patterns are not searched for in others.
pub(super) fn families_of(matchers: &[Matcher]) -> u8 {
    let wanted = matchers.iter().filter(|m| m.subject == Subject::Family && !m.negated);
    // The parser has read these lists before.
    wanted.fold(u8::MAX, |all, matcher| all & family_bits(&matcher.argument).unwrap_or(0))
}

/// The bits of a comma list of families.
pub(in crate::grouping) fn family_bits(list: &str) -> Result<u8, Fault> {
    const FAMILIES: [&str; 4] = ["native", "javascript", "other", "all"];
    list.split(',').map(str::trim).try_fold(0, |bits, name| match Family::named(name) {
        Some(family) => Ok(bits | family.bit()),
        None if name == "all" => Ok(u8::MAX),
        None => Err(Fault::unknown(name, "is no family", &FAMILIES)),
    })
}

/// The most telling condition that must hold: a pattern if there is one, else a category.
fn trigger<'t>(tests: impl Iterator<Item = &'t Test> + Clone) -> Trigger {
    let positive = tests.filter(|test| !test.negated);
    let atom = positive.clone().find_map(|test| match test.check {
        Check::Atom(atom) => Some(Trigger::Atom(atom)),
        _ => None,
    });
    let category = positive.clone().find_map(|test| match &test.check {
        Check::Category(categories) => Some(Trigger::Category(categories.clone())),
        _ => None,
    });
    atom.or(category).unwrap_or(Trigger::Always)
}
