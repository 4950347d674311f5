//! What must be true of every event.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::secrets::{CREDENTIALS, PATTERNS, Secret};
use super::{normalized, scrubbed};
use crate::domain::privacy::PrivacySettings;
use crate::pipeline::stages::scrub::{ScrubConfig, rules, scrub};
use crate::protocol::event::Event;

/// Texts near a rule's edge.
fn text() -> impl Strategy<Value = String> {
    let secrets = CREDENTIALS.iter().chain(&PATTERNS).map(|secret| secret.text.to_owned());
    let others = [
        "",
        "password",
        "[Filtered]",
        "Bearer [Filtered]",
        "https://a:[Filtered]@b",
        "otp",
        "token",
        "token:",
        "ada@example.com",
        "192.0.2.7",
        "::1",
        "https://x:",
        "@y",
        "xoxb-",
        "4111 1111",
        " 1111 1111",
        "-----BEGIN PRIVATE KEY-----",
        "-----END",
        "salary",
        "Filtered",
        "eyJ",
        "Basic ",
    ];
    let parts: Vec<String> = secrets.chain(others.map(str::to_owned)).collect();
    let part = prop_oneof![6 => prop::sample::select(parts), 1 => "\\PC{0,8}"];
    let joint = prop::sample::select(vec!["", " ", "/", ":", "\"", "ä", "\n"]);
    (prop::collection::vec(part, 1..4), joint).prop_map(|(parts, joint)| parts.join(joint))
}

fn any_json() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        6 => text().prop_map(Value::from),
        1 => any::<i64>().prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
    ];
    scalar.prop_recursive(4, 24, 4, |inner| {
        let names =
            vec!["password", "a", "cookies", "session", "auth", "url", "safe", "data", "val"];
        let name =
            prop_oneof![4 => prop::sample::select(names).prop_map(str::to_owned), 1 => text()];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name, inner, 0..4)
                .prop_map(|map| map.into_iter().collect::<Map<_, _>>().into()),
        ]
    })
}

/// Values at places of every kind.
fn event() -> impl Strategy<Value = Value> {
    let places = prop::sample::select(PLACES.to_vec());
    prop::collection::vec((places, prop_oneof![text().prop_map(Value::from), any_json()]), 0..8)
        .prop_map(|values| {
            let mut event = json!({});
            for (place, value) in values {
                plant(&mut event, place, value);
            }
            event
        })
}

/// Where texts can be, with a number for an element of a list.
const PLACES: [&str; 42] = [
    "transaction",
    "culprit",
    "logger",
    "message",
    "logentry.message",
    "logentry.formatted",
    "logentry.params.0",
    "fingerprint.0",
    "tags.a",
    "extra.a",
    "extra.a.b.0.c",
    "unknown.a",
    "exception.values.0.value",
    "exception.values.0.unknown",
    "exception.values.0.mechanism.description",
    "exception.values.0.mechanism.data.a",
    "exception.values.0.stacktrace.frames.0.vars.a",
    "exception.values.0.stacktrace.frames.0.vars.a.0.b",
    "exception.values.0.stacktrace.frames.0.context_line",
    "exception.values.0.stacktrace.frames.0.pre_context.0",
    "exception.values.0.stacktrace.frames.0.post_context.0",
    "exception.values.0.stacktrace.frames.0.abs_path",
    "exception.values.0.raw_stacktrace.frames.0.vars.a",
    "stacktrace.frames.0.vars.a",
    "threads.values.0.name",
    "threads.values.0.stacktrace.frames.0.vars.a",
    "breadcrumbs.values.0.message",
    "breadcrumbs.values.0.data.a",
    "request.url",
    "request.data",
    "request.data.a.b",
    "request.query_string.a",
    "request.fragment",
    "request.cookies.a",
    "request.headers.Referer",
    "request.env.a",
    "user.id",
    "user.username",
    "user.data.a",
    "contexts.billing.a",
    "contexts.runtime.name",
    "contexts.response.data.a",
];

/// Places where only credentials are looked for.
fn has_patterns(place: &str) -> bool {
    let is_text = ["transaction", "culprit", "logger", "fingerprint.0", "logentry.message"]
        .contains(&place)
        || ["value", "context.0", "abs_path", "context_line", "name", "url"]
            .iter()
            .any(|end| place.ends_with(end) && !place.starts_with("user"));
    !is_text
}

/// Puts a value at a place, making objects and lists on the way.
fn plant(event: &mut Value, place: &str, value: Value) {
    let mut node = event;
    for step in place.split('.') {
        if step.parse::<usize>().is_ok() {
            if node.as_array().is_none_or(Vec::is_empty) {
                *node = json!([null]);
            }
            node = &mut node[0];
        } else {
            if !node.is_object() {
                *node = json!({});
            }
            node = &mut node[step];
        }
    }
    *node = value;
}

