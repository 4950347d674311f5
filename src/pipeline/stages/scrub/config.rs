//! The settings, made ready to be used on many events.

use aho_corasick::AhoCorasick;

use super::super::at::At;
use super::{FILTERED, names, rules};
use crate::domain::privacy::PrivacySettings;

/// What is taken out of events.
#[derive(Debug)]
pub struct ScrubConfig {
    /// The built-in names and patterns.
    pub(super) defaults: bool,
    /// Credentials in texts.
    pub(super) credentials: bool,
    /// Addresses of people.
    pub(super) addresses: bool,
    /// The project's own names.
    pub(super) fields: Option<AhoCorasick>,
    /// Names whose values stay, in lower case.
    safe_names: Vec<String>,
    /// Paths whose values stay, in lower case, step by step.
    safe_paths: Vec<Vec<String>>,
}

impl ScrubConfig {
    /// Makes `settings` ready.
    pub fn new(settings: &PrivacySettings) -> Self {
        let safe = settings.safe_fields.iter().map(|name| name.trim().to_lowercase());
        let (safe_paths, safe_names): (Vec<_>, Vec<_>) =
            safe.filter(|name| !name.is_empty()).partition(|name| name.contains('.'));
        Self {
            defaults: settings.scrub_data && settings.scrub_defaults,
            credentials: settings.search_credentials,
            addresses: settings.scrub_ip_addresses,
            fields: fields(settings),
            safe_names,
            safe_paths: safe_paths
                .iter()
                .map(|path| path.trim_start_matches('$').split('.').map(str::to_owned).collect())
                .collect(),
        }
    }

    /// Whether there is anything to do.
    pub(super) fn does_anything(&self) -> bool {
        self.looks_at_names() || self.credentials || self.addresses
    }

    /// Whether names matter.
    pub(super) fn looks_at_names(&self) -> bool {
        self.defaults || self.fields.is_some()
    }

    /// The rule by which everything under this name is taken out.
    pub(super) fn rule_for_name(&self, name: &str) -> Option<&'static str> {
        if self.defaults && names::is_secret_name(name) {
            return Some(rules::NAME);
        }
        self.is_listed(name).then_some(rules::FIELD)
    }

    /// Whether a listed name is inside of `text`, and not only where something was taken out.
    pub(super) fn is_listed(&self, text: &str) -> bool {
        let Some(fields) = &self.fields else { return false };
        let is_new = |found: aho_corasick::Match| {
            let mut places = text.match_indices(FILTERED);
            !places.any(|(at, _)| at <= found.start() && found.end() <= at + FILTERED.len())
        };
        fields.find_iter(text).any(is_new)
    }

    /// Whether the value at `at`, whose name is `name`, stays.
    pub(super) fn is_safe(&self, name: &str, at: At<'_>) -> bool {
        let is_named = || self.safe_names.iter().any(|safe| name.to_lowercase() == *safe);
        (!self.safe_names.is_empty() && is_named()) || self.is_on_safe_path(at)
    }

    fn is_on_safe_path(&self, at: At<'_>) -> bool {
        if self.safe_paths.is_empty() {
            return false;
        }
        let steps: Vec<String> = at.steps().iter().map(|step| step.to_lowercase()).collect();
        self.safe_paths.iter().any(|path| ends_with(&steps, path))
    }
}

impl Default for ScrubConfig {
    fn default() -> Self {
        Self::new(&PrivacySettings::default())
    }
}

fn fields(settings: &PrivacySettings) -> Option<AhoCorasick> {
    let names = settings.sensitive_fields.iter().map(|name| name.trim());
    let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
    if names.is_empty() || !settings.scrub_data {
        return None;
    }
    // Only too many patterns for a 32-bit index are refused; the settings bound their number.
    AhoCorasick::builder().ascii_case_insensitive(true).build(names).ok()
}

/// Whether `pattern` fits the last steps: `*` is one step, `**` any number of them.
fn ends_with(steps: &[String], pattern: &[String]) -> bool {
    let Some((last, rest)) = pattern.split_last() else { return true };
    if last == "**" {
        return (0..=steps.len()).any(|kept| ends_with(&steps[..kept], rest));
    }
    let Some((step, before)) = steps.split_last() else { return false };
    (last == "*" || last == step) && ends_with(before, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn steps(path: &str) -> Vec<String> {
        path.split('.').map(str::to_owned).collect()
    }

    #[test]
    fn a_safe_path_fits_the_end_of_a_place() {
        for (pattern, place, fits) in [
            ("extra.safe", "extra.safe", true),
            ("safe.**", "extra.safe.password", true),
            ("safe.**", "extra.safe.a.b.password", true),
            ("safe.*", "extra.safe.a.password", false),
            ("extra.*.password", "extra.a.password", true),
            ("extra.*.password", "extra.a.b.password", false),
            ("extra.**.password", "extra.a.b.password", true),
            ("extra.safe", "extra.safe.password", false),
            ("user.extra.safe", "extra.safe", false),
        ] {
            assert_eq!(ends_with(&steps(place), &steps(pattern)), fits, "{pattern} at {place}");
        }
    }
}
