//! Everything besides the event that a hash depends on.

use std::sync::{Arc, LazyLock};

use super::cursor::{Language, RuleError};
use super::fingerprint::FingerprintRules;
use super::glob::{Dialect, Glob};
use super::parameterize::Replaced;
use super::rules::{Base, RuleSet};
use super::switches::{Algorithm, Feature, Switches};
use super::{digest, fingerprint, parameterize, rules};

/// How events are grouped: algorithm, switches, and the rules of a project. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Config(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    algorithm: Algorithm,
    switches: Switches,
    replaced: Replaced,
    generic_types: Vec<Glob>,
    rules: Arc<RuleSet>,
    fingerprint_rules: FingerprintRules,
    stack_trace_text: String,
    fingerprint_text: String,
    version: String,
}

static DEFAULT: LazyLock<Config> =
    LazyLock::new(|| Config::new("", "").expect("the built-in rules are read by a test"));

impl Config {
    /// The current algorithm as it comes, with a project's stack trace rules and fingerprint rules.
    ///
    /// # Errors
    /// When a rule cannot be read.
    pub fn new(stack_trace_rules: &str, fingerprint_rules: &str) -> Result<Self, RuleError> {
        Self::with(Algorithm::default(), &Switches::default(), stack_trace_rules, fingerprint_rules)
    }

    /// An algorithm with a project's switches, stack trace rules and fingerprint rules.
    ///
    /// # Errors
    /// When a rule cannot be read; [`check_rules`](super::check_rules) finds all that is wrong.
    pub fn with(
        algorithm: Algorithm,
        switches: &Switches,
        stack_trace_rules: &str,
        fingerprint_rules: &str,
    ) -> Result<Self, RuleError> {
        let base = Base::new(algorithm, switches);
        let glob = |pattern: &String| Glob::new(pattern, Dialect::Text);
        let inner = Inner {
            algorithm,
            replaced: Replaced::new(&switches.kept, switches.has(Feature::KeepStatusCodes)),
            generic_types: switches.generic_types.iter().map(glob).collect(),
            rules: RuleSet::new(base, stack_trace_rules)?,
            fingerprint_rules: FingerprintRules::new(fingerprint_rules)?,
            stack_trace_text: stack_trace_rules.to_owned(),
            fingerprint_text: fingerprint_rules.to_owned(),
            version: version(algorithm, switches, stack_trace_rules, fingerprint_rules),
            switches: switches.clone(),
        };
        Ok(Self(Arc::new(inner)))
    }

    /// The same, with more rules: these stack trace rules have the last word, these fingerprint rules the
    /// first.
    ///
    /// # Errors
    /// When a rule cannot be read.
    pub fn with_more_rules(&self, stack_trace: &str, fingerprint: &str) -> Result<Self, RuleError> {
        let stack_trace = joined(Language::StackTrace, &self.0.stack_trace_text, stack_trace);
        let fingerprint = joined(Language::Fingerprint, &self.0.fingerprint_text, fingerprint);
        Self::with(self.0.algorithm, &self.0.switches, &stack_trace, &fingerprint)
    }

    /// Names everything that made a hash: algorithm, patterns for texts, built-in rules, and, where they are
    /// not the default, a digest of the project's switches and of each kind of its rules.
    pub fn version(&self) -> &str {
        &self.0.version
    }

    /// The algorithm.
    pub fn algorithm(&self) -> Algorithm {
        self.0.algorithm
    }

    /// The project's switches.
    pub fn switches(&self) -> &Switches {
        &self.0.switches
    }

    /// The project's stack trace rules as they were written.
    pub fn stack_trace_rules(&self) -> &str {
        &self.0.stack_trace_text
    }

    /// The project's fingerprint rules as they were written.
    pub fn fingerprint_rules(&self) -> &str {
        &self.0.fingerprint_text
    }

    pub(super) fn has(&self, feature: Feature) -> bool {
        self.0.switches.has(feature)
    }

    pub(super) fn replaced(&self) -> Replaced {
        self.0.replaced
    }

    /// Whether a type of exceptions says nothing.
    pub(super) fn is_generic_type(&self, kind: &str) -> bool {
        self.0.generic_types.iter().any(|glob| glob.matches(kind))
    }

    pub(super) fn rules(&self) -> &RuleSet {
        &self.0.rules
    }

    pub(super) fn compiled_fingerprint_rules(&self) -> &FingerprintRules {
        &self.0.fingerprint_rules
    }
}

/// A project's rules with more rules where these win: of stack trace rules the last one that matches decides, of
/// fingerprint rules the first.
pub fn joined(language: Language, own: &str, more: &str) -> String {
    let rules = match language {
        Language::StackTrace => format!("{own}\n{more}"),
        Language::Fingerprint => format!("{more}\n{own}"),
    };
    rules.trim().to_owned()
}

/// What projects without rules of their own use; made once.
impl Default for Config {
    fn default() -> Self {
        DEFAULT.clone()
    }
}

fn version(
    algorithm: Algorithm,
    switches: &Switches,
    stack_trace_rules: &str,
    fingerprint_rules: &str,
) -> String {
    let mut version = format!(
        "{} {} {} {}",
        algorithm.as_str(),
        parameterize::VERSION,
        rules::built_in_version(algorithm),
        fingerprint::BUILT_IN_VERSION
    );
    let switches = if *switches == Switches::default() {
        String::new()
    } else {
        serde_json::to_string(switches).expect("switches are JSON")
    };
    let parts = [
        ("switches", switches.as_str()),
        ("stack-trace", stack_trace_rules.trim()),
        ("fingerprint", fingerprint_rules.trim()),
    ];
    for (name, text) in parts.into_iter().filter(|(_, text)| !text.is_empty()) {
        let digest = digest::digest([text]);
        version.extend([" ", name, ":", &digest[..12]]);
    }
    version
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_changes_with_all_that_a_hash_depends_on() {
        let default = Config::default();
        let own = Config::new("function:main -group", "").unwrap();
        let other = Config::new("function:run -group", "").unwrap();
        assert!(default.version().starts_with("newstyle:2026-01-20 "));
        assert!(own.version().starts_with(default.version()));
        assert_ne!(own.version(), default.version());
        assert_ne!(own.version(), other.version());
        let switches = Switches { minimum_evidence: 2, ..Switches::default() };
        let switched = Config::with(Algorithm::default(), &switches, "", "").unwrap();
        assert!(switched.version().starts_with(&format!("{} switches:", default.version())));
        let old = Config::with(Algorithm::Newstyle2023, &Switches::default(), "", "").unwrap();
        assert!(old.version().starts_with("newstyle:2023-01-11 "));
        assert!(old.version().contains(" all-platforms:2023-01-11"));
    }

    #[test]
    fn a_wrong_rule_is_named_with_its_place_and_what_to_do() {
        let error = Config::new("# first\n\n  function:main", "").unwrap_err();
        assert_eq!(
            error.to_string(),
            "line 3 of the stack trace rules: a rule needs an action; write one behind the condition, such as \
             `-app` or `+group`"
        );
        assert_eq!((error.line, error.column, error.text.as_str()), (3, 16, "  function:main"));
    }

    #[test]
    fn more_rules_stand_where_they_win() {
        let config = Config::new("function:a -app", "type:A -> a").unwrap();
        let more = config.with_more_rules("function:a +app", "type:A -> b").unwrap();
        assert_eq!(more.stack_trace_rules(), "function:a -app\nfunction:a +app");
        assert_eq!(more.fingerprint_rules(), "type:A -> b\ntype:A -> a");
        assert_eq!(more.switches(), config.switches());
    }
}
