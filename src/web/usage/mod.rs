//! What became of everything that the organization's projects were sent.

pub mod overview;
mod words;

pub use overview::UsagePath;
