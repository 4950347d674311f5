//! How a project looks on its own (`web-api.md` §3.4): the list's row and its settings. For those that Picket does not
//! have, it answers what it does instead.

use std::collections::BTreeMap;

use serde::Serialize;

use super::settings::Settings;
use super::views::ProjectView;
use crate::api::organizations::OrganizationView;
use crate::api::users::AvatarView;

/// A project on its own.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "the wire's flags")]
pub(in crate::api) struct ProjectDetailView {
    #[serde(flatten)]
    row: ProjectView,
    organization: OrganizationView,
    is_internal: bool,
    is_public: bool,
    avatar: AvatarView,
    color: &'static str,
    status: &'static str,
    options: BTreeMap<&'static str, bool>,
    digests_min_delay: i32,
    digests_max_delay: i32,
    subject_prefix: &'static str,
    subject_template: &'static str,
    allowed_domains: Vec<String>,
    resolve_age: i32,
    data_scrubber: bool,
    data_scrubber_defaults: bool,
    safe_fields: Vec<String>,
    sensitive_fields: Vec<String>,
    store_crash_reports: i32,
    security_token: &'static str,
    security_token_header: Option<&'static str>,
    #[serde(rename = "verifySSL")]
    verify_ssl: bool,
    #[serde(rename = "scrubIPAddresses")]
    scrub_ip_addresses: bool,
    scrape_java_script: bool,
    enable_auto_release_creation: bool,
    highlight_tags: [&'static str; 0],
    highlight_context: BTreeMap<&'static str, bool>,
    highlight_preset: HighlightView,
    grouping_config: String,
    grouping_enhancements: String,
    derived_grouping_enhancements: &'static str,
    secondary_grouping_config: Option<String>,
    secondary_grouping_expiry: i64,
    fingerprinting_rules: String,
    default_environment: Option<String>,
    relay_pii_config: Option<&'static str>,
    builtin_symbol_sources: [&'static str; 0],
    /// JSON in a text.
    symbol_sources: &'static str,
    processing_issues: i32,
    is_dynamically_sampled: bool,
}

#[derive(Debug, Default, Serialize)]
struct HighlightView {
    tags: [&'static str; 0],
    context: BTreeMap<&'static str, bool>,
}

impl ProjectDetailView {
    pub(super) fn new(
        row: ProjectView,
        organization: OrganizationView,
        settings: Settings,
    ) -> Self {
        let Settings { options, privacy, filters, grouping } = settings;
        let privacy = privacy.effective();
        let former = grouping.former;
        Self {
            row,
            organization,
            is_internal: false,
            is_public: false,
            avatar: AvatarView::LETTERS,
            color: "#3f6fbf",
            status: "active",
            options: BTreeMap::new(),
            digests_min_delay: 0,
            digests_max_delay: 0,
            subject_prefix: "",
            subject_template: "$shortID - $title",
            allowed_domains: filters.allowed_domains,
            resolve_age: 0,
            data_scrubber: privacy.scrub_data,
            data_scrubber_defaults: privacy.scrub_defaults,
            safe_fields: privacy.safe_fields,
            sensitive_fields: privacy.sensitive_fields,
            store_crash_reports: 0,
            security_token: "",
            security_token_header: None,
            verify_ssl: true,
            scrub_ip_addresses: privacy.scrub_ip_addresses,
            scrape_java_script: false,
            enable_auto_release_creation: true,
            highlight_tags: [],
            highlight_context: BTreeMap::new(),
            highlight_preset: HighlightView::default(),
            grouping_config: grouping.algorithm,
            grouping_enhancements: grouping.stack_trace_rules,
            derived_grouping_enhancements: "",
            secondary_grouping_expiry: former.as_ref().map_or(0, |it| it.until.timestamp()),
            secondary_grouping_config: former.map(|former| former.algorithm),
            fingerprinting_rules: grouping.fingerprint_rules,
            default_environment: options.default_environment,
            relay_pii_config: None,
            builtin_symbol_sources: [],
            symbol_sources: "[]",
            processing_issues: 0,
            is_dynamically_sampled: false,
        }
    }
}
