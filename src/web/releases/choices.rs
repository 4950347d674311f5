//! What one can choose on pages about releases: projects, environments, periods.

use chrono::TimeDelta;

use crate::base::ProjectId;
use crate::domain::projects::Project;

/// The environment of what names none, in an address.
const WITHOUT_ENVIRONMENT: &str = "(none)";

/// One of several things to choose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::web) struct Choice {
    /// In the address.
    pub(in crate::web) value: String,
    /// On the page.
    pub(in crate::web) label: String,
    /// The page with it; empty for those of a form.
    pub(in crate::web) url: String,
    /// Whether it is chosen.
    pub(in crate::web) is_chosen: bool,
}

/// A time up to now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::web) struct Period {
    /// In the address.
    pub(in crate::web) value: &'static str,
    /// On a button.
    pub(in crate::web) label: &'static str,
    /// In a sentence: `the last 24 hours`.
    pub(in crate::web) span: &'static str,
    hours: i64,
}

const fn period(
    value: &'static str,
    label: &'static str,
    span: &'static str,
    hours: i64,
) -> Period {
    Period { value, label, span, hours }
}

/// The periods one can choose.
pub(in crate::web) const PERIODS: [Period; 5] = [
    period("24h", "24 hours", "the last 24 hours", 24),
    period("7d", "7 days", "the last 7 days", 7 * 24),
    period("14d", "14 days", "the last 14 days", 14 * 24),
    period("30d", "30 days", "the last 30 days", 30 * 24),
    period("90d", "90 days", "the last 90 days", 90 * 24),
];

impl Period {
    /// The period of this value, or the one of `usual`.
    pub(in crate::web) fn find(value: &str, usual: &str) -> Self {
        let find = |wanted: &str| PERIODS.into_iter().find(|period| period.value == wanted);
        find(value).or_else(|| find(usual)).unwrap_or(PERIODS[0])
    }

    /// How long it is.
    pub(in crate::web) fn length(self) -> TimeDelta {
        TimeDelta::hours(self.hours)
    }
}

/// Steps in which so long a time is shown: few enough to be told apart, and as sessions are counted.
pub(in crate::web) fn step_of(length: TimeDelta) -> TimeDelta {
    match length.num_hours() {
        ..=48 => TimeDelta::hours(1),
        49..=336 => TimeDelta::hours(6),
        _ => TimeDelta::days(1),
    }
}

/// The projects, the chosen one marked.
pub(in crate::web) fn projects(all: &[Project], chosen: &str) -> Vec<Choice> {
    let choice = |project: &Project| Choice {
        value: project.slug.to_string(),
        label: project.name.clone(),
        is_chosen: project.slug.as_str() == chosen,
        ..Choice::default()
    };
    with_unknown(all.iter().map(choice).collect(), chosen)
}

/// The ids of the chosen project, or of all; of one that does not exist, none.
pub(in crate::web) fn project_ids(all: &[Project], chosen: &str) -> Vec<ProjectId> {
    let is_wanted = |project: &&Project| chosen.is_empty() || project.slug.as_str() == chosen;
    all.iter().filter(is_wanted).map(|project| project.id).collect()
}

/// The environments, the chosen one marked; '' is none.
pub(in crate::web) fn environments(names: &[String], chosen: &str) -> Vec<Choice> {
    let choice = |name: &String| {
        let is_named = !name.is_empty();
        let value = if is_named { name.as_str() } else { WITHOUT_ENVIRONMENT };
        Choice {
            is_chosen: chosen == value,
            label: if is_named { name.clone() } else { "Without environment".to_owned() },
            value: value.to_owned(),
            ..Choice::default()
        }
    };
    with_unknown(names.iter().map(choice).collect(), chosen)
}

/// The environments that are meant by what was chosen; none: all.
pub(in crate::web) fn environment_names(chosen: &str) -> Vec<String> {
    match chosen {
        "" => Vec::new(),
        WITHOUT_ENVIRONMENT => vec![String::new()],
        name => vec![name.to_owned()],
    }
}

/// What the address asks for is shown as chosen even if it does not exist, so that it can be changed.
pub(in crate::web) fn with_unknown(mut choices: Vec<Choice>, chosen: &str) -> Vec<Choice> {
    if !chosen.is_empty() && !choices.iter().any(|choice| choice.is_chosen) {
        let value = chosen.to_owned();
        choices.push(Choice { label: value.clone(), value, is_chosen: true, ..Choice::default() });
    }
    choices
}

/// An address with those of these pairs that are not empty.
pub(in crate::web) fn address(path: &str, pairs: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(pairs.iter().filter(|(_, value)| !value.is_empty()));
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_has_steps_that_can_be_told_apart() {
        for period in PERIODS {
            let steps = period.hours / step_of(period.length()).num_hours();
            assert!((24..=90).contains(&steps), "{}: {steps}", period.value);
        }
        assert_eq!(Period::find("nonsense", "14d").value, "14d");
    }

    #[test]
    fn what_does_not_exist_stays_chosen() {
        let names = ["live".to_owned(), String::new()];
        let chosen = |value| -> Vec<String> {
            let choices = environments(&names, value);
            choices.into_iter().filter(|it| it.is_chosen).map(|it| it.label).collect()
        };
        assert_eq!(chosen("(none)"), ["Without environment"]);
        assert_eq!(chosen("gone"), ["gone"]);
        assert_eq!(environment_names("(none)"), [""]);
        assert_eq!(address("/a", &[("b", "c d"), ("e", "")]), "/a?b=c+d");
    }
}
