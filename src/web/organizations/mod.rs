//! Pages about an organization.

pub mod quarantine;
pub mod settings;
