//! What users wrote.

use serde::Deserialize;

use super::error;
use crate::base::EventId;
use crate::domain::feedback::{NewFeedback, Words};
use crate::pipeline::Context;
use crate::pipeline::stages::normalize::Facts;
use crate::pipeline::tracked::{Dropped, Ended, Tracked};
use crate::protocol::envelope::Item;
use crate::protocol::event::{Event, User};
use crate::protocol::lenient::{Problems, Raw};

/// A report about an event, of old clients and of the dialog on error pages.
#[derive(Deserialize)]
struct UserReport {
    /// Must be there; which event is meant, the envelope says.
    #[serde(rename = "event_id")]
    _event_id: EventId,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    comments: Option<String>,
}

/// What a feedback's event says besides who sent it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct FeedbackContext {
    message: Option<Raw>,
    contact_email: Option<Raw>,
    name: Option<Raw>,
    url: Option<Raw>,
    associated_event_id: Option<Raw>,
}

/// Reads a report about the event `event_id`, the one that the envelope names.
pub fn process_report(
    context: &Context<'_>,
    facts: &Facts,
    event_id: Option<EventId>,
    item: Tracked<'_, &Item<'_>>,
) -> Result<NewFeedback, Ended> {
    let feedback = item.try_map(|item| {
        let event_id = event_id.ok_or(Dropped::invalid("invalid_event_id"))?;
        let report: UserReport = serde_json::from_slice(item.payload.trim_ascii())
            .map_err(|_| Dropped::invalid("invalid_json"))?;
        let words = Words {
            name: report.name.unwrap_or_default(),
            email: report.email.unwrap_or_default(),
            message: report.comments.unwrap_or_default(),
            ..Words::default()
        };
        Ok(NewFeedback {
            project_id: context.project_id,
            feedback_id: event_id,
            received_at: facts.received_at,
            event_id: Some(event_id),
            words: words.storable(),
        })
    })?;
    Ok(feedback.hand_over())
}

/// Reads feedback of new clients: an event with the words in a context.
pub fn process(
    context: &Context<'_>,
    facts: &Facts,
    item: Tracked<'_, &Item<'_>>,
) -> Result<NewFeedback, Ended> {
    let problems = Problems::default();
    let event = item.try_map(|item| error::parse(item.payload, &problems))?;
    let event = event.try_map(|event| error::clean(context, facts, event, problems))?;
    let feedback = event.try_map(|event| read(context, facts, event))?;
    Ok(feedback.hand_over())
}

fn read(context: &Context<'_>, facts: &Facts, event: Event) -> Result<NewFeedback, Dropped> {
    let said = event.contexts.as_ref().and_then(|contexts| contexts.get("feedback")?.parse());
    let said: FeedbackContext = said.unwrap_or_default();
    let text = |raw: &Option<Raw>| {
        raw.as_ref().and_then(Raw::parse::<String>).filter(|text| !text.trim().is_empty())
    };
    let user = event.user.unwrap_or_default();
    let User { email, name, username, .. } = user;
    let words = Words {
        message: text(&said.message).ok_or(Dropped::invalid("invalid_json"))?,
        name: text(&said.name).or(name).or(username).unwrap_or_default(),
        email: text(&said.contact_email).or(email).unwrap_or_default(),
        url: text(&said.url).or_else(|| event.request?.url).unwrap_or_default(),
        environment: event.environment.unwrap_or_default(),
        release: event.release.unwrap_or_default(),
    };
    Ok(NewFeedback {
        project_id: context.project_id,
        feedback_id: facts.event_id,
        received_at: facts.received_at,
        event_id: text(&said.associated_event_id).and_then(|id| id.parse().ok()),
        words: words.storable(),
    })
}
