//! Events and breadcrumbs in `MessagePack`, which crash handlers write while all is still well.

use std::io::Cursor;

use serde::Deserialize;
use serde_json::Value;

/// The largest file that is read: each byte may become forty of a tree.
const MAX_BYTES: usize = 1 << 20;

/// The most breadcrumbs of one file.
const MAX_BREADCRUMBS: usize = 1000;

/// The deepest that values may lie in each other.
const MAX_DEPTH: usize = 100;

/// Reads an event; `None` if it is no object.
pub fn event(bytes: &[u8]) -> Option<Value> {
    let mut values = Values::new(bytes)?;
    values.next().filter(Value::is_object)
}

/// The breadcrumbs of two files, which are written in turns: the newer ones of both, as many as the longer
/// file has.
pub fn breadcrumbs(files: &[&[u8]]) -> Vec<Value> {
    let lists: Vec<Vec<Value>> = files.iter().map(|bytes| breadcrumbs_of(bytes)).collect();
    let longest = lists.iter().map(Vec::len).max().unwrap_or_default();
    let mut all: Vec<Value> = lists.into_iter().flatten().collect();
    all.sort_by(|one, other| time(one).total_cmp(&time(other)));
    all.split_off(all.len() - longest)
}

fn breadcrumbs_of(bytes: &[u8]) -> Vec<Value> {
    let values = Values::new(bytes).into_iter().flatten();
    // One after the other, or all of them in a list.
    let flat = values.flat_map(|value| match value {
        Value::Array(list) => list,
        other => vec![other],
    });
    flat.filter(Value::is_object).take(MAX_BREADCRUMBS).collect()
}

/// When a breadcrumb was left, in seconds; at the very beginning if it does not say.
fn time(breadcrumb: &Value) -> f64 {
    let text = match &breadcrumb["timestamp"] {
        Value::String(text) => text,
        other => return other.as_f64().unwrap_or_default(),
    };
    let time = chrono::DateTime::parse_from_rfc3339(text);
    #[expect(clippy::cast_precision_loss, reason = "microseconds of this millennium are exact")]
    time.map_or(0.0, |time| time.timestamp_micros() as f64 / 1e6)
}

/// Values, one behind the other, up to the first that is none.
struct Values<'a> {
    rest: Cursor<&'a [u8]>,
}

impl<'a> Values<'a> {
    fn new(bytes: &'a [u8]) -> Option<Self> {
        (bytes.len() <= MAX_BYTES).then(|| Self { rest: Cursor::new(bytes) })
    }
}

impl Iterator for Values<'_> {
    type Item = Value;

    fn next(&mut self) -> Option<Value> {
        if self.rest.position() >= self.rest.get_ref().len() as u64 {
            return None;
        }
        let mut packed = rmp_serde::Deserializer::new(&mut self.rest);
        packed.set_max_depth(MAX_DEPTH);
        Value::deserialize(&mut packed).ok()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn packed(values: &[Value]) -> Vec<u8> {
        values.iter().flat_map(|value| rmp_serde::to_vec(value).unwrap()).collect()
    }

    #[test]
    fn an_event_is_read_and_anything_else_is_none() {
        let value = json!({"release": "shop@1", "tags": {"a": 1}});
        assert_eq!(event(&packed(std::slice::from_ref(&value))), Some(value));
        assert_eq!(event(&packed(&[json!([1])])), None);
        assert_eq!(event(b"\xc1"), None);
        assert_eq!(event(b""), None);
        assert_eq!(event(&vec![0x91; 100_000]), None, "a hundred thousand lists in each other");
        // A list of four milliards of values, says the first byte.
        assert_eq!(event(b"\xdd\xff\xff\xff\xff"), None);
    }

    #[test]
    fn of_two_files_the_newer_breadcrumbs_stay() {
        let crumb = |second: u32| json!({"message": second.to_string(), "timestamp": second});
        let first = packed(&[crumb(1), crumb(2), crumb(3)]);
        let second = packed(&[crumb(4), json!({"timestamp": "1970-01-01T00:00:05Z"})]);
        let kept = breadcrumbs(&[&second, &first]);
        let times: Vec<_> = kept.iter().map(|crumb| crumb["timestamp"].to_string()).collect();
        assert_eq!(times, ["3", "4", "\"1970-01-01T00:00:05Z\""]);
        assert_eq!(breadcrumbs(&[]), [Value::Null; 0]);
        assert_eq!(breadcrumbs(&[&packed(&[json!([crumb(1), 7, crumb(2)])])]).len(), 2);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = event(&bytes);
            let _ = breadcrumbs(&[&bytes, &bytes]);
        }
    }
}
