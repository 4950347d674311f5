//! How a project groups: its settings, read once.

use tracing::warn;

use crate::base::Timestamp;
use crate::domain::grouping_rules::GroupingSettings;
use crate::grouping::{self, Algorithm, Config, RuleError, Switches};
use crate::protocol::event::Event;

/// How a project groups, and how it did.
#[derive(Clone, Debug, Default)]
pub struct ProjectGrouping {
    /// With what events are grouped.
    pub current: Config,
    former: Option<(Config, Timestamp)>,
}

impl ProjectGrouping {
    /// Reads settings as they are stored. What cannot be read, because another version of Picket wrote it, is
    /// left aside: events are grouped without it rather than not at all.
    pub fn of_stored(settings: &GroupingSettings) -> Self {
        let current = config(settings).unwrap_or_else(|error| {
            warn!(%error, "A project's grouping cannot be read and is not used");
            Config::default()
        });
        let former = settings.former.as_ref().and_then(|former| {
            let settings =
                GroupingSettings { algorithm: former.algorithm.clone(), ..settings.clone() };
            Some((config(&settings).ok()?, former.until))
        });
        Self { current, former }
    }

    /// The hashes that an event would have had before, while issues are still looked up by them.
    pub fn former_hashes(&self, event: &Event, received_at: Timestamp) -> Vec<String> {
        let former = self.former.as_ref().filter(|(_, until)| received_at < *until);
        let hashes = former.map(|(config, _)| grouping::regroup(event, config));
        let hashes = hashes.map(|grouping| {
            grouping.hashes().into_iter().map(|(_, hash)| hash).collect::<Vec<_>>()
        });
        hashes.unwrap_or_default()
    }
}

/// Why settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// A rule cannot be read.
    #[error(transparent)]
    Rule(#[from] RuleError),
    /// There is no such algorithm.
    #[error("the algorithm `{0}` is unknown")]
    Algorithm(String),
    /// The switches are not what switches look like.
    #[error("the switches cannot be read: {0}")]
    Switches(#[from] serde_json::Error),
}

/// The configuration that settings mean.
///
/// # Errors
/// When something in them cannot be read.
pub fn config(settings: &GroupingSettings) -> Result<Config, SettingsError> {
    let name = serde_json::Value::from(settings.algorithm.as_str());
    let algorithm: Algorithm = serde_json::from_value(name)
        .map_err(|_| SettingsError::Algorithm(settings.algorithm.clone()))?;
    let switches = if settings.switches.is_null() {
        Switches::default()
    } else {
        serde_json::from_value(settings.switches.clone())?
    };
    let config = Config::with(
        algorithm,
        &switches,
        &settings.stack_trace_rules,
        &settings.fingerprint_rules,
    )?;
    Ok(config)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::grouping_rules::{FIRST_ALGORITHM, Former};

    #[test]
    fn projects_that_have_set_nothing_use_the_first_algorithm_with_everything_as_it_comes() {
        assert_eq!(Algorithm::default().as_str(), FIRST_ALGORITHM);
        let config = config(&GroupingSettings::default()).unwrap();
        assert_eq!(config.version(), Config::default().version());
    }

    #[test]
    fn settings_of_another_version_are_left_aside() {
        for settings in [
            GroupingSettings { algorithm: "later".to_owned(), ..GroupingSettings::default() },
            GroupingSettings { stack_trace_rules: "?".to_owned(), ..GroupingSettings::default() },
            GroupingSettings { switches: 7.into(), ..GroupingSettings::default() },
        ] {
            assert!(config(&settings).is_err(), "{settings:?}");
            let used = ProjectGrouping::of_stored(&settings).current;
            assert_eq!(used.version(), Config::default().version());
        }
    }

    #[test]
    fn former_hashes_are_computed_until_the_transition_ends() {
        let until: Timestamp = "2026-12-01T00:00:00Z".parse().unwrap();
        let former = Former { algorithm: "newstyle:2023-01-11".to_owned(), until };
        let settings = GroupingSettings { former: Some(former), ..GroupingSettings::default() };
        let grouping = ProjectGrouping::of_stored(&settings);
        let event = Event::from_stored(
            br#"{"exception": {"values": [{"type": "KeyError", "value": "'price'", "stacktrace": {
                "frames": [{"function": "total", "module": "shop", "in_app": true}]}}]}}"#,
        )
        .unwrap();
        let before = until - chrono::TimeDelta::seconds(1);
        let old = grouping.former_hashes(&event, before);
        assert!(!old.is_empty());
        let new = grouping::regroup(&event, &grouping.current);
        assert!(new.hashes().iter().all(|(_, hash)| !old.contains(hash)));
        assert!(grouping.former_hashes(&event, until).is_empty());
    }
}
