//! Writing envelopes: for events that came without one, and for tests.

use serde_json::{Map, Value};

use super::{EnvelopeHeader, ItemHeader};

/// Writes the line about the whole to an empty `out`.
pub fn write_header(out: &mut Vec<u8>, header: &EnvelopeHeader) {
    let mut line = Map::new();
    put(&mut line, "event_id", header.event_id.map(|id| id.to_string()));
    put(&mut line, "dsn", header.dsn.clone());
    put(&mut line, "sent_at", header.sent_at.map(|time| time.to_rfc3339()));
    put(&mut line, "trace", header.trace.as_ref().map(crate::protocol::lenient::Raw::value));
    if let Some(sdk) = &header.sdk {
        let mut named = Map::new();
        put(&mut named, "name", sdk.name.clone());
        put(&mut named, "version", sdk.version.clone());
        line.insert("sdk".to_owned(), Value::Object(named));
    }
    out.extend_from_slice(Value::Object(line).to_string().as_bytes());
    out.push(b'\n');
}

/// Writes an item behind what is in `out`.
pub fn write_item(out: &mut Vec<u8>, header: &ItemHeader, payload: &[u8]) {
    let mut line = Map::new();
    put(&mut line, "type", Some(header.item_type.as_str()));
    put(&mut line, "length", Some(payload.len()));
    put(&mut line, "content_type", header.content_type.clone());
    put(&mut line, "filename", header.filename.clone());
    put(&mut line, "attachment_type", header.attachment_type.clone());
    put(&mut line, "item_count", header.item_count);
    put(&mut line, "platform", header.platform.clone());
    put(&mut line, "meta_length", header.meta_length);
    put(&mut line, "sentry_release", header.release.clone());
    put(&mut line, "sentry_environment", header.environment.clone());
    let line = Value::Object(line).to_string();
    out.reserve(line.len() + payload.len() + 2);
    out.extend_from_slice(line.as_bytes());
    out.push(b'\n');
    out.extend_from_slice(payload);
    out.push(b'\n');
}

fn put(line: &mut Map<String, Value>, key: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        line.insert(key.to_owned(), value.into());
    }
}
