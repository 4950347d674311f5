//! Telemetry that does not come from Sentry's clients: OpenTelemetry's exporters, log drains
//! (`protocol.md` §4.17).
//!
//! It is kept as it came, in an item of its own that says in its media type what it is. Clients may not
//! send such items.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::category::DataCategory;
use super::strict::{self, Text};

/// Where telemetry of others comes from, and how it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Integration {
    /// Spans of OpenTelemetry.
    OtlpTraces(Writing),
    /// Log records of OpenTelemetry.
    OtlpLogs(Writing),
    /// A log drain of Vercel, a JSON list.
    VercelList,
    /// The same, a JSON object on each line.
    VercelLines,
}

/// How OpenTelemetry's messages are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writing {
    /// As JSON.
    Json,
    /// As protocol buffers.
    Protobuf,
}

/// Every integration with the media type of its item.
const MEDIA_TYPES: [(Integration, &str); 6] = [
    (Integration::OtlpTraces(Writing::Json), "application/vnd.picket.otlp-traces+json"),
    (Integration::OtlpTraces(Writing::Protobuf), "application/vnd.picket.otlp-traces+protobuf"),
    (Integration::OtlpLogs(Writing::Json), "application/vnd.picket.otlp-logs+json"),
    (Integration::OtlpLogs(Writing::Protobuf), "application/vnd.picket.otlp-logs+protobuf"),
    (Integration::VercelList, "application/vnd.picket.vercel+json"),
    (Integration::VercelLines, "application/vnd.picket.vercel+ndjson"),
];

/// The fields in which messages of OpenTelemetry lie in each other, from the outside in.
struct Nesting {
    /// By name, as JSON has them.
    names: [&'static str; 3],
    /// By number, as protocol buffers have them.
    numbers: [u32; 3],
}

const TRACES: Nesting =
    Nesting { names: ["resourceSpans", "scopeSpans", "spans"], numbers: [1, 2, 2] };
const LOGS: Nesting =
    Nesting { names: ["resourceLogs", "scopeLogs", "logRecords"], numbers: [1, 2, 2] };

impl Integration {
    /// The integration that a media type speaks of.
    pub fn from_media_type(media_type: &str) -> Option<Self> {
        MEDIA_TYPES
            .iter()
            .find(|(_, known)| *known == media_type)
            .map(|(integration, _)| *integration)
    }

    /// The media type of its item.
    pub fn media_type(self) -> &'static str {
        let known = MEDIA_TYPES.iter().find(|(integration, _)| *integration == self);
        known.expect("all of them are listed").1
    }

    /// What its entries are counted as, each as one; and their bytes.
    pub fn categories(self) -> (&'static [DataCategory], Option<DataCategory>) {
        match self {
            Self::OtlpTraces(_) => (&[DataCategory::Span, DataCategory::SpanIndexed], None),
            _ => (&[DataCategory::LogItem], Some(DataCategory::LogByte)),
        }
    }

    /// How many spans or log lines there are in a payload.
    ///
    /// # Errors
    /// With the reason as outcomes count it, when the payload is something else.
    pub fn count(self, payload: &[u8]) -> Result<u64, &'static str> {
        match self {
            Self::OtlpTraces(writing) => count_otlp(payload, writing, &TRACES),
            Self::OtlpLogs(writing) => count_otlp(payload, writing, &LOGS),
            Self::VercelList => count_list(&strict::readable(payload), is_object),
            Self::VercelLines => {
                let text = strict::readable(payload);
                let mut lines = text.lines().filter(|line| !line.trim().is_empty());
                lines.try_fold(0, |count, line| is_object(line).then_some(count + 1))
            }
            .ok_or("invalid_json"),
        }
    }
}

fn is_object(text: &str) -> bool {
    strict::object::<&RawValue>(text).is_ok()
}

/// Counts the entries of a list that `is_right` for all of them.
fn count_list(text: &str, is_right: impl Fn(&str) -> bool) -> Result<u64, &'static str> {
    let mut json = serde_json::Deserializer::from_str(text);
    let count = Count { path: &[], is_right: &is_right };
    let count = count.deserialize(&mut json).map_err(|_| "invalid_json")?;
    json.end().map_err(|_| "invalid_json")?;
    Ok(count)
}

fn count_otlp(payload: &[u8], writing: Writing, nesting: &Nesting) -> Result<u64, &'static str> {
    match writing {
        Writing::Protobuf => count_fields(payload, &nesting.numbers).ok_or("invalid_proto"),
        Writing::Json => {
            let text = strict::readable(payload);
            let mut json = serde_json::Deserializer::from_str(&text);
            let count = Inside { path: &nesting.names, is_right: &is_object };
            let count = count.deserialize(&mut json).map_err(|_| "invalid_json")?;
            json.end().map_err(|_| "invalid_json")?;
            Ok(count)
        }
    }
}

/// Counts in a list: its entries, or what lies in each at a path.
struct Count<'p, F> {
    path: &'p [&'static str],
    is_right: &'p F,
}

/// Counts in an object, in the list under the first name of a path.
struct Inside<'p, F> {
    path: &'p [&'static str],
    is_right: &'p F,
}

