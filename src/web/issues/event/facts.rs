//! The rest of an event: who, where, with what; and what was wrong with the event itself.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::protocol::event::{Event, User};
use crate::protocol::lenient::{Raw, RawMap};
use crate::web::components::number;
use crate::web::components::tree::Tree;

/// A named value in one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// What it is.
    pub name: String,
    /// The value.
    pub value: String,
}

fn fact(name: &str, value: Option<&str>) -> Option<Fact> {
    let value = value.filter(|value| !value.is_empty())?;
    Some(Fact { name: name.to_owned(), value: value.to_owned() })
}

/// A context: what is known about one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContextView {
    /// What it is about, in words: `Operating system`.
    pub name: String,
    /// In one line: `Firefox 132.0`; empty if it has no name.
    pub label: String,
    /// Everything else.
    pub values: Tree,
}

/// What was wrong with an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProblemView {
    /// In words.
    pub text: String,
    /// The field: `exception.values.0.stacktrace`; empty for the whole event.
    pub field: String,
    /// What was there; empty if it was not kept.
    pub value: String,
}

/// The client library.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SdkView {
    /// `sentry.python.flask 2.75.0`.
    pub name: String,
    /// Integrations in use.
    pub integrations: Vec<String>,
    /// Its packages with versions.
    pub packages: Vec<String>,
}

/// The contexts that are best known, in the order they are shown, with their names in words.
const CONTEXTS: [(&str, &str); 14] = [
    ("browser", "Browser"),
    ("runtime", "Runtime"),
    ("app", "App"),
    ("os", "Operating system"),
    ("client_os", "Operating system of the client"),
    ("device", "Device"),
    ("gpu", "Graphics"),
    ("response", "Response"),
    ("trace", "Trace"),
    ("culture", "Culture"),
    ("cloud_resource", "Cloud resource"),
    ("flags", "Feature flags"),
    ("state", "State"),
    ("otel", "OpenTelemetry"),
];

/// The contexts of an event, the best known first.
pub fn contexts(contexts: Option<&RawMap>) -> Vec<ContextView> {
    let rank = |name: &str| CONTEXTS.iter().position(|(known, _)| *known == name);
    let mut views: Vec<(usize, ContextView)> = contexts
        .into_iter()
        .flatten()
        .filter_map(|(name, raw)| {
            let rank = rank(name).unwrap_or(CONTEXTS.len());
            Some((rank, context(name, raw)?))
        })
        .collect();
    views.sort_by(|(one_rank, one), (other_rank, other)| {
        (one_rank, &one.name).cmp(&(other_rank, &other.name))
    });
    views.into_iter().map(|(_, view)| view).collect()
}

fn context(name: &str, raw: &Raw) -> Option<ContextView> {
    let mut values: RawMap = raw.parse()?;
    let text = |values: &RawMap, key: &str| values.get(key).and_then(Raw::parse::<String>);
    let label = [text(&values, "name"), text(&values, "version")];
    let label = if label[0].is_some() { label.into_iter().flatten().collect() } else { Vec::new() };
    if !label.is_empty() {
        values.remove("name");
        values.remove("version");
    }
    values.remove("type");
    // Computed from name and version.
    values.remove(name.strip_prefix("client_").unwrap_or(name));
    values.retain(|_, raw| raw.text() != "null");
    if values.is_empty() && label.is_empty() {
        return None;
    }
    if ["app", "device"].contains(&name) {
        write_sizes(&mut values);
    }
    let known = CONTEXTS.iter().find(|(known, _)| *known == name).map(|(_, words)| *words);
    let tree = if name == "flags" { flags(&values) } else { None };
    Some(ContextView {
        name: known.map_or_else(|| spaced(name), str::to_owned),
        label: label.join(" "),
        values: tree.unwrap_or_else(|| Tree::of_map(&values)),
    })
}

/// Fields of `app` and `device` that count bytes.
const SIZES: [&str; 8] = [
    "app_memory",
    "memory_size",
    "free_memory",
    "usable_memory",
    "storage_size",
    "free_storage",
    "external_storage_size",
    "external_free_storage",
];

