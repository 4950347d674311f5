//! What happens to an accepted item between the journal and the database.
//!
//! [`worker`] reads a lane of the journal, [`process`] turns each envelope into prepared events and
//! outcomes — pure, in parallel, without a database — and [`commit`] stores a batch in one transaction
//! together with the position it reaches. Every item ends in exactly one outcome: [`tracked`].
//!
//! # Adding an item kind
//! Types in `protocol` with a parse test per real payload → a slice in `domain` → a recipe in
//! [`kinds`] → its line in [`process_item`] → fixtures.

pub mod commit;
mod files;
pub mod grouping_health;
mod hot;
pub mod kinds;
pub mod prepared;
pub mod preview;
pub mod project_grouping;
pub mod project_settings;
pub mod quarantine;
pub mod regrouping;
pub mod stages;
pub mod tracked;
pub mod worker;
mod written;

pub use hot::HotIssues;
pub use project_grouping::ProjectGrouping;
pub use project_settings::ProjectSettings;
pub use quarantine::Quarantine;

use crate::base::{EventId, ProjectId, Timestamp};
use crate::domain::attachments::NewAttachment;
use crate::domain::feedback::NewFeedback;
use crate::domain::issues::batch::Arrival;
use crate::domain::limits::known_reason;
use crate::domain::ownership::Assigning;
use crate::domain::sessions;
use crate::domain::usage::{Counts, Outcome};
use crate::infra::compression::Dictionaries;
use crate::infra::supplied::SuppliedFiles;
use crate::protocol::accepted::AcceptedEnvelope;
use crate::protocol::category::DataCategory;
use crate::protocol::envelope::{Envelope, Item, ItemType};
use crate::protocol::lenient::{Raw, RawMap};

use kinds::attachment::{self, EventFate};
use kinds::crash::Evidence;
use prepared::PreparedEvent;
use stages::filter::FilterConfig;
use stages::normalize::Facts;
use stages::scrub::ScrubConfig;
use tracked::{Dropped, Ended, Ledger, Tracked};

/// What the stages may look at.
#[derive(Debug)]
pub struct Context<'a> {
    /// The project the envelope belongs to.
    pub project_id: ProjectId,
    /// How the project groups.
    pub grouping: &'a ProjectGrouping,
    /// How its issues are assigned by themselves; none: they are not.
    pub ownership: Option<&'a Assigning>,
    /// What the project leaves out.
    pub filters: &'a FilterConfig,
    /// What is taken out of the project's events.
    pub scrubbing: &'a ScrubConfig,
    /// What the operator's files tell.
    pub supplied: &'a SuppliedFiles,
    /// Issues of which most payloads are sampled away at present.
    pub hot: &'a HotIssues,
    /// What payloads are packed with.
    pub dictionaries: &'a Dictionaries,
    /// The environment of events that say none.
    pub default_environment: Option<&'a str>,
    /// Days until an event is deleted; older events are moved to the present.
    pub retention_days: u32,
}

impl Context<'_> {
    /// Whether the payload of this event is probably sampled away.
    fn is_hot(&self, arrival: &Arrival) -> bool {
        let primary = arrival.hashes.first();
        primary
            .is_some_and(|hash| self.hot.contains(self.project_id, &hash.hash, arrival.received_at))
    }
}

/// An envelope's events and the outcomes of everything else in it.
#[derive(Debug, Default)]
pub struct Processed {
    /// The events.
    pub events: Vec<PreparedEvent>,
    /// The files that belong to the event, or to one of another envelope.
    pub attachments: Vec<NewAttachment>,
    /// What users wrote.
    pub feedback: Vec<NewFeedback>,
    /// Steps of sessions, and counted ones.
    pub sessions: Vec<sessions::batch::Arrived>,
    /// The DSN's key, under which the events' outcomes are counted.
    pub public_key: String,
    /// What became of the other items.
    pub counts: Counts,
    /// What was counted when the envelope was set aside, and no longer holds.
    pub taken_back: Counts,
    /// Whether an event in it was no JSON: somebody may want to see what it was.
    pub is_unreadable: bool,
}

