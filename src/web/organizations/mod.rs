//! Pages about an organization.

pub mod settings;
