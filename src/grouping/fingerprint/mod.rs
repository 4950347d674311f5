//! Fingerprints: how a client or a project says itself what belongs together (`grouping.md` §11).
//!
//! A fingerprint is a list of texts. `{{ default }}` in it stands for what grouping would do anyway, other
//! names in braces for facts about the event. A project's rules replace what the client asked for, and the
//! built-in rules come last.

mod facts;
mod lint;
mod parse;
mod rules;

pub(super) use facts::Facts;
pub(super) use lint::lint;
pub(super) use rules::{BUILT_IN_VERSION, FingerprintRules};

use serde::{Deserialize, Serialize};

use super::Config;
use super::reason::Origin;
use crate::protocol::event::Event;

use rules::FingerprintRule;

/// A fingerprint that is not just the default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// Its parts, with what they stand for in this event.
    pub entries: Vec<FingerprintEntry>,
    /// The rule that gave it; none: the client did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<FingerprintRuleRef>,
    /// What the client asked for, where a rule replaced it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub replaced: Vec<String>,
    /// The issue's title, where the rule gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// A part of a fingerprint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FingerprintEntry {
    /// Whatever counts without a fingerprint.
    Default,
    /// A text.
    Text {
        /// As it was asked for: `{{ error.type }}`, `payments`.
        given: String,
        /// What it stands for.
        value: String,
    },
}

/// A fingerprint rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FingerprintRuleRef {
    /// The rule as it was written.
    pub text: String,
    /// Who wrote it.
    pub origin: Origin,
}

impl Fingerprint {
    /// Whether it only asks for what grouping does anyway.
    pub fn is_default(&self) -> bool {
        self.entries == [FingerprintEntry::Default]
    }

    /// Whether the event's own content counts besides the fingerprint's texts.
    pub fn is_hybrid(&self) -> bool {
        self.entries.contains(&FingerprintEntry::Default) && !self.is_default()
    }

