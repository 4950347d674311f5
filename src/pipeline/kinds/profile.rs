//! Profiles (`protocol.md` §4.13): read as far as what they say about themselves; there is no store yet.

use super::unsupported::{NOT_YET, read_in_vain};
use crate::base::EventId;
use crate::pipeline::tracked::{Dropped, Ended, Tracked};
use crate::protocol::category::DataCategory;
use crate::protocol::envelope::Item;
use crate::protocol::profile::{Profile, ProfileChunk};
use crate::protocol::strict::readable;

/// The media type of a trace that Perfetto took.
const PERFETTO_TYPE: &str = "application/x-perfetto-trace";

/// Reads the profile of a transaction.
pub fn process(event_id: Option<EventId>, item: Tracked<'_, &Item<'_>>) -> Ended {
    let profile = item.try_map(|item| {
        event_id.ok_or(Dropped::invalid("invalid_event_id"))?;
        let text = readable(item.payload);
        let profile = Profile::read(&text);
        profile.map(|it| it.is_ui()).map_err(|error| Dropped::invalid(error.reason()))
    });
    let kind = |is_ui| if is_ui { DataCategory::ProfileUi } else { DataCategory::ProfileBackend };
    match profile {
        Ok(profile) => profile.end_in_parts(|is_ui| {
            let counted = [DataCategory::Profile, DataCategory::ProfileIndexed, kind(is_ui)];
            vec![(NOT_YET, counted.map(|category| (category.as_str(), 1)).to_vec())]
        }),
        Err(ended) => ended,
    }
}

/// Reads a piece of a continuous profile.
pub fn process_chunk(item: Tracked<'_, &Item<'_>>) -> Ended {
    read_in_vain(item.try_map(|item| {
        let chunk = if item.header.content_type.as_deref() == Some(PERFETTO_TYPE) {
            let length = item.header.meta_length.unwrap_or(u64::MAX);
            ProfileChunk::read_before_trace(item.payload, length).map(drop)
        } else {
            ProfileChunk::read(&readable(item.payload)).map(drop)
        };
        chunk.map_err(|error| Dropped::invalid(error.reason()))
    }))
}
