//! Pages about an organization.

pub mod quarantine;
pub mod settings;
pub mod team;
pub mod teams;
