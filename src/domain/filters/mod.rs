//! What a project leaves out of what it is sent (`protocol.md` §7, §2.6).
//!
//! Stored as one JSON value per project; a project that has set nothing has the defaults. Filters take
//! effect behind the journal, in `pipeline::stages::filter`; the allowed domains at the front door.

mod legacy;
mod network;
mod pattern;
mod source;
pub mod store;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::app::Essentials;
use crate::base::ProjectId;
use crate::domain::{Error, Result};

pub use legacy::{LEGACY_CHOICES, LegacyChoice, find as find_legacy};
pub use network::Network;
pub use pattern::Patterns;
pub use source::{Pages, Source, SourcePattern};

/// The most lines of one list.
pub const MAX_LINES: usize = 200;

/// The longest line, in characters.
pub const MAX_LINE_CHARS: usize = 300;

/// What a project leaves out.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own on the page")]
pub struct FilterSettings {
    /// Errors that browser extensions are known to cause.
    pub browser_extensions: bool,
    /// What happens on a developer's own machine.
    pub localhost: bool,
    /// What search engines and other robots run into.
    pub web_crawlers: bool,
    /// React's errors about markup that differs from the server's.
    pub react_hydration: bool,
    /// Parts of an application that could not be loaded.
    pub chunk_load: bool,
    /// Security reports about sources that are known to be extensions and the like.
    pub csp_sources: bool,
    /// Ids of [`LEGACY_CHOICES`].
    pub legacy_browsers: Vec<String>,
    /// Patterns of messages.
    pub error_messages: Vec<String>,
    /// Patterns of releases.
    pub releases: Vec<String>,
    /// Addresses and networks of senders.
    pub ip_addresses: Vec<String>,
    /// Patterns of pages that may send; `*` for all.
    pub allowed_domains: Vec<String>,
}

impl Default for FilterSettings {
    fn default() -> Self {
        Self {
            browser_extensions: false,
            localhost: false,
            web_crawlers: false,
            react_hydration: true,
            chunk_load: true,
            csp_sources: true,
            legacy_browsers: Vec::new(),
            error_messages: Vec::new(),
            releases: Vec::new(),
            ip_addresses: Vec::new(),
            allowed_domains: vec!["*".to_owned()],
        }
    }
}

impl FilterSettings {
    /// Settings that leave nothing out.
    pub fn nothing() -> Self {
        let default = Self::default();
        Self { react_hydration: false, chunk_load: false, csp_sources: false, ..default }
    }

    /// The settings with their lists tidied: trimmed, without blank lines and repetitions.
    ///
    /// # Errors
    /// With the first line that cannot be used, and why.
    pub fn checked(self) -> Result<Self> {
        let legacy_browsers = self.legacy_browsers;
        Ok(Self {
            error_messages: lines("error_messages", &self.error_messages, pattern::check)?,
            releases: lines("releases", &self.releases, pattern::check)?,
            ip_addresses: lines("ip_addresses", &self.ip_addresses, |line| {
                line.parse::<Network>()
                    .map(|_| ())
                    .map_err(|()| "is no address and no network such as 10.0.0.0/8")
            })?,
            allowed_domains: lines("allowed_domains", &self.allowed_domains, |line| {
                SourcePattern::parse(line).map(|_| ())
            })?,
            legacy_browsers: legacy_browsers
                .into_iter()
                .filter(|id| find_legacy(id).is_some())
                .collect(),
            ..self
        })
    }
}

/// The lines of a list, each checked.
fn lines(
    field: &'static str,
    given: &[String],
    check: impl Fn(&str) -> std::result::Result<(), &'static str>,
) -> Result<Vec<String>> {
    let mut seen = BTreeSet::new();
    let mut kept = Vec::new();
    for (index, line) in given.iter().enumerate() {
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        let wrong = |words: &str| {
            Error::invalid(field, format!("Line {}: “{}” {words}.", index + 1, short(line)))
        };
        if line.chars().count() > MAX_LINE_CHARS || line.contains('\0') {
            return Err(wrong(&format!("is longer than {MAX_LINE_CHARS} characters")));
        }
        check(line).map_err(wrong)?;
        if seen.insert(line.to_lowercase()) {
            kept.push(line.to_owned());
        }
    }
    if kept.len() > MAX_LINES {
        return Err(Error::invalid(field, format!("Use up to {MAX_LINES} lines.")));
    }
    Ok(kept)
}

fn short(line: &str) -> String {
    let start: String = line.chars().take(40).collect();
    if start.len() < line.len() { format!("{start}…") } else { start }
}

/// Sets what a project leaves out.
///
/// # Errors
/// When a line cannot be used, or there is no such project.
pub async fn set(app: &Essentials, project: ProjectId, settings: FilterSettings) -> Result<()> {
    let settings = settings.checked()?;
    let mut db = app.db.acquire().await?;
    if store::update(&mut db, project, &settings).await? { Ok(()) } else { Err(Error::NotFound) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(lines: &[&str]) -> Vec<String> {
        lines.iter().map(|line| (*line).to_owned()).collect()
    }

    fn problem(settings: FilterSettings) -> (&'static str, String) {
        match settings.checked() {
            Err(Error::Invalid { field, problem }) => (field, problem),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn lists_are_tidied_and_unknown_choices_are_dropped() {
        let settings = FilterSettings {
            releases: list(&[" 1.* ", "", "1.*", "beta"]),
            legacy_browsers: list(&["ie", "netscape"]),
            ..FilterSettings::default()
        };
        let settings = settings.checked().unwrap();
        assert_eq!(settings.releases, ["1.*", "beta"]);
        assert_eq!(settings.legacy_browsers, ["ie"]);
        assert_eq!(settings.allowed_domains, ["*"]);
    }

    #[test]
    fn the_line_that_is_wrong_is_named() {
        let default = FilterSettings::default;
        let ip_addresses = list(&["10.0.0.0/8", "", "10.0.0.300"]);
        assert_eq!(
            problem(FilterSettings { ip_addresses, ..default() }),
            (
                "ip_addresses",
                "Line 3: “10.0.0.300” is no address and no network such as 10.0.0.0/8.".to_owned()
            )
        );
        let error_messages = list(&["[oops"]);
        let (field, words) = problem(FilterSettings { error_messages, ..default() });
        assert_eq!(field, "error_messages");
        assert_eq!(words, "Line 1: “[oops” has a [ without its ].");
        let releases = vec!["x".repeat(MAX_LINE_CHARS + 1)];
        assert!(problem(FilterSettings { releases, ..default() }).1.contains("longer than"));
        let allowed_domains = list(&["https://shop.example/path"]);
        assert_eq!(problem(FilterSettings { allowed_domains, ..default() }).0, "allowed_domains");
        let releases = (0..=MAX_LINES).map(|number| number.to_string()).collect();
        assert!(problem(FilterSettings { releases, ..default() }).1.contains("200 lines"));
    }

    #[test]
    fn settings_of_another_version_are_read_with_defaults_for_what_they_do_not_say() {
        let settings: FilterSettings =
            serde_json::from_str(r#"{"localhost":true,"unknown":7}"#).unwrap();
        assert_eq!(settings, FilterSettings { localhost: true, ..FilterSettings::default() });
    }
}
