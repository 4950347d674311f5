//! What real clients sent: hashes and what they are made of, written down so that a change is seen.

use std::fmt::Write;

use picket::grouping::{Config, Grouping, VariantName, explain};
use picket::protocol::bare_event::unpack;
use picket::protocol::envelope::Envelope;
use picket::protocol::event::Event;

use super::{event, grouped};
use crate::ingest::corpus::{Captured, corpus};

/// The error events of the scenarios whose names begin with `prefix`.
fn events(prefix: &str) -> Vec<(String, Event)> {
    let mut events = Vec::new();
    for (name, captured) in corpus().into_iter().filter(|(name, _)| name.starts_with(prefix)) {
        events.extend(events_of(&captured).into_iter().map(|event| (name.clone(), event)));
    }
    events
}

fn events_of(captured: &Captured) -> Vec<Event> {
    let body = captured.body();
    if captured.target().contains("/store/") {
        return vec![event(&unpack(body, 1 << 20).unwrap())];
    }
    let envelope = Envelope::parse(&body).unwrap();
    let errors = envelope.items.iter().filter(|item| item.header.item_type.as_str() == "event");
    errors.map(|item| event(item.payload)).collect()
}

fn described(name: &str, grouping: &Grouping) -> String {
    let mut text = format!("{name}: {}\n", explain(grouping).sentence);
    for variant in &grouping.variants {
        let Some(hash) = &variant.hash else { continue };
        writeln!(text, "  {} {hash}", variant.name).unwrap();
        // The full stack of a framework is long, and its hash already says whether it changed.
        let values = grouping.values(variant.name);
        let shown = if variant.name == VariantName::System { 0 } else { values.len() };
        for value in &values[..shown] {
            writeln!(text, "    {}", value.escape_debug()).unwrap();
        }
    }
    text
}

fn snapshot(prefix: &str) {
    let events = events(prefix);
    assert!(!events.is_empty(), "{prefix}");
    let config = Config::default();
    let described: Vec<_> = events
        .into_iter()
        .map(|(name, event)| described(&name, &grouped(event, &config)))
        .collect();
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(prefix.trim_end_matches('_'), described.join("\n"));
    });
}

#[test]
fn python_events_keep_their_hashes() {
    snapshot("py_");
}

#[test]
fn node_events_keep_their_hashes() {
    snapshot("node_");
}

#[test]
fn browser_events_keep_their_hashes() {
    snapshot("browser_");
}

#[test]
fn rust_events_keep_their_hashes() {
    snapshot("rust_");
}

#[test]
fn go_events_keep_their_hashes() {
    snapshot("go_");
}

#[test]
fn ruby_events_keep_their_hashes() {
    snapshot("ruby_");
}

#[test]
fn native_events_keep_their_hashes() {
    snapshot("native_");
}
