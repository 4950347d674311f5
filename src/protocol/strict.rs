//! Reading telemetry that is right or dropped (`protocol.md` §13.4): the counterpart of
//! [`lenient`], for items of which half is worth nothing.
//!
//! What comes out borrows from the payload. [`readable`] makes text of a payload once; the types of this
//! module are the fields of derived structs.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use chrono::DateTime;
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use serde_json::value::RawValue;

use super::lenient::{self, Lenient, Problems, Time};
use crate::base::Timestamp;

/// Text, borrowed from the payload unless it has escapes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Text<'a>(pub Cow<'a, str>);

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct TextVisitor;
        impl<'de> Visitor<'de> for TextVisitor {
            type Value = Text<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        from.deserialize_str(TextVisitor)
    }
}

/// A field without which the item still counts: anything that cannot be used is absent.
pub fn loose<'de, D, T>(from: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let raw = <&'de RawValue>::deserialize(from)?;
    Ok(serde_json::from_str(raw.get()).ok())
}

/// A moment in any of the forms of events: seconds since 1970 or RFC 3339.
pub fn moment<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
    let read = Time::read(from, &Problems::default())?;
    read.ok_or_else(|| D::Error::custom("a moment"))
}

/// The same where there may be none.
pub fn loose_moment<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    Time::read(from, &Problems::default())
}

/// A moment in RFC 3339 and in nothing else.
pub fn rfc3339<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
    let text = Text::deserialize(from)?;
    DateTime::parse_from_rfc3339(&text).map(|time| time.to_utc()).map_err(D::Error::custom)
}

/// The same where there may be none.
pub fn optional_rfc3339<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
    let Some(text) = Option::<Text<'_>>::deserialize(from)? else { return Ok(None) };
    DateTime::parse_from_rfc3339(&text).map(|time| Some(time.to_utc())).map_err(D::Error::custom)
}

/// Why text is not the object that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// No JSON, or fields of other types.
    #[error("invalid JSON")]
    Json,
    /// JSON, but no object.
    #[error("not an object")]
    NoObject,
}

/// Reads one object. Derived structs would take lists, too, as their fields in order.
///
/// # Errors
/// When `text` is something else.
pub fn object<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, ReadError> {
    if !text.trim_start().starts_with('{') {
        let is_json = serde_json::from_str::<&RawValue>(text).is_ok();
        return Err(if is_json { ReadError::NoObject } else { ReadError::Json });
    }
    serde_json::from_str(text).map_err(|_| ReadError::Json)
}

/// The payload as text that JSON can be read from. Halves of surrogate pairs, bytes that are no UTF-8
/// and `NaN` are mended (`protocol.md` §13.2); a payload with none of them is not copied.
pub fn readable(payload: &[u8]) -> Cow<'_, str> {
    let has = |word: &[u8]| memchr::memmem::find(payload, word).is_some();
    let is_suspect = has(b"\\ud") || has(b"\\uD") || has(b"NaN") || has(b"Infinity");
    match std::str::from_utf8(payload) {
        Ok(text) if !is_suspect => Cow::Borrowed(text.trim_start_matches('\u{feff}')),
        _ => Cow::Owned(String::from_utf8(lenient::repair(payload)).expect("mended text is UTF-8")),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    struct Sample<'a> {
        #[serde(borrow)]
        name: Text<'a>,
        #[serde(default, deserialize_with = "loose")]
        count: Option<u8>,
        #[serde(default, deserialize_with = "optional_rfc3339")]
        at: Option<Timestamp>,
    }

    #[test]
    fn text_is_borrowed_where_it_can_be() {
        let read = |text| object::<Sample<'_>>(text).unwrap();
        let plain = read(r#"{"name":"a","count":7,"at":"2026-11-22T12:00:00Z"}"#);
        assert!(matches!(plain.name.0, Cow::Borrowed("a")) && plain.at.is_some());
        let escaped = read(r#"{"name":"a\n","count":"7","at":null}"#);
        assert!(matches!(&escaped.name.0, Cow::Owned(text) if text == "a\n"));
        assert_eq!((escaped.count, escaped.at, plain.count), (None, None, Some(7)));
    }

    #[test]
    fn only_an_object_is_one() {
        let error = |text| object::<Sample<'_>>(text).unwrap_err();
        assert_eq!(error("[\"a\"]"), ReadError::NoObject);
        assert_eq!(error("null"), ReadError::NoObject);
        assert_eq!(error("{\"name\":"), ReadError::Json);
        assert_eq!(error(""), ReadError::Json);
        assert_eq!(error("{\"name\":7}"), ReadError::Json);
        assert_eq!(error("{\"name\":\"a\",\"at\":1700000000}"), ReadError::Json);
    }

    #[test]
    fn what_clients_get_wrong_is_mended_and_what_is_right_is_not_touched() {
        assert!(matches!(readable(b"{\"a\":\"\\u00e9\"}"), Cow::Borrowed(_)));
        assert_eq!(readable(b"{\"a\":NaN,\"b\":\"NaN\"}"), "{\"a\":null,\"b\":\"NaN\"}");
        assert_eq!(readable(b"\"\\ud800\""), "\"\\ufffd\"");
        assert_eq!(readable(b"\"\xff\""), "\"\u{fffd}\"");
        assert_eq!(readable("\u{feff}{}".as_bytes()), "{}");
    }
}
