//! A span of its own: a step of a trace, sent as soon as it has ended.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::Attributes;
use crate::base::Timestamp;
use crate::protocol::strict::{self, Text, loose, moment};
use crate::protocol::trace::{SpanId, TraceId};

/// A span.
#[derive(Clone, Debug, Deserialize)]
pub struct Span<'a> {
    /// The trace.
    pub trace_id: TraceId,
    /// Its id.
    pub span_id: SpanId,
    /// The span that it is a step of.
    #[serde(default, deserialize_with = "loose")]
    pub parent_span_id: Option<SpanId>,
    /// What was done.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// How it ended.
    pub status: SpanStatus,
    /// Whether it is the first of its program.
    #[serde(default, deserialize_with = "loose")]
    pub is_segment: Option<bool>,
    /// When it began.
    #[serde(rename = "start_timestamp", deserialize_with = "moment")]
    pub start: Timestamp,
    /// When it ended.
    #[serde(rename = "end_timestamp", deserialize_with = "moment")]
    pub end: Timestamp,
    #[serde(borrow, default)]
    attributes: Option<&'a RawValue>,
}

/// How a span ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpanStatus {
    /// Well.
    Ok,
    /// Not well.
    Error,
}

impl<'de> Deserialize<'de> for SpanStatus {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match &*Text::deserialize(from)? {
            "ok" => Ok(Self::Ok),
            "error" => Ok(Self::Error),
            _ => Err(serde::de::Error::custom("how a span ended")),
        }
    }
}

impl<'a> Span<'a> {
    /// Reads a span; `None` if it has no place in a trace, or ends before it begins.
    pub fn read(text: &'a str) -> Option<Self> {
        let span: Self = strict::object(text).ok()?;
        (span.end >= span.start).then_some(span)
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
    fn the_spans_of_three_clients_are_read() {
        for (name, count) in [
            ("browser/browser_pageload_stream", 18),
            ("node/node_spans_stream", 4),
            ("python/py_spans_stream", 4),
        ] {
            let payload = payloads(name, "span").remove(0);
            let mut spans = Vec::new();
            each(&payload, count, |entry| spans.push(Span::read(entry.get()).unwrap())).unwrap();
            assert!(spans.iter().all(|span| span.trace_id == spans[0].trace_id), "{name}");
            assert!(!spans[0].attributes().0.is_empty(), "{name}");
        }
    }

    #[test]
    fn a_span_without_an_end_or_a_place_is_none() {
        let span = |field: &str, value: &str| {
            let mut span = serde_json::json!({
                "trace_id": "a0c9dd051b6f4bfdbdab2d8ad29acb15", "span_id": "b5cc488c444c6e0c", "name": "a",
                "status": "ok", "start_timestamp": 1.5, "end_timestamp": 2});
            span[field] = serde_json::from_str(value).unwrap();
            Span::read(&span.to_string()).is_some()
        };
        assert!(
            span("status", "\"error\"") && span("end_timestamp", "1.5") && span("is_segment", "7")
        );
        for (field, value) in [
            ("status", "\"fine\""),
            ("status", "null"),
            ("span_id", "\"0000000000000000\""),
            ("end_timestamp", "null"),
            ("end_timestamp", "1"),
            ("name", "null"),
        ] {
            assert!(!span(field, value), "{field} {value}");
        }
    }
}
