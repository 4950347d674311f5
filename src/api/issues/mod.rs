//! Issues: lists, one by one, and what is decided about them.

pub(super) mod activities;
pub(super) mod bulk;
mod change;
pub(super) mod detail;
mod expand;
pub(super) mod hashes;
pub(super) mod list;
pub(super) mod tags;
pub(super) mod update;
mod views;

pub(super) use views::{MetadataView, metadata};
