//! Issues.
pub mod batch;
