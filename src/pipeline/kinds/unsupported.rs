//! Items of kinds that Picket does not keep yet, and of kinds nobody knows.
//!
//! They were answered with 200, as every server answers them: an error would make old SDKs stop. Here
//! they are counted, so that an operator sees what a project sends in vain.

use crate::domain::usage::Outcome;
use crate::pipeline::tracked::{Dropped, Ended, Tracked};
use crate::protocol::envelope::{Item, ItemType};

/// Ends the item with the reason that its kind deserves.
pub fn process(item: Tracked<'_, &Item<'_>>, kind: &ItemType) -> Ended {
    let reason = match kind {
        ItemType::Other(_) => "unknown_item_type",
        _ => "not_yet_supported",
    };
    item.end(Dropped { outcome: Outcome::Unsupported, reason })
}
