//! The addresses of releases. Names are anybody's: they are written percent-encoded.

use axum_extra::routing::TypedPath;
use serde::Deserialize;

use crate::base::Slug;
use crate::web::Error;
use crate::web::components::link;

/// The list.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path("/{organization}/releases", rejection(Error))]
pub struct ReleaseListPath {
    /// Whose.
    pub organization: Slug,
}

/// One release.
#[derive(Clone, Debug, Deserialize, TypedPath)]
#[typed_path("/{organization}/releases/{version}", rejection(Error))]
pub struct ReleasePath {
    /// Whose.
    pub organization: Slug,
    /// Its whole name.
    pub version: String,
}

/// The addresses of an organization's releases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseUrls {
    list: String,
    project: Option<String>,
}

impl ReleaseUrls {
    /// The addresses; those of single releases lead to what they are in the project, if one is named.
    pub fn new(organization: &str, project: Option<&str>) -> Self {
        Self { list: format!("/{organization}/releases"), project: project.map(ToOwned::to_owned) }
    }

    /// The list.
    pub fn list(&self) -> &str {
        &self.list
    }

    /// The page of a release.
    pub fn of(&self, version: &str) -> String {
        let project =
            self.project.as_ref().map_or(String::new(), |slug| format!("?project={slug}"));
        format!("{}{project}", self.base(version))
    }

    /// The same without a project.
    pub fn base(&self, version: &str) -> String {
        let mut part = link::path_part(version);
        // The page that compares releases stands beside them; a release of its name is written differently.
        if part == "compare" {
            part.replace_range(..1, "%63");
        }
        format!("{}/{part}", self.list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_an_address_of_its_own() {
        let urls = ReleaseUrls::new("default", Some("shop"));
        for (version, url) in [
            ("shop@1.2.3+4", "/default/releases/shop@1.2.3+4?project=shop"),
            ("a b%2F<c>?#", "/default/releases/a%20b%252F%3Cc%3E%3F%23?project=shop"),
            ("compare", "/default/releases/%63ompare?project=shop"),
            ("ünï", "/default/releases/%C3%BCn%C3%AF?project=shop"),
        ] {
            assert_eq!(urls.of(version), url);
        }
    }
}
