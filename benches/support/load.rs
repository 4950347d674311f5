//! The load: real bodies with fresh ids, sent over 64 connections as fast as answers come.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use picket::base::EventId;
use serde_json::Value;
use std::io::Write;

/// Connections that send at the same time.
const CONNECTIONS: usize = 64;

/// Something that takes events.
pub(crate) trait Target {
    /// Where to send, with the credentials.
    fn url(&self) -> String;
    /// Waits until `count` events are committed.
    async fn wait_for(&self, count: usize);
    /// Stops it and removes what it stored.
    async fn stop(self);
}

/// Gzipped envelopes, each with an id of its own.
pub(crate) struct Bodies {
    gzipped: Vec<Vec<u8>>,
    /// How many different events they are made of.
    pub(crate) kinds: usize,
}

impl Bodies {
    /// `count` bodies out of the corpus' error events, at most `distinct` different ones.
    pub(crate) fn corpus(count: usize, distinct: usize) -> Self {
        let mut events =
            events(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/corpus"));
        // The largest are rare in life and would rule the figures.
        events.retain(|event| event.len() < 40_000);
        events.sort_unstable();
        events.truncate(distinct);
        let gzipped = (0..count).map(|index| envelope(&events[index % events.len()])).collect();
        Self { gzipped, kinds: events.len() }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.gzipped.len()
    }
}

/// The payloads of every event item under `directory`.
fn events(directory: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap().flatten() {
        if entry.path().is_dir() {
            found.extend(events(&entry.path()));
            continue;
        }
        let Ok(text) = std::fs::read_to_string(entry.path()) else { continue };
        let Ok(scenario) = serde_json::from_str::<Value>(&text) else { continue };
        for request in scenario["requests"].as_array().into_iter().flatten() {
            let is_event = request["item_types"]
                .as_array()
                .is_some_and(|types| types.contains(&"event".into()));
            if let (true, Some(body)) = (is_event, request["body"].as_str()) {
                found.extend(event_of(body));
            }
        }
    }
    found
}

fn event_of(body: &str) -> Option<String> {
    let envelope = picket::protocol::envelope::Envelope::parse(body.as_bytes()).ok()?;
    let is_event =
        |item: &&picket::protocol::envelope::Item<'_>| item.header.item_type.as_str() == "event";
    let item = envelope.items.iter().find(is_event)?;
    String::from_utf8(item.payload.to_vec()).ok()
}

fn envelope(event: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let id = EventId::random();
    write!(
        encoder,
        "{{\"event_id\":\"{id}\"}}\n{{\"type\":\"event\",\"length\":{}}}\n{event}\n",
        event.len()
    )
    .unwrap();
    encoder.finish().unwrap()
}

/// Sends every body once; returns how long each answer took.
pub(crate) async fn send(target: &impl Target, bodies: &Bodies) -> Vec<Duration> {
    let http = reqwest::Client::builder().pool_max_idle_per_host(CONNECTIONS).build().unwrap();
    let next = AtomicUsize::new(0);
    let url = target.url();
    let client = async || {
        let mut latencies = Vec::new();
        while let Some(body) = bodies.gzipped.get(next.fetch_add(1, Ordering::Relaxed)) {
            let started = Instant::now();
            let request = http.post(&url).header("Content-Encoding", "gzip").body(body.clone());
            let answer = request.send().await.unwrap();
            assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
            latencies.push(started.elapsed());
        }
        latencies
    };
    let clients = (0..CONNECTIONS).map(|_| client());
    futures_util::future::join_all(clients).await.into_iter().flatten().collect()
}
