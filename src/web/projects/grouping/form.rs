//! Rules and switches, as people fill them in.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::domain::grouping_rules::GroupingSettings;
use crate::grouping::{
    Algorithm, Feature, Language, Placeholder, RuleReport, Switches, check_rules,
};

/// What was sent. A switch that is off is not sent at all.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct GroupingForm {
    /// `preview`, `test`, `save`, `apply`, `stop`, `undo` or `restore`.
    pub(super) verb: String,
    algorithm: String,
    feature: Vec<String>,
    kept: Vec<String>,
    generic_types: String,
    minimum_evidence: String,
    stack_trace_rules: String,
    fingerprint_rules: String,
    /// The id of an event to try the settings on.
    pub(super) event: String,
    /// The revision to bring back.
    pub(super) revision: i64,
}

impl GroupingForm {
    /// The settings as they were filled in.
    pub(super) fn settings(&self) -> GroupingSettings {
        let unix = |text: &str| text.replace("\r\n", "\n").trim_end().to_owned();
        GroupingSettings {
            algorithm: if self.algorithm.is_empty() {
                Algorithm::default().as_str().to_owned()
            } else {
                self.algorithm.clone()
            },
            former: None,
            switches: switches_value(&self.switches()),
            stack_trace_rules: unix(&self.stack_trace_rules),
            fingerprint_rules: unix(&self.fingerprint_rules),
        }
    }

    fn switches(&self) -> Switches {
        let lines = self.generic_types.lines().map(str::trim).filter(|line| !line.is_empty());
        Switches {
            features: named(&self.feature),
            kept: named(&self.kept),
            generic_types: lines.map(str::to_owned).collect(),
            minimum_evidence: self.minimum_evidence.trim().parse().unwrap_or(0),
        }
    }
}

/// The things that words name; words that name nothing are left out.
fn named<T: DeserializeOwned + Ord>(words: &[String]) -> BTreeSet<T> {
    words.iter().filter_map(|word| serde_json::from_value(word.as_str().into()).ok()).collect()
}

/// Switches as settings store them; null for the defaults.
fn switches_value(switches: &Switches) -> serde_json::Value {
    if *switches == Switches::default() {
        serde_json::Value::Null
    } else {
        serde_json::to_value(switches).expect("switches are JSON")
    }
}

/// A switch on the page.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) is_chosen: bool,
}

/// A text of rules on the page, with what there is to say about it.
#[derive(Clone, Debug)]
pub(super) struct RulesField {
    pub(super) name: &'static str,
    pub(super) text: String,
    /// Sentences about lines that cannot be read.
    pub(super) errors: Vec<LineNote>,
    /// Sentences about lines that will do nothing.
    pub(super) warnings: Vec<LineNote>,
}

/// What is said of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct LineNote {
    pub(super) line: usize,
    pub(super) source: String,
    pub(super) words: String,
}

impl RulesField {
    fn new(name: &'static str, language: Language, text: &str) -> Self {
        let RuleReport { errors, warnings, .. } = check_rules(language, text);
        let note = |line, source: String, problem: &str, advice: &str| LineNote {
            line,
            source: source.trim().to_owned(),
            words: format!("{problem}; {advice}{}", if advice.ends_with('?') { "" } else { "." }),
        };
        Self {
            name,
            text: text.to_owned(),
            errors: errors
                .into_iter()
                .map(|it| note(it.line, it.text, &it.problem, &it.advice))
                .collect(),
            warnings: warnings
                .into_iter()
                .map(|it| note(it.line, it.text, &it.problem, &it.advice))
                .collect(),
        }
    }
}

/// The settings as the page shows them.
#[derive(Clone, Debug)]
pub(super) struct Fields {
    pub(super) algorithms: Vec<Choice>,
    pub(super) features: Vec<Choice>,
    pub(super) placeholders: Vec<Choice>,
    pub(super) generic_types: String,
    pub(super) suggested_types: String,
    pub(super) minimum_evidence: u32,
    pub(super) stack_trace: RulesField,
    pub(super) fingerprint: RulesField,
    /// Whether any switch is not as it comes.
    pub(super) are_switches_own: bool,
}

