//! The journal's record: an envelope that was answered with 200, and what is known about its sender.
//!
//! The body stands first and what is known about it behind, so that a body that was decompressed into
//! its own buffer becomes a record without being moved:
//!
//! ```text
//! body | about it, as JSON | length of the JSON, u32 little endian | version, u8
//! ```
//!
//! Whether the bytes are whole is the journal's business. Records outlive a version of Picket: a new
//! fact gets a new optional field, and only a change of the layout a new version.

use std::borrow::Cow;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::category::DataCategory;
use crate::base::{EventId, ProjectId, Timestamp};

/// The version this code writes, and the only one so far.
const VERSION: u8 = 1;

/// What stands behind the JSON: its length and the version.
const TAIL_BYTES: usize = 5;

/// How much room a body needs behind it so that the record does not grow; more is allowed.
pub const SPARE_BYTES: usize = 1024;

/// An envelope that Picket has promised to keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptedEnvelope<'a> {
    /// The project of the key it came with.
    pub project_id: ProjectId,
    /// That key.
    pub public_key: String,
    /// When it was accepted.
    pub received_at: Timestamp,
    /// Where it came from, as far as that can be trusted.
    pub client_address: Option<IpAddr>,
    /// The `User-Agent` of the request.
    pub user_agent: Option<String>,
    /// `name/version` of the client library.
    pub client: Option<String>,
    /// The page that sent it, for browsers.
    pub origin: Option<String>,
    /// The id that was answered: the header's, or a new one if an item needs one. `None` when
    /// there was none and no item makes an event.
    pub event_id: Option<EventId>,
    /// Set when the envelope was set aside before and is tried again: the hour in which its items were
    /// counted as lost. Whoever stores it takes that back.
    pub set_aside_in: Option<Timestamp>,
    /// Items that were in it and are left out of the body, to be counted with the rest: exactly once, also
    /// after a crash.
    pub dropped: Vec<DroppedItem>,
    /// The envelope, decompressed and well-formed; see [`super::envelope::Envelope::parse`].
    pub body: Cow<'a, [u8]>,
}

/// An item that was not let through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DroppedItem {
    /// What it counts as.
    pub category: DataCategory,
    /// Why.
    pub reason: Cow<'static, str>,
    /// How many, or how much.
    pub quantity: u64,
}

/// What stands behind the body.
#[derive(Serialize, Deserialize)]
struct About<'a> {
    project_id: ProjectId,
    #[serde(borrow)]
    public_key: Cow<'a, str>,
    /// Microseconds since 1970.
    received_at: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    client_address: Option<IpAddr>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    user_agent: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    client: Option<Cow<'a, str>>,
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    origin: Option<Cow<'a, str>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    event_id: Option<EventId>,
    /// Microseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    set_aside_in: Option<i64>,
    /// Category, reason and quantity.
    #[serde(borrow, default, skip_serializing_if = "Vec::is_empty")]
    dropped: Vec<(Cow<'a, str>, Cow<'a, str>, u64)>,
}

/// Why bytes are no record of ours.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Too short, or its lengths contradict each other.
    #[error("the record is cut short")]
    Short,
    /// Written by a newer Picket.
    #[error("the record has version {0}, this Picket reads {VERSION}")]
    Version(u8),
    /// What should tell about the body does not.
    #[error("the record does not say whose envelope it is")]
    About(#[source] serde_json::Error),
}

impl<'a> AcceptedEnvelope<'a> {
    /// Makes the record. An owned body is extended in place, not copied.
    pub fn encode(self) -> Vec<u8> {
        let about = About {
            project_id: self.project_id,
            public_key: self.public_key.into(),
            received_at: self.received_at.timestamp_micros(),
            client_address: self.client_address,
            user_agent: self.user_agent.map(Cow::Owned),
            client: self.client.map(Cow::Owned),
            origin: self.origin.map(Cow::Owned),
            event_id: self.event_id,
            set_aside_in: self.set_aside_in.map(|hour| hour.timestamp_micros()),
            dropped: self
                .dropped
                .into_iter()
                .map(|item| (item.category.as_str().into(), item.reason, item.quantity))
                .collect(),
        };
        let mut record = self.body.into_owned();
        let body_bytes = record.len();
        serde_json::to_writer(&mut record, &about).expect("strings and numbers become JSON");
        let about_bytes = u32::try_from(record.len() - body_bytes).expect("headers are short");
        record.extend_from_slice(&about_bytes.to_le_bytes());
        record.push(VERSION);
        record
    }

