//! One file per kind of item; each reads as its stages, top to bottom.

pub mod attachment;
pub mod client_report;
pub mod error;
pub mod feedback;
pub mod security;
pub mod unsupported;
