//! What a project may switch about how its events are grouped.
//!
//! The defaults give the hashes that other servers give. Everything that differs from them, and so makes
//! other hashes, is off until a project switches it on, and its digest is part of
//! [`Config::version`](super::Config::version).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::parameterize::Placeholder;

/// The algorithms, named as other servers name them: equal names mean equal hashes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Algorithm {
    /// The one before, to find issues by the hashes it gave them (`grouping.md` §13).
    #[serde(rename = "newstyle:2023-01-11")]
    Newstyle2023,
    /// The current one.
    #[default]
    #[serde(rename = "newstyle:2026-01-20")]
    Newstyle2026,
}

impl Algorithm {
    /// The name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Newstyle2023 => "newstyle:2023-01-11",
            Self::Newstyle2026 => "newstyle:2026-01-20",
        }
    }
}

/// Something that is either done or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Feature {
    /// Built-in rules say which frames are the program's own.
    BuiltInInApp,
    /// Frames of compilers and package caches are not the program's own, whatever the client says.
    CompilerFrames,
    /// Scripts without a module get one from their address.
    ScriptModules,
    /// The numbers that React prints in place of messages about hydration become these messages.
    ReactMessages,
    /// `status 404` and `HTTP 500` keep their numbers.
    KeepStatusCodes,
    /// A script's stack of nothing but minified names gives way to type and message.
    DistrustMinifiedStacks,
    /// Content hashes in names of script files do not count, also without source maps.
    StripContentHashes,
    /// Events with nothing to group by are told apart by platform and client.
    SplitFallback,
}

impl Feature {
    /// All of them, in the order of a settings page.
    pub const ALL: [Self; 8] = [
        Self::BuiltInInApp,
        Self::CompilerFrames,
        Self::ScriptModules,
        Self::ReactMessages,
        Self::KeepStatusCodes,
        Self::DistrustMinifiedStacks,
        Self::StripContentHashes,
        Self::SplitFallback,
    ];

    /// Those that are on unless a project switches them off.
    const DEFAULT: [Self; 4] =
        [Self::BuiltInInApp, Self::CompilerFrames, Self::ScriptModules, Self::ReactMessages];

    /// What it does, in a sentence.
    pub fn description(self) -> &'static str {
        match self {
            Self::BuiltInInApp => {
                "Built-in rules say which frames are the program's own, such as none in `node_modules`."
            }
            Self::CompilerFrames => {
                "Frames of compilers, package caches and the C library's start-up code are not the \
                 program's own."
            }
            Self::ScriptModules => {
                "Scripts without a module get one from their address, without host and content hash."
            }
            Self::ReactMessages => {
                "React's numbers for errors of hydration are replaced by their messages."
            }
            Self::KeepStatusCodes => {
                "Status codes in messages stay: `status 404` and `status 500` are two issues."
            }
            Self::DistrustMinifiedStacks => {
                "A script's stack of nothing but minified names does not count; type and message do."
            }
            Self::StripContentHashes => {
                "Content hashes in names of script files do not count, also without source maps."
            }
            Self::SplitFallback => {
                "Events with nothing to group by are told apart by their platform and client."
            }
        }
    }
}

/// The switches of a project, as settings store them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Switches {
    /// What is done.
    pub features: BTreeSet<Feature>,
    /// Changing parts of texts that are *not* replaced.
    pub kept: BTreeSet<Placeholder>,
    /// Patterns of exception types that say nothing, such as `*errors.errorString`: the cause decides, or the
    /// message where there is none.
    pub generic_types: Vec<String>,
    /// With fewer frames that tell something than this, the message counts besides the stack; 0: never.
    pub minimum_evidence: u32,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            features: Feature::DEFAULT.into(),
            kept: BTreeSet::new(),
            generic_types: Vec::new(),
            minimum_evidence: 0,
        }
    }
}

impl Switches {
    /// Types of errors that mostly wrap others, offered on the settings page.
    pub const SUGGESTED_GENERIC_TYPES: [&str; 9] = [
        "*errors.errorString",
        "*errors.fundamental",
        "*errors.withStack",
        "*errors.withMessage",
        "*fmt.wrapError",
        "*fmt.wrapErrors",
        "*errors.joinError",
        "Error",
        "Exception",
    ];

    /// Whether something is done.
    pub fn has(&self, feature: Feature) -> bool {
        self.features.contains(&feature)
    }

    /// These switches with one thing done or not.
    #[must_use]
    pub fn with(mut self, feature: Feature, on: bool) -> Self {
        if on {
            self.features.insert(feature);
        } else {
            self.features.remove(&feature);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_is_the_default() {
        let empty: Switches = serde_json::from_str("{}").unwrap();
        assert_eq!(empty, Switches::default());
        let json = r#"{"features":["split_fallback"],"kept":["ip"],"minimum_evidence":2}"#;
        let switches: Switches = serde_json::from_str(json).unwrap();
        assert!(switches.has(Feature::SplitFallback) && !switches.has(Feature::BuiltInInApp));
        assert_eq!(switches.kept, [Placeholder::Ip].into());
        let again: Switches =
            serde_json::from_str(&serde_json::to_string(&switches).unwrap()).unwrap();
        assert_eq!(again, switches);
    }

    #[test]
    fn a_name_that_nobody_knows_is_refused() {
        assert!(serde_json::from_str::<Switches>(r#"{"kept":["nothing"]}"#).is_err());
        assert!(serde_json::from_str::<Switches>(r#"{"feature":[]}"#).is_err());
    }

    #[test]
    fn every_feature_is_described() {
        for feature in Feature::ALL {
            assert!(feature.description().ends_with('.'), "{feature:?}");
        }
    }
}
