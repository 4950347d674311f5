//! Normalising twice is normalising once, whatever was sent; and nothing panics.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Facts, facts, normalize};
use crate::pipeline::stages::describe;
use crate::protocol::event::Event;
use crate::protocol::lenient::Problems;

/// Texts that are near a rule's edge.
fn text() -> impl Strategy<Value = String> {
    let words = prop::sample::select(vec![
        "",
        " ",
        "?",
        "a",
        "Word: text",
        "a\0b\nc",
        "{{auto}}",
        "127.0.0.1",
        "http://bücher.example/a?b=c#d",
        "https://x.y/…",
        "a=1&b=2",
        "{\"a\":[1]}",
        "%s and %d",
        "{} and {name}",
        "a=b; c=d",
        "latest",
        "production",
        "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/120.0.0.0 Safari/537.36",
        "Microsoft Windows 10.0.19045",
        "00000000000000000000000000000000",
        "4c79f60c11214eb38604f4ae0781bfb2",
        "2026-11-22T11:00:00Z",
        "GET",
        "javascript",
        "java",
        "Cookie",
        "x-Header",
    ]);
    prop_oneof![
        4 => words.prop_map(str::to_owned),
        2 => "\\PC{0,12}",
        1 => (prop::sample::select(vec!["x", "ü", "a.b", "\"", "\\", "😀"]), 60_usize..9000)
            .prop_map(|(part, count)| part.repeat(count)),
    ]
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        5 => text().prop_map(Value::from),
        1 => any::<i32>().prop_map(Value::from),
        1 => prop::sample::select(vec![0_i64, -5, 30, 4_070_908_800, 253_402_300_799])
            .prop_map(Value::from),
        1 => any::<f64>().prop_map(|number| json!(number)),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
    ]
}

