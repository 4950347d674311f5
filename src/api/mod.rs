//! `/api/0` for programs: the Web API that Sentry's clients speak (`web-api.md`), as far as Picket has what they
//! ask for. What is not there answers 404 in JSON, which clients take for "this server cannot do that".
//!
//! Each resource is a folder with its handlers and, in `views.rs`, the shapes of its answers, field by
//! field: clients fail on a missing key or a wrong type, so every key is written, null or empty where
//! Picket knows nothing. Ids are texts in most places and numbers in a few, as the reference says.
//!
//! A token belongs to one organization and reaches nothing else; whatever lies outside does not exist.
//!
//! # Adding an endpoint
//! Wire types and handler in `api/<resource>/` → its line in [`routes`] with the scope → a test that
//! replays what a real client sends.

pub mod authenticate;
mod cors;
pub mod error;
mod json;
mod limits;
mod pagination;
mod parameters;
mod place;
pub mod routes;

mod events;
mod feedback;
mod issues;
mod keys;
mod organizations;
mod ownership;
mod projects;
mod releases;
mod root;
mod sessions;
mod tags;
mod teams;
mod usage;
mod users;

pub use error::{Error, Result};
