//! The switches and lists, as people fill them in.

use serde::Deserialize;

use crate::domain::filters::{FilterSettings, LEGACY_CHOICES};

/// What was sent. A switch that is off is not sent at all.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct FilterForm {
    /// `save`, or `try` to see what the settings would do.
    verb: String,
    browser_extensions: Option<String>,
    localhost: Option<String>,
    web_crawlers: Option<String>,
    react_hydration: Option<String>,
    chunk_load: Option<String>,
    csp_sources: Option<String>,
    legacy_browsers: Vec<String>,
    error_messages: String,
    releases: String,
    ip_addresses: String,
    allowed_domains: String,
}

impl FilterForm {
    /// The settings as they were filled in.
    pub fn settings(&self) -> FilterSettings {
        let lines = |text: &str| text.lines().map(str::to_owned).collect();
        FilterSettings {
            browser_extensions: self.browser_extensions.is_some(),
            localhost: self.localhost.is_some(),
            web_crawlers: self.web_crawlers.is_some(),
            react_hydration: self.react_hydration.is_some(),
            chunk_load: self.chunk_load.is_some(),
            csp_sources: self.csp_sources.is_some(),
            legacy_browsers: self.legacy_browsers.clone(),
            error_messages: lines(&self.error_messages),
            releases: lines(&self.releases),
            ip_addresses: lines(&self.ip_addresses),
            allowed_domains: lines(&self.allowed_domains),
        }
    }

    /// Whether the settings are only to be tried.
    pub fn is_trial(&self) -> bool {
        self.verb == "try"
    }
}

/// The settings as the page shows them.
#[derive(Clone, Debug)]
pub(super) struct Fields {
    pub(super) settings: FilterSettings,
    pub(super) browsers: Vec<BrowserChoice>,
    pub(super) error_messages: String,
    pub(super) releases: String,
    pub(super) ip_addresses: String,
    pub(super) allowed_domains: String,
}

/// A choice of old browsers.
#[derive(Clone, Copy, Debug)]
pub(super) struct BrowserChoice {
    pub(super) id: &'static str,
    pub(super) label: &'static str,
    pub(super) is_chosen: bool,
}

impl Fields {
    pub(super) fn new(settings: FilterSettings) -> Self {
        let browsers = LEGACY_CHOICES.map(|choice| BrowserChoice {
            id: choice.id,
            label: choice.label,
            is_chosen: settings.legacy_browsers.iter().any(|id| id == choice.id),
        });
        Self {
            browsers: browsers.into(),
            error_messages: settings.error_messages.join("\n"),
            releases: settings.releases.join("\n"),
            ip_addresses: settings.ip_addresses.join("\n"),
            allowed_domains: settings.allowed_domains.join("\n"),
            settings,
        }
    }
}
