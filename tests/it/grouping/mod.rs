//! Grouping from the outside: events in, hashes and explanations out.

mod compare;
mod corpus;
mod examples;
mod groups;
mod preparing;
mod properties;
mod rules;
mod similar;
mod stacks;
mod strategies;
mod switches;

use picket::grouping::{Config, Grouping, group, prepare};
use picket::protocol::event::Event;
use picket::protocol::lenient::Problems;

/// The event in `json`.
fn event(json: &[u8]) -> Event {
    Event::read(json, &Problems::default()).unwrap().unwrap()
}

/// Prepares and groups, as the pipeline does.
fn grouped(mut event: Event, config: &Config) -> Grouping {
    prepare(&mut event, config);
    group(&event, config)
}
