//! What a project leaves out: the settings, and a place to try them on stored events.

pub mod form;
pub mod project;
mod trial;
