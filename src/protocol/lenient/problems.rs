//! What was wrong with a document, and where.

use std::cell::RefCell;
use std::fmt::Write;

use serde::Serialize;
use serde_json::Value;

/// More than this many are not noted: a document of garbage must not cost us memory.
const MAX_PROBLEMS: usize = 100;

/// The longest original value that is kept with a problem, in bytes of JSON.
const MAX_VALUE_BYTES: usize = 1024;

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
    pub value: Option<Value>,
    /// What was expected, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Collects problems while a document is read, and knows where the reader is.
#[derive(Debug, Default)]
pub struct Problems {
    path: RefCell<Vec<Segment>>,
    found: RefCell<Vec<Problem>>,
}

#[derive(Debug)]
enum Segment {
    Field(&'static str),
    Name(String),
    Index(usize),
}

impl Problems {
    /// Notes that the value here is not what `expected` says.
    pub fn unexpected(&self, value: Value, expected: &str) {
        self.note("invalid_data", Some(value), format!("expected {expected}"));
    }

    /// Notes a problem of another kind, here.
    pub fn note(&self, kind: &'static str, value: Option<Value>, reason: impl Into<String>) {
        let mut found = self.found.borrow_mut();
        if found.len() < MAX_PROBLEMS {
            let name = self.path();
            found.push(Problem {
                kind,
                name,
                value: value.map(shorten),
                reason: Some(reason.into()),
            });
        }
    }

    /// Runs `read` one level down, in the field `name`.
    pub fn in_field<T>(&self, name: &'static str, read: impl FnOnce() -> T) -> T {
        self.within(Segment::Field(name), read)
    }

    /// Runs `read` one level down, under a key that the client chose.
    pub fn in_key<T>(&self, key: &str, read: impl FnOnce() -> T) -> T {
        self.within(Segment::Name(key.chars().take(100).collect()), read)
    }

    /// Runs `read` one level down, in element `index`.
    pub fn in_element<T>(&self, index: usize, read: impl FnOnce() -> T) -> T {
        self.within(Segment::Index(index), read)
    }

    fn within<T>(&self, segment: Segment, read: impl FnOnce() -> T) -> T {
        self.path.borrow_mut().push(segment);
        let result = read();
        self.path.borrow_mut().pop();
        result
    }

    fn path(&self) -> String {
        let mut text = String::new();
        for segment in self.path.borrow().iter() {
            if !text.is_empty() {
                text.push('.');
            }
            let _ = match segment {
                Segment::Field(name) => text.write_str(name),
                Segment::Name(name) => text.write_str(name),
                Segment::Index(index) => write!(text, "{index}"),
            };
        }
        text
    }

    /// Forgets everything noted so far.
    pub fn clear(&self) {
        self.path.borrow_mut().clear();
        self.found.borrow_mut().clear();
    }

    /// Whether nothing was wrong.
    pub fn is_empty(&self) -> bool {
        self.found.borrow().is_empty()
    }

    /// Everything that was wrong.
    pub fn into_vec(self) -> Vec<Problem> {
        self.found.into_inner()
    }
}

fn shorten(value: Value) -> Value {
    let text = value.to_string();
    if text.len() <= MAX_VALUE_BYTES {
        return value;
    }
    let cut = text.floor_char_boundary(MAX_VALUE_BYTES);
    Value::String(format!("{}...", &text[..cut]))
}
