//! What is taken out of events before they are stored, as people set it (`protocol.md` §6.1).
//!
//! An organization has one set of settings, and a project follows it until somebody gives the project
//! its own. The organization's lists of names count in every project, so that a name that must never
//! be stored is said once. What the settings do is in `pipeline::stages::scrub`.

pub mod store;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::app::Essentials;
use crate::base::{OrganizationId, ProjectId};
use crate::domain::{Error, Result};

/// The most names in one list: each is looked for in every text of every event.
pub const MAX_NAMES: usize = 200;

/// The longest name.
pub const MAX_NAME_CHARS: usize = 100;

/// The shortest sensitive name: it is looked for inside of words, and shorter ones are in most of them.
pub const MIN_SENSITIVE_CHARS: usize = 3;

/// What is taken out of events.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(default)]
pub struct PrivacySettings {
    /// Whether names and the built-in patterns are looked for at all.
    pub scrub_data: bool,
    /// Whether the built-in names and patterns are among them.
    pub scrub_defaults: bool,
    /// Whether texts are searched for tokens, keys, card numbers and passwords in URLs.
    pub search_credentials: bool,
    /// Whether addresses of people are taken out.
    pub scrub_ip_addresses: bool,
    /// Names whose values are taken out, besides the built-in ones.
    pub sensitive_fields: Vec<String>,
    /// Names and paths whose values stay.
    pub safe_fields: Vec<String>,
}

impl Default for PrivacySettings {
    fn default() -> Self {
        Self {
            scrub_data: true,
            scrub_defaults: true,
            search_credentials: true,
            scrub_ip_addresses: false,
            sensitive_fields: Vec::new(),
            safe_fields: Vec::new(),
        }
    }
}

impl PrivacySettings {
    /// The settings with the names of `organization` added.
    #[must_use]
    pub fn with_names_of(&self, organization: &Self) -> Self {
        let join = |own: &[String], others: &[String]| {
            let mut names = own.to_vec();
            names.extend(others.iter().filter(|name| !own.contains(name)).cloned());
            names
        };
        Self {
            sensitive_fields: join(&self.sensitive_fields, &organization.sensitive_fields),
            safe_fields: join(&self.safe_fields, &organization.safe_fields),
            ..self.clone()
        }
    }

    /// The settings with their lists tidied: trimmed, without blank lines and repetitions.
    ///
    /// # Errors
    /// When a list or a name is too long, or a name so short that it would match nearly everything.
    pub fn checked(self) -> Result<Self> {
        let sensitive_fields = checked_names("sensitive_fields", &self.sensitive_fields)?;
        let safe_fields = checked_names("safe_fields", &self.safe_fields)?;
        let short = sensitive_fields.iter().find(|name| name.chars().count() < MIN_SENSITIVE_CHARS);
        if let Some(name) = short {
            return Err(Error::invalid(
                "sensitive_fields",
                format!(
                    "`{name}` is inside of too many words. Use names of at least \
                     {MIN_SENSITIVE_CHARS} characters."
                ),
            ));
        }
        Ok(Self { sensitive_fields, safe_fields, ..self })
    }
}

fn checked_names(field: &'static str, names: &[String]) -> Result<Vec<String>> {
    let mut seen = BTreeSet::new();
    let mut kept = Vec::new();
    for name in names.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
        if name.chars().count() > MAX_NAME_CHARS || name.contains('\0') {
            return Err(Error::invalid(
                field,
                format!("Use names of up to {MAX_NAME_CHARS} characters, one per line."),
            ));
        }
        if seen.insert(name.to_lowercase()) {
            kept.push(name.to_owned());
        }
    }
    if kept.len() > MAX_NAMES {
        return Err(Error::invalid(field, format!("Use up to {MAX_NAMES} names.")));
    }
    Ok(kept)
}

/// The settings of a project and of its organization.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProjectPrivacy {
    /// The project's own; `None` while it follows the organization.
    pub own: Option<PrivacySettings>,
    /// The organization's.
    pub organization: PrivacySettings,
}

impl ProjectPrivacy {
    /// What counts for the project's events.
    pub fn effective(&self) -> PrivacySettings {
        match &self.own {
            Some(own) => own.with_names_of(&self.organization),
            None => self.organization.clone(),
        }
    }
}

/// Gives a project its own settings, or lets it follow the organization.
///
/// # Errors
/// When the settings cannot be used, or there is no such project.
pub async fn set_for_project(
    app: &Essentials,
    project: ProjectId,
    settings: Option<PrivacySettings>,
) -> Result<()> {
    let settings = settings.map(PrivacySettings::checked).transpose()?;
    let mut db = app.db.acquire().await?;
    if store::update_project(&mut db, project, settings.as_ref()).await? {
        Ok(())
    } else {
        Err(Error::NotFound)
    }
}

/// Sets what counts in all projects of an organization that have no settings of their own.
///
/// # Errors
/// When the settings cannot be used, or there is no such organization.
pub async fn set_for_organization(
    app: &Essentials,
    organization: OrganizationId,
    settings: PrivacySettings,
) -> Result<()> {
    let settings = settings.checked()?;
    let mut db = app.db.acquire().await?;
    if store::update_organization(&mut db, organization, &settings).await? {
        Ok(())
    } else {
        Err(Error::NotFound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn sensitive(fields: &[&str]) -> PrivacySettings {
        PrivacySettings { sensitive_fields: names(fields), ..PrivacySettings::default() }
    }

    #[test]
    fn names_are_tidied() {
        let settings = sensitive(&[" cart ", "", "CART", "iban_number"]).checked().unwrap();
        assert_eq!(settings.sensitive_fields, ["cart", "iban_number"]);
    }

    #[test]
    fn names_that_would_match_everything_or_are_endless_are_refused() {
        let many: Vec<String> = (0..=MAX_NAMES).map(|number| format!("name{number}")).collect();
        let many: Vec<&str> = many.iter().map(String::as_str).collect();
        let long = "x".repeat(MAX_NAME_CHARS + 1);
        for fields in [&["id"][..], &[&long], &["a\0bc"], &many] {
            let result = sensitive(fields).checked();
            assert!(
                matches!(result, Err(Error::Invalid { field: "sensitive_fields", .. })),
                "{fields:?}"
            );
        }
        let safe = PrivacySettings { safe_fields: names(&["id"]), ..PrivacySettings::default() };
        assert_eq!(safe.clone().checked().unwrap(), safe);
    }

    #[test]
    fn a_project_has_its_own_switches_and_the_names_of_both() {
        let own = PrivacySettings { scrub_ip_addresses: true, ..sensitive(&["cart", "pin_code"]) };
        let organization = sensitive(&["pin_code", "salary"]);
        let mut privacy = ProjectPrivacy { own: Some(own), organization };
        let effective = privacy.effective();
        assert_eq!(effective.sensitive_fields, ["cart", "pin_code", "salary"]);
        assert!(effective.scrub_ip_addresses);
        privacy.own = None;
        assert_eq!(privacy.effective(), privacy.organization);
    }

    #[test]
    fn settings_of_another_version_are_read_with_defaults_for_what_they_do_not_say() {
        let settings: PrivacySettings =
            serde_json::from_str(r#"{"scrub_ip_addresses":true,"unknown":7}"#).unwrap();
        let expected = PrivacySettings { scrub_ip_addresses: true, ..PrivacySettings::default() };
        assert_eq!(settings, expected);
    }
}
