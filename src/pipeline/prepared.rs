//! An event between the pipeline and the batch.

use std::borrow::Cow;

use crate::base::EventId;
use crate::domain::dictionaries::family;
use crate::domain::issues::assignees::Choice;
use crate::domain::issues::batch::Arrival;
use crate::grouping::Grouping;
use crate::infra::compression::{self, Dictionaries};
use crate::protocol::category::DataCategory;
use crate::protocol::event::Event;

/// An event that is ready to be stored.
#[derive(Debug)]
pub struct PreparedEvent {
    /// Its id.
    pub event_id: EventId,
    /// What it counts as.
    pub category: DataCategory,
    /// What its issue needs to know.
    pub arrival: Arrival,
    /// How to call the affected user on a list.
    pub user_label: Option<String>,
    /// The route or function that was served.
    pub transaction: Option<String>,
    /// Why it belongs where it does; stored with hashes that are new.
    pub grouping: Grouping,
    /// What says whose it is, should its issue be new or come back.
    pub choice: Option<Choice>,
    /// The event itself.
    pub payload: Payload,
}

/// The event itself, compressed unless that is probably wasted.
///
/// Compressing is a third of an event's cost, and of a hot issue most payloads are sampled away. The
/// batch alone knows which; the pipeline guesses, and a wrong guess costs time, never an event.
#[derive(Debug)]
pub enum Payload {
    /// Compressed JSON.
    Ready(Vec<u8>),
    /// To be compressed if the batch keeps it.
    Deferred(Box<Event>),
}

impl Payload {
    /// Compresses `event`, unless its issue is hot.
    pub fn new(event: Event, is_hot: bool, dictionaries: &Dictionaries) -> Self {
        if is_hot {
            Self::Deferred(Box::new(event))
        } else {
            Self::Ready(compress(&event, dictionaries))
        }
    }

    /// The compressed bytes.
    pub fn bytes(&self, dictionaries: &Dictionaries) -> Cow<'_, [u8]> {
        match self {
            Self::Ready(bytes) => bytes.into(),
            Self::Deferred(event) => compress(event, dictionaries).into(),
        }
    }
}

fn compress(event: &Event, dictionaries: &Dictionaries) -> Vec<u8> {
    let json = serde_json::to_vec(event).expect("an event is always JSON: its keys are strings");
    let dictionary = dictionaries.current(family(event.platform()));
    compression::compress(&json, dictionary.as_deref())
}
