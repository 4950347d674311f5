//! Every field with a value of every type: the event is kept, and what is lost is said.

use serde_json::{Value, json};

use super::{error_paths, stored};
use crate::protocol::event::{
    Breadcrumb, Event, Exception, Frame, LogEntry, Mechanism, Request, Sdk, Stacktrace, Thread,
    User,
};
use crate::protocol::lenient::LenientObject;

/// An event in which every field that Picket knows has a usable value.
fn rich() -> Value {
    let frame = json!({
        "function": "f", "raw_function": "f()", "symbol": "_f", "module": "m", "package": "p",
        "filename": "a.py", "abs_path": "/a.py", "platform": "python", "lineno": 7, "colno": 3,
        "pre_context": ["a"], "context_line": "b", "post_context": ["c"], "in_app": true,
        "vars": {"x": "1"}, "data": {"orig_function": "g"}, "image_addr": "0x1",
        "instruction_addr": "0x2", "symbol_addr": "0x3", "addr_mode": "abs", "trust": "cfi",
        "source_link": "https://x.y/a",
    });
    let stacktrace = json!({
        "frames": [frame], "registers": {"rip": "0x1"}, "instruction_addr_adjustment": "auto",
        "lang": "python", "snapshot": false,
    });
    let mechanism = json!({
        "type": "onerror", "description": "d", "help_link": "https://x.y", "handled": false,
        "synthetic": false, "source": "s", "is_exception_group": false, "exception_id": 0,
        "parent_id": 0, "data": {"a": 1}, "meta": {"errno": {"number": 2}},
    });
    json!({
        "event_id": "fc6d8c0c43fc4630ad850ee518f1b9d0",
        "timestamp": "2026-11-22T11:00:00Z", "received": "2026-11-22T11:00:00Z",
        "start_timestamp": "2026-11-22T11:00:00Z", "type": "error", "level": "info",
        "platform": "python", "logger": "l", "transaction": "t", "culprit": "c",
        "server_name": "s", "site": "s", "release": "r@1", "dist": "1", "environment": "e",
        "modules": {"a": "1"}, "extra": {"a": "b"}, "tags": {"a": "b"},
        "fingerprint": ["f"], "checksum": "c",
        "logentry": {"message": "m %s", "formatted": "m a", "params": ["a"]},
        "message": "m",
        "exception": {"values": [{
            "type": "T", "value": "v", "module": "m", "thread_id": 1, "stacktrace": stacktrace,
            "raw_stacktrace": stacktrace, "mechanism": mechanism,
        }]},
        "stacktrace": stacktrace,
        "threads": {"values": [{
            "id": 1, "name": "n", "crashed": true, "current": true, "main": true, "state": "s",
            "stacktrace": stacktrace, "raw_stacktrace": stacktrace, "held_locks": {"0x1": {}},
        }]},
        "breadcrumbs": {"values": [{
            "timestamp": "2026-11-22T10:00:00Z", "type": "http", "category": "c", "message": "m",
            "level": "info", "data": {"a": 1}, "event_id": "fc6d8c0c43fc4630ad850ee518f1b9d0",
        }]},
        "request": {
            "url": "http://x.y/", "method": "GET", "data": {"a": 1}, "query_string": [["a", "b"]],
            "fragment": "f", "cookies": {"a": "b"}, "headers": {"Host": "x"},
            "env": {"REMOTE_ADDR": "127.0.0.1"}, "api_target": "graphql", "protocol": "http",
            "body_size": 7, "inferred_content_type": "text/plain",
        },
        "user": {
            "id": "1", "username": "u", "email": "a@b.c", "name": "n", "ip_address": "127.0.0.1",
            "geo": {"city": "c"}, "data": {"a": 1}, "segment": "s",
        },
        "contexts": {"os": {"name": "Linux"}},
        "template": frame,
        "debug_meta": {"images": []},
        "sdk": {
            "name": "n", "version": "v", "integrations": ["i"], "features": ["f"],
            "packages": [{"name": "p"}], "settings": {"infer_ip": "auto"},
        },
        "csp": {"document_uri": "x"}, "errors": [], "_meta": {},
    })
}

/// Fields that take a value of any type, or say nothing when they cannot use one (`protocol.md`
/// §5.2, §5.13, §13.3).
fn takes_anything(path: &str) -> bool {
    let last = path.rsplit('.').next().unwrap();
    // The message and exception values become JSON; bodies and attached data are kept as they are.
    matches!(path, "message" | "logentry" | "exception.values.0.value" | "request.data")
        || last == "vars"
        || path.starts_with("contexts.os.")
        || path.starts_with("extra.")
        || path.starts_with("modules.")
        || path.starts_with("csp.")
        || path.starts_with("_meta.")
        || path.starts_with("debug_meta.")
        || ["data", "meta", "registers", "held_locks", "geo", "env", "vars"]
            .iter()
            .any(|bag| path.contains(&format!(".{bag}.")))
        || path.starts_with("logentry.params.")
        || path.starts_with("sdk.packages.")
        || path.starts_with("sdk.integrations.")
        || path.starts_with("sdk.features.")
        // Text is a form of these, whatever stands in it.
        || matches!(path, "request.cookies" | "request.query_string")
        || path.starts_with("request.headers.")
        || path.starts_with("request.cookies.")
        || path.starts_with("request.query_string.0.1")
}