fn any_json() -> impl Strategy<Value = Value> {
    scalar().prop_recursive(6, 40, 5, |inner| {
        let key = prop::sample::select(vec![
            "a",
            "type",
            "name",
            "version",
            "values",
            "raw_description",
            "",
            "key with blank",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(key.prop_map(str::to_owned), inner, 0..5)
                .prop_map(|map| map.into_iter().collect()),
        ]
    })
}

/// An object with some of these fields.
fn object(fields: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let field = (prop::sample::select(fields), any_json());
    prop::collection::vec(field, 0..6)
        .prop_map(|fields| fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect())
}

fn list(element: impl Strategy<Value = Value> + 'static) -> impl Strategy<Value = Value> {
    prop::collection::vec(prop_oneof![9 => element.boxed(), 1 => any_json().boxed()], 0..4)
        .prop_map(Value::from)
}

fn stacktrace() -> impl Strategy<Value = Value> {
    const FRAME: &[&str] = &[
        "function",
        "filename",
        "abs_path",
        "vars",
        "pre_context",
        "context_line",
        "in_app",
        "data",
        "lineno",
        "symbol",
        "module",
        "unknown",
    ];
    (list(object(FRAME)), 0_usize..70).prop_map(|(frames, times)| {
        let frames = frames.as_array().cloned().unwrap_or_default();
        let count = frames.len();
        let frames: Vec<_> = frames.into_iter().cycle().take(count * times).collect();
        json!({ "frames": frames })
    })
}

fn exception() -> impl Strategy<Value = Value> {
    const EXCEPTION: &[&str] = &["type", "value", "module", "thread_id", "mechanism"];
    const MECHANISM: &[&str] =
        &["type", "handled", "help_link", "data", "meta", "posix_signal", "unknown", "synthetic"];
    (object(EXCEPTION), stacktrace(), object(MECHANISM)).prop_map(
        |(exception, stack, mechanism)| {
            let mut exception = exception;
            if let Some(fields) = exception.as_object_mut() {
                fields.entry("stacktrace").or_insert(stack);
                fields.entry("mechanism").or_insert(mechanism);
            }
            exception
        },
    )
}

const PLAIN: &[&str] = &[
    "level",
    "platform",
    "logger",
    "transaction",
    "server_name",
    "release",
    "dist",
    "environment",
    "fingerprint",
    "checksum",
    "timestamp",
    "extra",
    "modules",
    "template",
    "debug_meta",
    "errors",
    "_meta",
    "csp",
    "unknown",
    "message",
    "site",
    "culprit",
];
const REQUEST: &[&str] = &[
    "url",
    "method",
    "data",
    "query_string",
    "fragment",
    "cookies",
    "headers",
    "env",
    "inferred_content_type",
];
const USER: &[&str] = &["id", "email", "ip_address", "data", "unknown", "geo", "username"];
const CONTEXTS: &[&str] =
    &["os", "browser", "runtime", "trace", "device", "flags", "app", "monitor", "other"];
const BREADCRUMB: &[&str] = &["timestamp", "type", "level", "message", "data", "category"];
const THREAD: &[&str] = &["id", "name", "crashed", "current", "stacktrace"];
const LOGENTRY: &[&str] = &["message", "formatted", "params"];
const SDK: &[&str] = &["name", "version", "settings", "packages", "integrations"];

fn event() -> impl Strategy<Value = Value> {
    let parts = (
        object(PLAIN),
        (list(exception()), stacktrace(), list(object(THREAD)), object(LOGENTRY)),
        (list(object(BREADCRUMB)), object(REQUEST), object(USER), object(CONTEXTS), object(SDK)),
        any_json(),
    );
    parts.prop_map(|(plain, errors, others, tags)| {
        let mut event = plain;
        let (exception, stacktrace, threads, logentry) = errors;
        let (breadcrumbs, request, user, contexts, sdk) = others;
        let parts = json!({
            "exception": exception, "stacktrace": stacktrace, "threads": threads,
            "logentry": logentry, "breadcrumbs": breadcrumbs, "request": request, "user": user,
            "contexts": contexts, "sdk": sdk, "tags": tags,
        });
        if let (Some(event), Value::Object(parts)) = (event.as_object_mut(), parts) {
            event.extend(parts);
        }
        event
    })
}

fn rich_facts(sent_at: Option<i64>) -> Facts {
    Facts {
        sent_at: sent_at.and_then(|seconds| chrono::DateTime::from_timestamp(seconds, 0)),
        client_address: Some("192.0.2.7".parse().unwrap()),
        user_agent: Some("Mozilla/5.0 (X11; Linux x86_64) Firefox/127.0".to_owned()),
        replay_id: Some("4c79f60c11214eb38604f4ae0781bfb2".to_owned()),
        sample_rate: Some(0.25),
        ..facts()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn normalising_twice_is_normalising_once(event in event(), sent_at in any::<Option<i32>>()) {
        let problems = Problems::default();
        let json = event.to_string();
        let mut event = Event::read(json.as_bytes(), &problems).unwrap().unwrap();
        let sent_at = sent_at.map(i64::from);
        if normalize(&mut event, &rich_facts(sent_at), problems).is_ok() {
            describe(&event, None);
            let once = serde_json::to_string(&event).unwrap();
            let problems = Problems::default();
            let mut again = Event::read(once.as_bytes(), &problems).unwrap().unwrap();
            prop_assert_eq!(problems.take(), vec![], "what is stored has only right types");
            // The moment of sending belongs to the envelope, which is gone.
            normalize(&mut again, &rich_facts(None), problems).unwrap();
            prop_assert_eq!(serde_json::to_string(&again).unwrap(), once);
        }
    }

    #[test]
    fn any_json_is_read_without_panic(event in any_json()) {
        let problems = Problems::default();
        if let Ok(Some(mut event)) = Event::read(event.to_string().as_bytes(), &problems) {
            let _ = normalize(&mut event, &facts(), problems);
            describe(&event, None);
        }
    }

    #[test]
    fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Event::read(&bytes, &Problems::default());
    }
}
