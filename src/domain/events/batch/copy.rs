//! Rows in the binary format of `COPY`.
//!
//! The format: a signature, flags and an extension length; per row the number of columns, then each
//! value behind its length, -1 for null; -1 as the end. Integers are big endian, timestamps are
//! microseconds since 2000 (PostgreSQL documentation, `COPY`, "Binary Format").

use super::{NewEvent, storable};
use crate::base::Timestamp;

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";

/// Seconds from 1970 to 2000, where Postgres begins to count.
const POSTGRES_EPOCH_SECONDS: i64 = 946_684_800;

/// The number of columns that [`encode`] writes, in the order of the statement in `store.rs`.
const COLUMNS: i16 = 13;

/// Encodes `events` for `COPY … FROM STDIN (FORMAT BINARY)`.
pub(super) fn encode(events: &[NewEvent<'_>]) -> Vec<u8> {
    let payloads: usize =
        events.iter().filter_map(|event| Some(event.payload.as_ref()?.len())).sum();
    let mut out = Vec::with_capacity(SIGNATURE.len() + payloads + events.len() * 320);
    out.extend_from_slice(SIGNATURE);
    for event in events {
        out.extend_from_slice(&COLUMNS.to_be_bytes());
        put(&mut out, &event.project_id.0.to_be_bytes());
        put(&mut out, event.event_id.0.as_bytes());
        put(&mut out, &event.part_id.0.to_be_bytes());
        put(&mut out, &micros_since_2000(event.received_at).to_be_bytes());
        put(&mut out, &micros_since_2000(event.occurred_at).to_be_bytes());
        put(&mut out, &event.level.number().to_be_bytes());
        put_text(&mut out, Some(event.primary_hash));
        put_text(&mut out, event.environment);
        put_text(&mut out, event.release);
        put_text(&mut out, event.user_label);
        put_text(&mut out, Some(event.title));
        put_text(&mut out, event.transaction);
        match &event.payload {
            Some(payload) => put(&mut out, payload),
            None => put_null(&mut out),
        }
    }
    out.extend_from_slice(&(-1_i16).to_be_bytes());
    out
}

fn put(out: &mut Vec<u8>, value: &[u8]) {
    let length = i32::try_from(value.len()).expect("a column is far below two gigabytes");
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(value);
}

fn put_null(out: &mut Vec<u8>) {
    out.extend_from_slice(&(-1_i32).to_be_bytes());
}

fn put_text(out: &mut Vec<u8>, text: Option<&str>) {
    match text {
        Some(text) => put(out, storable(text).as_bytes()),
        None => put_null(out),
    }
}

fn micros_since_2000(time: Timestamp) -> i64 {
    time.timestamp_micros() - POSTGRES_EPOCH_SECONDS * 1_000_000
}