impl Fields {
    /// The fields of settings.
    pub(super) fn new(settings: &GroupingSettings) -> Self {
        let switches: Switches =
            serde_json::from_value(settings.switches.clone()).unwrap_or_default();
        let word = |value: serde_json::Result<serde_json::Value>| {
            value.ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
        };
        let algorithm = |known: Algorithm, label: &str| Choice {
            value: known.as_str().to_owned(),
            label: label.to_owned(),
            is_chosen: known.as_str() == settings.algorithm,
        };
        let chosen: BTreeSet<Feature> = switches.features.clone();
        Self {
            algorithms: vec![
                algorithm(Algorithm::Newstyle2026, "newstyle:2026-01-20 (current)"),
                algorithm(
                    Algorithm::Newstyle2023,
                    "newstyle:2023-01-11 (for issues that moved here)",
                ),
            ],
            features: Feature::ALL
                .into_iter()
                .map(|feature| Choice {
                    value: word(serde_json::to_value(feature)),
                    label: feature.description().to_owned(),
                    is_chosen: chosen.contains(&feature),
                })
                .collect(),
            placeholders: Placeholder::ALL
                .into_iter()
                .map(|kind| Choice {
                    value: word(serde_json::to_value(kind)),
                    label: kind.as_str().to_owned(),
                    is_chosen: switches.kept.contains(&kind),
                })
                .collect(),
            generic_types: switches.generic_types.join("\n"),
            suggested_types: Switches::SUGGESTED_GENERIC_TYPES.join(" "),
            minimum_evidence: switches.minimum_evidence,
            stack_trace: RulesField::new(
                "stack_trace_rules",
                Language::StackTrace,
                &settings.stack_trace_rules,
            ),
            fingerprint: RulesField::new(
                "fingerprint_rules",
                Language::Fingerprint,
                &settings.fingerprint_rules,
            ),
            are_switches_own: switches != Switches::default(),
        }
    }

    /// Whether every rule can be read.
    pub(super) fn are_rules_fine(&self) -> bool {
        self.stack_trace.errors.is_empty() && self.fingerprint.errors.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_filled_in_is_what_is_shown() {
        let form = GroupingForm {
            feature: vec!["built_in_in_app".to_owned(), "nonsense".to_owned()],
            kept: vec!["int".to_owned()],
            generic_types: " *errors.errorString \n\n".to_owned(),
            minimum_evidence: "2".to_owned(),
            stack_trace_rules: "function:main -group\r\nfucntion:x -app\r\n".to_owned(),
            ..GroupingForm::default()
        };
        let fields = Fields::new(&form.settings());
        let on = |choices: &[Choice]| {
            choices.iter().filter(|it| it.is_chosen).map(|it| it.value.clone()).collect::<Vec<_>>()
        };
        assert_eq!(on(&fields.features), ["built_in_in_app"]);
        assert_eq!(on(&fields.placeholders), ["int"]);
        assert_eq!(
            (fields.generic_types.as_str(), fields.minimum_evidence),
            ("*errors.errorString", 2)
        );
        assert!(fields.are_switches_own && !fields.are_rules_fine());
        let errors: Vec<usize> = fields.stack_trace.errors.iter().map(|note| note.line).collect();
        assert_eq!(errors, [2]);
        assert_eq!(fields.stack_trace.text, "function:main -group\nfucntion:x -app");
    }

    #[test]
    fn everything_as_it_comes_is_stored_as_nothing() {
        let shown = Fields::new(&GroupingSettings::default());
        let on = |choices: &[Choice]| {
            choices.iter().filter(|it| it.is_chosen).map(|it| it.value.clone()).collect::<Vec<_>>()
        };
        let form = GroupingForm { feature: on(&shown.features), ..GroupingForm::default() };
        assert_eq!(form.settings(), GroupingSettings::default());
    }
}
