//! A page, and the shell around what is on it.

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};

use super::Result;
use crate::domain::organizations::Organization;
use crate::domain::projects::Project;

/// A rendered page or a part of one.
#[derive(Debug)]
pub struct Page {
    status: StatusCode,
    html: String,
}

impl Page {
    /// Renders a view.
    pub fn new<T: Template>(view: &T) -> Result<Self> {
        Ok(Self { status: StatusCode::OK, html: visible(view.render()?) })
    }

    /// The same page under another status: a form with a problem is a `422`.
    #[must_use]
    pub fn with_status(mut self, status: StatusCode) -> Self {
        self.status = status;
        self
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
            // Pages are about somebody's data: nothing in between keeps them, and after signing out
            // the browser's "back" does not show them.
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        (self.status, headers, self.html).into_response()
    }
}

/// Events may hold U+0000, which no HTML can: browsers drop it, so that two values look the same. Its
/// picture stands for it.
fn visible(html: String) -> String {
    if html.contains('\0') { html.replace('\0', "\u{2400}") } else { html }
}

/// What every page needs besides its own: who is looking, where they are, what their forms must carry.
#[derive(Clone, Debug, Default)]
pub struct Shell {
    /// Marks the page's scripts as ours.
    pub nonce: String,
    /// What forms and htmx send along.
    pub csrf: String,
    /// Who is signed in.
    pub user: Option<ShellUser>,
    /// The organization whose page it is.
    pub organization: Option<ShellOrganization>,
    /// The organization's projects by name.
    pub projects: Vec<ShellProject>,
    /// Which part of the navigation is marked: `issues`, `releases`, `projects`, `usage`, `settings`, `account` or none.
    pub active: &'static str,
    /// What the page before this one has to say, such as "Saved."; empty if nothing.
    pub flash: String,
}

/// Who is signed in.
#[derive(Clone, Debug)]
pub struct ShellUser {
    /// Their name.
    pub name: String,
    /// Their address.
    pub email: String,
}

/// The organization whose page it is.
#[derive(Clone, Debug)]
pub struct ShellOrganization {
    /// Its slug.
    pub slug: String,
    /// Its name.
    pub name: String,
}

/// A project to go to.
#[derive(Clone, Debug)]
pub struct ShellProject {
    /// Its slug.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// What it is written in; empty if nobody said.
    pub platform: String,
}

impl From<&Organization> for ShellOrganization {
    fn from(organization: &Organization) -> Self {
        Self { slug: organization.slug.to_string(), name: organization.name.clone() }
    }
}

impl From<&Project> for ShellProject {
    fn from(project: &Project) -> Self {
        Self {
            slug: project.slug.to_string(),
            name: project.name.clone(),
            platform: project.platform.clone().unwrap_or_default(),
        }
    }
}

impl Shell {
    /// The shell of a member's page, for rendering templates in tests.
    #[cfg(test)]
    pub fn sample() -> Self {
        Self {
            nonce: "nonce".to_owned(),
            csrf: "csrf".to_owned(),
            user: Some(ShellUser { name: "Ada".to_owned(), email: "ada@example.com".to_owned() }),
            organization: Some(ShellOrganization {
                slug: "default".to_owned(),
                name: "Default".to_owned(),
            }),
            projects: vec![ShellProject {
                slug: "checkout".to_owned(),
                name: "Checkout".to_owned(),
                platform: "python".to_owned(),
            }],
            active: "issues",
            flash: "Saved.".to_owned(),
        }
    }
}
