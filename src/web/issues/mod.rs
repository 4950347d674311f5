//! Issues: the list, one issue with its events, and the verbs on them.
//!
//! Every page is whole without scripts: filters are forms and links, verbs are buttons of a form, and the
//! answer to a verb is the page it was sent from. htmx asks for the same page and takes out the parts that
//! change.

pub mod actions;
pub mod activity;
pub mod attachments;
pub mod compare;
pub mod detail;
pub mod event;
mod filter;
pub mod grouping;
mod issue;
mod joining;
pub mod list;
pub mod merging;
mod owners;
pub mod paths;
mod row;
#[cfg(test)]
mod sample;
mod similar;
pub mod tags;
mod toast;
pub(in crate::web) mod words;
