//! Containers: many small things of a kind in one item (`protocol.md` §4.12).
//!
//! [`each`] goes through the entries without gathering them: a payload of twelve mebibytes may be six
//! million entries, each wrong.

mod attributes;
mod log;
mod metric;
mod span;

use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::strict::Text;

pub use attributes::{Attribute, Attributes};
pub use log::Log;
pub use metric::{Metric, MetricKind};
pub use span::{Span, SpanStatus};

/// The media type of a container of log lines.
pub const LOG_TYPE: &str = "application/vnd.sentry.items.log+json";
/// The media type of a container of metrics.
pub const METRIC_TYPE: &str = "application/vnd.sentry.items.trace-metric+json";
/// The media type of a container of spans.
pub const SPAN_TYPE: &str = "application/vnd.sentry.items.span.v2+json";

/// What a client asks of the server for all entries of a container.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Container {
    /// Whether the sender's address is to be filled in.
    pub infer_ip: bool,
    /// Whether the sender's browser is to be filled in.
    pub infer_user_agent: bool,
}

/// The payload is no container, or not one of as many entries as it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no container, or another number of entries than stated")]
pub struct NoContainer;

/// Shows every entry to `entry`, and tells what the container says besides.
///
/// # Errors
/// When it is no container of exactly `stated` entries; some may have been shown then.
pub fn each<'a>(
    text: &'a str,
    stated: u64,
    entry: impl FnMut(&'a RawValue),
) -> Result<Container, NoContainer> {
    let mut json = serde_json::Deserializer::from_str(text);
    let walk = Walk { stated, entry };
    let container = json.deserialize_map(walk).map_err(|_| NoContainer)?;
    json.end().map_err(|_| NoContainer)?;
    Ok(container)
}

/// Walks through a container.
struct Walk<F> {
    stated: u64,
    entry: F,
}

#[derive(Default, Deserialize)]
struct Settings<'a> {
    #[serde(borrow, default, deserialize_with = "super::strict::loose")]
    infer_ip: Option<Text<'a>>,
    #[serde(borrow, default, deserialize_with = "super::strict::loose")]
    infer_user_agent: Option<Text<'a>>,
}

impl<'de, F: FnMut(&'de RawValue)> Visitor<'de> for Walk<F> {
    type Value = Container;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a container")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Container, A::Error> {
        let mut container = Container::default();
        let mut has_items = false;
        while let Some(key) = map.next_key::<Text<'de>>()? {
            match &*key {
                "items" if has_items => return Err(A::Error::duplicate_field("items")),
                "items" => {
                    has_items = true;
                    map.next_value_seed(Entries { stated: self.stated, entry: &mut self.entry })?;
                }
                "ingest_settings" => {
                    let raw: &RawValue = map.next_value()?;
                    let settings: Settings<'_> =
                        serde_json::from_str(raw.get()).unwrap_or_default();
                    let is_auto = |word: Option<Text<'_>>| word.as_deref() == Some("auto");
                    container.infer_ip = is_auto(settings.infer_ip);
                    container.infer_user_agent = is_auto(settings.infer_user_agent);
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        if has_items { Ok(container) } else { Err(A::Error::missing_field("items")) }
    }
}

/// Walks through the entries.
struct Entries<'f, F> {
    stated: u64,
    entry: &'f mut F,
}

impl<'de, F: FnMut(&'de RawValue)> DeserializeSeed<'de> for Entries<'_, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_seq(self)
    }
}

impl<'de, F: FnMut(&'de RawValue)> Visitor<'de> for Entries<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("entries")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let mut seen = 0;
        while let Some(raw) = seq.next_element::<&'de RawValue>()? {
            seen += 1;
            if seen > self.stated {
                break;
            }
            (self.entry)(raw);
        }
        if seen == self.stated {
            Ok(())
        } else {
            Err(A::Error::custom("another number of entries"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walked(text: &str, stated: u64) -> Result<(Vec<&str>, Container), NoContainer> {
        let mut seen = Vec::new();
        let container = each(text, stated, |entry| seen.push(entry.get()))?;
        Ok((seen, container))
    }

    #[test]
    fn entries_are_shown_in_order() {
        let text = r#"{"version":2,"ingest_settings":{"infer_ip":"auto","infer_user_agent":"never"},"items":[{"a":1}, 7,null]}"#;
        let (seen, container) = walked(text, 3).unwrap();
        assert_eq!(seen, ["{\"a\":1}", "7", "null"]);
        assert_eq!(container, Container { infer_ip: true, infer_user_agent: false });
        assert_eq!(walked("{\"items\":[]}", 0).unwrap().0, [""; 0]);
    }

    #[test]
    fn another_number_of_entries_is_no_container() {
        for (text, stated) in [
            ("{\"items\":[1,2]}", 1),
            ("{\"items\":[1,2]}", 3),
            ("{\"items\":[1],\"items\":[1]}", 1),
            ("{\"items\":{}}", 0),
            ("{}", 0),
            ("[]", 0),
            ("{\"items\":[1]} x", 1),
            ("{\"items\":[1", 1),
            ("", 0),
        ] {
            assert_eq!(walked(text, stated), Err(NoContainer), "{text}");
        }
    }
}
