//! The settings of a project that this wire has names for (`web-api.md` §3.4): what they are, and changing them.
//!
//! Several changes in one request are checked before the first is made.

use axum::extract::State;
use serde::Deserialize;
use sqlx::PgConnection;

use super::{ProjectDetailView, detail_of};
use crate::api::json::{Body, Json};
use crate::api::place::InProject;
use crate::api::{Error, Result};
use crate::app::App;
use crate::base::ProjectId;
use crate::domain::filters::{self, FilterSettings};
use crate::domain::grouping_rules::{self, GroupingSettings};
use crate::domain::privacy::{self, ProjectPrivacy};
use crate::domain::projects::{self, Options};
use crate::pipeline::project_grouping;

/// What a project has set.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    pub(super) options: Options,
    pub(super) privacy: ProjectPrivacy,
    pub(super) filters: FilterSettings,
    pub(super) grouping: GroupingSettings,
}

impl Settings {
    /// Loads them.
    pub(super) async fn load(db: &mut PgConnection, project: ProjectId) -> Result<Self> {
        Ok(Self {
            options: projects::store::find_options(db, project).await?,
            privacy: privacy::store::find(db, project).await?,
            filters: filters::store::find(db, project).await?,
            grouping: grouping_rules::find(db, project).await?,
        })
    }
}

/// What a program wants of a project; what is not named stays.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::api) struct ProjectBody {
    name: Option<String>,
    slug: Option<String>,
    platform: Option<String>,
    /// `null` takes it away.
    #[expect(clippy::option_option, reason = "absent, null and a name are three things")]
    #[serde(deserialize_with = "crate::api::json::present")]
    default_environment: Option<Option<String>>,
    allowed_domains: Option<Vec<String>>,
    data_scrubber: Option<bool>,
    data_scrubber_defaults: Option<bool>,
    #[serde(rename = "scrubIPAddresses")]
    scrub_ip_addresses: Option<bool>,
    sensitive_fields: Option<Vec<String>>,
    safe_fields: Option<Vec<String>>,
    grouping_enhancements: Option<String>,
    fingerprinting_rules: Option<String>,
    resolve_age: Option<i64>,
    is_bookmarked: Option<bool>,
}

impl ProjectBody {
    /// A change that would be forgotten is refused; asking for what is so already is not.
    fn refuse_what_is_not_there(&self, place: &InProject) -> Result<()> {
        let project = &place.project;
        let wishes = [
            ("slug", self.slug.as_deref().is_some_and(|slug| slug != project.slug.as_str())),
            ("platform", self.platform.is_some() && self.platform != project.platform),
            ("resolveAge", self.resolve_age.is_some_and(|hours| hours != 0)),
            ("isBookmarked", self.is_bookmarked == Some(true)),
        ];
        match wishes.into_iter().find(|(_, is_wished)| *is_wished) {
            Some((field, _)) => Err(Error::invalid(field, "This server cannot change that.")),
            None => Ok(()),
        }
    }

    /// The project's own settings of privacy, if any of them is named.
    fn privacy(&self, present: &ProjectPrivacy) -> Result<Option<privacy::PrivacySettings>> {
        let is_named = self.data_scrubber.is_some()
            || self.data_scrubber_defaults.is_some()
            || self.scrub_ip_addresses.is_some()
            || self.sensitive_fields.is_some()
            || self.safe_fields.is_some();
        if !is_named {
            return Ok(None);
        }
        // A project that followed its organization goes on with what that says.
        let own = present.own.clone().unwrap_or_else(|| present.organization.clone());
        let wanted = privacy::PrivacySettings {
            scrub_data: self.data_scrubber.unwrap_or(own.scrub_data),
            scrub_defaults: self.data_scrubber_defaults.unwrap_or(own.scrub_defaults),
            scrub_ip_addresses: self.scrub_ip_addresses.unwrap_or(own.scrub_ip_addresses),
            sensitive_fields: self.sensitive_fields.clone().unwrap_or(own.sensitive_fields),
            safe_fields: self.safe_fields.clone().unwrap_or(own.safe_fields),
            search_credentials: own.search_credentials,
        };
        wanted.checked().map(Some).map_err(in_words_of_the_wire)
    }

