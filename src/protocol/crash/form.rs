//! The text fields of a form that came with a dump: parts of the event (`protocol.md` §1.8).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{MAX_DEPTH, merge};

/// The event that the fields make together; an empty object if they say nothing about it.
pub fn event(fields: &[(String, String)]) -> Value {
    let mut event = json!({});
    let mut chunks = BTreeMap::new();
    for (name, text) in fields {
        if name == "sentry" {
            merge(&mut event, object(text));
        } else if let Some(space) = name.strip_prefix("sentry___") {
            merge(&mut event, json!({ "contexts": { space: object(text) } }));
        } else if let Some(number) =
            name.strip_prefix("sentry__").and_then(|n| n.parse::<u32>().ok())
        {
            chunks.insert(number, text.as_str());
        } else if let Some(path) = name.strip_prefix("sentry").and_then(path) {
            merge(&mut event, at(&path, text));
        } else {
            merge(&mut event, json!({ "extra": { name.as_str(): text } }));
        }
    }
    let joined: String = chunks.into_values().collect();
    merge(&mut event, object(&joined));
    event
}

/// Reads the fields of a `form_data` item.
pub fn read(payload: &[u8]) -> Option<Vec<(String, String)>> {
    serde_json::from_slice(payload).ok()
}

/// The object that a text is; anything else says nothing.
fn object(text: &str) -> Value {
    let read: Option<Map<String, Value>> = serde_json::from_str(text).ok();
    read.map_or(Value::Null, Value::Object)
}

/// The names in `[a][b]`; `None` if it is written otherwise.
fn path(brackets: &str) -> Option<Vec<&str>> {
    let inner = brackets.strip_prefix('[')?.strip_suffix(']')?;
    let names: Vec<&str> = inner.split("][").collect();
    (names.len() <= MAX_DEPTH).then_some(names)
}

/// A value that lies at a path.
fn at(path: &[&str], text: &str) -> Value {
    path.iter().rev().fold(Value::from(text), |value, name| {
        let mut object = Map::new();
        object.insert((*name).to_owned(), value);
        Value::Object(object)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event_of(fields: &[(&str, &str)]) -> Value {
        let owned: Vec<_> =
            fields.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        event(&owned)
    }

    #[test]
    fn fields_are_parts_of_an_event() {
        let event = event_of(&[
            ("sentry", r#"{"release":"shop@1","tags":{"a":"1"}}"#),
            ("sentry[tags][b]", "2"),
            ("sentry[user][id]", "ada"),
            ("sentry__2", r#"ent":"live"}"#),
            ("sentry__1", r#"{"environm"#),
            ("sentry___gpu", r#"{"name":"x"}"#),
            ("ptype", "browser"),
        ]);
        assert_eq!(
            event,
            json!({
                "release": "shop@1", "environment": "live", "tags": {"a": "1", "b": "2"}, "user": {"id": "ada"},
                "contexts": {"gpu": {"name": "x"}}, "extra": {"ptype": "browser"}})
        );
    }

    #[test]
    fn what_is_written_otherwise_says_nothing_about_the_event() {
        assert_eq!(event_of(&[("sentry", "[1]"), ("sentry__1", "{")]), json!({}));
        let deep = format!("sentry{}", "[a]".repeat(16));
        assert_eq!(event_of(&[(&deep, "1")]), json!({ "extra": { deep.as_str(): "1" } }));
        assert_eq!(event_of(&[("sentry[a", "1")]), json!({"extra": {"sentry[a": "1"}}));
        assert_eq!(read(br#"[["a","b"]]"#).unwrap(), [("a".to_owned(), "b".to_owned())]);
        assert_eq!(read(br#"{"a":"b"}"#), None);
    }
}
