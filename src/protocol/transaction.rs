//! What a program did to serve one request, or one click: a root span with those below it
//! (`protocol.md` §4.4).
//!
//! The client's event around it (user, tags, contexts) is what [`super::event`] reads.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::strict::{self, ReadError, Text, loose, loose_moment, moment};
use super::trace::{SpanId, TraceId};
use crate::base::Timestamp;

/// What a transaction is called that has no name.
pub const UNLABELED: &str = "<unlabeled transaction>";

/// A transaction.
#[derive(Clone, Debug)]
pub struct Transaction<'a> {
    /// The route or function.
    pub name: Option<Text<'a>>,
    /// When it began.
    pub start: Timestamp,
    /// When it ended.
    pub end: Timestamp,
    /// Its place in its trace.
    pub trace: TraceRoot<'a>,
    /// The release of the program.
    pub release: Option<Text<'a>>,
    /// The environment of the program.
    pub environment: Option<Text<'a>>,
    /// What was done below it.
    pub spans: Vec<ChildSpan<'a>>,
}

/// A transaction's place in its trace.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct TraceRoot<'a> {
    /// The trace.
    pub trace_id: TraceId,
    /// The transaction's own span.
    pub span_id: SpanId,
    /// The span that caused it.
    #[serde(default, deserialize_with = "loose")]
    pub parent_span_id: Option<SpanId>,
    /// What kind of work it was.
    #[serde(borrow, default, deserialize_with = "loose")]
    pub op: Option<Text<'a>>,
    /// How it ended.
    #[serde(borrow, default, deserialize_with = "loose")]
    pub status: Option<Text<'a>>,
}

/// A step of a transaction, or one that older clients send alone.
#[derive(Clone, Debug, Deserialize)]
pub struct ChildSpan<'a> {
    /// The trace.
    pub trace_id: TraceId,
    /// Its id.
    pub span_id: SpanId,
    /// The span that it is a step of.
    #[serde(default, deserialize_with = "loose")]
    pub parent_span_id: Option<SpanId>,
    /// When it began.
    #[serde(rename = "start_timestamp", deserialize_with = "moment")]
    pub start: Timestamp,
    /// When it ended; with its transaction if it does not say.
    #[serde(rename = "timestamp", default, deserialize_with = "loose_moment")]
    pub end: Option<Timestamp>,
    /// What kind of work it was.
    #[serde(borrow, default, deserialize_with = "loose")]
    pub op: Option<Text<'a>>,
    /// The work.
    #[serde(borrow, default, deserialize_with = "loose")]
    pub description: Option<Text<'a>>,
    /// How it ended.
    #[serde(borrow, default, deserialize_with = "loose")]
    pub status: Option<Text<'a>>,
    /// More about it, an object.
    #[serde(borrow, default)]
    pub data: Option<&'a RawValue>,
}

/// The fields as they stand in the payload.
#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow, default, deserialize_with = "loose")]
    transaction: Option<Text<'a>>,
    #[serde(default, deserialize_with = "loose_moment")]
    start_timestamp: Option<Timestamp>,
    #[serde(default, deserialize_with = "loose_moment")]
    timestamp: Option<Timestamp>,
    #[serde(borrow, default, deserialize_with = "loose")]
    contexts: Option<Contexts<'a>>,
    #[serde(borrow, default, deserialize_with = "loose")]
    release: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "loose")]
    environment: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "loose")]
    spans: Option<Vec<&'a RawValue>>,
}

#[derive(Deserialize)]
struct Contexts<'a> {
    #[serde(borrow, default, deserialize_with = "loose")]
    trace: Option<TraceRoot<'a>>,
}

/// Why there is no transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransactionError {
    /// No JSON, or no object.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Without a beginning, an end or a trace; or with a span that has none.
    #[error("invalid transaction")]
    Invalid,
}

impl TransactionError {
    /// The reason as outcomes count it.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Read(ReadError::Json) => "invalid_json",
            Self::Read(ReadError::NoObject) => "no_event_payload",
            Self::Invalid => "invalid_transaction",
        }
    }
}

