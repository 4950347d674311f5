//! What differs between an event as it was sent and as it is stored, a line for each place.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::Value;

/// The most characters of a value that are shown.
const SHOWN: usize = 110;

/// Lines `path: sent → stored`, `path: + stored`, `path: - sent`. Places of a list that differ in the same
/// way are one line; what is the same is not shown.
pub(super) fn between(sent: &Value, stored: &Value) -> String {
    let mut lines = BTreeMap::new();
    walk("", Some(sent), Some(stored), &mut lines);
    let mut text = String::from("  event\n");
    for (line, count) in lines {
        let times = if count > 1 { format!(" (× {count})") } else { String::new() };
        let _ = writeln!(text, "    {line}{times}");
    }
    text
}

fn walk(
    path: &str,
    sent: Option<&Value>,
    stored: Option<&Value>,
    lines: &mut BTreeMap<String, usize>,
) {
    match (sent, stored) {
        (sent, stored) if sent == stored => {}
        (Some(Value::Object(sent)), Some(Value::Object(stored))) => {
            for (key, value) in sent {
                walk(&format!("{path}.{key}"), Some(value), stored.get(key), lines);
            }
            for (key, value) in stored.iter().filter(|(key, _)| !sent.contains_key(*key)) {
                walk(&format!("{path}.{key}"), None, Some(value), lines);
            }
        }
        (Some(Value::Array(sent)), Some(Value::Array(stored))) => {
            for index in 0..sent.len().max(stored.len()) {
                walk(&format!("{path}[]"), sent.get(index), stored.get(index), lines);
            }
        }
        (sent, stored) => *lines.entry(line(path, sent, stored)).or_insert(0) += 1,
    }
}

fn line(path: &str, sent: Option<&Value>, stored: Option<&Value>) -> String {
    let path = path.trim_start_matches('.');
    match (sent.map(shown), stored.map(shown)) {
        (Some(sent), Some(stored)) => format!("{path}: {sent} → {stored}"),
        (None, Some(stored)) => format!("{path}: + {stored}"),
        (Some(sent), None) => format!("{path}: - {sent}"),
        (None, None) => path.to_owned(),
    }
}

/// The beginning of a value, on one line. Floats as they are in JSON.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}… ({} bytes)", &text[..end], text.len()),
        None => text,
    }
}