    /// What is hashed: its texts, with `default` in the place of `{{ default }}`.
    pub fn values<'v>(&'v self, default: &[&'v str]) -> Vec<&'v str> {
        let mut values = Vec::new();
        for entry in &self.entries {
            match entry {
                FingerprintEntry::Default => values.extend_from_slice(default),
                FingerprintEntry::Text { value, .. } => values.push(value),
            }
        }
        values
    }
}

/// The fingerprint of an event; `None` if neither the client nor a rule wants anything special.
pub(super) fn resolve(event: &Event, config: &Config) -> Option<Fingerprint> {
    let asked = event.fingerprint.as_deref().unwrap_or_default();
    let facts = Facts::new(event, config);
    let fingerprint = match config.compiled_fingerprint_rules().first_match(&facts) {
        Some(rule) => by_rule(rule, asked, &facts),
        None if asked.is_empty() => return None,
        None => Fingerprint {
            entries: asked.iter().map(|text| entry(text, &facts)).collect(),
            rule: None,
            replaced: Vec::new(),
            title: None,
        },
    };
    let says_nothing =
        fingerprint.is_default() && fingerprint.title.is_none() && fingerprint.replaced.is_empty();
    (!says_nothing).then_some(fingerprint)
}

fn by_rule(rule: &FingerprintRule, asked: &[String], facts: &Facts<'_>) -> Fingerprint {
    let asked_for_more = asked.iter().any(|text| variable(text) != Some("default"));
    Fingerprint {
        entries: rule.values.iter().map(|text| entry(text, facts)).collect(),
        rule: Some(FingerprintRuleRef { text: rule.text.clone(), origin: rule.origin }),
        replaced: if asked_for_more { asked.to_vec() } else { Vec::new() },
        title: rule.title.as_deref().map(|title| facts.fill_in(title)),
    }
}

fn entry(given: &str, facts: &Facts<'_>) -> FingerprintEntry {
    let (given, value) = match variable(given) {
        Some("default") => return FingerprintEntry::Default,
        Some(name) => (format!("{{{{ {name} }}}}"), facts.variable(name)),
        // Programs put an error's message here, with all that changes in it.
        None if facts.is_own_text(given) => {
            (given.to_owned(), facts.parameterized(given).unwrap_or_else(|| given.to_owned()))
        }
        None => (given.to_owned(), given.to_owned()),
    };
    FingerprintEntry::Text { given, value }
}

/// The name in `{{ name }}`, if the text is nothing else.
fn variable(text: &str) -> Option<&str> {
    let name = text.trim().strip_prefix("{{")?.strip_suffix("}}")?.trim();
    let is_name =
        !name.is_empty() && !name.contains(['{', '}']) && !name.contains(char::is_whitespace);
    is_name.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::lenient::Problems;

    fn event(json: &str) -> Event {
        Event::read(json.as_bytes(), &Problems::default()).unwrap().unwrap()
    }

    fn values(json: &str, rules: &str) -> Option<Vec<String>> {
        let config = Config::new("", rules).unwrap();
        let fingerprint = resolve(&event(json), &config)?;
        Some(fingerprint.values(&["(default)"]).into_iter().map(str::to_owned).collect())
    }

    #[test]
    fn the_default_is_no_fingerprint_in_any_spelling() {
        for fingerprint in ["[]", r#"["{{ default }}"]"#, r#"["{{default}}"]"#, "null"] {
            let json = format!(r#"{{"fingerprint":{fingerprint}}}"#);
            assert_eq!(values(&json, ""), None, "{json}");
        }
    }

    #[test]
    fn variables_stand_for_facts_and_say_when_there_are_none() {
        let json = r#"{
            "fingerprint": ["{{ transaction }}", "{{error.type}}", "{{ value }}", "{{ raw_value }}",
                "{{ function }}", "{{ stack.package }}", "{{ tags.region }}", "{{ tags.color }}",
                "{{ logger }}", "{{ moon }}", "{{ a b }}", "x {{ default }}", "{{ default }}"],
            "transaction": "/pay", "tags": {"region": "eu"},
            "exception": [{"type": "E", "value": "order 17", "stacktrace": {"frames": [
                {"function": "outer", "package": "/lib/libshop.so", "in_app": true},
                {"function": "inner", "in_app": false}]}}]
        }"#;
        let expected = [
            "/pay",
            "E",
            "order <int>",
            "order 17",
            "outer",
            "libshop.so",
            "eu",
            "<no-value-for-tag-color>",
            "<no-logger>",
            "<unrecognized-variable-moon>",
            "{{ a b }}",
            "x {{ default }}",
            "(default)",
        ];
        assert_eq!(values(json, "").unwrap(), expected);
    }

    #[test]
    fn a_constant_that_is_the_errors_own_text_loses_what_changes() {
        let json = r#"{"fingerprint":["order 17","order 18"],"exception":[{"value":"order 17"}]}"#;
        assert_eq!(values(json, "").unwrap(), ["order <int>", "order 18"]);
    }

    #[test]
    fn the_first_rule_that_matches_replaces_what_the_client_asked_for() {
        let rules = "type:Other -> other\ntype:E* -> mine, {{ type }} title=\"{{ type }} in {{ level }}\"\n\
                     type:E -> late";
        let json = r#"{"fingerprint":["client"],"level":"fatal","exception":[{"type":"E2"}]}"#;
        let config = Config::new("", rules).unwrap();
        let fingerprint = resolve(&event(json), &config).unwrap();
        assert_eq!(fingerprint.values(&[]), ["mine", "E2"]);
        assert_eq!(fingerprint.replaced, ["client"]);
        assert_eq!(fingerprint.title.as_deref(), Some("E2 in fatal"));
        assert_eq!(fingerprint.rule.unwrap().origin, Origin::Project);
    }

    #[test]
    fn a_chunk_that_does_not_load_is_one_issue() {
        for exception in
            [r#"{"type":"ChunkLoadError"}"#, r#"{"type":"Error","value":"ChunkLoadError: 7"}"#]
        {
            let json = format!(r#"{{"platform":"javascript","exception":[{exception}]}}"#);
            assert_eq!(values(&json, "").unwrap(), ["chunkloaderror"], "{json}");
        }
        assert_eq!(
            values(r#"{"platform":"python","exception":[{"type":"ChunkLoadError"}]}"#, ""),
            None
        );
    }

    #[test]
    fn hydration_errors_are_one_issue_per_page() {
        let json = r#"{"platform":"javascript","transaction":"/cart","exception":[{"type":"Error",
            "value":"hydration failed because the initial UI does not match what was rendered on the server."}]}"#;
        assert_eq!(values(json, "").unwrap(), ["hydrationerror", "/cart"]);
    }
}