/// Nobody reads eleven digits; the JSON has them.
fn write_sizes(values: &mut RawMap) {
    for name in SIZES {
        if let Some(raw) = values.get_mut(name)
            && let Some(bytes) = raw.parse::<u64>()
        {
            *raw = Raw::from_value(&Value::String(number::bytes(bytes)));
        }
    }
}

/// `[{flag, result}]` as names and values.
fn flags(values: &RawMap) -> Option<Tree> {
    #[derive(Deserialize)]
    struct Flag {
        flag: String,
        result: Value,
    }
    let flags: Vec<Flag> = values.get("values")?.parse()?;
    let map = flags.into_iter().map(|flag| (flag.flag, Raw::from_value(&flag.result))).collect();
    Some(Tree::of_map(&map))
}

/// `memory_info` as `Memory info`.
fn spaced(name: &str) -> String {
    let words = name.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// Who was affected.
pub fn user(user: &User) -> (Vec<Fact>, Tree) {
    let geo: Option<BTreeMap<String, Value>> = user.geo.as_ref().and_then(Raw::parse);
    let place = geo.map(|geo| {
        let part = |key: &str| geo.get(key).and_then(Value::as_str).map(str::to_owned);
        [part("city"), part("region"), part("country_code")]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(", ")
    });
    let facts = [
        fact("ID", user.id.as_deref()),
        fact("User name", user.username.as_deref()),
        fact("E-mail", user.email.as_deref()),
        fact("Name", user.name.as_deref()),
        fact("Address", user.ip_address.as_deref()),
        fact("Place", place.as_deref()),
        fact("Segment", user.segment.as_deref()),
    ];
    let mut data = user.data.as_ref().map(Tree::of_map).unwrap_or_default();
    data.entries.extend(Tree::of_map(&user.other).entries);
    (facts.into_iter().flatten().collect(), data)
}

/// What one asks first about an event, beside the exception.
pub fn first_facts(event: &Event) -> Vec<Fact> {
    let facts = [
        fact("Transaction", event.transaction.as_deref()),
        fact("Release", event.release.as_deref()),
        fact("Build", event.dist.as_deref()),
        fact("Environment", event.environment.as_deref()),
        fact("User", event.user.as_ref().and_then(User::label)),
        fact("Server", event.server_name.as_deref()),
        fact("Logger", event.logger.as_deref()),
        fact("Runtime", label(event, "runtime").as_deref()),
        fact("Browser", label(event, "browser").as_deref()),
        fact("System", label(event, "os").as_deref()),
        fact("Device", label(event, "device").as_deref()),
    ];
    facts.into_iter().flatten().collect()
}

fn label(event: &Event, context: &str) -> Option<String> {
    use crate::protocol::event::NamedContext;
    let raw = event.contexts.as_ref()?.get(context)?;
    raw.parse::<NamedContext>()?.label()
}

/// The client library.
pub fn sdk(event: &Event) -> SdkView {
    #[derive(Deserialize)]
    struct Package {
        name: String,
        #[serde(default)]
        version: String,
    }
    let Some(sdk) = &event.sdk else { return SdkView::default() };
    let name = [sdk.name.as_deref(), sdk.version.as_deref()].into_iter().flatten();
    let packages: Vec<Package> = sdk.packages.as_ref().and_then(Raw::parse).unwrap_or_default();
    SdkView {
        name: name.collect::<Vec<_>>().join(" "),
        integrations: sdk.integrations.as_ref().and_then(Raw::parse).unwrap_or_default(),
        packages: packages
            .into_iter()
            .map(|package| format!("{} {}", package.name, package.version).trim().to_owned())
            .collect(),
    }
}

/// What was wrong with the event, by the client's and our own findings.
pub fn problems(event: &Event) -> Vec<ProblemView> {
    #[derive(Deserialize)]
    struct Problem {
        #[serde(rename = "type", default)]
        kind: String,
        #[serde(default)]
        name: Option<String>,
        #[serde(default)]
        value: Option<Value>,
        #[serde(default)]
        reason: Option<String>,
    }
    let problems: Vec<Problem> = event.errors.as_ref().and_then(Raw::parse).unwrap_or_default();
    problems
        .into_iter()
        .map(|problem| ProblemView {
            text: problem_text(&problem.kind, problem.reason.as_deref()),
            field: problem.name.unwrap_or_default(),
            value: match problem.value {
                None | Some(Value::Null) => String::new(),
                Some(Value::String(text)) => text,
                Some(other) => other.to_string(),
            },
        })
        .collect()
}

fn problem_text(kind: &str, reason: Option<&str>) -> String {
    let words = match kind {
        "invalid_data" => "This value could not be used and was left out",
        "value_too_long" => "This value was too long and was cut",
        "missing_attribute" => "Something that is needed is missing",
        "past_timestamp" => {
            "The event is older than events are kept; the time of reception is used"
        }
        "future_timestamp" => "The event lies in the future; the time of reception is used",
        "clock_drift" => "The client's clock was wrong; times were corrected",
        "js_no_source" | "js_missing_source" => "The source of a frame was not found",
        "native_missing_dsym" => "A debug file is missing",
        "" => "Something was wrong with this event",
        other => {
            return reason
                .map_or_else(|| spaced(other), |reason| format!("{}: {reason}", spaced(other)));
        }
    };
    match reason {
        Some(reason) => format!("{words}: {reason}"),
        None => words.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::lenient::Problems;

    fn event(json: &str) -> Event {
        Event::read(json.as_bytes(), &Problems::default()).unwrap().unwrap()
    }

    #[test]
    fn the_best_known_contexts_come_first_under_their_names() {
        let event = event(
            r#"{"contexts": {"unity_info": {"a": 1}, "os": {"name": "Linux", "version": "6.1", "os": "Linux 6.1"},
                "browser": {"type": "browser", "name": "Firefox"}, "empty": {"type": "x"}, "wrong": 3}}"#,
        );
        let views = contexts(event.contexts.as_ref());
        let names: Vec<(&str, &str, usize)> = views
            .iter()
            .map(|view| (view.name.as_str(), view.label.as_str(), view.values.entries.len()))
            .collect();
        assert_eq!(
            names,
            [
                ("Browser", "Firefox", 0),
                ("Operating system", "Linux 6.1", 0),
                ("Unity info", "", 1)
            ]
        );
    }

    #[test]
    fn memory_is_told_in_sizes() {
        let event = event(r#"{"contexts": {"device": {"memory_size": 25276514304, "cpus": 2}}}"#);
        let device = contexts(event.contexts.as_ref()).remove(0);
        let texts: Vec<_> = device.values.entries.iter().map(|entry| &entry.value).collect();
        assert!(format!("{texts:?}").contains("\"25 GB\""), "{texts:?}");
    }

    #[test]
    fn feature_flags_are_names_and_values() {
        let event =
            event(r#"{"contexts": {"flags": {"values": [{"flag": "new-cart", "result": true}]}}}"#);
        let flags = contexts(event.contexts.as_ref()).remove(0);
        assert_eq!(flags.values.entries[0].name, "new-cart");
    }

    #[test]
    fn a_user_is_told_by_everything_known() {
        let event = event(
            r#"{"user": {"id": 7, "email": "ada@example.com", "geo": {"city": "Paris", "country_code": "FR"}, "plan": "pro"}}"#,
        );
        let (facts, data) = user(event.user.as_ref().unwrap());
        let values: Vec<&str> = facts.iter().map(|fact| fact.value.as_str()).collect();
        assert_eq!(values, ["7", "ada@example.com", "Paris, FR"]);
        assert_eq!(data.entries[0].name, "plan");
    }

    #[test]
    fn problems_are_told_in_words() {
        let event = event(
            r#"{"errors": [{"type": "invalid_data", "name": "tags", "value": 3, "reason": "expected an object"},
                {"type": "new_kind"}, {"type": "clock_drift"}]}"#,
        );
        let problems = problems(&event);
        assert_eq!(
            problems[0].text,
            "This value could not be used and was left out: expected an object"
        );
        assert_eq!((problems[0].field.as_str(), problems[0].value.as_str()), ("tags", "3"));
        assert_eq!(problems[1].text, "New kind");
        assert_eq!(problems[2].text, "The client's clock was wrong; times were corrected");
    }
}
