//! What real clients send, read and normalised.

use std::collections::BTreeMap;
use std::fmt::Write;

use picket::pipeline::stages::{Description, describe, normalize};
use picket::protocol::event::Event;
use picket::protocol::lenient::{Problems, Raw};

use crate::support::corpus::{CorpusEvent, events};

fn normalized(sent: &CorpusEvent) -> Event {
    let problems = Problems::default();
    let mut event = Event::read(&sent.bytes, &problems).unwrap().unwrap();
    normalize(&mut event, &sent.facts, problems).unwrap();
    event
}

/// One line for each thing that people see first.
fn summary(name: &str, event: &Event) -> String {
    let Description { kind, title, culprit, location, is_unhandled, .. } = describe(event, None);
    let unhandled = if is_unhandled { ", unhandled" } else { "" };
    let level = event.level.unwrap();
    let mut text = format!("{name}\n  title     {title}\n  culprit   {culprit}\n");
    let _ = writeln!(text, "  location  {}", location.as_deref().unwrap_or("-"));
    let _ = writeln!(text, "  kind      {kind}, {level}, {}{unhandled}", event.platform());
    for (key, value) in event.tags() {
        let _ = writeln!(text, "  tag       {key} = {value}");
    }
    let errors: Vec<Raw> = event.errors.as_ref().and_then(Raw::parse).unwrap_or_default();
    for error in errors {
        let _ = writeln!(text, "  error     {}", error.text());
    }
    text.push('\n');
    text
}

#[test]
fn what_real_clients_send_is_understood() {
    let mut families: BTreeMap<String, String> = BTreeMap::new();
    let events = events();
    assert!(events.len() > 120, "{} events", events.len());
    for sent in &events {
        let text = families.entry(sent.family.clone()).or_default();
        text.push_str(&summary(&sent.name, &normalized(sent)));
    }
    for (family, text) in families {
        insta::assert_snapshot!(family, text);
    }
}

#[test]
fn what_was_normalised_is_read_back_as_it_was_and_normalises_to_itself() {
    for sent in events() {
        let once = normalized(&sent);
        let stored = serde_json::to_string(&once).unwrap();
        let mut again = Event::from_stored(stored.as_bytes()).unwrap();
        assert_eq!(serde_json::to_string(&again).unwrap(), stored, "{}", sent.name);
        let facts = picket::pipeline::stages::Facts { sent_at: None, ..sent.facts };
        normalize(&mut again, &facts, Problems::default()).unwrap();
        assert_eq!(serde_json::to_string(&again).unwrap(), stored, "{}", sent.name);
    }
}
