//! The first line of an envelope (`protocol.md` §3.3).

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::base::{EventId, Timestamp};
use crate::protocol::lenient::Raw;

/// A value of a header that is longer than this says nothing; the header as a whole may have any length.
pub(super) const MAX_VALUE_BYTES: usize = 16 * 1024;

/// What the client says about the whole envelope.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EnvelopeHeader {
    /// The id of the event inside; it replaces the one in the payload.
    pub event_id: Option<EventId>,
    /// The DSN, the only credentials that pass through a tunnel. Any text; not yet parsed.
    pub dsn: Option<String>,
    /// The client library.
    pub sdk: Option<ClientSdk>,
    /// When it was sent, by the client's clock; `None` if that could not be read.
    pub sent_at: Option<Timestamp>,
    /// The dynamic sampling context, an object (`protocol.md` §11).
    pub trace: Option<Raw>,
}

/// A client library by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct ClientSdk {
    /// `sentry.javascript.browser` …
    pub name: Option<String>,
    /// Its version.
    pub version: Option<String>,
}

impl ClientSdk {
    /// `name/version`, as clients write themselves in `sentry_client`.
    pub fn client(&self) -> Option<String> {
        match (self.name.as_deref()?, self.version.as_deref()) {
            (name, Some(version)) => Some(format!("{name}/{version}")),
            (name, None) => Some(name.to_owned()),
        }
    }
}

/// The header as it stands in the bytes. Values stay text at first: only a bad event id spoils the
/// envelope, the rest is merely left out.
#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow, default)]
    event_id: Option<&'a RawValue>,
    #[serde(borrow, default)]
    dsn: Option<&'a RawValue>,
    #[serde(borrow, default)]
    sdk: Option<&'a RawValue>,
    #[serde(borrow, default)]
    sent_at: Option<&'a RawValue>,
    #[serde(borrow, default)]
    trace: Option<&'a RawValue>,
}

impl EnvelopeHeader {
    /// Reads the header from the start of `json`; returns how many bytes it was.
    pub(super) fn read(json: &[u8]) -> Option<(Self, usize)> {
        let (wire, bytes) = read_object::<Wire<'_>>(json)?;
        let event_id = match wire.event_id {
            Some(raw) => Some(parse::<EventId>(raw)?),
            None => None,
        };
        let header = Self {
            event_id,
            // A DSN that is no text must not pass for an absent one: it will not parse as a DSN.
            dsn: wire.dsn.map(|raw| parse(raw).unwrap_or_else(|| beginning(raw))),
            sdk: wire.sdk.and_then(parse),
            sent_at: wire.sent_at.and_then(parse).and_then(|text: String| timestamp(&text)),
            trace: wire.trace.filter(|raw| raw.get().starts_with('{')).and_then(parse),
        };
        Some((header, bytes))
    }
}

/// Enough of a value to show what it is.
fn beginning(raw: &RawValue) -> String {
    raw.get().chars().take(100).collect()
}

/// Reads one JSON object from the start of `json`, and nothing else: derived structs would take
/// arrays too.
pub(super) fn read_object<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Option<(T, usize)> {
    if json.first() != Some(&b'{') {
        return None;
    }
    let mut values = serde_json::Deserializer::from_slice(json).into_iter::<T>();
    let value = values.next()?.ok()?;
    Some((value, values.byte_offset()))
}

/// Reads a value that was kept as text, unless it is too long to say anything.
pub(super) fn parse<'a, T: Deserialize<'a>>(raw: &'a RawValue) -> Option<T> {
    if raw.get().len() > MAX_VALUE_BYTES {
        return None;
    }
    serde_json::from_str(raw.get()).ok()
}

fn timestamp(text: &str) -> Option<Timestamp> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.with_timezone(&Utc))
}
