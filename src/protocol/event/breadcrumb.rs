//! What happened before (`protocol.md` §5.12).

use super::{Level, LevelReader};
use crate::base::Timestamp;
use crate::protocol::lenient::{JsonMap, LooseText, RawMap, Text, Time};

crate::lenient! {
    /// One thing that happened before the event.
    pub struct Breadcrumb {
        /// When.
        timestamp: Timestamp as Time => "timestamp",
        /// `default`, `http`, `navigation`, `query`, `ui`, `error` …
        kind: String as Text => "type" | "ty",
        /// Where it comes from: `console`, `fetch`, `ui.click`.
        category: String as Text => "category",
        /// The text.
        message: String as LooseText => "message",
        /// How bad it is.
        level: Level as LevelReader => "level",
        /// Details.
        data: RawMap as JsonMap => "data",
        /// The event that this crumb is about.
        event_id: String as Text => "event_id",
    }
}
