//! An event before and after scrubbing.

use serde_json::Value;

use crate::base::{EventId, Timestamp};
use crate::domain::privacy::PrivacySettings;
use crate::pipeline::stages::{Facts, ScrubConfig, normalize, scrub};
use crate::protocol::event::Event;
use crate::protocol::lenient::Problems;
use crate::web::components::tree::shortened;

/// More lines of one event are not shown.
const MAX_LINES: usize = 5_000;

/// Longer values are cut.
const MAX_VALUE_CHARS: usize = 300;

/// What settings make of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Trial {
    /// The event as it is stored, line by line.
    pub(super) lines: Vec<Line>,
    /// How many values are changed.
    pub(super) changes: usize,
    /// Whether there are more lines than are shown.
    pub(super) is_cut: bool,
}

/// A line of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// The blanks before it.
    pub(super) indent: String,
    /// The name in front of a value, quoted; empty in lists and for closing brackets.
    pub(super) name: String,
    /// What stays: a value or a bracket. Empty if the value is changed.
    pub(super) same: String,
    /// The value before, if it is changed.
    pub(super) before: String,
    /// The value after, if it is changed.
    pub(super) after: String,
}

impl Trial {
    /// Tries settings on the JSON of an event; a sentence if it is none.
    pub(super) fn of_json(
        json: &str,
        settings: &PrivacySettings,
        now: Timestamp,
    ) -> Result<Self, &'static str> {
        const NO_EVENT: &str =
            "This is not the JSON of an event. Paste one whole, from `{` to `}`.";
        let problems = Problems::default();
        let event = Event::read(json.as_bytes(), &problems).map_err(|_| NO_EVENT)?;
        let mut event = event.ok_or(NO_EVENT)?;
        let id = event.event_id.as_deref().and_then(|id| id.parse().ok());
        let facts = Facts::new(id.unwrap_or_else(EventId::random), now);
        normalize(&mut event, &facts, problems)
            .map_err(|_| "An event like this is refused: it starts before 1970.")?;
        Ok(Self::of(event, settings))
    }

    /// Tries settings on an event.
    pub(super) fn of(mut event: Event, settings: &PrivacySettings) -> Self {
        event.meta = None;
        let before = serde_json::to_value(&event).unwrap_or_default();
        scrub(&mut event, &ScrubConfig::new(settings));
        event.meta = None;
        let after = serde_json::to_value(&event).unwrap_or_default();
        let mut trial = Self { lines: Vec::new(), changes: 0, is_cut: false };
        trial.add(0, "", &before, Some(&after));
        trial
    }

    fn add(&mut self, depth: usize, name: &str, before: &Value, after: Option<&Value>) {
        let children: Vec<(String, &Value, Option<&Value>)> = match (before, after) {
            (Value::Object(before), Some(Value::Object(after))) => before
                .iter()
                .map(|(key, value)| {
                    (format!("{}: ", Value::from(key.as_str())), value, after.get(key))
                })
                .collect(),
            (Value::Array(before), Some(Value::Array(after))) => before
                .iter()
                .map(|value| (String::new(), value, partner(value, before, after)))
                .collect(),
            _ => return self.add_value(depth, name, before, after),
        };
        if children.is_empty() {
            return self.add_value(depth, name, before, after);
        }
        let (open, close) = if before.is_object() { ("{", "}") } else { ("[", "]") };
        self.push(depth, name, open);
        for (name, before, after) in children {
            self.add(depth + 1, &name, before, after);
        }
        self.push(depth, "", close);
    }

    fn add_value(&mut self, depth: usize, name: &str, before: &Value, after: Option<&Value>) {
        let text = |value: &Value| match shortened(&value.to_string(), MAX_VALUE_CHARS) {
            (text, cut) if cut.is_empty() => text,
            (text, cut) => format!("{text}… {cut}"),
        };
        if after == Some(before) {
            return self.push(depth, name, &text(before));
        }
        self.changes += 1;
        self.line(Line {
            indent: "  ".repeat(depth),
            name: name.to_owned(),
            same: String::new(),
            before: text(before),
            after: after.map_or_else(|| "removed".to_owned(), text),
        });
    }

    fn push(&mut self, depth: usize, name: &str, text: &str) {
        self.line(Line {
            indent: "  ".repeat(depth),
            name: name.to_owned(),
            same: text.to_owned(),
            before: String::new(),
            after: String::new(),
        });
    }

    fn line(&mut self, line: Line) {
        // What is changed is shown however much there is before it.
        if self.lines.len() < MAX_LINES || !line.before.is_empty() {
            self.lines.push(line);
        } else {
            self.is_cut = true;
        }
    }
}

/// The same element after: pairs are known by their names, because one may be gone.
fn partner<'a>(element: &Value, before: &[Value], after: &'a [Value]) -> Option<&'a Value> {
    if before.len() == after.len() {
        let index = before.iter().position(|one| std::ptr::eq(one, element))?;
        return after.get(index);
    }
    after.iter().find(|one| one.get(0).is_some() && one.get(0) == element.get(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(json: &str) -> Trial {
        let now = Timestamp::from_timestamp(1_800_000_000, 0).unwrap();
        Trial::of_json(json, &PrivacySettings::default(), now).unwrap()
    }

    #[test]
    fn what_is_changed_stands_beside_what_it_was() {
        let trial = trial(
            r#"{"extra": {"password": "hunter2", "n": 1, "token": [1]}, "tags": {"a": "b"}}"#,
        );
        assert_eq!(trial.changes, 2);
        let changed: Vec<_> = trial
            .lines
            .iter()
            .filter(|line| !line.before.is_empty())
            .map(|line| (line.name.as_str(), line.before.as_str(), line.after.as_str()))
            .collect();
        assert_eq!(
            changed,
            [("\"password\": ", "\"hunter2\"", "\"[Filtered]\""), ("\"token\": ", "[1]", "null")]
        );
        assert!(trial.lines.iter().any(|line| line.name == "\"n\": " && line.same == "1"));
    }

    #[test]
    fn a_tag_that_goes_does_not_change_those_behind_it() {
        let settings = PrivacySettings { scrub_ip_addresses: true, ..PrivacySettings::default() };
        let event = r#"{"user": {"ip_address": "192.0.2.7"},
            "contexts": {"runtime": {"name": "CPython", "version": "3.11"}}}"#;
        let now = Timestamp::from_timestamp(1_800_000_000, 0).unwrap();
        let trial = Trial::of_json(event, &settings, now).unwrap();
        let removed = trial.lines.iter().filter(|line| line.after == "removed");
        let removed: Vec<&str> = removed.map(|line| line.before.as_str()).collect();
        assert_eq!(trial.changes, 2, "{trial:?}");
        assert_eq!(removed, ["[\"user\",\"ip:192.0.2.7\"]", "\"192.0.2.7\""]);
        let is_behind = |line: &Line| line.same == "\"runtime\"";
        assert!(trial.lines.iter().any(is_behind), "{trial:?}");
    }

    #[test]
    fn what_is_no_event_is_said_to_be_none() {
        let now = Timestamp::default();
        for text in ["", "hello", "[1]", "{\"a\":"] {
            assert!(Trial::of_json(text, &PrivacySettings::default(), now).is_err(), "{text}");
        }
    }
}