impl<'a> Transaction<'a> {
    /// Reads a transaction with its spans.
    ///
    /// # Errors
    /// When anything is missing without which it cannot be drawn.
    pub fn read(text: &'a str) -> Result<Self, TransactionError> {
        use TransactionError::Invalid;
        let wire: Wire<'a> = strict::object(text)?;
        let start = wire.start_timestamp.ok_or(Invalid)?;
        let end = wire.timestamp.ok_or(Invalid)?;
        if end < start || start < Timestamp::UNIX_EPOCH {
            return Err(Invalid);
        }
        let trace = wire.contexts.and_then(|contexts| contexts.trace).ok_or(Invalid)?;
        let steps = wire.spans.unwrap_or_default().into_iter().filter(|raw| raw.get() != "null");
        let spans = steps.map(|raw| ChildSpan::read(raw.get()).ok_or(Invalid));
        let spans = spans.collect::<Result<_, _>>()?;
        let Wire { transaction, release, environment, .. } = wire;
        let name = transaction.filter(|name| !name.trim().is_empty());
        Ok(Self { name, start, end, trace, release, environment, spans })
    }

    /// What it is called.
    pub fn label(&self) -> &str {
        self.name.as_deref().unwrap_or(UNLABELED)
    }
}

impl<'a> ChildSpan<'a> {
    /// Reads a step; `None` if it has no place in a trace, or ends before it begins.
    pub fn read(text: &'a str) -> Option<Self> {
        let span: Self = strict::object(text).ok()?;
        span.end.is_none_or(|end| end >= span.start).then_some(span)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::protocol::recorded::payloads;

    #[test]
    fn the_transactions_of_all_clients_are_read() {
        for name in [
            "browser/browser_old7",
            "go/go_http",
            "node/node_express",
            "node/node_old5",
            "python/py_django",
            "python/py_old_1x",
            "ruby/ruby_rack",
            "rust/rust_tracing",
        ] {
            let payloads = payloads(name, "transaction");
            let transactions = payloads.iter().map(|payload| Transaction::read(payload).unwrap());
            let transactions: Vec<_> = transactions.collect();
            assert!(transactions.iter().all(|it| it.label() != UNLABELED), "{name}");
            let steps: usize = transactions.iter().map(|it| it.spans.len()).sum();
            let sent: usize = payloads.iter().map(|payload| sent_spans(payload)).sum();
            assert_eq!(steps, sent, "{name}");
        }
    }

    fn sent_spans(payload: &str) -> usize {
        let transaction: Value = serde_json::from_str(payload).unwrap();
        transaction["spans"].as_array().map_or(0, Vec::len)
    }

    fn read(change: impl FnOnce(&mut Value)) -> Result<usize, TransactionError> {
        let id = json!("a0c9dd051b6f4bfdbdab2d8ad29acb15");
        let span = json!({"trace_id": id, "span_id": "b5cc488c444c6e0c", "start_timestamp": 1.5});
        let mut transaction = json!({
            "start_timestamp": 1.0, "timestamp": "1970-01-01T00:00:02Z", "transaction": "GET /",
            "contexts": {"trace": {"trace_id": id, "span_id": "b5cc488c444c6e0d"}}, "spans": [null, span]});
        change(&mut transaction);
        Transaction::read(&transaction.to_string()).map(|read| read.spans.len())
    }

    #[test]
    fn what_cannot_be_drawn_is_no_transaction() {
        assert_eq!(read(|_| ()), Ok(1));
        assert_eq!(read(|it| it["timestamp"] = 1.0.into()), Ok(1));
        assert_eq!(read(|it| it["spans"] = Value::Null), Ok(0));
        let broken: [(&str, &str); 7] = [
            ("/timestamp", "null"),
            ("/timestamp", "0.5"),
            ("/start_timestamp", "\"soon\""),
            ("/start_timestamp", "-1"),
            ("/contexts/trace/trace_id", "\"00000000000000000000000000000000\""),
            ("/contexts/trace", "null"),
            ("/spans/1/span_id", "\"x\""),
        ];
        for (place, value) in broken {
            let value: Value = serde_json::from_str(value).unwrap();
            let result = read(|it| *it.pointer_mut(place).unwrap() = value.clone());
            assert_eq!(result, Err(TransactionError::Invalid), "{place} {value}");
        }
        let backwards = read(|it| it["spans"][1]["timestamp"] = 1.25.into());
        assert_eq!(backwards, Err(TransactionError::Invalid));
    }

    #[test]
    fn the_reason_tells_what_it_was_instead() {
        let reason = |text| Transaction::read(text).unwrap_err().reason();
        assert_eq!(reason("x"), "invalid_json");
        assert_eq!(reason("[]"), "no_event_payload");
        assert_eq!(reason("{}"), "invalid_transaction");
    }
}
