//! Normalising never loses anything without a word: whatever value a client sends is in what is stored, or
//! the event's `errors` or `_meta` say what became of it.

use picket::pipeline::stages::{Facts, normalize};
use picket::protocol::event::Event;
use picket::protocol::lenient::Problems;
use serde_json::{Map, Value, json};

use crate::fuzz::mutate::{Chance, count};
use crate::support::corpus::events;

/// How many events are made of the corpus.
const CASES: u64 = 1500;

/// What is not kept, and is not meant to be (`protocol.md` §5.3, §5.7, §5.14): what only a server may say,
/// and names that would be taken for what is computed.
const NOT_THE_CLIENTS: [&str; 18] = [
    "event_id",
    "type",
    "received",
    "project",
    "key_id",
    "ingest_path",
    "version",
    "_metrics",
    "_dsc",
    "breakdowns",
    "grouping_config",
    "scraping_attempts",
    "errors",
    "_meta",
    "tags.release",
    "tags.dist",
    "tags.user",
    "user.sentry_user",
];

/// Puts a value that can be found again in the place of one of the event's, or beside them.
fn mark(chance: &mut Chance, event: &mut Value, number: usize) -> Option<(Vec<String>, String)> {
    let mut path = Vec::new();
    let mut place = 1 + chance.below(count(event) - 1);
    let value = find(event, &mut place, &mut path)?;
    let mark = format!("zq{number}qz");
    let marked = match chance.below(6) {
        0 => json!({ (mark.clone()): 1 }),
        1 => json!([mark]),
        2 if value.is_object() => {
            value.as_object_mut()?.insert(mark.clone(), json!("x"));
            path.push(mark.clone());
            return Some((path, mark));
        }
        _ => json!(mark),
    };
    *value = marked;
    Some((path, mark))
}

fn find<'a>(
    value: &'a mut Value,
    place: &mut usize,
    path: &mut Vec<String>,
) -> Option<&'a mut Value> {
    if *place == 0 {
        return Some(value);
    }
    *place -= 1;
    let fields: Vec<(String, &mut Value)> = match value {
        Value::Array(elements) => elements
            .iter_mut()
            .enumerate()
            .map(|(index, element)| (index.to_string(), element))
            .collect(),
        Value::Object(fields) => {
            fields.iter_mut().map(|(key, field)| (key.clone(), field)).collect()
        }
        _ => return None,
    };
    for (step, inner) in fields {
        let inside = count(inner);
        if *place < inside {
            path.push(step);
            return find(inner, place, path);
        }
        *place -= inside;
    }
    None
}

/// Whether a remark stands at the path or above it, its steps apart from the numbers of lists: elements
/// move when others are taken out.
fn is_said(stored: &Value, path: &[String]) -> bool {
    let errors = stored["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    let names = errors.iter().filter_map(|error| error["name"].as_str());
    let path = plain(path.iter().map(String::as_str));
    let is_near = |name: &str| {
        let name = plain(name.split('.'));
        path.starts_with(&name) || name.starts_with(&path)
    };
    names.into_iter().any(is_near) || is_remarked(&stored["_meta"], &path)
}

/// Names in today's spelling, without the wrappers of lists.
fn plain<'a>(steps: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let is_name = |step: &&str| *step != "values" && step.parse::<usize>().is_err();
    let today = |step: &'a str| match step {
        "message" | "sentry.interfaces.Message" => "logentry",
        other => other.strip_prefix("sentry.interfaces.").unwrap_or(other),
    };
    steps.filter(is_name).map(today).collect()
}

fn is_remarked(meta: &Value, path: &[&str]) -> bool {
    let Some(fields) = meta.as_object() else { return false };
    if fields.contains_key("") {
        return true;
    }
    let inner = |name: &&String| {
        name.parse::<usize>().is_ok()
            || *name == "values"
            || path.first().is_some_and(|step| step == name)
    };
    fields.keys().filter(inner).any(|name| {
        let is_step = path.first().is_some_and(|step| step == name);
        is_remarked(&fields[name], if is_step { &path[1..] } else { path })
    })
}

fn is_the_clients(path: &[String]) -> bool {
    let dotted = path.join(".");
    let is_under = |name: &&&str| dotted == **name || dotted.starts_with(&format!("{name}."));
    NOT_THE_CLIENTS.iter().find(is_under).is_none()
}

#[test]
fn nothing_that_a_client_sends_is_lost_without_a_word() {
    let corpus = events();
    let mut lost = Map::new();
    for seed in 0..CASES {
        let mut chance = Chance::of(seed);
        let sent = chance.pick(&corpus);
        let mut event: Value = serde_json::from_slice(&sent.bytes).unwrap();
        let marks: Vec<_> = (0..3).filter_map(|n| mark(&mut chance, &mut event, n)).collect();
        let marked = event.to_string();
        let problems = Problems::default();
        let mut read = Event::read(marked.as_bytes(), &problems).unwrap().unwrap();
        let facts = Facts { sent_at: None, ..sent.facts.clone() };
        normalize(&mut read, &facts, problems).unwrap();
        let stored = serde_json::to_value(&read).unwrap();
        let text = stored.to_string().to_lowercase();
        for (path, mark) in marks {
            // A later mark may have replaced an earlier one.
            let is_sent = marked.contains(&mark) && is_the_clients(&path);
            if is_sent && !text.contains(&mark) && !is_said(&stored, &path) {
                lost.insert(format!("{} {seed}", path.join(".")), json!(sent.name));
            }
        }
    }
    assert!(lost.is_empty(), "{}", serde_json::to_string_pretty(&lost).unwrap());
}
