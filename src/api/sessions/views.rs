//! How sums and rates of sessions look on the wire.

use serde::Serialize;
use serde_json::{Map, Value};

use super::fields::{Ending, Field};
use crate::api::parameters::Parameters;
use crate::base::Timestamp;
use crate::domain::sessions::health::{Group, Window};

/// What was asked.
pub(super) struct Asked {
    pub(super) fields: Vec<Field>,
    pub(super) by_status: bool,
    pub(super) window: Window,
    pub(super) query: String,
}

/// Groups of sessions over time.
#[derive(Debug, Serialize)]
pub(in crate::api) struct SessionsView {
    start: Timestamp,
    end: Timestamp,
    intervals: Vec<Timestamp>,
    groups: Vec<GroupView>,
    query: String,
}

#[derive(Debug, Serialize)]
struct GroupView {
    by: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    totals: Option<Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    series: Option<Map<String, Value>>,
}

impl SessionsView {
    pub(super) fn new(asked: Asked, groups: &[Group], parameters: &Parameters) -> Self {
        let is_off = |name: &str| matches!(parameters.get(name), Some("0" | "false" | "no"));
        let (has_totals, has_series) = (!is_off("includeTotals"), !is_off("includeSeries"));
        let endings: Vec<Option<Ending>> =
            if asked.by_status { Ending::ALL.map(Some).to_vec() } else { vec![None] };
        let view = |group: &Group, ending: Option<Ending>| {
            let map = |value: &dyn Fn(Field) -> Value| -> Map<String, Value> {
                asked.fields.iter().map(|field| (field.name().to_owned(), value(*field))).collect()
            };
            let totals = || map(&|field| field.value(&group.total, ending));
            let series =
                || map(&|field| group.steps.iter().map(|step| field.value(step, ending)).collect());
            GroupView {
                by: by(group, ending),
                totals: has_totals.then(totals),
                series: has_series.then(series),
            }
        };
        Self {
            start: asked.window.from(),
            end: asked.window.until(),
            intervals: asked.window.steps(),
            groups: groups
                .iter()
                .flat_map(|group| endings.iter().map(|ending| view(group, *ending)))
                .collect(),
            query: asked.query,
        }
    }
}

/// What the sessions of a group have in common.
fn by(group: &Group, ending: Option<Ending>) -> Map<String, Value> {
    let key = &group.key;
    let common = [
        ("project", key.project.map(|project| project.0.into())),
        ("release", key.release.clone().map(Value::from)),
        ("environment", key.environment.clone().map(Value::from)),
        ("session.status", ending.map(|ending| ending.word().into())),
    ];
    let told = common.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    told.collect()
}
