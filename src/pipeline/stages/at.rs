//! Where a rule is at work in the event, and what it says there.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::protocol::lenient::{Problem, Problems, Raw};

/// More marks than this are not kept; every one of them is a cut in one event.
const MAX_MARKS: usize = 200;

/// What the rules had to say about one event.
pub(super) struct Notes<'p> {
    problems: &'p Problems,
    marks: RefCell<Vec<Mark>>,
}

/// A remark for the tree `_meta` (`protocol.md` §6.5).
#[derive(Debug, PartialEq)]
pub(super) struct Mark {
    /// The path, step by step.
    pub(super) steps: Vec<String>,
    /// What happened there.
    pub(super) what: Change,
}

/// What happened to a value.
#[derive(Debug, PartialEq)]
pub(super) enum Change {
    /// A text was cut: its former length and the place of the dots, in characters.
    Cut { length: usize, start: usize, end: usize },
    /// Elements were taken out of a list or object: how many there were.
    Shortened { length: usize },
    /// Elements `from..to` were taken out of a list, so those behind it moved up.
    Removed { from: usize, to: usize },
    /// Parts of a text were replaced: its former length, and where.
    Replaced { length: usize, spans: Vec<Span> },
    /// The value was taken away by a rule.
    Erased { rule: &'static str },
    /// An error with its details.
    Error { kind: &'static str, details: BTreeMap<&'static str, String> },
}

/// A part of a text that a rule replaced, in characters of the text before.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Span {
    /// The rule.
    pub(super) rule: &'static str,
    /// Where the part began.
    pub(super) from: usize,
    /// Where it ended.
    pub(super) to: usize,
    /// How many characters stand there now.
    pub(super) now: usize,
}

impl<'p> Notes<'p> {
    /// Notes that go to `problems` and to the marks.
    pub(super) fn new(problems: &'p Problems) -> Self {
        Self { problems, marks: RefCell::default() }
    }

    /// The event itself.
    pub(super) fn root(&self) -> At<'_> {
        At { notes: self, parent: None, step: Step::Name("") }
    }

    /// Everything that is to be marked in `_meta`.
    pub(super) fn into_marks(self) -> Vec<Mark> {
        self.marks.into_inner()
    }
}

/// A place in the event. Costs nothing until there is something to say.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    notes: &'a Notes<'a>,
    parent: Option<&'a At<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Name(&'a str),
    Index(usize),
}

impl<'a> At<'a> {
    /// The field `name` of what is here.
    pub(super) fn field<'b>(&'b self, name: &'b str) -> At<'b>
    where
        'a: 'b,
    {
        At { notes: self.notes, parent: Some(self), step: Step::Name(name) }
    }

    /// Element `index` of what is here.
    pub(super) fn element<'b>(&'b self, index: usize) -> At<'b>
    where
        'a: 'b,
    {
        At { notes: self.notes, parent: Some(self), step: Step::Index(index) }
    }

    /// Notes that the value here cannot be what it is.
    pub(super) fn invalid(&self, value: Option<Raw>, reason: &str) {
        self.problem("invalid_data", value, reason);
    }

    /// Notes that the text here cannot be what it is.
    pub(super) fn invalid_text(&self, text: &str, reason: &str) {
        self.invalid(Some(Raw::from_value(text)), reason);
    }

    /// Notes a problem of any kind.
    pub(super) fn problem(&self, kind: &'static str, value: Option<Raw>, reason: &str) {
        if self.notes.problems.have_room() {
            self.notes.problems.add(Problem::new(kind, self.path(), value).because(reason));
        }
    }

    /// Notes an error with details, in the list of errors and in `_meta`.
    pub(super) fn error(
        &self,
        kind: &'static str,
        value: Option<Raw>,
        details: BTreeMap<&'static str, String>,
    ) {
        let problem = Problem::new(kind, self.path(), value);
        self.notes.problems.add(Problem { details: details.clone(), ..problem });
        self.mark(Change::Error { kind, details });
    }

    /// Marks a change for `_meta`.
    pub(super) fn mark(&self, what: Change) {
        let mut marks = self.notes.marks.borrow_mut();
        if marks.len() < MAX_MARKS {
            marks.push(Mark { steps: self.steps(), what });
        }
    }

    fn path(&self) -> String {
        self.steps().join(".")
    }

    /// The path, step by step.
    pub(super) fn steps(&self) -> Vec<String> {
        let Some(parent) = self.parent else { return Vec::new() };
        let mut steps = parent.steps();
        steps.push(match self.step {
            Step::Name(name) => name.to_owned(),
            Step::Index(index) => index.to_string(),
        });
        steps
    }
}

#[cfg(test)]
pub(super) mod testing {
    use super::*;

    /// Runs a rule and gives back the paths of its problems and its marks.
    pub(crate) fn noted(rule: impl FnOnce(At<'_>)) -> (Vec<String>, Vec<Mark>) {
        let problems = Problems::default();
        let notes = Notes::new(&problems);
        rule(notes.root());
        let marks = notes.into_marks();
        (problems.take().into_iter().map(|problem| problem.name).collect(), marks)
    }
}
