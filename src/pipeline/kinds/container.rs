//! Log lines, metrics and spans (`protocol.md` §4.12): each entry is read and ends for itself; there are no
//! stores for them yet.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::unsupported::{NOT_YET, read_in_vain};
use crate::base::Timestamp;
use crate::pipeline::stages::normalize::Facts;
use crate::pipeline::tracked::{Dropped, Ended, Part, Tracked};
use crate::protocol::category::DataCategory;
use crate::protocol::container::{LOG_TYPE, Log, METRIC_TYPE, Metric, SPAN_TYPE, Span, each};
use crate::protocol::envelope::Item;
use crate::protocol::strict::readable;
use crate::protocol::transaction::ChildSpan;

/// What the entries of a container count as: one each, and their bytes.
struct Kind {
    content_type: &'static str,
    entries: &'static [DataCategory],
    bytes: Option<DataCategory>,
}

const LOGS: Kind = Kind {
    content_type: LOG_TYPE,
    entries: &[DataCategory::LogItem],
    bytes: Some(DataCategory::LogByte),
};

const METRICS: Kind = Kind {
    content_type: METRIC_TYPE,
    entries: &[DataCategory::TraceMetric],
    bytes: Some(DataCategory::TraceMetricByte),
};

const SPANS: Kind = Kind {
    content_type: SPAN_TYPE,
    entries: &[DataCategory::Span, DataCategory::SpanIndexed],
    bytes: None,
};

/// Reads log lines.
pub fn process_logs(facts: &Facts, item: Tracked<'_, &Item<'_>>) -> Ended {
    process(&LOGS, item, |entry| {
        if entry.len() > Log::MAX_BYTES {
            return Err(Dropped::invalid("too_large:log"));
        }
        let log = Log::read(entry).ok_or(Dropped::invalid("invalid_log"))?;
        is_kept(facts, log.timestamp)
    })
}

/// Reads metrics.
pub fn process_metrics(facts: &Facts, item: Tracked<'_, &Item<'_>>) -> Ended {
    process(&METRICS, item, |entry| {
        let metric = Metric::read(entry).ok_or(Dropped::invalid("invalid_trace_metric"))?;
        is_kept(facts, metric.timestamp)
    })
}

/// Reads spans, in a container or, from older clients, alone.
pub fn process_spans(facts: &Facts, item: Tracked<'_, &Item<'_>>) -> Ended {
    let invalid = Dropped::invalid("invalid_span");
    if !item.get().is_some_and(|item| is_of_type(item, SPAN_TYPE)) {
        return read_in_vain(item.try_map(|item| {
            let text = readable(item.payload);
            ChildSpan::read(&text).map(drop).ok_or(invalid)
        }));
    }
    process(&SPANS, item, |entry| is_kept(facts, Span::read(entry).ok_or(invalid)?.end))
}

/// How many entries ended how, and how many bytes they were.
type Tally = BTreeMap<&'static str, (Dropped, u64, u64)>;

fn process(
    kind: &Kind,
    item: Tracked<'_, &Item<'_>>,
    judge: impl Fn(&str) -> Result<(), Dropped>,
) -> Ended {
    let tally = item.try_map(|item| {
        if !is_of_type(item, kind.content_type) {
            return Err(Dropped::invalid("content_type"));
        }
        let text = readable(item.payload);
        let mut tally = Tally::new();
        let stated = item.header.item_count.ok_or(Dropped::invalid("invalid_json"))?;
        let container = each(&text, stated, |entry| {
            let why = judge(entry.get()).err().unwrap_or(NOT_YET);
            let (_, entries, bytes) = tally.entry(why.reason).or_insert((why, 0, 0));
            *entries += 1;
            *bytes += entry.get().len() as u64;
        });
        container.map_err(|_| Dropped::invalid("invalid_json"))?;
        Ok(tally)
    });
    match tally {
        Ok(tally) => {
            tally.end_in_parts(|tally| tally.into_values().map(|end| part(kind, end)).collect())
        }
        Err(ended) => ended,
    }
}

fn part(kind: &Kind, (why, entries, bytes): (Dropped, u64, u64)) -> Part {
    let one_each = kind.entries.iter().map(|category| (category.as_str(), entries));
    (why, one_each.chain(kind.bytes.map(|category| (category.as_str(), bytes))).collect())
}

/// Whether the item says that it is a container of this type, whatever stands behind a semicolon.
fn is_of_type(item: &Item<'_>, content_type: &str) -> bool {
    let stated = item.header.content_type.as_deref().and_then(|stated| stated.split(';').next());
    stated.is_some_and(|stated| stated.trim().eq_ignore_ascii_case(content_type))
}

/// Whether telemetry of that moment is still kept. A clock that is ahead is set right when it is stored.
fn is_kept(facts: &Facts, at: Timestamp) -> Result<(), Dropped> {
    let oldest = facts.received_at - TimeDelta::days(i64::from(facts.retention_days));
    if at < oldest { Err(Dropped::invalid("timestamp")) } else { Ok(()) }
}
