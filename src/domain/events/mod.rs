//! Events.
pub mod batch;