fn survives(place: &str, secret: &Secret) -> Option<String> {
    let mut event = json!({});
    plant(&mut event, place, secret.text.into());
    let stored = scrubbed(&event).to_string();
    let escaped = Value::from(secret.hidden).to_string();
    stored.contains(escaped.trim_matches('"')).then_some(stored)
}

#[test]
fn a_planted_secret_of_no_kind_survives_in_any_place() {
    for place in PLACES {
        for secret in &CREDENTIALS {
            assert_eq!(survives(place, secret), None, "`{}` in {place}", secret.text);
        }
        for secret in PATTERNS.iter().filter(|_| has_patterns(place)) {
            assert_eq!(survives(place, secret), None, "`{}` in {place}", secret.text);
        }
    }
}

#[test]
fn every_rule_takes_something_out_and_says_so() {
    let mut sent = json!({
        "extra": {"password": "a", "salary": "b"},
        "request": {"cookies": {"session": "c"}, "env": {"REMOTE_ADDR": "192.0.2.7"}},
        "message": "ada@example.com",
    });
    for (index, secret) in CREDENTIALS.iter().chain(&PATTERNS).enumerate() {
        let place = if index < CREDENTIALS.len() { "contexts.app.note" } else { "extra.note" };
        plant(&mut sent, &format!("{place}{index}"), secret.text.into());
    }
    let settings = PrivacySettings {
        scrub_ip_addresses: true,
        sensitive_fields: vec!["salary".to_owned()],
        ..PrivacySettings::default()
    };
    let stored = super::scrubbed_with(&settings, &sent);
    let remarks = stored["_meta"].to_string();
    for (rule, words) in rules::RULES {
        assert!(remarks.contains(&format!("\"{rule}\"")), "{rule}: {remarks}");
        assert_eq!(rules::words(rule), Some(words));
    }
}

/// An event's single values by place.
fn leaves(value: &Value, place: &[String], found: &mut BTreeMap<Vec<String>, String>) {
    let below = |step: &str| [place, &[step.to_owned()]].concat();
    match value {
        Value::Object(object) => {
            object.iter().for_each(|(name, value)| leaves(value, &below(name), found));
        }
        Value::Array(list) => {
            let elements = list.iter().enumerate();
            elements.for_each(|(index, value)| leaves(value, &below(&index.to_string()), found));
        }
        other => drop(found.insert(place.to_vec(), other.to_string())),
    }
}

fn settings() -> impl Strategy<Value = PrivacySettings> {
    let lists =
        prop::sample::select(vec![vec![], vec!["salary"], vec!["filtered", "note"], vec!["data"]]);
    let safe = prop::sample::select(vec![vec![], vec!["safe"], vec!["safe.**", "extra.a"]]);
    let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
    (any::<[bool; 4]>(), lists, safe).prop_map(move |(switches, sensitive, safe)| PrivacySettings {
        scrub_data: switches[0],
        scrub_defaults: switches[1],
        search_credentials: switches[2],
        scrub_ip_addresses: switches[3],
        sensitive_fields: owned(sensitive),
        safe_fields: owned(safe),
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn scrubbing_twice_is_scrubbing_once(event in event(), settings in settings()) {
        let config = ScrubConfig::new(&settings);
        let mut event = normalized(&event.to_string());
        scrub(&mut event, &config);
        let once = serde_json::to_string(&event).unwrap();
        let mut again = Event::from_stored(once.as_bytes()).unwrap();
        scrub(&mut again, &config);
        prop_assert_eq!(serde_json::to_string(&again).unwrap(), once);
    }

    #[test]
    fn what_is_not_marked_is_as_it_was(event in event(), settings in settings()) {
        let mut event = normalized(&event.to_string());
        event.meta = None;
        let (mut before, mut after) = (BTreeMap::new(), BTreeMap::new());
        leaves(&serde_json::to_value(&event).unwrap(), &[], &mut before);
        scrub(&mut event, &ScrubConfig::new(&settings));
        let stored = serde_json::to_value(&event).unwrap();
        leaves(&stored, &[], &mut after);
        for (place, value) in before {
            let mut node = &stored["_meta"];
            let is_marked = place.iter().any(|step| {
                node = node.get(step).unwrap_or(&Value::Null);
                node.get("").is_some()
            });
            // The tag of the user is derived, and those behind it move up when it goes.
            if !is_marked && place[0] != "tags" {
                prop_assert_eq!(after.get(&place), Some(&value), "{:?}", place);
            }
        }
    }

    #[test]
    fn with_everything_off_nothing_changes(event in event()) {
        let off = PrivacySettings {
            scrub_data: false,
            search_credentials: false,
            ..PrivacySettings::default()
        };
        let mut event = normalized(&event.to_string());
        let before = serde_json::to_string(&event).unwrap();
        scrub(&mut event, &ScrubConfig::new(&off));
        prop_assert_eq!(serde_json::to_string(&event).unwrap(), before);
    }
}
