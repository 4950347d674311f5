//! Outcomes, reasons and categories in plain words.

use crate::domain::limits::{self, Group, Holder, Window};
use crate::domain::usage::{OTHER_REASON, Outcome};
use crate::web::components::stacked::Series;

/// The outcomes as parts of bars, in the order of [`Outcome::ALL`].
pub(super) static SERIES: [Series; Outcome::ALL.len()] = [
    Series::of("accepted", "Accepted", "accepted"),
    Series::of("filtered", "Filtered", "filtered"),
    Series::of("limited", "Rate limited", "rate limited"),
    Series::of("invalid", "Invalid", "invalid"),
    Series::of("client", "Dropped by client", "dropped by the client"),
    Series::of("unsupported", "Unsupported", "unsupported"),
];

/// About a word that only its author knows.
const UNKNOWN: &str = "No further explanation is known for this word.";

/// What an outcome means.
pub(super) fn meaning(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Accepted => "Stored, and part of what you see.",
        Outcome::Filtered => "Left out by a filter of the project.",
        Outcome::RateLimited => "Turned away because there was too much of it.",
        Outcome::Invalid => "Could not be used.",
        Outcome::ClientDiscard => "Never sent: the SDK dropped it and said so.",
        Outcome::Unsupported => "Understood, but Picket does not keep this kind of item yet.",
    }
}

/// The name of a category, with its unit where it is not a number of items.
pub(super) fn category(name: &str) -> String {
    let known = match name {
        "error" => "Errors",
        "transaction" => "Transactions",
        "security" => "Security reports",
        "attachment" => "Attachments, in bytes",
        "attachment_item" => "Attachments",
        "session" => "Sessions",
        "profile" => "Profiles",
        "replay" => "Replays",
        "transaction_indexed" => "Transactions with details",
        "monitor" => "Check-ins",
        "span" => "Spans",
        "span_indexed" => "Spans with details",
        "feedback" => "User feedback",
        "metric_bucket" => "Metric buckets",
        "log_item" => "Logs",
        "log_byte" => "Logs, in bytes",
        "trace_metric" => "Metrics",
        "trace_metric_byte" => "Metrics, in bytes",
        "profile_chunk" => "Profile chunks of servers",
        "profile_chunk_ui" => "Profile chunks of user interfaces",
        "profile_backend" => "Profiles of servers",
        "profile_ui" => "Profiles of user interfaces",
        "unknown" => "Unknown kinds",
        other => return other.replace('_', " "),
    };
    known.to_owned()
}

/// Why, in a sentence; the reason itself where nobody knows more than its author.
pub(super) fn reason(outcome: Outcome, reason: &str) -> String {
    let known = match outcome {
        Outcome::Accepted => "",
        Outcome::Filtered => filtered(reason),
        Outcome::RateLimited => {
            return limited(reason).unwrap_or_else(|| rate_limited(reason).to_owned());
        }
        Outcome::Invalid => invalid(reason),
        Outcome::ClientDiscard => dropped_by_client(reason),
        Outcome::Unsupported => unsupported(reason),
    };
    match known {
        "" if outcome != Outcome::Accepted && outcome != Outcome::Filtered => UNKNOWN.to_owned(),
        known => known.to_owned(),
    }
}

fn filtered(reason: &str) -> &'static str {
    match reason {
        "ip-address" => "The sender's address is on the project's list.",
        "release-version" => "The release matches a pattern of the project.",
        "error-message" => "The message matches a pattern of the project.",
        "localhost" => "It comes from a developer's own machine.",
        "browser-extensions" => "A browser extension is known to cause it.",
        "legacy-browsers" => "The browser is too old to be looked after.",
        "web-crawlers" => "A search engine or another robot ran the page.",
        "invalid-csp" => "The blocked source is known to be an extension or injected by a network.",
        "chunk-load-error" => {
            "A part of the application could not be loaded, mostly after a deploy."
        }
        "react-hydration-errors" => "React found other markup than the server sent.",
        "sampled" => "The payload of its event is not kept in full, and its files with it.",
        "filtered-transaction" => "Health checks and the like.",
        _ => "A filter or sampling rule in front of Picket left it out.",
    }
}

fn rate_limited(reason: &str) -> &'static str {
    match reason {
        "journal_full" => "The journal was full: the database was away or too slow for long.",
        "busy" => "All memory for requests was in use.",
        "journal_failed" => "The journal could not be written.",
        limits::SERVER_REASON => "This server's limit for a minute was used up.",
        limits::SPIKE_REASON => {
            "A sudden spike of the project, of which a part is kept: ten times as much as usual."
        }
        _ => UNKNOWN,
    }
}

/// Which limit of a project or a key it was.
fn limited(reason: &str) -> Option<String> {
    let (holder, group, window) = limits::of_reason(reason)?;
    let whose = match holder {
        Holder::Key => "The key's",
        Holder::Project => "The project's",
        Holder::Server => return None,
    };
    Some(format!("{whose} limit of {} in {} was used up.", group_name(group), window_name(window)))
}

/// What a limit is about, within a sentence.
pub(in crate::web) fn group_name(group: Group) -> &'static str {
    match group {
        Group::Errors => "errors",
        Group::Attachments => "attachments",
        Group::Everything => "everything",
    }
}

/// For how long a limit is, within a sentence.
pub(in crate::web) fn window_name(window: Window) -> &'static str {
    match window {
        Window::Minute => "a minute",
        Window::Hour => "an hour",
        Window::Month => "a month",
    }
}

