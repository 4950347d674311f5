//! Rules about whole events, and the nasty inputs of `protocol.md` §13.

mod json;
mod stability;
mod table;
mod types;

use chrono::DateTime;
use serde_json::Value;

use super::{Discard, Facts, normalize};
use crate::base::EventId;
use crate::protocol::event::Event;
use crate::protocol::lenient::Problems;

/// The event id of every test.
const EVENT_ID: &str = "fc6d8c0c43fc4630ad850ee518f1b9d0";

fn facts() -> Facts {
    let received_at = "2026-11-22T12:00:00Z".parse().unwrap();
    Facts {
        client: Some("sentry.test/1.2".to_owned()),
        ..Facts::new(EVENT_ID.parse().unwrap(), received_at)
    }
}

/// Reads and normalises an event, as the pipeline does.
fn normalized(json: &str) -> Result<Event, Discard> {
    let problems = Problems::default();
    let mut event = Event::read(json.as_bytes(), &problems).unwrap().unwrap();
    normalize(&mut event, &facts(), problems)?;
    Ok(event)
}

/// The normalised event as JSON.
fn stored(json: &str) -> Value {
    serde_json::to_value(normalized(json).unwrap()).unwrap()
}

/// The paths of an event's errors.
fn error_paths(event: &Value) -> Vec<&str> {
    let errors = event["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    errors.iter().map(|error| error["name"].as_str().unwrap()).collect()
}

#[test]
fn an_empty_event_is_an_event() {
    let event = stored("{}");
    assert_eq!(event["event_id"], EVENT_ID);
    assert_eq!(event["type"], "default");
    assert_eq!(event["level"], "error");
    assert_eq!(event["platform"], "other");
    assert_eq!(event["timestamp"], "2026-11-22T12:00:00Z");
    assert_eq!(event["received"], "2026-11-22T12:00:00Z");
    assert_eq!(event["sdk"]["name"], "sentry.test");
    assert_eq!(event["contexts"]["trace"]["trace_id"], EVENT_ID);
    assert_eq!(event["tags"], serde_json::json!([["level", "error"]]));
    assert_eq!(event.get("errors"), None);
}

#[test]
fn the_payloads_own_id_has_no_effect() {
    for id in ["\"00000000000000000000000000000001\"", "\"garbage\"", "7", "null"] {
        assert_eq!(stored(&format!(r#"{{"event_id":{id}}}"#))["event_id"], EVENT_ID, "{id}");
    }
}

#[test]
fn what_an_event_is_follows_from_what_it_holds() {
    for (json, kind) in [
        (r#"{"exception":[{"type":"A"}]}"#, "error"),
        (r#"{"exception":[{}],"type":"error"}"#, "default"),
        (r#"{"csp":{"document_uri":"x"}}"#, "csp"),
        (r#"{"type":"transaction","message":"a"}"#, "default"),
    ] {
        assert_eq!(stored(json)["type"], kind, "{json}");
    }
}

#[test]
fn a_start_before_1970_is_the_one_reason_to_refuse_an_event() {
    assert_eq!(normalized(r#"{"start_timestamp":-1}"#), Err(Discard::InvalidTransaction));
    assert_eq!(Discard::InvalidTransaction.reason(), "invalid_transaction");
}

#[test]
fn cuts_and_corrections_are_marked_in_meta() {
    let long = "x".repeat(10_000);
    let json = format!(
        r#"{{"timestamp":5,"transaction":"{long}","extra":{{"a":"{long}{long}"}},
        "_meta":{{"user":{{"":{{"rem":[["mine","x"]]}}}}}}}}"#
    );
    let meta = &stored(&json)["_meta"];
    assert_eq!(meta["transaction"][""]["len"], 10_000);
    assert_eq!(meta["transaction"][""]["rem"], serde_json::json!([["!limit", "s", 197, 200]]));
    assert_eq!(meta["extra"]["a"][""]["len"], 20_000);
    assert_eq!(meta["timestamp"][""]["err"][0][0], "past_timestamp");
    assert_eq!(meta["user"][""]["rem"][0][0], "mine");
}

#[test]
fn a_wrong_clock_is_an_error_with_both_times() {
    let event = stored(r#"{"timestamp":4070908800,"errors":[{"type":"theirs","name":"a"}]}"#);
    let expected = serde_json::json!([
        {"type": "theirs", "name": "a"},
        {
            "type": "future_timestamp",
            "name": "timestamp",
            "value": "2099-01-01T00:00:00Z",
            "sdk_time": "2099-01-01T00:00:00Z",
            "server_time": "2026-11-22T12:00:00Z",
        },
    ]);
    assert_eq!(event["errors"], expected);
}

#[test]
fn a_remark_follows_its_frame_when_the_middle_is_cut() {
    let frames: Vec<_> = (0..300).map(|n| format!(r#"{{"function":"f{n}"}}"#)).collect();
    let json = format!(
        r#"{{"stacktrace":{{"frames":[{}]}},"_meta":{{"stacktrace":{{"frames":{{
        "70":{{"function":{{"":{{"len":1}}}}}},"299":{{"function":{{"":{{"len":2}}}}}}}}}}}}}}"#,
        frames.join(",")
    );
    let event = stored(&json);
    let frames = &event["_meta"]["stacktrace"]["frames"];
    assert_eq!(frames[""]["len"], 300);
    assert_eq!(frames["249"]["function"][""]["len"], 2);
    assert_eq!(frames.as_object().unwrap().len(), 2);
    assert_eq!(event["stacktrace"]["frames"][249]["function"], "f299");
}

#[test]
fn texts_for_columns_hold_no_nul_and_the_payload_keeps_its_own() {
    let nul = r"a\u0000b";
    let json = format!(
        r#"{{"transaction":"{nul}","logger":"{nul}","platform":"{nul}","server_name":"{nul}",
        "tags":{{"t":"{nul}"}},"user":{{"id":"{nul}","email":"{nul}"}},"release":"{nul}",
        "contexts":{{"os":{{"name":"{nul}"}}}},"request":{{"url":"{nul}"}},
        "exception":[{{"type":"A","stacktrace":{{"frames":[{{"function":"{nul}"}}]}}}}]}}"#
    );
    let event = stored(&json);
    for field in ["transaction", "logger", "platform"] {
        assert_eq!(event[field], "ab", "{field}");
    }
    assert_eq!(event["user"]["id"], "ab");
    assert_eq!(event["release"], Value::Null, "a release must not become another one");
    let frame = &event["exception"]["values"][0]["stacktrace"]["frames"][0];
    assert_eq!(frame["function"], "a\0b");
    let tags = event["tags"].as_array().unwrap();
    assert!(!tags.iter().any(|tag| tag[1].as_str().unwrap().contains('\0')), "{tags:?}");
}

#[test]
fn the_facts_that_are_not_known_are_none() {
    let facts = Facts::new(EventId::random(), DateTime::UNIX_EPOCH);
    assert_eq!((facts.sent_at, facts.client, facts.retention_days), (None, None, 90));
}
