//! Errors: what Picket is for.

use crate::domain::issues::assignees::Choice;
use crate::domain::issues::batch::{Arrival, ArrivalHash, Subject};
use crate::domain::ownership;
use crate::domain::usage::Outcome;
use crate::grouping;
use crate::pipeline::Context;
use crate::pipeline::prepared::{Payload, PreparedEvent};
use crate::pipeline::stages::describe::{Description, describe};
use crate::pipeline::stages::filter::{SentBy, filter};
use crate::pipeline::stages::locate::locate;
use crate::pipeline::stages::name_device::name_device;
use crate::pipeline::stages::normalize::{Facts, normalize};
use crate::pipeline::stages::scrub::scrub;
use crate::pipeline::tracked::{Dropped, Ended, Tracked};
use crate::protocol::category::DataCategory;
use crate::protocol::envelope::Item;
use crate::protocol::event::Event;
use crate::protocol::lenient::Problems;

/// Why an event ends that is no JSON.
pub const NOT_JSON: &str = "invalid_json";

/// Brings an event from its bytes to what the batch stores.
pub fn process(
    context: &Context<'_>,
    facts: &Facts,
    item: Tracked<'_, &Item<'_>>,
) -> Result<PreparedEvent, Ended> {
    let problems = Problems::default();
    let event = item.try_map(|item| parse(item.payload, &problems))?;
    finish(context, facts, event, problems, DataCategory::Error)
}

/// The stages that everything shares that becomes an event.
pub(super) fn finish(
    context: &Context<'_>,
    facts: &Facts,
    event: Tracked<'_, Event>,
    problems: Problems,
    category: DataCategory,
) -> Result<PreparedEvent, Ended> {
    let event = event.try_map(|event| normalized(context, facts, event, problems))?;
    let event = event.try_map(|event| wanted(context, facts, event))?;
    // Symbolication stands behind scrubbing once it exists.
    let event = event.try_map(|event| Ok(scrubbed(context, event)))?;
    let prepared = event.try_map(|event| Ok(prepare(context, facts, event, category)))?;
    Ok(prepared.hand_over())
}

/// Reads an event that was sent as one.
pub(super) fn parse(bytes: &[u8], problems: &Problems) -> Result<Event, Dropped> {
    let event = Event::read(bytes, problems).map_err(|_| Dropped::invalid(NOT_JSON))?;
    event.ok_or(Dropped::invalid("no_event_payload"))
}

/// Brings an event into its canonical form, without what must not be stored.
pub(super) fn clean(
    context: &Context<'_>,
    facts: &Facts,
    event: Event,
    problems: Problems,
) -> Result<Event, Dropped> {
    Ok(scrubbed(context, normalized(context, facts, event, problems)?))
}

fn normalized(
    context: &Context<'_>,
    facts: &Facts,
    mut event: Event,
    problems: Problems,
) -> Result<Event, Dropped> {
    normalize(&mut event, facts, problems).map_err(|discard| Dropped::invalid(discard.reason()))?;
    locate(&mut event, &context.supplied.places);
    name_device(&mut event, &context.supplied.devices);
    Ok(event)
}

fn wanted(context: &Context<'_>, facts: &Facts, event: Event) -> Result<Event, Dropped> {
    match filter(&event, SentBy::of(facts), context.filters) {
        Ok(()) => Ok(event),
        Err(reason) => Err(Dropped { outcome: Outcome::Filtered, reason }),
    }
}

fn scrubbed(context: &Context<'_>, mut event: Event) -> Event {
    scrub(&mut event, context.scrubbing);
    event
}

fn prepare(
    context: &Context<'_>,
    facts: &Facts,
    mut event: Event,
    category: DataCategory,
) -> PreparedEvent {
    let config = &context.grouping.current;
    grouping::prepare(&mut event, config);
    let grouping = grouping::group(&event, config);
    let description = describe(&event, grouping.main_exception_id);
    let arrival = arrival(context, facts, &event, &grouping, description);
    let user_label = event.user.as_ref().and_then(|user| user.label()).map(str::to_owned);
    let transaction = event.transaction.clone();
    let is_hot = context.is_hot(&arrival);
    // A hot issue is neither new nor just back.
    let assigning = context.ownership.filter(|_| !is_hot);
    let choice = assigning.and_then(|how| Choice::of(how, &ownership::Subject::of(&event)));
    let payload = Payload::new(event, is_hot, context.dictionaries);
    let event_id = facts.event_id;
    PreparedEvent {
        event_id,
        category,
        arrival,
        user_label,
        transaction,
        grouping,
        choice,
        payload,
    }
}

fn arrival(
    context: &Context<'_>,
    facts: &Facts,
    event: &Event,
    grouping: &grouping::Grouping,
    description: Description,
) -> Arrival {
    let hashes = grouping.hashes().into_iter();
    Arrival {
        project_id: context.project_id,
        received_at: facts.received_at,
        occurred_at: event.timestamp.unwrap_or(facts.received_at),
        level: event.level.unwrap_or_default(),
        platform: event.platform().to_owned(),
        logger: event.logger.clone().unwrap_or_default(),
        subject: Subject {
            kind: description.kind,
            title: description.title,
            culprit: description.culprit,
            exception_type: description.exception_type,
            exception_value: description.exception_value,
            filename: description.filename,
            function: description.function,
            is_unhandled: description.is_unhandled,
        },
        environment: event.environment.clone(),
        release: event.release.clone(),
        user_hash: event
            .user
            .as_ref()
            .and_then(|user| user.identity())
            .map(|text| user_hash(&text)),
        tags: event.tags().to_vec(),
        former_hashes: context.grouping.former_hashes(event, facts.received_at),
        hashes: hashes
            .map(|(variant, hash)| ArrivalHash { variant: variant.to_owned(), hash })
            .collect(),
    }
}

/// Stands for a user where users are counted: 64 bits of the SHA-256 of who it is.
pub(super) fn user_hash(identity: &str) -> i64 {
    let digest = crate::base::secrets::hash(identity);
    i64::from_be_bytes(digest[..8].try_into().expect("a digest has 32 bytes"))
}
