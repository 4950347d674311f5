//! A metric that a program counted or measured.

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::Attributes;
use crate::base::Timestamp;
use crate::protocol::strict::{self, Text, loose, moment};
use crate::protocol::trace::{SpanId, TraceId};

/// A metric.
#[derive(Clone, Debug, Deserialize)]
pub struct Metric<'a> {
    /// When it was taken.
    #[serde(deserialize_with = "moment")]
    pub timestamp: Timestamp,
    /// The trace it belongs to.
    pub trace_id: TraceId,
    /// The span it belongs to.
    #[serde(default, deserialize_with = "loose")]
    pub span_id: Option<SpanId>,
    /// What was measured.
    #[serde(borrow)]
    pub name: Text<'a>,
    /// How values of it go together.
    #[serde(rename = "type")]
    pub kind: MetricKind,
    /// What it is measured in.
    #[serde(borrow, default, deserialize_with = "loose")]
    pub unit: Option<Text<'a>>,
    /// How much.
    pub value: f64,
    #[serde(borrow, default)]
    attributes: Option<&'a RawValue>,
}

/// How values of a metric go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// They are added up.
    Counter,
    /// The latest one counts.
    Gauge,
    /// Their spread counts.
    Distribution,
}

impl<'de> Deserialize<'de> for MetricKind {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        match &*Text::deserialize(from)? {
            "counter" => Ok(Self::Counter),
            "gauge" => Ok(Self::Gauge),
            "distribution" => Ok(Self::Distribution),
            _ => Err(serde::de::Error::custom("a kind of metric")),
        }
    }
}

impl<'a> Metric<'a> {
    /// Reads a metric; `None` if it has no time, trace, name, kind or finite value.
    pub fn read(text: &'a str) -> Option<Self> {
        let metric: Self = strict::object(text).ok()?;
        (metric.value.is_finite() && !metric.name.is_empty()).then_some(metric)
    }

    /// What else is known about it.
    pub fn attributes(&self) -> Attributes<'a> {
        Attributes::read(self.attributes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::container::each;
    use crate::protocol::recorded::payloads;

    #[test]
    fn the_metrics_of_four_clients_are_read() {
        use MetricKind::{Counter, Distribution, Gauge};
        for (name, kinds) in [
            ("browser/browser_logs", &[Counter, Distribution][..]),
            ("node/node_metrics", &[Counter, Gauge, Distribution]),
            ("python/py_metrics", &[Counter, Gauge, Distribution]),
            ("rust/rust_metrics", &[Counter, Gauge, Distribution]),
        ] {
            let payload = payloads(name, "trace_metric").remove(0);
            let mut found = Vec::new();
            let count = kinds.len() as u64;
            each(&payload, count, |entry| found.push(Metric::read(entry.get()).unwrap().kind))
                .unwrap();
            assert_eq!(found.len(), kinds.len(), "{name}");
            assert!(kinds.iter().all(|kind| found.contains(kind)), "{name}: {found:?}");
        }
    }

    #[test]
    fn what_is_no_measure_is_none() {
        let metric = |field: &str, value: &str| {
            let mut metric = serde_json::json!({
                "timestamp": 1, "trace_id": "a0c9dd051b6f4bfdbdab2d8ad29acb15", "name": "a", "type": "gauge", "value": 1});
            metric[field] = serde_json::from_str(value).unwrap();
            Metric::read(&metric.to_string()).is_some()
        };
        assert!(metric("unit", "7") && metric("value", "-1.5"));
        for (field, value) in
            [("value", "null"), ("value", "\"1\""), ("type", "\"set\""), ("name", "\"\"")]
        {
            assert!(!metric(field, value), "{field} {value}");
        }
    }
}
