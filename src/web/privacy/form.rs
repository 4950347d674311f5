//! The switches and lists, as people fill them in.

use serde::Deserialize;

use crate::domain::privacy::PrivacySettings;

/// What was sent. A switch that is off is not sent at all.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct PrivacyForm {
    /// `save`, or `try` to see what the settings would do.
    pub verb: String,
    /// `organization` or `own`.
    pub source: String,
    scrub_data: Option<String>,
    scrub_defaults: Option<String>,
    search_credentials: Option<String>,
    scrub_ip_addresses: Option<String>,
    sensitive_fields: String,
    safe_fields: String,
    /// The event to try the settings on; empty for the latest one.
    pub event: String,
}

impl PrivacyForm {
    /// The settings as they were filled in.
    pub fn settings(&self) -> PrivacySettings {
        let lines = |text: &str| text.lines().map(str::to_owned).collect();
        PrivacySettings {
            scrub_data: self.scrub_data.is_some(),
            scrub_defaults: self.scrub_defaults.is_some(),
            search_credentials: self.search_credentials.is_some(),
            scrub_ip_addresses: self.scrub_ip_addresses.is_some(),
            sensitive_fields: lines(&self.sensitive_fields),
            safe_fields: lines(&self.safe_fields),
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
    pub(super) settings: PrivacySettings,
    pub(super) sensitive: String,
    pub(super) safe: String,
}

impl Fields {
    pub(super) fn new(settings: PrivacySettings) -> Self {
        let sensitive = settings.sensitive_fields.join("\n");
        let safe = settings.safe_fields.join("\n");
        Self { settings, sensitive, safe }
    }
}
