//! One file per kind of item; each reads as its stages, top to bottom.

pub mod attachment;
pub mod check_in;
pub mod client_report;
pub mod container;
pub mod crash;
pub mod error;
pub mod feedback;
pub mod integration;
pub mod profile;
pub mod replay;
pub mod security;
pub mod session;
pub mod transaction;
pub mod unsupported;
