//! Takes out what must not be stored: passwords, tokens, keys, card numbers (`protocol.md` §6).
//!
//! Runs between normalising and grouping, so that nothing secret reaches the database, a title, a tag or
//! a hash. What was taken out is marked in `_meta` with the rule that did it, so that the page can say so.
//!
//! Three groups of rules, each with its switch: the names and patterns of §6.2 in the places where
//! clients put data, with the project's own names; a search for credentials in nearly every text
//! ([`credentials`]); addresses of people. [`places`] says what is looked for where, [`rules`] lists the
//! rules.
//!
//! What must stay true:
//! - Scrubbing twice is scrubbing once, remarks included.
//! - Identifiers, times, versions, functions and modules are never touched: without them an event could
//!   not be found, grouped or read.
//! - Values in which nothing is found keep their bytes.
//! - A clean event costs little: every text is first asked whether anything can be in it
//!   ([`suspicion`]), and nothing is taken apart or allocated before the answer is yes.
//!
//! # Adding a rule
//! Its id in [`rules`], its expression in [`patterns`] or [`credentials`], and the letters by which it
//! can be suspected in [`suspicion`]. The tests plant a secret for every rule and fail for one that has
//! none.

mod cards;
mod config;
mod contexts;
mod credentials;
mod json;
mod names;
mod patterns;
mod places;
pub mod rules;
mod suspicion;
#[cfg(test)]
mod tests;
mod texts;

pub use config::ScrubConfig;

use super::{at, meta};
use crate::protocol::event::Event;
use crate::protocol::lenient::Problems;

/// What stands where something was taken out.
pub const FILTERED: &str = "[Filtered]";

/// Takes out of a normalised event what `config` says.
pub fn scrub(event: &mut Event, config: &ScrubConfig) {
    if !config.does_anything() {
        return;
    }
    // Rules mark what they do; they find nothing wrong.
    let problems = Problems::default();
    let notes = at::Notes::new(&problems);
    config.visit(event, notes.root());
    meta::merge(&mut event.meta, notes.into_marks());
}
