//! How events look on the wire (`web-api.md` §3.2).

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::entries::{Entry, entries};
use super::summary::Summary;
use crate::api::issues::MetadataView;
use crate::api::releases::ReleaseView;
use crate::api::tags::user_query;
use crate::base::Timestamp;
use crate::domain::events::{EventRow, Neighbours, Payload};
use crate::domain::issues::Issue;
use crate::protocol::event::{Event, Sdk, User};
use crate::protocol::lenient::{Raw, RawMap};

/// An event in a list.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct SimpleView<'e> {
    id: String,
    #[serde(rename = "event.type")]
    kind: String,
    #[serde(rename = "groupID")]
    group_id: String,
    #[serde(rename = "eventID")]
    event_id: String,
    #[serde(rename = "projectID")]
    project_id: String,
    message: &'e str,
    title: &'e str,
    location: Option<String>,
    culprit: String,
    user: Option<UserView<'e>>,
    tags: Vec<TagView<'e>>,
    platform: &'e str,
    date_created: Timestamp,
    crash_file: Option<&'static str>,
    metadata: MetadataView,
}

impl<'e> SimpleView<'e> {
    pub(super) fn new(row: &'e EventRow, payload: &'e Payload, issue: Option<&'e Issue>) -> Self {
        let event = payload.event();
        let summary = Summary::new(row, event, issue);
        Self {
            id: row.event_id.to_string(),
            kind: summary.kind,
            group_id: row.issue_id.to_string(),
            event_id: row.event_id.to_string(),
            project_id: row.project_id.to_string(),
            message: event.and_then(Event::message_text).unwrap_or_default(),
            title: &row.title,
            location: summary.location,
            culprit: summary.culprit,
            user: event.and_then(|event| event.user.as_ref()).map(UserView::new),
            tags: tags(row, event),
            platform: event.map_or("other", Event::platform),
            date_created: row.occurred_at,
            crash_file: None,
            metadata: summary.metadata,
        }
    }
}

/// What is known of an event beside itself.
#[derive(Debug)]
pub(super) struct Surroundings {
    pub(super) neighbours: Neighbours,
    pub(super) release: Option<ReleaseView>,
    /// The version of what made its hash.
    pub(super) grouping_config: Option<String>,
}

/// An event on its own.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct FullView<'e> {
    id: String,
    #[serde(rename = "eventID")]
    event_id: String,
    #[serde(rename = "groupID")]
    group_id: String,
    #[serde(rename = "projectID")]
    project_id: String,
    title: &'e str,
    message: &'e str,
    location: Option<String>,
    culprit: String,
    #[serde(rename = "type")]
    kind: String,
    metadata: MetadataView,
    platform: &'e str,
    dist: Option<&'e str>,
    size: Option<usize>,
    date_created: Timestamp,
    date_received: Timestamp,
    user: Option<UserView<'e>>,
    tags: Vec<TagView<'e>>,
    contexts: BTreeMap<&'e str, Map<String, Value>>,
    context: RawMap,
    packages: RawMap,
    sdk: Option<&'e Sdk>,
    entries: Vec<Entry<'e>>,
    errors: Vec<Value>,
    occurrence: Option<&'static str>,
    fingerprints: [&'e str; 1],
    grouping_config: GroupingView,
    #[serde(rename = "_meta")]
    meta: Value,
    release: Option<ReleaseView>,
    user_report: Option<&'static str>,
    #[serde(rename = "nextEventID")]
    next_event_id: Option<String>,
    #[serde(rename = "previousEventID")]
    previous_event_id: Option<String>,
    crash_file: Option<&'static str>,
    sdk_updates: [&'static str; 0],
    resolved_with: [&'static str; 0],
}

#[derive(Debug, Serialize)]
struct GroupingView {
    id: Option<String>,
    enhancements: &'static str,
}

impl<'e> FullView<'e> {
    pub(super) fn new(
        row: &'e EventRow,
        payload: &'e Payload,
        issue: &'e Issue,
        surroundings: Surroundings,
    ) -> Self {
        let event = payload.event();
        let summary = Summary::new(row, event, Some(issue));
        let entries = event.map(entries).unwrap_or_default();
        Self {
            id: row.event_id.to_string(),
            event_id: row.event_id.to_string(),
            group_id: row.issue_id.to_string(),
            project_id: row.project_id.to_string(),
            title: &row.title,
            message: event.and_then(Event::message_text).unwrap_or_default(),
            location: summary.location,
            culprit: summary.culprit,
            kind: summary.kind,
            metadata: summary.metadata,
            platform: event.map_or("other", Event::platform),
            dist: event.and_then(|event| event.dist.as_deref()),
            size: payload.stored_bytes(),
            date_created: row.occurred_at,
            date_received: row.received_at,
            user: event.and_then(|event| event.user.as_ref()).map(UserView::new),
            tags: tags(row, event),
            contexts: event.map(contexts).unwrap_or_default(),
            context: event.and_then(|event| event.extra.clone()).unwrap_or_default(),
            packages: event.and_then(|event| event.modules.clone()).unwrap_or_default(),
            sdk: event.and_then(|event| event.sdk.as_ref()),
            errors: errors(event),
            occurrence: None,
            fingerprints: [&row.primary_hash],
            grouping_config: GroupingView { id: surroundings.grouping_config, enhancements: "" },
            meta: meta(event, &entries),
            entries,
            release: surroundings.release,
            user_report: None,
            next_event_id: surroundings.neighbours.next.map(|id| id.to_string()),
            previous_event_id: surroundings.neighbours.previous.map(|id| id.to_string()),
            crash_file: None,
            sdk_updates: [],
            resolved_with: [],
        }
    }
}

/// The affected person.
#[derive(Debug, Serialize)]
pub(super) struct UserView<'e> {
    id: Option<&'e str>,
    email: Option<&'e str>,
    username: Option<&'e str>,
    ip_address: Option<&'e str>,
    name: Option<&'e str>,
    geo: Option<&'e Raw>,
    data: Option<&'e RawMap>,
}

impl<'e> UserView<'e> {
    fn new(user: &'e User) -> Self {
        Self {
            id: user.id.as_deref(),
            email: user.email.as_deref(),
            username: user.username.as_deref(),
            ip_address: user.ip_address.as_deref(),
            name: user.name.as_deref(),
            geo: user.geo.as_ref(),
            data: user.data.as_ref(),
        }
    }
}

#[derive(Debug, Serialize)]
struct TagView<'e> {
    key: &'e str,
    value: &'e str,
    #[serde(skip_serializing_if = "Option::is_none")]
    query: Option<String>,
}

