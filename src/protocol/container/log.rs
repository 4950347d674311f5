//! A log line.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Attributes;
use crate::base::Timestamp;
use crate::protocol::strict::{self, Text, loose, moment};
use crate::protocol::trace::{SpanId, TraceId};

/// A log line.
#[derive(Clone, Debug, Deserialize)]
pub struct Log<'a> {
    /// When it was written.
    #[serde(deserialize_with = "moment")]
    pub timestamp: Timestamp,
    /// The trace it belongs to.
    pub trace_id: TraceId,
    /// The span it belongs to.
    #[serde(default, deserialize_with = "loose")]
    pub span_id: Option<SpanId>,
    /// How bad it is: `trace`, `debug`, `info`, `warn`, `error`, `fatal`, or a word of the client's own.
    #[serde(borrow)]
    pub level: Text<'a>,
    /// The line.
    #[serde(borrow)]
    pub body: Text<'a>,
    #[serde(default, deserialize_with = "loose")]
    severity_number: Option<u8>,
    #[serde(borrow, default)]
    attributes: Option<&'a RawValue>,
}

impl<'a> Log<'a> {
    /// The largest line, with everything that is known about it.
    pub const MAX_BYTES: usize = 2 << 20;

    /// Reads a line; `None` if it has no time, trace, level or text.
    pub fn read(text: &'a str) -> Option<Self> {
        strict::object(text).ok()
    }

    /// How bad it is as a number from 1 to 24, in OpenTelemetry's words.
    pub fn severity(&self) -> u8 {
        let by_level = match &*self.level {
            "trace" => 1,
            "debug" => 5,
            "warn" => 13,
            "error" => 17,
            "fatal" => 21,
            _ => 9,
        };
        self.severity_number.filter(|number| (1..=24).contains(number)).unwrap_or(by_level)
    }

    /// What else is known about it.
    pub fn attributes(&self) -> Attributes<'a> {
        Attributes::read(self.attributes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::container::each;
    use crate::protocol::recorded::payloads;

    #[test]
    fn the_lines_of_four_clients_are_read() {
        for (name, count) in [
            ("browser/browser_logs", 3),
            ("node/node_logs", 6),
            ("python/py_logs", 7),
            ("rust/rust_logs", 3),
        ] {
            let payload = payloads(name, "log").remove(0);
            let mut lines = Vec::new();
            each(&payload, count, |entry| lines.push(Log::read(entry.get()).unwrap())).unwrap();
            assert!(lines.iter().all(|line| !line.body.is_empty()), "{name}");
            let release = lines[0].attributes();
            assert!(release.text("sentry.release").is_some(), "{name}: {release:?}");
        }
    }

    #[test]
    fn levels_have_numbers() {
        let payload = payloads("node/node_logs", "log").remove(0);
        let mut severities = Vec::new();
        each(&payload, 6, |entry| severities.push(Log::read(entry.get()).unwrap().severity()))
            .unwrap();
        assert_eq!(severities, [1, 9, 13, 17, 21, 13]);
    }

    #[test]
    fn a_line_without_text_or_trace_is_none() {
        let line = |field: &str, value: &str| {
            let mut line = serde_json::json!({
                "timestamp": 1_700_000_000.5, "trace_id": "a0c9dd051b6f4bfdbdab2d8ad29acb15", "level": "info", "body": "hi"});
            line[field] = serde_json::from_str(value).unwrap();
            Log::read(&line.to_string()).is_some()
        };
        assert!(
            line("level", "\"notice\"") && line("severity_number", "\"x\"") && line("span_id", "7")
        );
        for field in ["timestamp", "trace_id", "level", "body"] {
            assert!(!line(field, "null"), "{field}");
        }
        assert!(!line("body", "7") && !line("timestamp", "\"yesterday\""));
    }
}