    fn filters(&self, present: &FilterSettings) -> Result<Option<FilterSettings>> {
        let Some(domains) = &self.allowed_domains else { return Ok(None) };
        let wanted = FilterSettings { allowed_domains: domains.clone(), ..present.clone() };
        wanted.checked().map(Some).map_err(in_words_of_the_wire)
    }

    fn grouping(&self, present: &GroupingSettings) -> Result<Option<GroupingSettings>> {
        if self.grouping_enhancements.is_none() && self.fingerprinting_rules.is_none() {
            return Ok(None);
        }
        let unset = GroupingSettings::default;
        let mut wanted = present.clone();
        // Each is read by itself: what is wrong has the name of the rules that it is in.
        if let Some(rules) = self.grouping_enhancements.clone() {
            wanted.stack_trace_rules.clone_from(&rules);
            let alone = GroupingSettings { stack_trace_rules: rules, ..unset() };
            check_rules("groupingEnhancements", alone)?;
        }
        if let Some(rules) = self.fingerprinting_rules.clone() {
            wanted.fingerprint_rules.clone_from(&rules);
            let alone = GroupingSettings { fingerprint_rules: rules, ..unset() };
            check_rules("fingerprintingRules", alone)?;
        }
        Ok(Some(wanted))
    }

    fn options(&self, present: &Options) -> Options {
        let environment = self.default_environment.clone();
        let environment = environment.unwrap_or_else(|| present.default_environment.clone());
        let default_environment = environment.filter(|name| !name.is_empty());
        Options { default_environment, ..present.clone() }
    }
}

fn check_rules(field: &'static str, alone: GroupingSettings) -> Result<()> {
    let alone = alone.checked().map_err(in_words_of_the_wire)?;
    match project_grouping::config(&alone) {
        Ok(_) => Ok(()),
        Err(problem) => Err(Error::invalid(field, problem.to_string())),
    }
}

/// Changes a project.
pub(in crate::api) async fn update_project(
    State(app): State<App>,
    mut place: InProject,
    Body(body): Body<ProjectBody>,
) -> Result<Json<ProjectDetailView>> {
    body.refuse_what_is_not_there(&place)?;
    let project = place.project.id;
    let mut db = app.db.acquire().await?;
    let present = Settings::load(&mut db, project).await?;
    drop(db);
    let privacy = body.privacy(&present.privacy)?;
    let filters = body.filters(&present.filters)?;
    let grouping = body.grouping(&present.grouping)?;
    if body.name.is_some() || body.default_environment.is_some() {
        let name = body.name.as_deref().unwrap_or(&place.project.name).trim().to_owned();
        let options = body.options(&present.options);
        projects::update(&app, project, &name, options).await.map_err(in_words_of_the_wire)?;
        place.project.name = name;
    }
    if let Some(settings) = privacy {
        privacy::set_for_project(&app, project, Some(settings)).await?;
    }
    if let Some(settings) = filters {
        filters::set(&app, project, settings).await?;
    }
    if let Some(settings) = grouping {
        let actor = place.caller.user.as_ref().map(|user| user.id);
        grouping_rules::set(&app, project, settings, actor).await?;
    }
    Ok(Json(detail_of(&app, &place.caller, &place.project).await?))
}

/// What is called otherwise here than on our pages.
fn in_words_of_the_wire(error: crate::domain::Error) -> Error {
    match Error::from(error) {
        Error::Invalid { field, problem } => {
            let field = match field {
                "default_environment" => "defaultEnvironment",
                "allowed_domains" => "allowedDomains",
                "sensitive_fields" => "sensitiveFields",
                "safe_fields" => "safeFields",
                "stack_trace_rules" => "groupingEnhancements",
                "fingerprint_rules" => "fingerprintingRules",
                other => other,
            };
            Error::Invalid { field, problem }
        }
        other => other,
    }
}
