//! The table of `protocol.md` §13.3, line by line.

use serde_json::Value;

use super::{error_paths, stored};
use crate::protocol::event::Event;
use crate::protocol::lenient::LenientObject;

/// What is sent; where to look in what is stored; what is there; the paths of the errors.
type Row = (&'static str, &'static str, &'static str, &'static [&'static str]);

fn check(rows: &[Row]) {
    for (json, pointer, expected, errors) in rows {
        let event = stored(json);
        let found = event.pointer(pointer).cloned().unwrap_or_default();
        let expected: Value = serde_json::from_str(expected).unwrap();
        assert_eq!(found, expected, "{pointer} of {json}");
        assert_eq!(error_paths(&event), *errors, "{json}");
    }
}

/// What kind of error the first one is.
fn first_error(json: &str) -> String {
    stored(json)["errors"][0]["type"].as_str().unwrap().to_owned()
}

#[test]
fn an_event_of_nulls_has_the_defaults() {
    let nulls: Vec<_> = Event::FIELDS.iter().map(|field| format!("\"{field}\":null")).collect();
    let event = stored(&format!("{{{}}}", nulls.join(",")));
    let mut empty = stored("{}");
    // An empty list is written as one.
    empty["contexts"] = event["contexts"].clone();
    assert_eq!(event, empty);
    assert_eq!(
        (&event["level"], &event["type"], &event["platform"]),
        (&"error".into(), &"default".into(), &"other".into())
    );
}

#[test]
fn errors_say_what_kind_they_are() {
    for (json, kind) in [
        (r#"{"exception":[{"module":"m"}]}"#, "missing_attribute"),
        (r#"{"exception":"boom"}"#, "invalid_data"),
        (r#"{"release":"a/b"}"#, "invalid_data"),
        (r#"{"timestamp":"2099-01-01T00:00:00Z"}"#, "future_timestamp"),
        (r#"{"timestamp":-5}"#, "past_timestamp"),
        (r#"{"timestamp":"10000-01-01T00:00:00Z"}"#, "invalid_data"),
    ] {
        assert_eq!(first_error(json), kind, "{json}");
    }
}

#[test]
fn exceptions() {
    check(&[
        (r#"{"exception":[]}"#, "/exception", "null", &[]),
        (r#"{"exception":{}}"#, "/exception", "null", &[]),
        (r#"{"exception":{"values":[]}}"#, "/exception", "null", &[]),
        (r#"{"exception":{"values":null}}"#, "/type", "\"default\"", &[]),
        (r#"{"exception":"boom"}"#, "/exception", "null", &["exception"]),
        (r#"{"exception":{"values":{"type":"A"}}}"#, "/exception", "null", &["exception.values"]),
        (r#"{"exception":[{"module":"m"}]}"#, "/exception", "null", &["exception.values.0"]),
        (r#"{"exception":[{"value":42}]}"#, "/exception/values/0/value", "\"42\"", &[]),
        (
            r#"{"exception":[{"value":{"a":1}}]}"#,
            "/exception/values/0/value",
            r#""{\"a\":1}""#,
            &[],
        ),
        (r#"{"exception":[{"value":true}]}"#, "/exception/values/0/value", "\"true\"", &[]),
    ]);
}

#[test]
fn stacks() {
    const AT: &str = "exception.values.0.stacktrace";
    check(&[
        (
            r#"{"exception":[{"type":"A","stacktrace":[{"function":"f"}]}]}"#,
            "/exception/values/0/stacktrace",
            "null",
            &["exception.values.0.stacktrace"],
        ),
        (
            r#"{"exception":{"values":[{"type":"A","stacktrace":{"frames":[]}}]}}"#,
            "/exception/values/0/stacktrace",
            "null",
            &["exception.values.0.stacktrace.frames"],
        ),
        // Upstream keeps the nulls in their places; here they are left out.
        (
            r#"{"stacktrace":{"frames":[null,"x",{}]}}"#,
            "/stacktrace/frames",
            "[{}]",
            &["stacktrace.frames.1"],
        ),
        (
            r#"{"stacktrace":{"frames":[{"lineno":-1,"colno":1.7,"in_app":"true"}]}}"#,
            "/stacktrace/frames/0",
            r#"{"colno":1}"#,
            &["stacktrace.frames.0.lineno", "stacktrace.frames.0.in_app"],
        ),
        (
            r#"{"stacktrace":{"frames":[{"lineno":"12","colno":1e30,"in_app":1}]}}"#,
            "/stacktrace/frames/0",
            "{}",
            &[
                "stacktrace.frames.0.lineno",
                "stacktrace.frames.0.colno",
                "stacktrace.frames.0.in_app",
            ],
        ),
        (
            r#"{"stacktrace":{"frames":[{"vars":["a",1]}]}}"#,
            "/stacktrace/frames/0/vars",
            r#"{"0":"a","1":1}"#,
            &[],
        ),
    ]);
    let frames = vec!["{}"; 300].join(",");
    let event = stored(&format!(
        r#"{{"exception":{{"values":[{{"type":"A","stacktrace":{{"frames":[{frames}]}}}}]}}}}"#
    ));
    let meta = &event["_meta"]["exception"]["values"]["0"]["stacktrace"]["frames"][""];
    assert_eq!(
        event["exception"]["values"][0]["stacktrace"]["frames"].as_array().unwrap().len(),
        250
    );
    assert_eq!(meta["len"], 300, "{AT}");
}

#[test]
fn mechanisms() {
    check(&[
        (
            r#"{"exception":[{"type":"A","mechanism":"x"}]}"#,
            "/exception/values/0/mechanism",
            "null",
            &["exception.values.0.mechanism"],
        ),
        (
            r#"{"exception":[{"type":"A","mechanism":{"a":1,"handled":false}}]}"#,
            "/exception/values/0/mechanism",
            r#"{"type":"generic","handled":false,"data":{"a":1}}"#,
            &[],
        ),
    ]);
}

#[test]
fn breadcrumbs() {
    check(&[
        (r#"{"breadcrumbs":["x",null]}"#, "/breadcrumbs", "null", &["breadcrumbs.values.0"]),
        (
            r#"{"breadcrumbs":[{"data":"str","level":"warn"}]}"#,
            "/breadcrumbs/values/0",
            r#"{"type":"default","level":"info"}"#,
            &["breadcrumbs.values.0.data", "breadcrumbs.values.0.level"],
        ),
        (r#"{"breadcrumbs":[{"timestamp":-5}]}"#, "/breadcrumbs", "null", &[]),
        (r#"{"breadcrumbs":[{"ty":"http"}]}"#, "/breadcrumbs/values/0/type", "\"http\"", &[]),
    ]);
    let many = vec![r#"{"message":"a"}"#; 150].join(",");
    let event = stored(&format!(r#"{{"breadcrumbs":[{many}]}}"#));
    assert_eq!(event["breadcrumbs"]["values"].as_array().unwrap().len(), 150);
}

#[test]
fn tags() {
    check(&[
        (r#"{"tags":"foo"}"#, "/tags", r#"[["level","error"]]"#, &["tags"]),
        (
            r#"{"tags":{"a":null,"b":1,"c":true,"d":1.5,"e":{},"f":[]}}"#,
            "/tags",
            r#"[["b","1"],["c","True"],["d","1"],["level","error"]]"#,
            &["tags.e", "tags.f"],
        ),
        (
            r#"{"tags":[["a","b"],["a","c"],null,["x"],["y","z","w"]]}"#,
            "/tags",
            r#"[["a","b"],["level","error"]]"#,
            &["tags.3", "tags.4"],
        ),
        (
            r#"{"tags":[["","v"],["ö","v"],["sp ace","v"]]}"#,
            "/tags",
            r#"[["sp-ace","v"],["level","error"]]"#,
            &["tags.0", "tags.1"],
        ),
        (r#"{"tags":[["a","x\ny"],["b",""]]}"#, "/tags", r#"[["level","error"]]"#, &["tags.a"]),
    ]);
}

#[test]
fn levels() {
    for level in ["\"warn\"", "\"Warning\"", "30.0", "7", "\"\""] {
        let event = stored(&format!(r#"{{"level":{level}}}"#));
        assert_eq!(
            (&event["level"], error_paths(&event)),
            (&"error".into(), vec!["level"]),
            "{level}"
        );
    }
    check(&[
        (r#"{"level":30}"#, "/level", "\"warning\"", &[]),
        (r#"{"level":"log"}"#, "/level", "\"info\"", &[]),
        (r#"{"level":"critical"}"#, "/level", "\"fatal\"", &[]),
    ]);
}

#[test]
fn timestamps() {
    const NOW: &str = "\"2026-11-22T12:00:00Z\"";
    check(&[
        (r#"{"timestamp":"yesterday"}"#, "/timestamp", NOW, &["timestamp"]),
        (r#"{"timestamp":"1700000000"}"#, "/timestamp", NOW, &["timestamp"]),
        (r#"{"timestamp":true}"#, "/timestamp", NOW, &["timestamp"]),
        (r#"{"timestamp":1e20}"#, "/timestamp", NOW, &["timestamp"]),
        (r#"{"timestamp":"2026-11-22"}"#, "/timestamp", NOW, &["timestamp"]),
        (r#"{"timestamp":"Sun, 22 Nov 2026 11:00:00 GMT"}"#, "/timestamp", NOW, &["timestamp"]),
        (
            r#"{"timestamp":"2026-11-22 11:00:00.5"}"#,
            "/timestamp",
            "\"2026-11-22T11:00:00.500Z\"",
            &[],
        ),
        (r#"{"timestamp":253402300800}"#, "/timestamp", NOW, &["timestamp"]),
        (
            r#"{"timestamp":"2099-01-01T00:00:00Z"}"#,
            "/errors/0/type",
            "\"future_timestamp\"",
            &["timestamp"],
        ),
        (r#"{"timestamp":"2099-01-01T00:00:00Z"}"#, "/timestamp", NOW, &["timestamp"]),
        (r#"{"timestamp":0}"#, "/errors/0/type", "\"past_timestamp\"", &["timestamp"]),
        (r#"{"timestamp":-5}"#, "/timestamp", NOW, &["timestamp"]),
    ]);
}

#[test]
fn fingerprints() {
    check(&[
        (r#"{"fingerprint":"abc"}"#, "/fingerprint", "null", &["fingerprint"]),
        (
            r#"{"fingerprint":["a",null,1,true,1.5,{}]}"#,
            "/fingerprint",
            r#"["a","1","True","1"]"#,
            &["fingerprint.5"],
        ),
        (
            r#"{"fingerprint":["{{ default }}","x"]}"#,
            "/fingerprint",
            r#"["{{ default }}","x"]"#,
            &[],
        ),
    ]);
}

#[test]
fn releases_and_environments() {
    check(&[
        (r#"{"release":"a/b"}"#, "/release", "null", &["release"]),
        (r#"{"release":"Latest"}"#, "/release", "null", &["release"]),
        (r#"{"release":""}"#, "/release", "null", &[]),
        (r#"{"release":1.5}"#, "/release", "\"1\"", &[]),
        (r#"{"release":" shop@1.0 "}"#, "/release", "\"shop@1.0\"", &[]),
        (r#"{"environment":"None"}"#, "/environment", "null", &["environment"]),
        (r#"{"environment":""}"#, "/environment", "null", &[]),
        (r#"{"environment":".."}"#, "/environment", "null", &["environment"]),
        (r#"{"dist":"a b"}"#, "/dist", "null", &["dist"]),
        (r#"{"dist":" a-b_1.2 "}"#, "/dist", "\"a-b_1.2\"", &[]),
    ]);
    for (field, longest) in [("release", 200), ("environment", 64), ("dist", 64)] {
        let sent = |length: usize| stored(&format!(r#"{{"{field}":"{}"}}"#, "x".repeat(length)));
        assert!(sent(longest)[field].is_string(), "{field}");
        let event = sent(longest + 1);
        assert_eq!((&event[field], error_paths(&event)), (&Value::Null, vec![field]));
    }
}

#[test]
fn users_requests_and_contexts() {
    check(&[
        (r#"{"user":"bob"}"#, "/user", "null", &["user"]),
        (r#"{"user":[1]}"#, "/user", "null", &["user"]),
        (r#"{"user":{"id":{}}}"#, "/user", "null", &["user.id"]),
        (r#"{"user":{"id":1}}"#, "/user/id", "\"1\"", &[]),
        (r#"{"user":{"id":2.0}}"#, "/user/id", "\"2\"", &[]),
        (r#"{"user":{"ip_address":"nope"}}"#, "/user", "null", &["user.ip_address"]),
        (r#"{"request":"http://x"}"#, "/request", "null", &["request"]),
        (r#"{"request":{"method":"G"}}"#, "/request", "null", &["request.method"]),
        (r#"{"extra":["a"]}"#, "/extra", "null", &["extra"]),
        (r#"{"extra":"a"}"#, "/extra", "null", &["extra"]),
        (r#"{"contexts":{"os":[]}}"#, "/contexts/os", "null", &["contexts.os"]),
        (
            r#"{"contexts":{"trace":{"trace_id":"00000000000000000000000000000000"}}}"#,
            "/contexts/trace/trace_id",
            r#""fc6d8c0c43fc4630ad850ee518f1b9d0""#,
            &["contexts.trace.trace_id"],
        ),
    ]);
}

#[test]
fn messages_modules_and_clients() {
    check(&[
        (r#"{"message":42}"#, "/logentry/formatted", "\"42\"", &[]),
        (r#"{"message":{"a":1}}"#, "/logentry/formatted", r#""{\"a\":1}""#, &[]),
        (r#"{"message":false}"#, "/logentry", "null", &[]),
        (
            r#"{"logentry":{"message":"%s %s","params":[1]}}"#,
            "/logentry/formatted",
            "\"%s %s\"",
            &[],
        ),
        (r#"{"logentry":{"params":[1]}}"#, "/logentry", "null", &["logentry"]),
        (r#"{"modules":{"a":"1.0","b":2}}"#, "/modules", r#"{"a":"1.0"}"#, &["modules.b"]),
        // Upstream says `other`; the client's own word is worth keeping.
        (r#"{"platform":"dart"}"#, "/platform", "\"dart\"", &[]),
        (r#"{"logger":"a\nb"}"#, "/logger", "null", &["logger"]),
        (
            r#"{"debug_meta":{"images":[{"type":"x"}]}}"#,
            "/debug_meta/images",
            "[]",
            &["debug_meta.images.0.type"],
        ),
        (
            r#"{"version":"7","project":1,"key_id":"2","ingest_path":[],"_metrics":{},"_dsc":{}}"#,
            "/version",
            "null",
            &[],
        ),
        (r#"{"sdk":"x"}"#, "/sdk", r#"{"name":"sentry.test","version":"1.2"}"#, &["sdk"]),
    ]);
}
