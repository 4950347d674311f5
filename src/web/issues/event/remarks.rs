//! What was taken out of an event or cut, and why: the tree `_meta` (`protocol.md` §6.5) in words.

use serde_json::{Map, Value};

use crate::pipeline::stages::scrub::rules;
use crate::protocol::event::Event;
use crate::protocol::lenient::{Pairs, Raw};

/// More remarks are not shown.
const MAX_REMARKS: usize = 200;

/// A tree that is deeper was not made by Picket.
const MAX_DEPTH: usize = 40;

/// What happened to one value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemarkView {
    /// Where it is: `request.headers.Authorization`.
    pub place: String,
    /// What happened, and why.
    pub text: String,
}

/// Everything that was taken out or cut, in the order of the event's JSON.
pub fn remarks(event: &Event) -> Vec<RemarkView> {
    let mut found = Vec::new();
    if let Some(Value::Object(tree)) = event.meta.as_ref().map(Raw::value) {
        collect(event, &tree, &mut Vec::new(), &mut found);
    }
    found
}

fn collect(
    event: &Event,
    node: &Map<String, Value>,
    steps: &mut Vec<String>,
    found: &mut Vec<RemarkView>,
) {
    if let Some(text) = node.get("").and_then(Value::as_object).and_then(words)
        && found.len() < MAX_REMARKS
    {
        found.push(RemarkView { place: place(event, steps), text });
    }
    for (step, below) in node {
        if let Some(below) =
            below.as_object().filter(|_| !step.is_empty() && steps.len() < MAX_DEPTH)
        {
            steps.push(step.clone());
            collect(event, below, steps, found);
            steps.pop();
        }
    }
}

/// What is said about a value itself, as a sentence; `None` if it is only about errors.
fn words(own: &Map<String, Value>) -> Option<String> {
    let length = own.get("len").and_then(Value::as_u64);
    let remarks = own.get("rem").and_then(Value::as_array);
    let mut texts: Vec<String> = Vec::new();
    for remark in remarks.into_iter().flatten() {
        let Some(rule) = remark.get(0).and_then(Value::as_str) else { continue };
        let text = match (rules::words(rule), length) {
            (Some(words), _) => format!("Taken out: {words}"),
            (None, Some(length)) if rule == "!limit" => format!("Cut: it had {length} characters"),
            (None, _) if rule == "!limit" => "Cut: it was too long".to_owned(),
            // What Sentry's clients write when their own settings say so.
            (None, _) if rule == "!config" => "Taken out by the client, as it is set up".to_owned(),
            (None, _) => format!("Changed by the client, rule `{rule}`"),
        };
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    if texts.is_empty() {
        texts.extend(length.map(|length| format!("Shortened: there were {length}")));
    }
    (!texts.is_empty()).then(|| texts.join("; "))
}

/// The path, with names for the pairs that are numbered.
fn place(event: &Event, steps: &[String]) -> String {
    let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
    let request = event.request.as_ref();
    let pairs: Option<&Pairs> = match steps.as_slice() {
        ["tags", ..] => event.tags.as_ref(),
        ["request", "headers", ..] => request.and_then(|request| request.headers.as_ref()),
        ["request", "cookies", ..] => request.and_then(|request| request.cookies.as_ref()),
        ["request", "query_string", ..] => {
            request.and_then(|request| request.query_string.as_ref())
        }
        _ => None,
    };
    let named = || {
        let (before, [index, _]) = steps.split_at_checked(steps.len().checked_sub(2)?)? else {
            return None;
        };
        let (name, _) = pairs?.0.get(index.parse::<usize>().ok()?)?;
        Some(format!("{}.{name}", before.join(".")))
    };
    named().unwrap_or_else(|| steps.join("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(json: &str) -> Vec<(String, String)> {
        let event = Event::from_stored(json.as_bytes()).unwrap();
        remarks(&event).into_iter().map(|remark| (remark.place, remark.text)).collect()
    }

    fn remark(place: &str, text: &str) -> (String, String) {
        (place.to_owned(), text.to_owned())
    }

    #[test]
    fn a_remark_says_where_and_why() {
        let json = r#"{"request": {"headers": [["Accept", "x"], ["Authorization", "[Filtered]"]]},
            "_meta": {
                "extra": {"a": {"": {"len": 20000, "rem": [["!limit", "s", 10, 13]]}}},
                "frames": {"": {"len": 80}},
                "request": {"headers": {"1": {"1": {"": {"len": 9, "rem": [["@password:filter", "s", 0, 10]]}}}}},
                "modules": {"": {"rem": [["!config", "x"]]}},
                "timestamp": {"": {"err": [["clock_drift", {}]]}},
                "user": {"": {"rem": [["mine<b>", "x"]]}}
            }}"#;
        assert_eq!(
            shown(json),
            [
                remark("extra.a", "Cut: it had 20000 characters"),
                remark("frames", "Shortened: there were 80"),
                remark("modules", "Taken out by the client, as it is set up"),
                remark(
                    "request.headers.Authorization",
                    "Taken out: the name says that it is secret"
                ),
                remark("user", "Changed by the client, rule `mine<b>`"),
            ]
        );
    }

    #[test]
    fn remarks_of_strangers_are_bounded_and_harmless() {
        let many: Vec<String> =
            (0..500).map(|n| format!(r#""{n}":{{"":{{"len":{n},"rem":[7,[],["x"]]}}}}"#)).collect();
        assert_eq!(shown(&format!(r#"{{"_meta":{{{}}}}}"#, many.join(","))).len(), MAX_REMARKS);
        let deep = format!("{}1{}", r#"{"a":"#.repeat(100), "}".repeat(100));
        assert_eq!(shown(&format!(r#"{{"_meta":{deep}}}"#)), []);
        assert_eq!(shown(r#"{"_meta":{"tags":{"":{"len":3}},"":7}}"#).len(), 1);
    }
}
