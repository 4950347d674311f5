//! An item and the line about it (`protocol.md` §3.4, §4.2).

use serde::Deserialize;
use serde_json::value::RawValue;

use super::header::{MAX_VALUE_BYTES, parse, read_object};
use crate::protocol::lenient;

/// One thing in an envelope.
#[derive(Clone, Debug, PartialEq)]
pub struct Item<'a> {
    /// What it is.
    pub header: ItemHeader,
    /// Its bytes, as they came.
    pub payload: &'a [u8],
}

/// What the client says about an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ItemHeader {
    /// What kind of telemetry it is.
    pub item_type: ItemType,
    /// The media type of the payload.
    pub content_type: Option<String>,
    /// The name of an attached file: for display, never a path.
    pub filename: Option<String>,
    /// What an attachment is for; none means a plain file.
    pub attachment_type: Option<String>,
    /// How many entries a container holds.
    pub item_count: Option<u64>,
    /// Where a profile was taken.
    pub platform: Option<String>,
    /// How many bytes of JSON stand before the bytes that the item is about.
    pub meta_length: Option<u64>,
    /// The release of the page that a browser reports about, from the address it reports to.
    pub release: Option<String>,
    /// The environment, in the same way.
    pub environment: Option<String>,
}

/// Declares [`ItemType`] with the names on the wire.
macro_rules! item_types {
    ($($(#[$doc:meta])* $name:ident = $wire:literal,)+) => {
        /// What kind of telemetry an item is.
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub enum ItemType {
            $($(#[$doc])* $name,)+
            /// A type that Picket does not know; such items are counted and left.
            Other(String),
        }

        impl ItemType {
            /// Why an item of this type was refused, for counters.
            pub fn too_large(&self) -> &'static str {
                match self {
                    $(Self::$name => concat!("too_large:", $wire),)+
                    Self::Other(_) => "too_large",
                }
            }

            /// The name on the wire. Of unknown types any text: never put it on a page or into a
            /// label as it is.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$name => $wire,)+
                    Self::Other(name) => name,
                }
            }
        }

        impl From<&str> for ItemType {
            fn from(name: &str) -> Self {
                match name {
                    $($wire => Self::$name,)+
                    "profile_chunk_ui" => Self::ProfileChunk,
                    other => Self::Other(other.to_owned()),
                }
            }
        }
    };
}

item_types! {
    /// An error report.
    Event = "event",
    /// A trace's root with its spans.
    Transaction = "transaction",
    /// A security report in the form of an event.
    Security = "security",
    /// A security report as the browser wrote it.
    RawSecurity = "raw_security",
    /// What a user wrote about the product.
    Feedback = "feedback",
    /// Form fields that came with a crash dump.
    FormData = "form_data",
    /// What a user wrote about an event.
    UserReport = "user_report",
    /// A file.
    Attachment = "attachment",
    /// A crash of the Unreal engine.
    UnrealReport = "unreal_report",
    /// One step in the life of a session.
    Session = "session",
    /// Counted sessions.
    Sessions = "sessions",
    /// What the client itself dropped.
    ClientReport = "client_report",
    /// A sign of life of a scheduled job.
    CheckIn = "check_in",
    /// A profile of a transaction.
    Profile = "profile",
    /// A piece of a continuous profile.
    ProfileChunk = "profile_chunk",
    /// About a session replay.
    ReplayEvent = "replay_event",
    /// The replay itself.
    ReplayRecording = "replay_recording",
    /// The replay as a film.
    ReplayVideo = "replay_video",
    /// Log lines.
    Log = "log",
    /// Application metrics.
    TraceMetric = "trace_metric",
    /// Spans of their own.
    Span = "span",
    /// Metrics that were aggregated elsewhere.
    MetricBuckets = "metric_buckets",
    /// Internal to other servers; refused.
    Integration = "integration",
}

/// The types of attachments that are crash reports, hence events.
const CRASH_ATTACHMENTS: [&str; 7] = [
    "event.minidump",
    "event.applecrashreport",
    "event.payload",
    "event.breadcrumbs",
    "event.nv_gpudmp",
    "playstation.prosperodump",
    "nswitch.dying_message",
];

impl Item<'_> {
    /// Whether an event comes from this item.
    pub fn creates_event(&self) -> bool {
        match self.header.item_type {
            ItemType::Event
            | ItemType::Transaction
            | ItemType::Security
            | ItemType::RawSecurity
            | ItemType::Feedback
            | ItemType::UnrealReport => true,
            ItemType::Attachment => self
                .header
                .attachment_type
                .as_deref()
                .is_some_and(|kind| CRASH_ATTACHMENTS.contains(&kind)),
            _ => false,
        }
    }
}

#[derive(Deserialize)]
struct Wire<'a> {
    #[serde(borrow, rename = "type")]
    item_type: &'a RawValue,
    #[serde(borrow, default)]
    length: Option<&'a RawValue>,
    #[serde(borrow, default)]
    content_type: Option<&'a RawValue>,
    #[serde(borrow, default)]
    filename: Option<&'a RawValue>,
    #[serde(borrow, default)]
    attachment_type: Option<&'a RawValue>,
    #[serde(borrow, default)]
    item_count: Option<&'a RawValue>,
    #[serde(borrow, default)]
    platform: Option<&'a RawValue>,
    #[serde(borrow, default)]
    meta_length: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "sentry_release")]
    release: Option<&'a RawValue>,
    #[serde(borrow, default, rename = "sentry_environment")]
    environment: Option<&'a RawValue>,
}

impl ItemHeader {
    /// A header that says nothing but the type.
    pub fn new(item_type: ItemType) -> Self {
        Self {
            item_type,
            content_type: None,
            filename: None,
            attachment_type: None,
            item_count: None,
            platform: None,
            meta_length: None,
            release: None,
            environment: None,
        }
    }

    /// Reads the header from the start of `json`; returns it with the payload's length, if stated,
    /// and how many bytes it was.
    pub(super) fn read(json: &[u8]) -> Option<((Self, Option<u64>), usize)> {
        let (wire, bytes) = read_object::<Wire<'_>>(json)?;
        let length = match wire.length {
            Some(raw) => Some(parse::<u64>(raw)?),
            None => None,
        };
        let header = Self {
            item_type: item_type(wire.item_type)?,
            content_type: wire.content_type.and_then(text),
            filename: wire.filename.and_then(text),
            attachment_type: wire.attachment_type.and_then(text),
            item_count: wire.item_count.and_then(parse),
            platform: wire.platform.and_then(text),
            meta_length: wire.meta_length.and_then(parse),
            release: wire.release.and_then(text),
            environment: wire.environment.and_then(text),
        };
        Some(((header, length), bytes))
    }
}

/// Reads the type: the usual ones without a copy, anything else that is a string as well as it goes.
fn item_type(raw: &RawValue) -> Option<ItemType> {
    if raw.get().len() > MAX_VALUE_BYTES {
        // Whatever it is, nobody knows it.
        return raw.get().starts_with('"').then(|| ItemType::Other("…".to_owned()));
    }
    match parse::<&str>(raw) {
        Some(name) => Some(name.into()),
        None => text(raw).map(|name| name.as_str().into()),
    }
}

/// Reads a string; half a surrogate pair in it becomes U+FFFD.
fn text(raw: &RawValue) -> Option<String> {
    if raw.get().len() > MAX_VALUE_BYTES {
        return None;
    }
    parse(raw).or_else(|| serde_json::from_slice(&lenient::repair(raw.get().as_bytes())).ok())
}
