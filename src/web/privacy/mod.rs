//! What is taken out of events: the settings of projects and organizations, and a place to try them.

pub mod form;
pub mod organization;
pub mod project;
mod trial;
