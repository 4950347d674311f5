//! What is sent: events of real SDKs, of as many kinds as wanted, each with an id of its own.

use std::path::Path;

use libdeflater::{CompressionLvl, Compressor};
use picket::base::EventId;
use picket::protocol::envelope::{Envelope, ItemType};
use serde_json::Value;

/// Gzipped envelopes.
pub(crate) struct Bodies {
    gzipped: Vec<Vec<u8>>,
}

impl Bodies {
    /// `count` bodies that fall into `distinct` issues.
    pub(crate) fn new(count: usize, distinct: usize) -> Self {
        let kinds = kinds(distinct);
        let mut compressor = Compressor::new(CompressionLvl::fastest());
        let gzipped = (0..count)
            .map(|index| gzip(&mut compressor, &envelope(&kinds[index % kinds.len()])))
            .collect();
        Self { gzipped }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.gzipped.len()
    }

    /// The body of this number.
    pub(crate) fn get(&self, index: usize) -> Option<&[u8]> {
        self.gzipped.get(index).map(Vec::as_slice)
    }
}

/// The payloads of error reports that SDKs sent. Those without an exception are few in life, and those
/// beyond forty kilobytes fewer; both would rule the figures.
pub(crate) fn corpus() -> Vec<Value> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/corpus");
    let mut found = Vec::new();
    for family in std::fs::read_dir(directory).unwrap().flatten() {
        let Ok(files) = std::fs::read_dir(family.path()) else { continue };
        for file in files.flatten() {
            let text = std::fs::read_to_string(file.path()).unwrap();
            let scenario: Value = serde_json::from_str(&text).unwrap();
            let requests = scenario["requests"].as_array().cloned().unwrap_or_default();
            found.extend(requests.iter().filter_map(|request| event(request["body"].as_str()?)));
        }
    }
    found.sort_by_cached_key(Value::to_string);
    assert!(found.len() > 50, "{} events", found.len());
    found
}

fn event(body: &str) -> Option<Value> {
    let envelope = Envelope::parse(body.as_bytes()).ok()?;
    let item = envelope.items.iter().find(|item| item.header.item_type == ItemType::Event)?;
    let event: Value = serde_json::from_slice(item.payload).ok()?;
    let exceptions = event.pointer("/exception/values")?.as_array()?;
    (!exceptions.is_empty() && item.payload.len() < 40_000).then_some(event)
}

/// As many different errors: those of the corpus under other names.
fn kinds(distinct: usize) -> Vec<String> {
    let corpus = corpus();
    let now = chrono::Utc::now().timestamp();
    let kind = |index: usize| {
        let mut event = corpus[index % corpus.len()].clone();
        let name = word(index / corpus.len());
        for exception in event.pointer_mut("/exception/values").unwrap().as_array_mut().unwrap() {
            let kind = exception["type"].as_str().unwrap_or("Error").to_owned();
            exception["type"] = format!("{kind}{name}").into();
        }
        let fields = event.as_object_mut().unwrap();
        fields.remove("event_id");
        fields.insert("timestamp".to_owned(), now.into());
        event.to_string()
    };
    (0..distinct).map(kind).collect()
}

/// A word for a number, of letters that no id is written with.
fn word(mut number: usize) -> String {
    let mut word = String::new();
    while number > 0 {
        word.push(char::from(b'k' + u8::try_from(number % 10).unwrap()));
        number /= 10;
    }
    word
}

fn envelope(event: &str) -> String {
    let id = EventId::random();
    let length = event.len();
    format!("{{\"event_id\":\"{id}\"}}\n{{\"type\":\"event\",\"length\":{length}}}\n{event}\n")
}

fn gzip(compressor: &mut Compressor, plain: &str) -> Vec<u8> {
    let mut out = vec![0; compressor.gzip_compress_bound(plain.len())];
    let length = compressor.gzip_compress(plain.as_bytes(), &mut out).unwrap();
    out.truncate(length);
    out
}