impl<'de, F: Fn(&str) -> bool> DeserializeSeed<'de> for Count<'_, F> {
    type Value = u64;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<u64, D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de, F: Fn(&str) -> bool> Visitor<'de> for Count<'_, F> {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<u64, A::Error> {
        let Self { path, is_right } = self;
        let mut count = 0;
        if path.is_empty() {
            while let Some(entry) = seq.next_element::<&'de RawValue>()? {
                if !is_right(entry.get()) {
                    return Err(serde::de::Error::custom("another kind of entry"));
                }
                count += 1;
            }
        } else {
            while let Some(inside) = seq.next_element_seed(Inside { path, is_right })? {
                count += inside;
            }
        }
        Ok(count)
    }
}

impl<'de, F: Fn(&str) -> bool> DeserializeSeed<'de> for Inside<'_, F> {
    type Value = u64;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<u64, D::Error> {
        from.deserialize_map(self)
    }
}

impl<'de, F: Fn(&str) -> bool> Visitor<'de> for Inside<'_, F> {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<u64, A::Error> {
        let Self { path, is_right } = self;
        let mut count = 0;
        while let Some(key) = map.next_key::<Text<'de>>()? {
            if Some(&*key) == path.first().copied() {
                count += map.next_value_seed(Count { path: &path[1..], is_right })?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(count)
    }
}

/// Counts the messages at a path of fields. `None` if the bytes are no message.
fn count_fields(message: &[u8], path: &[u32]) -> Option<u64> {
    let mut rest = message;
    let mut count = 0;
    while !rest.is_empty() {
        let (number, value) = next_field(&mut rest)?;
        match (path.first(), value) {
            (Some(wanted), Some(inner)) if *wanted == number => {
                let below = count_fields(inner, &path[1..])?;
                count += if path.len() == 1 { 1 } else { below };
            }
            (Some(wanted), None) if *wanted == number => return None,
            // Others, and those of the message at the end of the path, which must be one, too.
            _ => {}
        }
    }
    Some(count)
}

/// Takes a field; gives its number, and its bytes if it has a length.
fn next_field<'a>(rest: &mut &'a [u8]) -> Option<(u32, Option<&'a [u8]>)> {
    let key = next_varint(rest)?;
    let number = u32::try_from(key >> 3).ok().filter(|number| *number > 0)?;
    let value = match key & 7 {
        0 => {
            next_varint(rest)?;
            None
        }
        1 => take(rest, 8).map(|_| None)?,
        2 => {
            let length = usize::try_from(next_varint(rest)?).ok()?;
            Some(take(rest, length)?)
        }
        5 => take(rest, 4).map(|_| None)?,
        _ => return None,
    };
    Some((number, value))
}

fn next_varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = take(rest, 1)?[0];
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, left) = rest.split_at_checked(length)?;
    *rest = left;
    Some(taken)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::protocol::recorded::bodies;

    const JSON_TRACES: Integration = Integration::OtlpTraces(Writing::Json);

    #[test]
    fn what_pythons_exporter_sent_is_counted() {
        let count = |end: &str, integration: Integration| {
            let bodies = bodies("otlp/otlp_python", end);
            bodies.iter().map(|body| integration.count(body).unwrap()).collect::<Vec<_>>()
        };
        assert_eq!(count("/traces", Integration::OtlpTraces(Writing::Protobuf)), [2, 2]);
        assert_eq!(count("/logs", Integration::OtlpLogs(Writing::Protobuf)), [1]);
    }

    #[test]
    fn the_same_is_counted_as_json() {
        let spans = r#"{"resourceSpans":[{"resource":{},"scopeSpans":[{"spans":[{"traceId":"ab"},{}]},{}]},{"scopeSpans":[{"spans":[{}]}]}]}"#;
        assert_eq!(JSON_TRACES.count(spans.as_bytes()), Ok(3));
        assert_eq!(JSON_TRACES.count(b"{}"), Ok(0));
        for bad in [
            "[]",
            "{\"resourceSpans\":{}}",
            "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[7]}]}]}",
            "{} x",
            "",
        ] {
            assert_eq!(JSON_TRACES.count(bad.as_bytes()), Err("invalid_json"), "{bad}");
        }
    }

    #[test]
    fn a_message_that_breaks_off_is_none() {
        let body = bodies("otlp/otlp_python", "/traces").remove(0);
        let integration = Integration::OtlpTraces(Writing::Protobuf);
        for cut in [1, 2, body.len() / 2, body.len() - 1] {
            assert_eq!(integration.count(&body[..cut]), Err("invalid_proto"), "{cut}");
        }
        assert_eq!(integration.count(b"not a message"), Err("invalid_proto"));
        assert_eq!(integration.count(b""), Ok(0));
    }

    #[test]
    fn log_lines_are_counted() {
        assert_eq!(Integration::VercelList.count(b"[{\"id\":\"1\"},{}]"), Ok(2));
        assert_eq!(Integration::VercelLines.count(b"{\"id\":\"1\"}\n\n{}\r\n"), Ok(2));
        assert_eq!(Integration::VercelLines.count(b"{}\nx\n"), Err("invalid_json"));
        assert_eq!(Integration::VercelList.count(b"[7]"), Err("invalid_json"));
    }

    #[test]
    fn the_media_type_says_what_it_is() {
        for (integration, media_type) in MEDIA_TYPES {
            assert_eq!(Integration::from_media_type(integration.media_type()), Some(integration));
            assert_eq!(integration.media_type(), media_type);
        }
        assert_eq!(Integration::from_media_type("application/json"), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            for (integration, _) in MEDIA_TYPES {
                let _ = integration.count(&bytes);
            }
        }
    }
}
