//! Telemetry of others (`protocol.md` §4.15, §4.17): counted; there is no store for spans and logs yet.

use super::unsupported::NOT_YET;
use crate::pipeline::tracked::{Dropped, Ended, Tracked};
use crate::protocol::envelope::Item;
use crate::protocol::integration::Integration;

/// Counts what a request of an integration holds.
pub fn process(item: Tracked<'_, &Item<'_>>) -> Ended {
    let counted = item.try_map(|item| {
        let media_type = item.header.content_type.as_deref().unwrap_or_default();
        let integration = Integration::from_media_type(media_type);
        let integration = integration.ok_or(Dropped::invalid("content_type"))?;
        let count = integration.count(item.payload).map_err(Dropped::invalid)?;
        Ok((integration, count, item.payload.len() as u64))
    });
    match counted {
        Ok(counted) => counted.end_in_parts(|(integration, count, bytes)| {
            let (entries, size) = integration.categories();
            let entries = entries.iter().map(|category| (category.as_str(), count));
            let size = size.filter(|_| count > 0).map(|category| (category.as_str(), bytes));
            vec![(NOT_YET, entries.chain(size).collect())]
        }),
        Err(ended) => ended,
    }
}
