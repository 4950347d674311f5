//! A project's settings, ready to be asked.

use crate::domain::filters::{FilterSettings, Network, Patterns};

/// What a project leaves out.
#[derive(Clone, Debug, Default)]
pub struct FilterConfig {
    pub(super) settings: FilterSettings,
    pub(super) networks: Vec<Network>,
    pub(super) releases: Patterns,
    pub(super) messages: Patterns,
}

impl FilterConfig {
    /// Compiles settings; lines that cannot be used match nothing.
    pub fn new(settings: &FilterSettings) -> Self {
        Self {
            networks: settings.ip_addresses.iter().filter_map(|line| line.parse().ok()).collect(),
            releases: Patterns::new(&settings.releases),
            messages: Patterns::new(&settings.error_messages),
            settings: settings.clone(),
        }
    }

    /// Whether nothing of this release is wanted.
    pub fn leaves_out_release(&self, release: &str) -> bool {
        self.releases.matches(release)
    }
}
