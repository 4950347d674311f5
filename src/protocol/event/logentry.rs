//! The log message, which clients send in four shapes (`protocol.md` §5.8).

use serde::Deserializer;

use crate::protocol::lenient::{JsonComposite, JsonText, Lenient, Problems, Raw, Scalar, Text};

crate::lenient! {
    /// A log message.
    pub struct LogEntry {
        /// The template: `user %s failed`.
        message: String as Text => "message",
        /// The text people read.
        formatted: String as Text => "formatted",
        /// What was put into the template.
        params: Raw as JsonComposite => "params",
    }
}

/// Reads a message: an object as [`LogEntry`], any other value as its text; `false` is no message.
/// An object that says nothing a log message has but something else is its own JSON: what was read is
/// decided by what could be used, so that it is read in the same way once it is written.
#[derive(Debug)]
pub struct LogEntryReader;

impl Lenient for LogEntryReader {
    type Value = LogEntry;

    fn read<'de, D: Deserializer<'de>>(
        from: D,
        problems: &Problems,
    ) -> Result<Option<LogEntry>, D::Error> {
        let formatted = match Scalar::read(from)? {
            Scalar::Null | Scalar::Bool(false) => return Ok(None),
            Scalar::Text(text) => Some(text),
            Scalar::Composite(raw) if raw.is_object() && !is_something_else(&raw) => {
                return Ok(raw.read::<LogEntry>(problems));
            }
            other => other.into_raw().read::<JsonText>(problems),
        };
        Ok(Some(LogEntry { formatted, ..LogEntry::default() }))
    }
}

fn is_something_else(object: &Raw) -> bool {
    // What is wrong is noted when the object is read for good.
    object.read::<LogEntry>(&Problems::default()).is_some_and(|entry| {
        let says_nothing =
            entry.message.is_none() && entry.formatted.is_none() && entry.params.is_none();
        says_nothing && !entry.other.is_empty()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::lenient::from_slice;

    #[test]
    fn a_message_comes_as_an_object_or_as_anything_else() {
        let problems = Problems::default();
        let read = |json: &str| {
            let entry = from_slice::<LogEntryReader>(json.as_bytes(), &problems).unwrap();
            entry.map(|entry| (entry.message, entry.formatted))
        };
        let formatted = |text: &str| Some((None, Some(text.to_owned())));
        assert_eq!(read("\"hello\""), formatted("hello"));
        assert_eq!(read("42"), formatted("42"));
        assert_eq!(read("true"), formatted("true"));
        assert_eq!(read("[1, 2]"), formatted("[1,2]"));
        assert_eq!(read("{\"a\": 1}"), formatted("{\"a\":1}"));
        assert_eq!(read("{\"message\":\"a\"}"), Some((Some("a".to_owned()), None)));
        assert_eq!(read("{}"), Some((None, None)));
        assert_eq!(read("{\"message\":null,\"params\":null}"), Some((None, None)));
        assert_eq!(read("{\"message\":null,\"a\":1}"), formatted("{\"message\":null,\"a\":1}"));
        assert_eq!(read("false"), None);
        assert_eq!(read("null"), None);
        assert!(problems.is_empty());
    }
}
