//! Issues: the list, one issue with its events, and the verbs on them.

pub mod event;
