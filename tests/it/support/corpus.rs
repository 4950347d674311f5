//! The events that real clients sent: `tests/fixtures/corpus`, one file for each scenario.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use picket::base::EventId;
use picket::pipeline::stages::Facts;
use picket::protocol::bare_event;
use picket::protocol::envelope::{Envelope, ItemType};
use serde::Deserialize;

/// More than any body in the corpus.
const MAX_BYTES: usize = 10 << 20;

/// An event as a client sent it.
#[derive(Clone, Debug)]
pub(crate) struct CorpusEvent {
    /// The scenario and, if it has several events, the event's number in it.
    pub(crate) name: String,
    /// The family of clients: `python`, `browser` …
    pub(crate) family: String,
    /// The JSON.
    pub(crate) bytes: Vec<u8>,
    /// What the envelope and the request say about it.
    pub(crate) facts: Facts,
}

#[derive(Deserialize)]
struct Scenario {
    requests: Vec<Captured>,
}

#[derive(Deserialize)]
struct Captured {
    path: String,
    headers: Vec<(String, String)>,
    body: Option<String>,
    body_encoding: String,
}

impl Captured {
    /// The request's envelope; none if it is about something else.
    fn envelope(&self) -> Option<Vec<u8>> {
        let body = self.body.clone()?;
        let body = match self.body_encoding.as_str() {
            "base64" => STANDARD.decode(body).unwrap(),
            _ => body.into_bytes(),
        };
        if self.path.ends_with("/store/") {
            let json = bare_event::unpack(body, MAX_BYTES).unwrap();
            return Some(bare_event::into_envelope(&json).unwrap());
        }
        self.path.ends_with("/envelope/").then_some(body)
    }

    fn user_agent(&self) -> Option<String> {
        let named = self.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("user-agent"));
        named.map(|(_, value)| value.clone())
    }
}

/// Every event of the corpus, in the order of the files.
pub(crate) fn events() -> Vec<CorpusEvent> {
    let mut events = Vec::new();
    for file in files() {
        let family = file.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        let scenario: Scenario = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        let before = events.len();
        for request in &scenario.requests {
            events.extend(events_of(request, &family));
        }
        let is_alone = events.len() == before + 1;
        for (index, event) in events[before..].iter_mut().enumerate() {
            event.name = if is_alone { name.clone() } else { format!("{name} {}", index + 1) };
        }
    }
    events
}

fn files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/corpus");
    let folders = fs::read_dir(root).unwrap().map(|folder| folder.unwrap().path());
    let inside = |folder: PathBuf| fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut files: Vec<_> = folders.filter(|path| path.is_dir()).flat_map(inside).collect();
    files.sort();
    files
}

fn events_of(request: &Captured, family: &str) -> Vec<CorpusEvent> {
    let Some(body) = request.envelope() else { return Vec::new() };
    let envelope = Envelope::parse(&body).unwrap();
    let header = &envelope.header;
    // Received when it was sent; what says nothing was received in the evening of that day.
    let received_at = header.sent_at.unwrap_or_else(|| "2026-11-22T18:00:00Z".parse().unwrap());
    let event_id = header.event_id.unwrap_or(EventId(uuid::Uuid::nil()));
    let facts = Facts {
        sent_at: header.sent_at,
        client_address: Some("203.0.113.7".parse().unwrap()),
        user_agent: request.user_agent(),
        client: header.sdk.as_ref().and_then(|sdk| sdk.client()),
        ..Facts::new(event_id, received_at)
    };
    let items = envelope.items.iter().filter(|item| item.header.item_type == ItemType::Event);
    let event = |bytes: &[u8]| CorpusEvent {
        name: String::new(),
        family: family.to_owned(),
        bytes: bytes.to_vec(),
        facts: facts.clone(),
    };
    items.map(|item| event(item.payload)).collect()
}
