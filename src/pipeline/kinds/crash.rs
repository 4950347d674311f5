//! Crashes of native programs: an event of what the process left behind (`protocol.md` §1.8, §4.5, §4.6).
//!
//! A dump tells the reason, the threads and the modules. What the program had said before it died (an event
//! and breadcrumbs in `MessagePack`, fields of a form) is laid on top. An event in the same envelope stays as
//! it is and gets what it does not say itself. Walking the stacks takes symbols and comes with them.

use serde_json::{Value, json};

use super::error;
use crate::domain::attachments::{self, NewAttachment, Stated};
use crate::pipeline::Context;
use crate::pipeline::prepared::PreparedEvent;
use crate::pipeline::stages::normalize::Facts;
use crate::pipeline::tracked::{Dropped, Ended, Tracked};
use crate::protocol::category::DataCategory;
use crate::protocol::crash::{dump, form, merge, packed, unreal};
use crate::protocol::envelope::{Envelope, Item, ItemType};
use crate::protocol::event::Event;
use crate::protocol::lenient::{Problems, RawMap};

/// What an envelope holds about a crash.
#[derive(Debug, Default)]
pub struct Evidence<'a> {
    /// The dump of the process.
    dump: Option<&'a [u8]>,
    /// What the program would have sent, in `MessagePack`.
    packed: Option<&'a [u8]>,
    /// What had happened before, in `MessagePack`.
    breadcrumbs: Vec<&'a [u8]>,
    /// The fields of the form it came in.
    fields: Vec<(String, String)>,
    /// What the Unreal engine sent.
    container: Option<unreal::Container>,
    /// A crash report in a format that is kept and not read.
    other: Option<&'a str>,
}

impl<'a> Evidence<'a> {
    /// Gathers what there is; `None` if nothing in the envelope speaks of a crash.
    pub fn of(envelope: &Envelope<'a>) -> Option<Self> {
        let is_crash = |item: &Item<'_>| {
            let kind = &item.header.item_type;
            matches!(kind, ItemType::Attachment | ItemType::UnrealReport) && item.creates_event()
        };
        envelope.items.iter().any(is_crash).then(|| Self::gather(envelope))
    }

    fn gather(envelope: &Envelope<'a>) -> Self {
        let mut found = Self::default();
        for item in &envelope.items {
            match (&item.header.item_type, item.header.attachment_type.as_deref()) {
                (ItemType::FormData, _) => {
                    found.fields.extend(form::read(item.payload).unwrap_or_default());
                }
                (ItemType::UnrealReport, _) => {
                    found.container = unreal::Container::read(item.payload);
                }
                (ItemType::Attachment, Some("event.minidump")) => found.dump = Some(item.payload),
                (ItemType::Attachment, Some("event.payload")) => found.packed = Some(item.payload),
                (ItemType::Attachment, Some("event.breadcrumbs")) => {
                    found.breadcrumbs.push(item.payload);
                }
                (ItemType::Attachment, kind) if item.creates_event() => {
                    found.other = attachments::known_kind(kind);
                }
                _ => {}
            }
        }
        found
    }

    /// Everything together, in the fields of an event.
    fn event(&self) -> Value {
        let container = self.container.as_ref();
        let dump = self.dump.or_else(|| container.and_then(unreal::Container::dump));
        let mut event = match dump.map(dump::read) {
            Some(Some(event)) => event,
            Some(None) => unreadable(),
            None => json!({ "level": "fatal" }),
        };
        if let Some(container) = container {
            merge(&mut event, container.event());
        }
        merge(&mut event, self.packed.and_then(packed::event).unwrap_or_default());
        merge(&mut event, form::event(&self.fields));
        event["platform"] = "native".into();
        let breadcrumbs = packed::breadcrumbs(&self.breadcrumbs);
        if !breadcrumbs.is_empty() {
            event["breadcrumbs"] = breadcrumbs.into();
        }
        if let (Some(kind), None) = (self.other, event.get("logentry")) {
            event["logentry"] = json!({ "formatted": attachments::words_of_kind(kind) });
        }
        event
    }

    /// The files in the engine's container, behind the `count` items of the envelope.
    pub fn files(&self, context: &Context<'_>, facts: &Facts, count: usize) -> Vec<NewAttachment> {
        let files = self.container.iter().flat_map(unreal::Container::files);
        let pack = |(place, file): (usize, unreal::File<'_>)| {
            let kind = file.purpose().attachment_type();
            let stated = Stated { kind, name: file.name, content_type: "" };
            let whence = (facts.received_at, count + place);
            NewAttachment::pack(context.project_id, facts.event_id, whence, stated, file.bytes)
        };
        files.enumerate().map(pack).collect()
    }
}

/// What can be said about a process whose dump is damaged.
fn unreadable() -> Value {
    json!({
        "level": "fatal",
        "exception": [{
            "type": "Minidump", "value": "Crash",
            "mechanism": {"type": "minidump", "handled": false, "synthetic": true},
        }],
        "errors": [{
            "type": "invalid_data", "name": "minidump", "reason": "the dump is damaged and could not be read",
        }],
    })
}

/// Makes an event of what the files of an envelope say.
pub fn process(
    context: &Context<'_>,
    facts: &Facts,
    evidence: Tracked<'_, &Evidence<'_>>,
) -> Result<PreparedEvent, Ended> {
    let problems = Problems::default();
    let event = evidence
        .try_map(|evidence| error::parse(evidence.event().to_string().as_bytes(), &problems))?;
    error::finish(context, facts, event, problems, DataCategory::Error)
}

/// Makes an event of what the Unreal engine sent.
pub fn process_unreal(
    context: &Context<'_>,
    facts: &Facts,
    item: Tracked<'_, &Item<'_>>,
    evidence: &Evidence<'_>,
) -> Result<PreparedEvent, Ended> {
    let readable = item.try_map(|_| match &evidence.container {
        Some(_) => Ok(evidence),
        None => Err(Dropped::invalid("invalid_unreal_report")),
    })?;
    process(context, facts, readable)
}

/// Reads an event that came with files about its crash.
pub fn process_beside(
    context: &Context<'_>,
    facts: &Facts,
    item: Tracked<'_, &Item<'_>>,
    evidence: &Evidence<'_>,
) -> Result<PreparedEvent, Ended> {
    let problems = Problems::default();
    let event = item.try_map(|item| {
        let mut event = error::parse(item.payload, &problems)?;
        let found = evidence.event().to_string();
        complete(&mut event, error::parse(found.as_bytes(), &Problems::default())?);
        Ok(event)
    })?;
    error::finish(context, facts, event, problems, DataCategory::Error)
}

/// Adds what the event does not say itself.
fn complete(event: &mut Event, found: Event) {
    if event.exceptions().is_empty() {
        event.exception = found.exception;
    }
    if event.threads().is_empty() {
        event.threads = found.threads;
    }
    if event.breadcrumbs().is_empty() {
        event.breadcrumbs = found.breadcrumbs;
    }
    event.debug_meta = event.debug_meta.take().or(found.debug_meta);
    event.errors = event.errors.take().or(found.errors);
    event.timestamp = event.timestamp.or(found.timestamp);
    event.level = event.level.or(found.level);
    if event.platform.as_deref().is_none_or(|platform| platform == "other") {
        event.platform = found.platform;
    }
    add_missing(&mut event.contexts, found.contexts);
    add_missing(&mut event.extra, found.extra);
}

fn add_missing(fields: &mut Option<RawMap>, found: Option<RawMap>) {
    for (name, value) in found.into_iter().flatten() {
        fields.get_or_insert_default().entry(name).or_insert(value);
    }
}
