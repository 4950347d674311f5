//! What telemetry is counted as (`protocol.md` §4.1).

use std::fmt;

use super::envelope::{Item, ItemType};
use super::integration::Integration;

/// Declares [`DataCategory`] with the stable names.
macro_rules! categories {
    ($($(#[$doc:meta])* $name:ident = $wire:literal,)+) => {
        /// What an item is counted as: the word in rate limits, client reports and outcomes.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum DataCategory {
            $($(#[$doc])* $name,)+
        }

        impl DataCategory {
            /// Every category.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The name on the wire and in the database.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $wire,)+
                }
            }

            /// The category of that name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($wire => Some(Self::$name),)+
                    // An older word of clients.
                    "user_report_v2" => Some(Self::Feedback),
                    _ => None,
                }
            }
        }
    };
}

categories! {
    /// Events that are no errors; only rate limits speak of them.
    Default = "default",
    /// Error reports.
    Error = "error",
    /// Transactions.
    Transaction = "transaction",
    /// Security reports.
    Security = "security",
    /// Bytes of files.
    Attachment = "attachment",
    /// Sessions.
    Session = "session",
    /// Profiles.
    Profile = "profile",
    /// Session replays.
    Replay = "replay",
    /// Transactions, counted before sampling.
    TransactionProcessed = "transaction_processed",
    /// Transactions that were stored.
    TransactionIndexed = "transaction_indexed",
    /// Check-ins.
    Monitor = "monitor",
    /// Profiles that were stored.
    ProfileIndexed = "profile_indexed",
    /// Spans.
    Span = "span",
    /// Scheduled jobs that are watched.
    MonitorSeat = "monitor_seat",
    /// What users wrote.
    Feedback = "feedback",
    /// Buckets of metrics.
    MetricBucket = "metric_bucket",
    /// Spans that were stored.
    SpanIndexed = "span_indexed",
    /// Milliseconds of profiles of servers.
    ProfileDuration = "profile_duration",
    /// Pieces of profiles of servers.
    ProfileChunk = "profile_chunk",
    /// Replays as films.
    ReplayVideo = "replay_video",
    /// Uptime checks.
    Uptime = "uptime",
    /// Files.
    AttachmentItem = "attachment_item",
    /// Log lines.
    LogItem = "log_item",
    /// Bytes of log lines.
    LogByte = "log_byte",
    /// Milliseconds of profiles of user interfaces.
    ProfileDurationUi = "profile_duration_ui",
    /// Pieces of profiles of user interfaces.
    ProfileChunkUi = "profile_chunk_ui",
    /// Application metrics.
    TraceMetric = "trace_metric",
    /// Profiles of servers.
    ProfileBackend = "profile_backend",
    /// Profiles of user interfaces.
    ProfileUi = "profile_ui",
    /// Bytes of application metrics.
    TraceMetricByte = "trace_metric_byte",
    /// Anything that is not understood.
    Unknown = "unknown",
}

impl fmt::Display for DataCategory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Item<'_> {
    /// What this item counts as, as far as that can be told without reading its payload; client
    /// reports and form fields count as nothing (`protocol.md` §4.2).
    pub fn quantities(&self) -> impl Iterator<Item = (DataCategory, u64)> {
        use DataCategory as C;
        let header = &self.header;
        let bytes = self.payload.len() as u64;
        // No entry is shorter than a byte: a count past that is a lie.
        let entries = header.item_count.unwrap_or(1).min(bytes.max(1));
        let is_ui = matches!(header.platform.as_deref(), Some("cocoa" | "android" | "javascript"));
        let one = |category| [Some((category, 1)), None, None];
        match header.item_type {
            ItemType::Event | ItemType::UnrealReport => one(C::Error),
            ItemType::Transaction => {
                [Some((C::Transaction, 1)), Some((C::TransactionIndexed, 1)), Some((C::Span, 1))]
            }
            ItemType::Security | ItemType::RawSecurity => one(C::Security),
            ItemType::Feedback | ItemType::UserReport => one(C::Feedback),
            ItemType::Attachment => {
                [Some((C::Attachment, bytes)), Some((C::AttachmentItem, 1)), None]
            }
            ItemType::Session | ItemType::Sessions => one(C::Session),
            ItemType::CheckIn => one(C::Monitor),
            ItemType::Profile => [
                Some((C::Profile, 1)),
                Some((C::ProfileIndexed, 1)),
                Some((if is_ui { C::ProfileUi } else { C::ProfileBackend }, 1)),
            ],
            ItemType::ProfileChunk => one(if is_ui { C::ProfileChunkUi } else { C::ProfileChunk }),
            ItemType::ReplayEvent | ItemType::ReplayRecording | ItemType::ReplayVideo => {
                one(C::Replay)
            }
            ItemType::Log => [Some((C::LogItem, entries)), Some((C::LogByte, bytes)), None],
            ItemType::TraceMetric => {
                [Some((C::TraceMetric, entries)), Some((C::TraceMetricByte, bytes)), None]
            }
            ItemType::Span => [Some((C::Span, entries)), Some((C::SpanIndexed, entries)), None],
            ItemType::MetricBuckets => one(C::MetricBucket),
            ItemType::ClientReport | ItemType::FormData => [None, None, None],
            ItemType::Integration => {
                let media_type = header.content_type.as_deref().unwrap_or_default();
                match Integration::from_media_type(media_type).map(Integration::categories) {
                    Some((_, Some(_))) => [Some((C::LogItem, 1)), Some((C::LogByte, bytes)), None],
                    Some(_) => [Some((C::Span, 1)), Some((C::SpanIndexed, 1)), None],
                    None => one(C::Unknown),
                }
            }
            ItemType::Other(_) => one(C::Unknown),
        }
        .into_iter()
        .flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::envelope::Envelope;

    fn counted(item: &str) -> Vec<(&'static str, u64)> {
        let body = format!("{{}}\n{item}");
        let envelope = Envelope::parse(body.as_bytes()).unwrap();
        envelope.items[0].quantities().map(|(category, n)| (category.as_str(), n)).collect()
    }

    #[test]
    fn names_are_read_back() {
        for category in DataCategory::ALL {
            assert_eq!(DataCategory::from_name(category.as_str()), Some(*category));
        }
        assert_eq!(DataCategory::from_name("user_report_v2"), Some(DataCategory::Feedback));
        assert_eq!(DataCategory::from_name("nonsense"), None);
    }

    #[test]
    fn items_count_in_their_categories() {
        assert_eq!(counted("{\"type\":\"event\"}\n{}"), [("error", 1)]);
        assert_eq!(
            counted("{\"type\":\"attachment\",\"length\":3}\nabc"),
            [("attachment", 3), ("attachment_item", 1)]
        );
        assert_eq!(
            counted("{\"type\":\"log\",\"item_count\":2}\n{\"items\":[{},{}]}"),
            [("log_item", 2), ("log_byte", 17)]
        );
        assert_eq!(
            counted("{\"type\":\"span\",\"item_count\":18446744073709551615}\n{}"),
            [("span", 2), ("span_indexed", 2)]
        );
        assert_eq!(
            counted("{\"type\":\"profile_chunk\",\"platform\":\"android\"}\n{}"),
            [("profile_chunk_ui", 1)]
        );
        assert_eq!(counted("{\"type\":\"client_report\"}\n{}"), []);
        assert_eq!(counted("{\"type\":\"statsd\"}\nx"), [("unknown", 1)]);
    }
}
