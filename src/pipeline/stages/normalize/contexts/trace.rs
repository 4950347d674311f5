//! The trace that an event belongs to: every event has one.

use std::borrow::Cow;

use crate::base::EventId;
use crate::protocol::lenient::{Raw, RawMap};

use super::super::Facts;
use super::super::at::At;
use super::super::json::{Shallow, quoted};
use super::super::limits::Limit;
use super::fields;

const WORD: Limit = Limit::of(128);

/// Statuses by their number, which is gRPC's.
const STATUSES: [&str; 17] = [
    "ok",
    "cancelled",
    "unknown",
    "invalid_argument",
    "deadline_exceeded",
    "not_found",
    "already_exists",
    "permission_denied",
    "resource_exhausted",
    "failed_precondition",
    "aborted",
    "out_of_range",
    "unimplemented",
    "internal_error",
    "unavailable",
    "data_loss",
    "unauthenticated",
];

/// Writes the ids and words of the trace in one way, and makes the ids that are missing or wrong from
/// the event's id.
pub(super) fn normalize(contexts: &mut RawMap, facts: &Facts, at: At<'_>) {
    let event_id = facts.event_id.to_string();
    let own = (event_id.as_str(), &event_id[..16]);
    let raw = contexts
        .entry("trace".to_owned())
        .or_insert_with(|| fields(&[("trace_id", own.0), ("span_id", own.1)]));
    let Some(trace) = Shallow::of(raw.text()) else { return };
    let mut new = New { trace: &trace, changes: Vec::new() };
    new.id("trace_id", trace_id, Some(own.0), at);
    new.id("span_id", span_id, Some(own.1), at);
    new.id("parent_span_id", span_id, None, at);
    new.status();
    new.word("op", at);
    new.word("origin", at);
    if let Some(rate) = facts.sample_rate.filter(|_| trace.get("client_sample_rate").is_none()) {
        new.changes.push(("client_sample_rate", rate.to_string()));
    }
    if !new.changes.is_empty() {
        *raw = trace.with(&new.changes);
    }
}

/// A trace and what is to be different in it.
struct New<'a> {
    trace: &'a Shallow<'a>,
    changes: Vec<(&'static str, String)>,
}

impl New<'_> {
    /// Writes an id as all ids are written; one that is wrong gives way to `own`.
    fn id(
        &mut self,
        field: &'static str,
        read: fn(&str) -> Option<String>,
        own: Option<&str>,
        at: At<'_>,
    ) {
        let found = self.trace.text(field).and_then(|id| read(&id));
        if let Some(sent) = self.trace.get(field).filter(|_| found.is_none()) {
            at.field(field).invalid(Raw::from_text(sent), "expected an id that is not all zero");
        }
        let written = match found.as_deref().or(own) {
            Some(id) if self.trace.text(field).as_deref() == Some(id) => return,
            Some(id) => quoted(id),
            None if self.trace.get(field).is_none() => return,
            None => "null".to_owned(),
        };
        self.changes.push((field, written));
    }

    /// Writes a status as its first name; a word that nobody knows stays.
    fn status(&mut self) {
        let numbered = || usize::try_from(self.trace.number("status")?).ok();
        let name = match self.trace.text("status").as_deref() {
            Some("success") => Some("ok"),
            Some("failure" | "unknown_error") => Some("internal_error"),
            Some(_) => None,
            None => numbered().and_then(|number| STATUSES.get(number).copied()),
        };
        self.changes.extend(name.map(|name| ("status", quoted(name))));
    }

    fn word(&mut self, field: &'static str, at: At<'_>) {
        let Some(mut text) = self.trace.text(field).map(Cow::into_owned) else { return };
        if let Some(change) = WORD.cut(&mut text) {
            at.field(field).mark(change);
            self.changes.push((field, quoted(&text)));
        }
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
        let facts = Facts::new(event_id, chrono::DateTime::UNIX_EPOCH);
        let (problems, _) = noted(|at| normalize(&mut contexts, &facts, at));
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
    #[test]
    fn a_status_is_known_by_its_names_and_its_number() {
        for (sent, stored) in [
            ("\"ok\"", "\"ok\""),
            ("\"success\"", "\"ok\""),
            ("\"failure\"", "\"internal_error\""),
            ("\"unknown_error\"", "\"internal_error\""),
            ("\"of my own\"", "\"of my own\""),
            ("0", "\"ok\""),
            ("13", "\"internal_error\""),
            ("14", "\"unavailable\""),
            ("16", "\"unauthenticated\""),
            ("17", "17"),
            ("null", "null"),
        ] {
            let trace = run(&format!(r#"{{"trace":{{"status":{sent}}}}}"#));
            let trace = Shallow::of(&trace).unwrap();
            assert_eq!(trace.get("status").unwrap_or("null"), stored, "{sent}");
        }
    }

    #[test]
    fn the_id_of_the_parent_is_written_in_one_way_and_goes_if_it_is_none() {
        let parent = |sent: &str| {
            let mut contexts: RawMap =
                serde_json::from_str(&format!(r#"{{"trace":{{"parent_span_id":{sent}}}}}"#))
                    .unwrap();
            let facts = Facts::new(EventId::random(), chrono::DateTime::UNIX_EPOCH);
            let (problems, _) = noted(|at| normalize(&mut contexts, &facts, at));
            let trace = Shallow::of(contexts["trace"].text()).unwrap();
            (trace.text("parent_span_id").map(Cow::into_owned), problems)
        };
        let written = Some("fa90fdead5f74051".to_owned());
        assert_eq!(parent("\"FA90FDEAD5F74051\""), (written, vec![]));
        for bad in ["5", "\"x\"", "\"0000000000000000\""] {
            assert_eq!(parent(bad), (None, vec!["parent_span_id".to_owned()]), "{bad}");
        }
        assert_eq!(parent("null"), (None, vec![]));
    }

    #[test]
    fn the_part_that_the_client_keeps_is_noted_unless_the_client_says_another() {
        let rate = |trace: &str| {
            let mut contexts: RawMap = serde_json::from_str(trace).unwrap();
            let facts = Facts::new(EventId::random(), chrono::DateTime::UNIX_EPOCH);
            let facts = Facts { sample_rate: Some(0.25), ..facts };
            noted(|at| normalize(&mut contexts, &facts, at));
            let trace = Shallow::of(contexts["trace"].text()).unwrap();
            trace.get("client_sample_rate").map(str::to_owned)
        };
        assert_eq!(rate("{}").as_deref(), Some("0.25"));
        assert_eq!(rate(r#"{"trace":{"client_sample_rate":1.0}}"#).as_deref(), Some("1.0"));
    }

    #[test]
    fn operation_and_origin_have_a_limit() {
        let long = "x".repeat(200);
        let trace = run(&format!(r#"{{"trace":{{"op":"{long}","origin":"{long}"}}}}"#));
        let trace = Shallow::of(&trace).unwrap();
        for field in ["op", "origin"] {
            assert_eq!(trace.text(field).unwrap(), format!("{}...", "x".repeat(125)));
        }
    }
}
