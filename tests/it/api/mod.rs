//! `/api/0`, as programs use it.

mod access;
mod assignees;
mod changes;
mod clients;
mod events;
mod feedback;
mod keys;
mod lists;
pub(crate) mod program;
mod project_settings;
mod projects;
mod release_search;
mod releases;
mod search;
mod sessions;
mod shapes;
mod teams;
mod usage;
mod verdict;
