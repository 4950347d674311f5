//! Pages about releases: the list, one of them, and what it brought.

pub mod actions;
pub(in crate::web) mod choices;
pub mod compare;
pub mod detail;
mod health;
mod issues;
pub mod list;
pub mod paths;
mod row;
pub mod verdict;
pub(in crate::web) mod words;
