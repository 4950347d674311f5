//! An event without an envelope, as clients of ten years ago send it (`protocol.md` §1.3, §1.8).
//!
//! It comes as JSON, or as base64 of JSON, or as base64 of zlib of JSON. [`unpack`] finds the JSON,
//! [`into_envelope`] puts it into an envelope of its own.

use std::fmt;
use std::io::Read;

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;

use super::envelope::{EnvelopeHeader, ItemHeader, ItemType, write_header, write_item};
use super::lenient;
use crate::base::EventId;

/// Why bytes are no event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BareEventError {
    /// No JSON object.
    #[error("invalid JSON data")]
    InvalidJson,
    /// The event's id is not one.
    #[error("invalid JSON data")]
    InvalidEventId,
    /// Base64 of what is neither JSON nor zlib.
    #[error("invalid compression of the request body")]
    InvalidCompression,
    /// Too large when unpacked.
    #[error("request content exceeded size limits")]
    TooLarge,
}

/// Base64 with or without `=` at the end.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Whether `bytes` are an object already.
pub fn is_json(bytes: &[u8]) -> bool {
    without_mark(bytes).trim_ascii_start().starts_with(b"{")
}

/// Finds the JSON in `bytes`, at most `most` bytes of it.
///
/// # Errors
/// When there is none.
pub fn unpack(bytes: Vec<u8>, most: usize) -> Result<Vec<u8>, BareEventError> {
    if is_json(&bytes) {
        return Ok(bytes);
    }
    let decoded = BASE64.decode(plain_base64(&bytes)).map_err(|_| BareEventError::InvalidJson)?;
    if is_json(&decoded) {
        return Ok(decoded);
    }
    let mut json = Vec::new();
    flate2::read::ZlibDecoder::new(decoded.as_slice())
        .take(most as u64 + 1)
        .read_to_end(&mut json)
        .map_err(|_| BareEventError::InvalidCompression)?;
    if json.len() > most { Err(BareEventError::TooLarge) } else { Ok(json) }
}

/// Removes line ends, and what URLs make of base64: `-` and `_` stand for `+` and `/`.
fn plain_base64(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.trim_ascii().to_vec();
    bytes.retain(|byte| !matches!(byte, b'\r' | b'\n'));
    for byte in &mut bytes {
        match byte {
            b'-' => *byte = b'+',
            b'_' => *byte = b'/',
            _ => {}
        }
    }
    bytes
}

fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// Makes an envelope with this one event.
///
/// # Errors
/// When `json` is no JSON object even with the repairs of [`lenient::repair`] (`NaN` of old Python
/// clients among them), or has an impossible event id.
pub fn into_envelope(json: &[u8]) -> Result<Vec<u8>, BareEventError> {
    let json = without_mark(json);
    if let Ok(head) = serde_json::from_slice::<Head>(json) {
        return head.with(json);
    }
    let mended = lenient::repair(json);
    let head: Head = serde_json::from_slice(&mended).map_err(|_| BareEventError::InvalidJson)?;
    head.with(&mended)
}

/// What must be known of an event before it has an envelope. The last of duplicate keys wins, as
/// everywhere in events.
#[derive(Default)]
struct Head {
    event_id: Value,
    kind: Value,
}

impl Head {
    fn with(self, json: &[u8]) -> Result<Vec<u8>, BareEventError> {
        let event_id: Option<EventId> =
            serde_json::from_value(self.event_id).map_err(|_| BareEventError::InvalidEventId)?;
        let item_type = match self.kind.as_str() {
            Some("transaction") => ItemType::Transaction,
            Some("feedback") => ItemType::Feedback,
            Some("csp") => ItemType::Security,
            _ => ItemType::Event,
        };
        let mut envelope = Vec::with_capacity(json.len() + super::accepted::SPARE_BYTES);
        write_header(&mut envelope, &EnvelopeHeader { event_id, ..EnvelopeHeader::default() });
        write_item(&mut envelope, &ItemHeader::new(item_type), json);
        Ok(envelope)
    }
}

impl<'de> Deserialize<'de> for Head {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct HeadVisitor;
        impl<'de> Visitor<'de> for HeadVisitor {
            type Value = Head;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an event")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Head, A::Error> {
                let mut head = Head::default();
                while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
                    match key.as_ref() {
                        "event_id" => head.event_id = map.next_value()?,
                        "type" => head.kind = map.next_value()?,
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(head)
            }
        }
        from.deserialize_map(HeadVisitor)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::protocol::envelope::Envelope;

