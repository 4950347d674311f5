//! Rules about whole events.