impl<'e> TagView<'e> {
    fn new(key: &'e str, value: &'e str) -> Self {
        Self { key, value, query: user_query(key, value) }
    }
}

/// The tags. Of an event that was sampled away, those that lie beside the payload.
fn tags<'e>(row: &'e EventRow, event: Option<&'e Event>) -> Vec<TagView<'e>> {
    match event {
        Some(event) => event.tags().iter().map(|(key, value)| TagView::new(key, value)).collect(),
        None => [
            ("environment", row.environment.as_deref()),
            ("level", Some(row.level.as_str())),
            ("release", row.release.as_deref()),
            ("transaction", row.transaction.as_deref()),
        ]
        .into_iter()
        .filter_map(|(key, value)| value.map(|value| TagView::new(key, value)))
        .collect(),
    }
}

/// The contexts, each an object that says its type: clients refuse anything else.
fn contexts(event: &Event) -> BTreeMap<&str, Map<String, Value>> {
    let Some(contexts) = &event.contexts else { return BTreeMap::new() };
    contexts
        .iter()
        .filter_map(|(name, context)| {
            let Value::Object(mut context) = context.value() else { return None };
            context.entry("type").or_insert_with(|| json!(name));
            Some((name.as_str(), context))
        })
        .collect()
}

/// What was wrong with the event, and with keeping it.
fn errors(event: Option<&Event>) -> Vec<Value> {
    let Some(event) = event else {
        return vec![json!({
            "type": "payload_sampled_away",
            "message": "The event was counted but its content was not kept: its issue had more events \
                        that day than are kept in full.",
            "data": {},
        })];
    };
    let found = event.errors.as_ref().map(Raw::value);
    let Some(Value::Array(found)) = found else { return Vec::new() };
    found.into_iter().filter_map(error).collect()
}

/// A problem as it is stored (`type`, `name`, `value`, `reason`) as the API has it.
fn error(stored: Value) -> Option<Value> {
    let Value::Object(mut data) = stored else { return None };
    let kind = data.remove("type").unwrap_or_else(|| json!("unknown_error"));
    let message = match kind.as_str() {
        Some("invalid_data") => "Discarded invalid value",
        Some("invalid_attribute") => "Discarded invalid attribute",
        Some("missing_attribute") => "Missing value for required attribute",
        Some("value_too_long") => "Discarded value due to exceeding maximum length",
        Some("future_timestamp") => "Invalid timestamp (in future)",
        Some("past_timestamp") => "Invalid timestamp (too old)",
        Some("clock_drift") => "Clock drift detected in SDK",
        _ => "Unknown error",
    };
    Some(json!({ "type": kind, "message": message, "data": data }))
}

/// What the client scrubbed or shortened, under the names that the parts have here.
fn meta(event: Option<&Event>, entries: &[Entry<'_>]) -> Value {
    let found = event.and_then(|event| event.meta.as_ref()).map(Raw::value).unwrap_or_default();
    let part = |name: &str| found.get(name).cloned().unwrap_or_default();
    let of_entries: Map<String, Value> = entries
        .iter()
        .enumerate()
        .filter_map(|(index, entry)| {
            let data = found.get(entry.source())?.clone();
            Some((index.to_string(), json!({ "data": data })))
        })
        .collect();
    json!({
        "entries": of_entries,
        "message": part("logentry"),
        "user": part("user"),
        "contexts": part("contexts"),
        "context": part("extra"),
        "packages": part("modules"),
        "tags": part("tags"),
        "sdk": part("sdk"),
    })
}
