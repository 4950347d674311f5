//! The product's nouns: their types, their rules and their SQL, one folder each.
//!
//! A slice may use the slices above it in this list, never below. In a slice, `mod.rs` tells the noun's
//! story and has its types and verbs, `store.rs` all its SQL and nothing but SQL. A verb that changes
//! several things owns the transaction; a store function takes a connection and never begins one.

mod error;
mod globs;

pub mod journal;
pub mod query;

pub mod accounts;
pub mod attachments;
pub mod dictionaries;
pub mod events;
pub mod feedback;
pub mod filters;
pub mod grouping_rules;
pub mod issues;
pub mod limits;
pub mod organizations;
pub mod ownership;
pub mod privacy;
pub mod projects;
pub mod releases;
pub mod sessions;
pub mod usage;

pub use error::{Error, Result};
