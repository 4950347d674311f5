//! The log message, which clients send in four shapes (`protocol.md` §5.8).

use serde::Deserializer;
use serde_json::Value;

use crate::protocol::lenient::{Json, Lenient, Problems, Raw, Scalar, Seed, Text};

crate::lenient! {
    /// A log message.
    pub struct LogEntry {
        /// The template: `user %s failed`.
        message: String as Text => "message",
        /// The text people read.
        formatted: String as Text => "formatted",
        /// What was put into the template.
        params: Raw as Json => "params",
    }
}

/// Reads a message: an object as [`LogEntry`], any other value as its text; `false` is no message.
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
            Scalar::Text(text) => text,
            Scalar::Composite(Value::Object(object)) if is_log_entry(&object) => {
                return Ok(read_object(object, problems));
            }
            other => other.into_value().to_string(),
        };
        Ok(Some(LogEntry { formatted: Some(formatted), ..LogEntry::default() }))
    }
}

fn is_log_entry(object: &serde_json::Map<String, Value>) -> bool {
    object.is_empty()
        || ["message", "formatted", "params"].iter().any(|key| object.contains_key(*key))
}

fn read_object(object: serde_json::Map<String, Value>, problems: &Problems) -> Option<LogEntry> {
    use serde::de::DeserializeSeed;
    Seed::<LogEntry>::new(problems).deserialize(Value::Object(object)).ok().flatten()
}
