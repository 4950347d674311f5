//! The trace that an event belongs to: every event has one.

use crate::base::EventId;
use crate::protocol::lenient::{Raw, RawMap};

use super::super::at::At;
use super::super::json::{Shallow, quoted};
use super::fields;

/// Writes the ids of the trace in one way, and makes those that are missing or wrong from the
/// event's id.
pub(super) fn normalize(contexts: &mut RawMap, event_id: EventId, at: At<'_>) {
    let event_id = event_id.to_string();
    let own = (event_id.as_str(), &event_id[..16]);
    let Some(raw) = contexts.get_mut("trace") else {
        contexts.insert("trace".to_owned(), fields(&[("trace_id", own.0), ("span_id", own.1)]));
        return;
    };
    let Some(trace) = Shallow::of(raw.text()) else { return };
    let mut changes = Vec::new();
    let mut set = |field: &'static str, found: Option<String>, own: &str| {
        let id = found.as_deref().unwrap_or(own);
        if let Some(sent) = trace.get(field).filter(|_| found.is_none()) {
            at.field(field).invalid(Raw::from_text(sent), "expected an id that is not all zero");
        }
        if trace.text(field).as_deref() != Some(id) {
            changes.push((field, quoted(id)));
        }
    };
    set("trace_id", trace.text("trace_id").and_then(|id| trace_id(&id)), own.0);
    set("span_id", trace.text("span_id").and_then(|id| span_id(&id)), own.1);
    if !changes.is_empty() {
        *raw = trace.with(&changes);
    }
}

fn trace_id(text: &str) -> Option<String> {
    let id = text.parse::<EventId>().ok()?;
    (!id.0.is_nil()).then(|| id.to_string())
}

fn span_id(text: &str) -> Option<String> {
    let is_id = text.len() == 16
        && text.bytes().all(|byte| byte.is_ascii_hexdigit())
        && text.bytes().any(|byte| byte != b'0');
    is_id.then(|| text.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::super::super::at::testing::noted;
    use super::*;

    fn run(trace: &str) -> String {
        let mut contexts: RawMap = serde_json::from_str(trace).unwrap();
        let event_id = "fc6d8c0c43fc4630ad850ee518f1b9d0".parse().unwrap();
        let (problems, _) = noted(|at| normalize(&mut contexts, event_id, at));
        let is_wrong = trace.contains("\"xyz\"") || trace.contains("0000");
        assert_eq!(problems.len(), if is_wrong { 2 } else { 0 }, "{problems:?}");
        contexts["trace"].text().to_owned()
    }

    #[test]
    fn an_event_without_a_trace_is_its_own() {
        let own = r#"{"trace_id":"fc6d8c0c43fc4630ad850ee518f1b9d0","span_id":"fc6d8c0c43fc4630"}"#;
        assert_eq!(run("{}"), own);
        assert_eq!(run(r#"{"trace":{}}"#), own);
        assert_eq!(run(r#"{"trace":{"trace_id":7,"span_id":"xyz"}}"#), own);
        let zero = r#"{"trace":{"trace_id":"00000000000000000000000000000000","span_id":"0000000000000000"}}"#;
        assert_eq!(run(zero), own);
    }

    #[test]
    fn a_valid_half_is_kept_and_written_in_one_way() {
        let given = r#"{"trace":{"op":"x","trace_id":"4C79F60C-1121-4EB3-8604-F4AE0781BFB2"}}"#;
        let expected = concat!(
            r#"{"op":"x","trace_id":"4c79f60c11214eb38604f4ae0781bfb2","#,
            r#""span_id":"fc6d8c0c43fc4630"}"#
        );
        assert_eq!(run(given), expected);
        let fine =
            r#"{"trace_id":"4c79f60c11214eb38604f4ae0781bfb2","span_id":"fa90fdead5f74052"}"#;
        assert_eq!(run(&format!(r#"{{"trace":{fine}}}"#)), fine);
    }
}