    const MOST: usize = 1000;

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn json_is_found_in_all_its_wrappings() {
        let json = b"{\"message\":\"???>>>~~~ an event\"}";
        let encoded = BASE64.encode(json);
        let zipped = BASE64.encode(zlib(json));
        let in_url = encoded.replace('+', "-").replace('/', "_").replace('=', "");
        assert!(in_url.contains('_') && in_url.contains('-'), "{in_url}");
        for wrapped in [
            String::from_utf8(json.to_vec()).unwrap(),
            encoded.clone(),
            zipped.clone(),
            in_url,
            format!(" {}\r\n{}\n", &zipped[..20], &zipped[20..]),
        ] {
            assert_eq!(unpack(wrapped.clone().into_bytes(), MOST).unwrap(), json, "{wrapped}");
        }
    }

    #[test]
    fn what_hides_no_json_is_refused() {
        use BareEventError as E;
        let unpacked = |bytes: &[u8]| unpack(bytes.to_vec(), MOST).unwrap_err();
        assert_eq!(unpacked(b"not json!"), E::InvalidJson);
        assert_eq!(unpacked(b"[]"), E::InvalidJson);
        assert_eq!(unpacked(b"null"), E::InvalidCompression);
        let cut = zlib(&[b'x'; 500]);
        assert_eq!(
            unpacked(BASE64.encode(&cut[..cut.len() - 6]).as_bytes()),
            E::InvalidCompression
        );
        let bomb = BASE64.encode(zlib(&vec![b' '; MOST + 1]));
        assert_eq!(unpacked(bomb.as_bytes()), E::TooLarge);
        assert_eq!(
            unpack(BASE64.encode(zlib(&[b' '; MOST])).into_bytes(), MOST).unwrap().len(),
            MOST
        );
    }

    /// The id in the envelope's header, the type of the item and its payload.
    fn enveloped(json: &str) -> Result<(Option<String>, String, String), BareEventError> {
        let bytes = into_envelope(json.as_bytes())?;
        let envelope = Envelope::parse(&bytes).unwrap();
        let [item] = envelope.items.as_slice() else { panic!("one item") };
        Ok((
            envelope.header.event_id.map(|id| id.to_string()),
            item.header.item_type.as_str().to_owned(),
            String::from_utf8(item.payload.to_vec()).unwrap(),
        ))
    }

    #[test]
    fn the_event_names_its_id_and_type() {
        let id = "fc6d8c0c43fc4630ad850ee518f1b9d0";
        let json =
            "{\"event_id\":\"FC6D8C0C-43FC-4630-AD85-0EE518F1B9D0\",\"type\":\"transaction\"}";
        let expected = (Some(id.to_owned()), "transaction".to_owned(), json.to_owned());
        assert_eq!(enveloped(json), Ok(expected));
        for (json, expected) in [
            ("{}", "event"),
            ("{\"type\":\"error\"}", "event"),
            ("{\"type\":5,\"event_id\":null}", "event"),
            ("{\"type\":\"csp\",\"type\":\"feedback\"}", "feedback"),
            ("{\"type\":\"csp\"}", "security"),
        ] {
            let (event_id, item_type, _) = enveloped(json).unwrap();
            assert_eq!((event_id, item_type.as_str()), (None, expected), "{json}");
        }
    }

    #[test]
    fn what_is_no_event_is_refused() {
        use BareEventError as E;
        for (json, expected) in [
            ("{\"event_id\":\"zz\"}", E::InvalidEventId),
            ("{\"event_id\":5}", E::InvalidEventId),
            ("{\"event_id\"", E::InvalidJson),
            ("{} x", E::InvalidJson),
            ("[]", E::InvalidJson),
        ] {
            assert_eq!(enveloped(json), Err(expected), "{json}");
        }
    }

    #[test]
    fn almost_json_is_mended_and_depth_does_not_matter() {
        let (_, _, payload) = enveloped("{\"a\":[NaN,-Infinity],\"b\":\"NaN\"}").unwrap();
        assert_eq!(payload, "{\"a\":[null,null],\"b\":\"NaN\"}");
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(5000), "]".repeat(5000));
        assert_eq!(enveloped(&deep).unwrap().2, deep);
    }
}