/// Processes an envelope. Pure: the same envelope gives the same result, whenever it is replayed.
pub fn process(context: &Context<'_>, accepted: &AcceptedEnvelope<'_>) -> Processed {
    let ledger = Ledger::new(accepted.project_id, &accepted.public_key, accepted.received_at);
    let mut processed =
        Processed { public_key: accepted.public_key.clone(), ..Processed::default() };
    match Envelope::parse(&accepted.body) {
        Ok(envelope) => {
            let fate = process_items(context, accepted, &envelope, &ledger, &mut processed);
            for (place, item) in envelope.items.iter().enumerate().filter(|(_, item)| is_file(item))
            {
                let file = (place, track(&ledger, item));
                let file = attachment::process(context, accepted, &envelope.header, fate, file);
                processed.attachments.extend(file.ok());
            }
        }
        // It was well-formed when it was accepted; only another version of Picket can disagree.
        Err(_) => ledger.count("unknown", Dropped::invalid("invalid_envelope"), 1),
    }
    count_dropped(accepted, &ledger);
    processed.counts = ledger.into_counts();
    processed.taken_back =
        accepted.set_aside_in.map(|hour| lost(accepted, hour)).unwrap_or_default();
    processed
}

/// Processes everything but the files, and tells what became of what they belong to.
fn process_items(
    context: &Context<'_>,
    accepted: &AcceptedEnvelope<'_>,
    envelope: &Envelope<'_>,
    ledger: &Ledger,
    processed: &mut Processed,
) -> EventFate {
    let facts = facts(context, accepted, envelope);
    let evidence = Evidence::of(envelope);
    let mut fate = EventFate::Elsewhere;
    for item in envelope.items.iter().filter(|item| !is_file(item)) {
        let tracked = track(ledger, item);
        let made = match (&item.header.item_type, &evidence) {
            (ItemType::Feedback, _) => kinds::feedback::process(context, &facts, tracked)
                .map(|feedback| processed.feedback.push(feedback)),
            (ItemType::UserReport, _) => {
                let event_id = accepted.event_id.or(envelope.header.event_id);
                kinds::feedback::process_report(context, &facts, event_id, tracked)
                    .map(|feedback| processed.feedback.push(feedback))
            }
            (ItemType::Session, _) => kinds::session::process(context, &facts, tracked)
                .map(|step| processed.sessions.push(step)),
            (ItemType::Sessions, _) => {
                kinds::session::process_counted(context, &facts, ledger, tracked)
                    .map(|counted| processed.sessions.extend(counted))
            }
            (ItemType::Event, Some(evidence)) => {
                kinds::crash::process_beside(context, &facts, tracked, evidence)
                    .map(|event| processed.events.push(event))
            }
            (ItemType::UnrealReport, Some(evidence)) => {
                kinds::crash::process_unreal(context, &facts, tracked, evidence).map(|event| {
                    processed.events.push(event);
                    let count = envelope.items.len();
                    processed.attachments.extend(evidence.files(context, &facts, count));
                })
            }
            _ => process_item(context, &facts, ledger, (envelope, tracked, item))
                .map(|event| processed.events.push(event)),
        };
        if item.creates_event() {
            fate = fate_of(made, fate, processed);
        }
    }
    match evidence {
        // Nothing but files: they are the event.
        Some(evidence) if fate == EventFate::Elsewhere => {
            let tracked = ledger.track(&evidence, vec![(DataCategory::Error.as_str(), 1)]);
            let made = kinds::crash::process(context, &facts, tracked);
            fate_of(made.map(|event| processed.events.push(event)), fate, processed)
        }
        _ => fate,
    }
}

/// What became of an envelope's event.
fn fate_of(made: Result<(), Ended>, before: EventFate, processed: &mut Processed) -> EventFate {
    match made {
        Ok(()) => EventFate::Prepared,
        Err(Ended(Some(why))) => {
            processed.is_unreadable |= why.reason == kinds::error::NOT_JSON;
            EventFate::Dropped(why)
        }
        Err(Ended(None)) => before,
    }
}

/// Counts what the front door left out of the envelope. When it was set aside, that was counted already.
fn count_dropped(accepted: &AcceptedEnvelope<'_>, ledger: &Ledger) {
    for item in accepted.dropped.iter().filter(|_| accepted.set_aside_in.is_none()) {
        let reason = known_reason(&item.reason);
        let why = Dropped { outcome: Outcome::RateLimited, reason };
        ledger.count(item.category.as_str(), why, item.quantity);
    }
}

fn is_file(item: &Item<'_>) -> bool {
    item.header.item_type == ItemType::Attachment
}