    /// Reads a record; the body is borrowed from it.
    ///
    /// # Errors
    /// When the bytes were not written by [`AcceptedEnvelope::encode`].
    pub fn decode(record: &'a [u8]) -> Result<Self, RecordError> {
        let (rest, tail) = record.split_last_chunk::<TAIL_BYTES>().ok_or(RecordError::Short)?;
        let [length @ .., version] = *tail;
        if version != VERSION {
            return Err(RecordError::Version(version));
        }
        let about_bytes =
            usize::try_from(u32::from_le_bytes(length)).map_err(|_| RecordError::Short)?;
        let body_bytes = rest.len().checked_sub(about_bytes).ok_or(RecordError::Short)?;
        let (body, about) = rest.split_at(body_bytes);
        let about: About<'_> = serde_json::from_slice(about).map_err(RecordError::About)?;
        Ok(Self {
            project_id: about.project_id,
            public_key: about.public_key.into_owned(),
            received_at: Timestamp::from_timestamp_micros(about.received_at)
                .ok_or(RecordError::Short)?,
            client_address: about.client_address,
            user_agent: about.user_agent.map(Cow::into_owned),
            client: about.client.map(Cow::into_owned),
            origin: about.origin.map(Cow::into_owned),
            event_id: about.event_id,
            set_aside_in: about.set_aside_in.and_then(Timestamp::from_timestamp_micros),
            dropped: about.dropped.into_iter().map(DroppedItem::from).collect(),
            body: Cow::Borrowed(body),
        })
    }
}

impl From<(Cow<'_, str>, Cow<'_, str>, u64)> for DroppedItem {
    fn from((category, reason, quantity): (Cow<'_, str>, Cow<'_, str>, u64)) -> Self {
        let category = DataCategory::from_name(&category).unwrap_or(DataCategory::Unknown);
        Self { category, reason: Cow::Owned(reason.into_owned()), quantity }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text() -> impl Strategy<Value = Option<String>> {
        proptest::option::of(any::<String>())
    }

    proptest! {
        #[test]
        fn a_record_is_read_as_it_was_written(
            project in any::<i64>(),
            key in "[0-9a-f]{32}",
            micros in -60_000_000_000_000_000_i64..250_000_000_000_000_000,
            address in proptest::option::of(any::<IpAddr>()),
            (user_agent, client, origin) in (text(), text(), text()),
            (event_id, set_aside) in (proptest::option::of(any::<u128>()), any::<bool>()),
            dropped in proptest::collection::vec((any::<String>(), any::<u64>()), 0..3),
            body in proptest::collection::vec(any::<u8>(), 0..2000),
        ) {
            let accepted = AcceptedEnvelope {
                project_id: ProjectId(project),
                public_key: key,
                received_at: Timestamp::from_timestamp_micros(micros).unwrap(),
                client_address: address,
                user_agent,
                client,
                origin,
                event_id: event_id.map(|id| EventId(uuid::Uuid::from_u128(id))),
                set_aside_in: set_aside.then_some(Timestamp::UNIX_EPOCH),
                dropped: dropped
                    .into_iter()
                    .map(|(reason, quantity)| DroppedItem {
                        category: DataCategory::Error,
                        reason: reason.into(),
                        quantity,
                    })
                    .collect(),
                body: body.into(),
            };
            let record = accepted.clone().encode();
            prop_assert_eq!(AcceptedEnvelope::decode(&record).unwrap(), accepted);
        }

        #[test]
        fn bytes_that_are_no_record_are_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(AcceptedEnvelope::decode(&bytes).is_err());
            let mut versioned = bytes;
            versioned.push(VERSION);
            prop_assert!(AcceptedEnvelope::decode(&versioned).is_err());
        }
    }

    #[test]
    fn an_owned_body_with_room_behind_it_stays_where_it_is() {
        let mut body = Vec::with_capacity(100 + SPARE_BYTES);
        body.extend_from_slice(&[b'x'; 100]);
        let place = body.as_ptr();
        let record = AcceptedEnvelope {
            project_id: ProjectId(1),
            public_key: "0123456789abcdef0123456789abcdef".to_owned(),
            received_at: Timestamp::UNIX_EPOCH,
            client_address: Some(IpAddr::from([1, 2, 3, 4])),
            user_agent: Some("agent".to_owned()),
            client: Some("client/1".to_owned()),
            origin: None,
            event_id: Some(EventId::random()),
            set_aside_in: None,
            dropped: Vec::new(),
            body: body.into(),
        }
        .encode();
        assert_eq!(record.as_ptr(), place);
    }

    #[test]
    fn a_record_of_before_there_was_a_quarantine_to_come_back_from_is_read() {
        let about =
            r#"{"project_id":1,"public_key":"0123456789abcdef0123456789abcdef","received_at":0}"#;
        let mut record = b"{}\n".to_vec();
        record.extend_from_slice(about.as_bytes());
        record.extend_from_slice(&u32::try_from(about.len()).unwrap().to_le_bytes());
        record.push(VERSION);
        let accepted = AcceptedEnvelope::decode(&record).unwrap();
        assert_eq!((&*accepted.body, accepted.set_aside_in), (b"{}\n".as_slice(), None));
    }

    #[test]
    fn a_record_of_a_newer_version_says_so() {
        let error = AcceptedEnvelope::decode(b"{}\x02\0\0\0\x02").unwrap_err();
        assert_eq!(error.to_string(), "the record has version 2, this Picket reads 1");
    }
}
