//! Everything besides the event that a hash depends on.

use std::sync::{Arc, LazyLock};

use super::cursor::RuleError;
use super::fingerprint::FingerprintRules;
use super::rules::{self, RuleSet};
use super::{digest, fingerprint, parameterize};

/// How events are grouped: the algorithm, and the rules of a project. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Config(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    rules: Arc<RuleSet>,
    fingerprint_rules: FingerprintRules,
    version: String,
}

/// The algorithm, named as other servers name it: equal names mean equal hashes.
const ALGORITHM: &str = "newstyle:2026-01-20";

static DEFAULT: LazyLock<Config> =
    LazyLock::new(|| Config::new("", "").expect("the built-in rules are read by a test"));

impl Config {
    /// The default algorithm with a project's stack trace rules and fingerprint rules.
    ///
    /// # Errors
    /// When a rule cannot be read.
    pub fn new(stack_trace_rules: &str, fingerprint_rules: &str) -> Result<Self, RuleError> {
        let inner = Inner {
            rules: RuleSet::new(stack_trace_rules)?,
            fingerprint_rules: FingerprintRules::new(fingerprint_rules)?,
            version: version(stack_trace_rules, fingerprint_rules),
        };
        Ok(Self(Arc::new(inner)))
    }

    /// Names everything that made a hash: algorithm, patterns for texts, built-in rules, and, if there are
    /// any, the project's own rules by their digest.
    pub fn version(&self) -> &str {
        &self.0.version
    }

    pub(super) fn rules(&self) -> &RuleSet {
        &self.0.rules
    }

    pub(super) fn fingerprint_rules(&self) -> &FingerprintRules {
        &self.0.fingerprint_rules
    }
}

/// What projects without rules of their own use; made once.
impl Default for Config {
    fn default() -> Self {
        DEFAULT.clone()
    }
}

fn version(stack_trace_rules: &str, fingerprint_rules: &str) -> String {
    let mut version = format!(
        "{ALGORITHM} {} {} {}",
        parameterize::VERSION,
        rules::BUILT_IN_VERSION,
        fingerprint::BUILT_IN_VERSION
    );
    for (name, rules) in [("stack-trace", stack_trace_rules), ("fingerprint", fingerprint_rules)] {
        if !rules.trim().is_empty() {
            version.push_str(&format!(" {name}:{}", &digest::digest([rules])[..12]));
        }
    }
    version
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_changes_with_a_projects_rules() {
        let default = Config::default();
        let own = Config::new("function:main -group", "").unwrap();
        let other = Config::new("function:run -group", "").unwrap();
        assert!(default.version().starts_with("newstyle:2026-01-20 "));
        assert!(own.version().starts_with(default.version()));
        assert_ne!(own.version(), default.version());
        assert_ne!(own.version(), other.version());
    }

    #[test]
    fn a_wrong_rule_is_named_with_its_line() {
        let error = Config::new("# first\n\nfunction:main", "").unwrap_err();
        assert_eq!(
            error.to_string(),
            "line 3 of the stack trace rules: a rule needs an action, such as `-app` or `+group`"
        );
    }
}