fn invalid(reason: &str) -> &'static str {
    if reason.starts_with("too_large") {
        return "Larger than what is accepted.";
    }
    match reason {
        "duplicate" => "The same event was stored before; SDKs send again when unsure.",
        "internal" => "Picket failed on it. Owners find it in the quarantine and can try again.",
        "invalid_json" => "The text is no JSON.",
        "no_event_payload" => "There is no event in it.",
        "invalid_envelope" => "The envelope's frame is broken.",
        "cors" => "The page that sent it is not on the project's list of allowed domains.",
        "project_id" => {
            "The key is switched off, or does not belong to the project in the address."
        }
        "empty_body" => "Nothing was sent.",
        "invalid_compression" => "What was sent cannot be decompressed.",
        "content_type" => "The request says a content type or encoding that is not understood.",
        "timestamp" => "It speaks of a time that cannot be.",
        "invalid_event_id" => "Its id is no id.",
        "invalid_transaction" => "A transaction without a beginning, an end or a trace.",
        "invalid_release" => "A session of a release that cannot be called so.",
        "invalid_check_in" => "A check-in that names no monitor, or an impossible environment.",
        "invalid_log" => "A log line without a time, a trace, a level or a text.",
        "invalid_trace_metric" => "A metric without a name, a kind or a finite value.",
        "invalid_span" => "A span without a beginning, an end or a place in a trace.",
        "invalid_replay" => "A piece of a replay that does not say which piece it is.",
        "invalid_replay_no_payload" => "A piece of a replay with nothing in it.",
        "invalid_replay_recording" => "A recording that does not begin as recordings do.",
        "invalid_replay_video" => "A film of a replay with parts missing.",
        "invalid_replay_missing_recording" => "A piece of a replay came without its recording.",
        "missing_minidump_upload" => "A form in which there is no crash dump.",
        "invalid_minidump" => "A crash dump that does not begin like one.",
        "invalid_unreal_report" => "A crash of the Unreal engine that cannot be unpacked.",
        "invalid_multipart" => "A form that is none, or with fields where only files belong.",
        "invalid_proto" => "A message of OpenTelemetry that breaks off or is something else.",
        "profiling_invalid_json" => "The text is no profile.",
        "profiling_not_enough_samples" => "A profile in which nothing was sampled.",
        "profiling_duration_too_long" => "A profile that goes on for longer than profiles may.",
        "duplicate_item" => "Two items of a kind of which there may be one.",
        "broken_off" | "slow" => "The sender went away before everything had arrived.",
        _ => "",
    }
}

fn dropped_by_client(reason: &str) -> &'static str {
    match reason {
        "queue_overflow" => "The SDK's queue was full: more happened than it could send.",
        "cache_overflow" => "The SDK's store for offline times was full.",
        "buffer_overflow" => "The SDK's buffer was full.",
        "ratelimit_backoff" => "The server had asked the SDK to wait.",
        "network_error" => "The network failed while sending.",
        "send_error" => "The server refused it.",
        "sample_rate" => "The SDK is set to send only a part.",
        "before_send" => "The program's own `before_send` left it out.",
        "event_processor" => "An event processor of the program or of an integration left it out.",
        "internal_sdk_error" => "The SDK failed.",
        "insufficient_data" => "There was not enough in it to be of use.",
        "backpressure" => "The SDK saw that it was overloaded and sent less.",
        "ignored" => "The program is set to ignore it.",
        "invalid" => "The SDK found it invalid.",
        "no_parent_span" => "A span without a parent, which the SDK is set not to send.",
        OTHER_REASON => "Clients gave more different reasons than are counted apart.",
        _ => "",
    }
}

fn unsupported(reason: &str) -> &'static str {
    match reason {
        "not_yet_supported" => "Picket will keep it one day; until then it is counted.",
        "unknown_item_type" => "No kind of item has this name.",
        "obsolete_item_type" => "Older SDKs sent this; nobody looks at it any more.",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::category::DataCategory;

    #[test]
    fn every_outcome_has_its_series_at_its_own_place() {
        for (place, outcome) in Outcome::ALL.into_iter().enumerate() {
            assert_eq!(outcome as usize, place);
            assert!(!meaning(outcome).is_empty());
        }
        assert_eq!(SERIES[Outcome::ClientDiscard as usize].class, "client");
    }

    #[test]
    fn no_category_is_shown_as_a_program_writes_it() {
        for name in DataCategory::ALL {
            assert!(!category(name.as_str()).contains('_'), "{name}");
        }
    }

    #[test]
    fn a_word_that_a_client_made_up_is_not_explained_away() {
        assert!(reason(Outcome::ClientDiscard, "moon phase").contains("No further explanation"));
        assert!(reason(Outcome::RateLimited, "moon phase").contains("No further explanation"));
        assert!(reason(Outcome::Invalid, "too_large:event").contains("Larger"));
    }

    #[test]
    fn which_limit_was_used_up_is_said_in_words() {
        assert_eq!(
            reason(Outcome::RateLimited, "project_errors_month"),
            "The project's limit of errors in a month was used up."
        );
        assert_eq!(
            reason(Outcome::RateLimited, "key_all_minute"),
            "The key's limit of everything in a minute was used up."
        );
        assert!(reason(Outcome::RateLimited, "server_minute").contains("This server's limit"));
        assert!(reason(Outcome::RateLimited, "spike_protection").contains("spike"));
    }
}