fn track<'ledger, 'item>(
    ledger: &'ledger Ledger,
    item: &'item Item<'item>,
) -> Tracked<'ledger, &'item Item<'item>> {
    let quantities = item.quantities().map(|(category, n)| (category.as_str(), n)).collect();
    ledger.track(item, quantities)
}

fn process_item(
    context: &Context<'_>,
    facts: &Facts,
    ledger: &Ledger,
    (envelope, tracked, item): (&Envelope<'_>, Tracked<'_, &Item<'_>>, &Item<'_>),
) -> Result<PreparedEvent, Ended> {
    match &item.header.item_type {
        ItemType::Event => kinds::error::process(context, facts, tracked),
        ItemType::Security => kinds::security::process(context, facts, tracked),
        ItemType::RawSecurity => kinds::security::process_raw(context, facts, tracked),
        ItemType::ClientReport => {
            Err(kinds::client_report::process(context, facts, ledger, tracked))
        }
        later => Err(process_later(facts, envelope, tracked, later)),
    }
}

/// Items that are understood and cannot be kept yet, and those that nobody understands.
fn process_later(
    facts: &Facts,
    envelope: &Envelope<'_>,
    tracked: Tracked<'_, &Item<'_>>,
    item_type: &ItemType,
) -> Ended {
    // An id that was made up here belongs to an event and to nothing else.
    let event_id = envelope.header.event_id.or(envelope.creates_event().then_some(facts.event_id));
    match item_type {
        ItemType::Transaction => kinds::transaction::process(tracked),
        ItemType::CheckIn => kinds::check_in::process(tracked),
        ItemType::Log => kinds::container::process_logs(facts, tracked),
        ItemType::TraceMetric => kinds::container::process_metrics(facts, tracked),
        ItemType::Span => kinds::container::process_spans(facts, tracked),
        ItemType::Integration => kinds::integration::process(tracked),
        ItemType::Profile => kinds::profile::process(event_id, tracked),
        ItemType::ProfileChunk => kinds::profile::process_chunk(tracked),
        ItemType::ReplayEvent | ItemType::ReplayRecording | ItemType::ReplayVideo => {
            kinds::replay::process(event_id, envelope, tracked)
        }
        other => kinds::unsupported::process(tracked, other),
    }
}

fn facts(context: &Context<'_>, accepted: &AcceptedEnvelope<'_>, envelope: &Envelope<'_>) -> Facts {
    let header = &envelope.header;
    let trace = header.trace.as_ref().and_then(Raw::parse::<RawMap>);
    Facts {
        // Ingest answers with an id whenever an item makes an event.
        event_id: accepted.event_id.or(header.event_id).unwrap_or_else(EventId::random),
        received_at: accepted.received_at,
        sent_at: header.sent_at,
        client_address: accepted.client_address,
        user_agent: accepted.user_agent.clone(),
        client: accepted
            .client
            .clone()
            .or_else(|| header.sdk.as_ref().and_then(|sdk| sdk.client())),
        replay_id: trace.as_ref().and_then(replay_id),
        sample_rate: trace.as_ref().and_then(sample_rate),
        retention_days: context.retention_days,
        default_environment: context.default_environment.map(str::to_owned),
    }
}

/// The replay that the trace header speaks of.
fn replay_id(trace: &RawMap) -> Option<String> {
    trace.get("replay_id")?.parse()
}

/// The part of all traces that the trace header says the client keeps, a number or its text.
fn sample_rate(trace: &RawMap) -> Option<f64> {
    let sent = trace.get("sample_rate")?;
    let rate = sent.parse::<f64>().or_else(|| sent.parse::<String>()?.parse().ok())?;
    (0.0..=1.0).contains(&rate).then_some(rate)
}

/// The outcomes of an envelope that is set aside: all its items are internal losses. One that was set
/// aside before is counted already.
fn all_lost(accepted: &AcceptedEnvelope<'_>) -> Processed {
    let mut counts = Counts::default();
    if accepted.set_aside_in.is_none() {
        let (project, received_at) = (accepted.project_id, accepted.received_at);
        let ledger = Ledger::new(project, &accepted.public_key, received_at);
        count_dropped(accepted, &ledger);
        counts.merge(lost(accepted, received_at));
        counts.merge(ledger.into_counts());
    }
    Processed { public_key: accepted.public_key.clone(), counts, ..Processed::default() }
}

