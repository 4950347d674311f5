//! Check-ins (`protocol.md` §9): read and checked; there are no monitors yet.

use super::unsupported::read_in_vain;
use crate::pipeline::tracked::{Dropped, Ended, Tracked};
use crate::protocol::check_in::CheckIn;
use crate::protocol::envelope::Item;
use crate::protocol::strict::readable;

/// Reads a sign of life.
pub fn process(item: Tracked<'_, &Item<'_>>) -> Ended {
    read_in_vain(item.try_map(|item| {
        let text = readable(item.payload);
        CheckIn::read(&text).map(drop).map_err(|error| Dropped::invalid(error.reason()))
    }))
}
