//! Pages for people.
//!
//! A request comes in through [`visit`], which says who is looking and refuses forged forms; the route's
//! access decides whether they may; the handler asks the domain and fills a view; the view's template makes
//! the page. Errors travel as [`Error`] and become a page on the way out, where the nonce and the id under
//! which the log has them are known. Only this module and `notify` render HTML.
//!
//! # Adding a page
//! View and handler in `web/<noun>/<page>.rs` → template with the same path → line in `routes.rs` →
//! `sample()` → flow test in `tests/it/web/<noun>.rs` → accept the route snapshot. Parts that pages share
//! are macros in `templates/components/`; colours and sizes are custom properties in `static/css/tokens.css`.
//!
//! ```ignore
//! #[derive(Debug, Deserialize, TypedPath)]
//! #[typed_path("/{organization}/projects", rejection(web::Error))]
//! pub struct ProjectListPath { pub organization: Slug }
//!
//! #[derive(Template)]
//! #[template(path = "projects/list.html")]
//! struct ProjectListView { shell: Shell, rows: Vec<ProjectRow> }
//!
//! pub async fn show_project_list(_: ProjectListPath, member: Member) -> web::Result<Page> {
//!     let rows = member.projects.iter().map(ProjectRow::new).collect();
//!     Page::new(&ProjectListView { shell: member.shell("projects"), rows })
//! }
//! ```

pub mod accounts;
pub mod assets;
pub mod components;
mod csrf;
pub mod error;
pub mod feedback;
pub mod filters;
pub mod forms;
pub mod home;
pub mod issues;
mod next_url;
pub mod organizations;
pub mod ownership;
pub mod page;
pub mod privacy;
pub mod projects;
pub mod redirect;
pub mod releases;
pub mod routes;
pub mod session;
pub mod sessions;
pub mod usage;
pub mod visit;

pub use error::{Error, Result};
pub use forms::{Form, Query};
pub use page::{Page, Shell, ShellOrganization, ShellProject, ShellUser};
pub use redirect::Redirect;
pub use routes::{Access, router, routes};
pub use session::{Member, SignedIn};
pub use visit::Visit;