/// All items of an envelope as internal losses of the hour of `time`.
fn lost(accepted: &AcceptedEnvelope<'_>, time: Timestamp) -> Counts {
    let ledger = Ledger::new(accepted.project_id, &accepted.public_key, time);
    let Ok(envelope) = Envelope::parse(&accepted.body) else { return ledger.into_counts() };
    let why = || Dropped::invalid("internal");
    for (category, quantity) in envelope.items.iter().flat_map(Item::quantities) {
        ledger.count(category.as_str(), why(), quantity);
    }
    let speaks_for_itself = |item: &Item<'_>| !is_file(item) && item.creates_event();
    if Evidence::of(&envelope).is_some() && !envelope.items.iter().any(speaks_for_itself) {
        // Nothing but files: they would have been the event.
        ledger.count(DataCategory::Error.as_str(), why(), 1);
    }
    ledger.into_counts()
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::protocol::accepted::DroppedItem;
    use crate::protocol::category::DataCategory;

    /// What a project has that has set nothing.
    #[derive(Default)]
    struct Defaults {
        grouping: ProjectGrouping,
        filters: FilterConfig,
        scrubbing: ScrubConfig,
        supplied: SuppliedFiles,
        hot: HotIssues,
        dictionaries: Dictionaries,
    }

    impl Defaults {
        fn context(&self) -> Context<'_> {
            Context {
                project_id: ProjectId(1),
                grouping: &self.grouping,
                ownership: None,
                filters: &self.filters,
                scrubbing: &self.scrubbing,
                supplied: &self.supplied,
                default_environment: None,
                hot: &self.hot,
                dictionaries: &self.dictionaries,
                retention_days: 90,
            }
        }
    }

    /// An envelope of a session, of which the front door left an event out.
    fn accepted(set_aside_in: Option<Timestamp>) -> AcceptedEnvelope<'static> {
        AcceptedEnvelope {
            project_id: ProjectId(1),
            public_key: "key".to_owned(),
            received_at: Timestamp::UNIX_EPOCH,
            client_address: None,
            user_agent: None,
            client: None,
            origin: None,
            event_id: None,
            set_aside_in,
            dropped: vec![DroppedItem {
                category: DataCategory::Error,
                reason: Cow::Borrowed("project_errors_hour"),
                quantity: 1,
            }],
            body: Cow::Borrowed(b"{}\n{\"type\":\"session\"}\n{}"),
        }
    }

    #[test]
    fn a_crash_dump_that_is_set_aside_is_an_error_lost_and_found_again_when_it_is_retried() {
        let dump = AcceptedEnvelope {
            dropped: Vec::new(),
            body: Cow::Borrowed(
                b"{}\n{\"type\":\"attachment\",\"attachment_type\":\"event.minidump\",\"length\":4}\nMDMP",
            ),
            ..accepted(None)
        };
        let errors = |counts: &Counts| {
            counts.sorted().iter().filter(|(key, _)| key.category == "error").count()
        };
        assert_eq!(errors(&all_lost(&dump).counts), 1);
        let again = AcceptedEnvelope { set_aside_in: Some(Timestamp::UNIX_EPOCH), ..dump };
        let defaults = Defaults::default();
        let context = defaults.context();
        let processed = process(&context, &again);
        assert_eq!((processed.events.len(), errors(&processed.taken_back)), (1, 1));
    }

    fn reasons(counts: &Counts) -> Vec<(&'static str, String)> {
        counts.sorted().iter().map(|(key, _)| (key.category, key.reason.to_string())).collect()
    }

    #[test]
    fn what_the_front_door_left_out_is_counted_once_however_the_envelope_ends() {
        let defaults = Defaults::default();
        let context = defaults.context();
        let left_out = ("error", "project_errors_hour".to_owned());
        let is_left_out =
            |counts: &Counts| reasons(counts).iter().filter(|reason| **reason == left_out).count();
        assert_eq!(is_left_out(&process(&context, &accepted(None)).counts), 1);
        let lost = all_lost(&accepted(None)).counts;
        let session = ("session", "internal".to_owned());
        assert_eq!(reasons(&lost), [left_out.clone(), session]);
        let again = process(&context, &accepted(Some(Timestamp::UNIX_EPOCH)));
        assert_eq!((is_left_out(&again.counts), is_left_out(&again.taken_back)), (0, 0));
    }
}
