//! How releases look on the wire (`web-api.md` §3.6).

use std::collections::BTreeMap;

use serde::Serialize;

use crate::base::Timestamp;
use crate::domain::issues::SeenRelease;

/// A release inside of something else.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::api) struct ReleaseView {
    version: String,
    short_version: String,
    status: &'static str,
    #[serde(rename = "ref")]
    reference: Option<&'static str>,
    url: Option<&'static str>,
    /// When its first event happened: nobody said when it was made.
    date_created: Timestamp,
    date_released: Option<Timestamp>,
    date_started: Option<Timestamp>,
    data: BTreeMap<&'static str, &'static str>,
    new_groups: i64,
    owner: Option<&'static str>,
    commit_count: i32,
    last_commit: Option<&'static str>,
    deploy_count: i32,
    last_deploy: Option<&'static str>,
    authors: [&'static str; 0],
    first_event: Timestamp,
    last_event: Timestamp,
    version_info: VersionView,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct VersionView {
    description: String,
    package: Option<String>,
    version: RawVersionView,
    build_hash: Option<String>,
}

#[derive(Debug, Serialize)]
struct RawVersionView {
    raw: String,
}

impl ReleaseView {
    pub(super) fn new(release: &SeenRelease) -> Self {
        Self {
            version: release.version.clone(),
            short_version: short(&release.version),
            status: "open",
            reference: None,
            url: None,
            date_created: release.first_seen,
            date_released: None,
            date_started: None,
            data: BTreeMap::new(),
            new_groups: release.new_issues,
            owner: None,
            commit_count: 0,
            last_commit: None,
            deploy_count: 0,
            last_deploy: None,
            authors: [],
            first_event: release.first_seen,
            last_event: release.last_seen,
            version_info: VersionView::new(&release.version),
        }
    }
}

impl VersionView {
    fn new(release: &str) -> Self {
        let (package, version) = parts(release);
        Self {
            description: short(release),
            package: package.map(str::to_owned),
            version: RawVersionView { raw: version.to_owned() },
            build_hash: is_hash(version).then(|| version.to_owned()),
        }
    }
}

/// `package@version`; the package may itself begin with `@`.
fn parts(release: &str) -> (Option<&str>, &str) {
    match release.rsplit_once('@') {
        Some((package, version)) if !package.is_empty() && !version.is_empty() => {
            (Some(package), version)
        }
        _ => (None, release),
    }
}

/// The version without its package; of a whole commit hash the first 12 digits.
fn short(release: &str) -> String {
    let (_, version) = parts(release);
    if version.len() == 40 && is_hash(version) {
        version[..12].to_owned()
    } else {
        version.to_owned()
    }
}

/// Lengths of hashes (`protocol.md` §5.6).
fn is_hash(version: &str) -> bool {
    matches!(version.len(), 12 | 16 | 20 | 32 | 40 | 64)
        && version.bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_shown_without_its_package_and_a_hash_shortened() {
        assert_eq!(short("shop@1.2.3+4"), "1.2.3+4");
        assert_eq!(short("@acme/shop@1.2.3"), "1.2.3");
        assert_eq!(parts("@acme/shop@1.2.3").0, Some("@acme/shop"));
        assert_eq!(short("@acme"), "@acme");
        assert_eq!(short("0123456789abcdef0123456789abcdef01234567"), "0123456789ab");
        assert_eq!(short("2024-05"), "2024-05");
        assert_eq!(
            VersionView::new("shop@0123456789ab").build_hash.as_deref(),
            Some("0123456789ab")
        );
        assert_eq!(VersionView::new("shop@1.2.3").build_hash, None);
    }
}
