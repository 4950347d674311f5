//! What was wrong with a document, and where.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

use serde::Serialize;

use super::{Raw, Scalar};

/// More than this many are not noted: a document of garbage must not cost us memory.
const MAX_PROBLEMS: usize = 100;

/// The longest original value that is kept with a problem, in bytes of JSON.
const MAX_VALUE_BYTES: usize = 1024;

/// A value with more arrays and objects than this is kept as text: it may be nested that deep.
const MAX_VALUE_BRACKETS: usize = 20;

/// The longest part of a path that the client chose, in characters.
const MAX_NAME_CHARS: usize = 100;

/// One thing that was wrong with an event; shown on the event's page and in the API's `errors`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Problem {
    /// The kind, one of Sentry's words: `invalid_data`, `future_timestamp`, `clock_drift` …
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// The path of the field: `exception.values.0.stacktrace`.
    pub name: String,
    /// What was there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Raw>,
    /// What was expected, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// More facts by name, such as `sdk_time` and `server_time` of a clock drift.
    #[serde(flatten)]
    pub details: BTreeMap<&'static str, String>,
}

impl Problem {
    /// A problem at `name`; values longer than a kilobyte are cut.
    pub fn new(kind: &'static str, name: impl Into<String>, value: Option<Raw>) -> Self {
        let value = value.map(shorten);
        Self { kind, name: name.into(), value, reason: None, details: BTreeMap::new() }
    }

    /// The same problem with an explanation.
    #[must_use]
    pub fn because(self, reason: impl Into<String>) -> Self {
        Self { reason: Some(reason.into()), ..self }
    }
}

/// A document has no more objects in lists than this. Three bytes make an empty frame, which takes a
/// kilobyte here: a document of a megabyte must not become one of a gigabyte.
const MAX_OBJECTS: usize = 20_000;

/// Collects problems while a document is read, and bounds what is read.
///
/// Nothing is kept while all is well: a path is put together on the way out of the fields that
/// lead to a problem.
#[derive(Debug, Default)]
pub struct Problems {
    found: RefCell<Vec<Problem>>,
    objects: Cell<usize>,
}

impl Problems {
    /// Notes that the value here is not what `expected` says.
    pub fn unexpected(&self, value: Raw, expected: &str) {
        let problem = Problem::new("invalid_data", "", Some(value));
        self.add(problem.because(format!("expected {expected}")));
    }

    /// Notes a value that a reader cannot use, unless it is null.
    pub fn refuse<T>(&self, value: Scalar, expected: &str) -> Option<T> {
        if !matches!(value, Scalar::Null) {
            self.unexpected(value.into_raw(), expected);
        }
        None
    }

    /// Whether another problem would be noted.
    pub fn have_room(&self) -> bool {
        self.found.borrow().len() < MAX_PROBLEMS
    }

    /// Whether another object may be read into a list, which then counts.
    pub(super) fn count_object(&self) -> bool {
        let has_room = self.objects.get() < MAX_OBJECTS;
        self.objects.set(self.objects.get() + usize::from(has_room));
        has_room
    }

    /// Takes back the count of objects that did not stay.
    pub(super) fn discount_objects(&self, number: usize) {
        self.objects.set(self.objects.get().saturating_sub(number));
    }

    /// Adds a problem; its name is relative to where the reader is.
    pub fn add(&self, problem: Problem) {
        let mut found = self.found.borrow_mut();
        if found.len() < MAX_PROBLEMS {
            found.push(problem);
        }
    }

    /// Runs `read` one level down, in the field `name`.
    pub fn in_field<T>(&self, name: &str, read: impl FnOnce() -> T) -> T {
        let before = self.found.borrow().len();
        let result = read();
        if self.found.borrow().len() > before {
            self.prefix(before, name);
        }
        result
    }

    /// Runs `read` one level down, in element `index`.
    pub fn in_element<T>(&self, index: usize, read: impl FnOnce() -> T) -> T {
        let before = self.found.borrow().len();
        let result = read();
        if self.found.borrow().len() > before {
            self.prefix(before, &index.to_string());
        }
        result
    }

    fn prefix(&self, from: usize, name: &str) {
        let name: String = name.chars().take(MAX_NAME_CHARS).collect();
        for problem in &mut self.found.borrow_mut()[from..] {
            let separator = if problem.name.is_empty() { "" } else { "." };
            problem.name.insert_str(0, separator);
            problem.name.insert_str(0, &name);
        }
    }

    /// Forgets everything noted so far.
    pub fn clear(&self) {
        self.found.borrow_mut().clear();
        self.objects.set(0);
    }

    /// Whether nothing was wrong.
    pub fn is_empty(&self) -> bool {
        self.found.borrow().is_empty()
    }

    /// Everything that was wrong so far; the list begins anew.
    pub fn take(&self) -> Vec<Problem> {
        self.found.take()
    }

    /// Everything that was wrong.
    pub fn into_vec(self) -> Vec<Problem> {
        self.found.into_inner()
    }
}

/// Keeps a value small and flat enough for whoever reads the list: what is too much is cut as text.
fn shorten(value: Raw) -> Raw {
    let text = value.text();
    let brackets = text.bytes().filter(|byte| matches!(byte, b'[' | b'{')).count();
    if text.len() > MAX_VALUE_BYTES {
        let cut = text.floor_char_boundary(MAX_VALUE_BYTES);
        return Raw::from_value(&format!("{}...", &text[..cut]));
    }
    if brackets > MAX_VALUE_BRACKETS { Raw::from_value(text) } else { value }
}