/// The values of every JSON type.
fn values() -> [Value; 7] {
    [json!(null), json!(true), json!(-7), json!(1.5), json!("text"), json!([[]]), json!({"k": []})]
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        Value::Object(_) => "object",
    }
}

/// Every path of the event with the value there.
fn paths(value: &Value, path: &str, found: &mut Vec<(String, Value)>) {
    if !path.is_empty() {
        found.push((path.to_owned(), value.clone()));
    }
    let at = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(key, value)| paths(value, &at(key), found));
        }
        Value::Array(elements) => elements
            .iter()
            .enumerate()
            .for_each(|(index, value)| paths(value, &at(&index.to_string()), found)),
        _ => {}
    }
}

fn with(path: &str, value: &Value) -> String {
    let mut event = rich();
    let (parent, field) = path.rsplit_once('.').unwrap_or(("", path));
    let pointer =
        if parent.is_empty() { String::new() } else { format!("/{}", parent.replace('.', "/")) };
    match event.pointer_mut(&pointer).unwrap() {
        Value::Array(elements) => elements[field.parse::<usize>().unwrap()] = value.clone(),
        parent => parent[field] = value.clone(),
    }
    event.to_string()
}

#[test]
fn the_rich_event_knows_every_field() {
    fn has_all<T: LenientObject>(pointer: &str) {
        let rich = rich();
        let object = rich.pointer(pointer).unwrap().as_object().unwrap();
        for field in T::FIELDS {
            assert!(object.contains_key(*field), "{pointer} lacks {field}");
        }
    }
    has_all::<Event>("");
    has_all::<LogEntry>("/logentry");
    has_all::<Exception>("/exception/values/0");
    has_all::<Mechanism>("/exception/values/0/mechanism");
    has_all::<Stacktrace>("/stacktrace");
    has_all::<Frame>("/stacktrace/frames/0");
    has_all::<Thread>("/threads/values/0");
    has_all::<Breadcrumb>("/breadcrumbs/values/0");
    has_all::<Request>("/request");
    has_all::<User>("/user");
    has_all::<Sdk>("/sdk");
    let event = stored(&rich().to_string());
    assert_eq!(error_paths(&event), Vec::<&str>::new(), "nothing is wrong with it");
}

#[test]
fn a_value_of_a_wrong_type_costs_its_field_and_is_said() {
    let mut found = Vec::new();
    paths(&rich(), "", &mut found);
    assert!(found.len() > 200, "{} paths", found.len());
    for (path, original) in &found {
        for value in values() {
            if path == "start_timestamp" && value == json!(-7) {
                continue; // Before 1970: what has such a start is discarded whole.
            }
            let event = stored(&with(path, &value));
            let is_kept = event["event_id"].is_string() && event["type"].is_string();
            assert!(is_kept, "{path} = {value}");
            // Scalars stand in for each other in many fields; objects and lists never for scalars.
            let is_wrong = match (type_of(original), type_of(&value)) {
                (_, "null") => false,
                (before, after) if before == after => false,
                ("text" | "number" | "bool", after) => matches!(after, "list" | "object"),
                (_, after) => !matches!(after, "list" | "object"),
            };
            if is_wrong && !takes_anything(path) {
                let errors = error_paths(&event);
                // A pair of the query goes whole.
                let place = path.strip_suffix(".0").filter(|path| path.contains("query_string"));
                let place = place.unwrap_or(path);
                let is_said = errors.iter().any(|error| error.starts_with(place));
                assert!(is_said, "{path} = {value}: {errors:?}");
            }
        }
    }
}

#[test]
fn nothing_that_is_nested_without_end_is_stored_so() {
    let mut found = Vec::new();
    paths(&rich(), "", &mut found);
    let deep = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    let deeper = format!("{}1{}", "{\"k\":".repeat(5000), "}".repeat(5000));
    let own = ["unknown", "user.unknown", "stacktrace.unknown", "sdk.unknown", "request.unknown"];
    let paths = found.iter().map(|(path, _)| path.as_str()).chain(own);
    for path in paths {
        for deep in [&deep, &deeper] {
            let marked = with(path, &json!("the deep value")).replace("\"the deep value\"", deep);
            let event = super::normalized(&marked).unwrap();
            let stored = serde_json::to_string(&event).unwrap();
            assert!(serde_json::from_str::<Value>(&stored).is_ok(), "{path}");
        }
    }
}
