//! Pages about projects: the list, a new one, how to send to it, its settings.

pub mod detail;
pub mod first_event;
pub mod grouping;
pub mod guides;
pub mod key;
pub mod keys;
pub mod limit_fields;
pub mod limits;
pub mod list;
pub mod new;
pub mod releases;
pub mod settings;
mod teams;

use crate::base::Slug;
use crate::web::issues::paths::IssueListPath;

/// The issues of one project.
fn issues_of_project(organization: &Slug, project: &Slug) -> String {
    format!("{}?project={project}", IssueListPath { organization: organization.clone() })
}

#[cfg(test)]
pub(super) use tests::project as sample_project;

#[cfg(test)]
mod tests {
    use crate::base::{OrganizationId, ProjectId, TeamId, Timestamp};
    use crate::domain::limits::Limits;
    use crate::domain::projects::{Project, ProjectKey};

    /// A key of [`project`].
    pub(in crate::web) fn key(label: &str) -> ProjectKey {
        ProjectKey {
            public_key: "0123456789abcdef0123456789abcdef".to_owned(),
            project_id: ProjectId(7),
            label: label.to_owned(),
            is_active: true,
            created_at: Timestamp::from_timestamp(1_799_900_000, 0).unwrap(),
            expires_at: None,
            limits: Limits::default(),
        }
    }

    /// A project to render pages with.
    pub(in crate::web) fn project(slug: &str, platform: Option<&str>, has_events: bool) -> Project {
        let created_at = Timestamp::from_timestamp(1_799_900_000, 0).unwrap();
        Project {
            id: ProjectId(7),
            organization_id: OrganizationId(1),
            team_id: TeamId(1),
            slug: slug.parse().unwrap(),
            name: "Checkout <EU>".to_owned(),
            platform: platform.map(ToOwned::to_owned),
            created_at,
            first_event_at: has_events.then_some(created_at),
        }
    }
}
