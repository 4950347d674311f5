//! Almost-JSON (`protocol.md` §13.2).

use super::{error_paths, facts, stored};
use crate::pipeline::stages::normalize::normalize;
use crate::protocol::event::Event;
use crate::protocol::lenient::Problems;

fn reads(bytes: &[u8]) -> Option<Event> {
    Event::read(bytes, &Problems::default()).ok().flatten()
}

#[test]
fn what_is_no_object_is_no_event() {
    for bytes in ["", "not json", "{\"a\":", "null", "[]", "\"x\"", "7", "{\"a\":1]"] {
        assert!(reads(bytes.as_bytes()).is_none(), "{bytes}");
    }
}

#[test]
fn what_comes_behind_the_event_is_ignored() {
    assert!(reads(br#"{"message":"a"} trailing"#).is_some());
}

#[test]
fn deep_nesting_is_no_danger_and_no_reason_to_refuse() {
    for depth in [127, 128, 100_000] {
        let deep = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        for field in ["extra", "level", "tags", "message", "unknown", "user", "fingerprint"] {
            let json = format!(r#"{{"message":"kept","{field}":{deep}}}"#);
            let event = stored(&json);
            assert_eq!(event["type"], "default", "{depth} {field}");
        }
        let json = format!(r#"{{"extra":{{"a":{deep}}},"contexts":{{"a":{{"b":{deep}}}}}}}"#);
        let event = stored(&json);
        let value = &event["extra"]["a"];
        assert!(value[0][0][0][0][0][0].is_string(), "{depth}: {value}");
        assert!(event["contexts"]["a"]["b"][0][0][0][0][0].is_string(), "{depth}");
    }
}

#[test]
fn bytes_that_are_no_text_are_replaced() {
    let mut bytes = br#"{"message":"a"#.to_vec();
    bytes.extend([0xff, 0xfe]);
    bytes.extend(br#"b"}"#);
    let event = reads(&bytes).unwrap();
    assert_eq!(event.message.unwrap().formatted.unwrap(), "a\u{fffd}\u{fffd}b");
}

#[test]
fn half_a_surrogate_pair_is_replaced_and_the_event_kept() {
    let event = stored(r#"{"message":"a\ud800","extra":{"b":"c\udc00"},"tags":{"t":"\ud800x"}}"#);
    assert_eq!(event["logentry"]["formatted"], "a\u{fffd}");
    assert_eq!(event["extra"]["b"], "c\u{fffd}");
    assert_eq!(event["tags"][0][1], "\u{fffd}x");
}

#[test]
fn numbers_that_are_none_become_null() {
    let event = stored(r#"{"extra":{"a":NaN,"b":-Infinity,"c":1e400,"d":7}}"#);
    assert_eq!(event["extra"], serde_json::json!({"a": null, "b": null, "c": null, "d": 7}));
}

#[test]
fn large_numbers_are_kept_as_they_are_written() {
    let json = r#"{"extra":{"a":123456789012345678901234567890,"b":-9223372036854775808,"c":18446744073709551615}}"#;
    let mut event = reads(json.as_bytes()).unwrap();
    normalize(&mut event, &facts(), Problems::default()).unwrap();
    let written = serde_json::to_string(&event).unwrap();
    for number in ["123456789012345678901234567890", "-9223372036854775808", "18446744073709551615"]
    {
        assert!(written.contains(number), "{number}");
    }
}

#[test]
fn of_a_key_that_comes_twice_the_last_wins() {
    let event = stored(r#"{"level":"info","message":"a","level":"fatal","message":"b"}"#);
    assert_eq!((&event["level"], &event["logentry"]["formatted"]), (&"fatal".into(), &"b".into()));
}

#[test]
fn a_megabyte_of_anything_is_cut_to_its_limits() {
    let long = "x".repeat(1_000_000);
    for field in ["message", "transaction", "release", "logger", "platform", "server_name"] {
        let event = stored(&format!(r#"{{"{field}":"{long}"}}"#));
        assert!(event.to_string().len() < 10_000, "{field}");
    }
    let key = format!(r#"{{"extra":{{"{}":1}}}}"#, "k".repeat(5000));
    let event = stored(&key);
    assert!(event["extra"].as_object().unwrap().keys().all(|key| key.len() <= 1000));
}

#[test]
fn a_hundred_thousand_keys_are_cut_to_their_budgets() {
    let keys: Vec<_> = (0..100_000).map(|n| format!(r#""k{n}":{n}"#)).collect();
    let keys = keys.join(",");
    let json = format!(r#"{{"tags":{{{keys}}},"extra":{{{keys}}},"contexts":{{{keys}}}}}"#);
    let event = stored(&json);
    assert_eq!(event["tags"].as_array().unwrap().len(), 200);
    assert!(event["extra"].to_string().len() <= 256 * 1024);
    assert_eq!(event["contexts"].as_object().unwrap().len(), 1, "numbers are no contexts");
    assert!(error_paths(&event).len() <= 200);
}
