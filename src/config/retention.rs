//! `[retention]`

use serde::Deserialize;

/// How long things are kept.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RetentionConfig {
    /// Days until an event is deleted.
    pub events_days: u32,
}

impl RetentionConfig {
    pub(super) fn check(&self) -> Result<(), String> {
        if self.events_days > 0 {
            return Ok(());
        }
        Err("`retention.events_days` is 0; keep events for at least a day".to_owned())
    }
}
