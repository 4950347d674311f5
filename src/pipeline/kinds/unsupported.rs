//! Items of kinds that Picket does not keep: not yet, no more, or because nobody knows them.
//!
//! They were answered with 200, as every server answers them: an error would make old SDKs stop. Here
//! they are counted, so that an operator sees what a project sends in vain.

use crate::domain::usage::Outcome;
use crate::pipeline::tracked::{Dropped, Ended, Tracked};
use crate::protocol::envelope::{Item, ItemType};

/// How items end that are understood and cannot be kept yet.
pub const NOT_YET: Dropped = Dropped { outcome: Outcome::Unsupported, reason: "not_yet_supported" };

/// What older clients sent to servers of another time.
const OBSOLETE: [&str; 4] = ["statsd", "metric_meta", "otel_span", "otel_log"];

/// Ends the item with the reason that its kind deserves.
pub fn process(item: Tracked<'_, &Item<'_>>, kind: &ItemType) -> Ended {
    let reason = match kind {
        ItemType::MetricBuckets => "obsolete_item_type",
        ItemType::Other(name) if OBSOLETE.contains(&name.as_str()) => "obsolete_item_type",
        ItemType::Other(_) => "unknown_item_type",
        _ => return item.end(NOT_YET),
    };
    item.end(Dropped { outcome: Outcome::Unsupported, reason })
}

/// Ends an item that was read and cannot be kept yet, or was no such item.
pub(super) fn read_in_vain<T>(read: Result<Tracked<'_, T>, Ended>) -> Ended {
    match read {
        Ok(item) => item.end(NOT_YET),
        Err(ended) => ended,
    }
}
