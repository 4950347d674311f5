//! What became of everything that the organization's projects were sent.

pub(in crate::web) mod notices;
pub mod overview;
pub(in crate::web) mod words;

pub use overview::UsagePath;
