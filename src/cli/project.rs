//! `picket project`: projects and their DSNs, for scripts that set up a server.

use std::path::Path;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use serde::Serialize;

use super::with_database::{answer, with_database};
use crate::app::Essentials;
use crate::base::{Slug, TeamId};
use crate::config::Config;
use crate::domain::organizations::{self, Organization, teams};
use crate::domain::projects::{self, NewProject, Project, ProjectKey};

/// What to do with projects.
#[derive(Debug, Subcommand)]
pub(super) enum Arguments {
    /// Create a project and print its DSN.
    Create(CreateArguments),
    /// Show the projects of an organization with their DSNs.
    List(ListArguments),
}

#[derive(Debug, Args)]
pub(super) struct CreateArguments {
    /// What people will call it; its slug is made from this.
    name: String,
    /// What it is written in, such as `python-django` or `node`.
    #[arg(long)]
    platform: Option<String>,
    /// The slug of its organization; the oldest if left out, which is made if there is none.
    #[arg(long)]
    organization: Option<Slug>,
    /// The slug of the team that will own it; the organization's first if left out.
    #[arg(long)]
    team: Option<String>,
    /// Answer with JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct ListArguments {
    /// The slug of the organization; the oldest if left out.
    #[arg(long)]
    organization: Option<Slug>,
    /// Answer with JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Answer {
    id: String,
    slug: Slug,
    name: String,
    platform: Option<String>,
    organization: Slug,
    /// Null if all keys are switched off.
    public_key: Option<String>,
    dsn: Option<String>,
}

impl Answer {
    fn new(
        app: &Essentials,
        organization: &Organization,
        project: Project,
        keys: &[ProjectKey],
    ) -> Self {
        let key = keys
            .iter()
            .find(|key| key.is_usable(app.clock.now()))
            .map(|key| key.public_key.clone());
        let server = &app.config.server;
        Self {
            id: project.id.to_string(),
            slug: project.slug,
            name: project.name,
            platform: project.platform,
            organization: organization.slug.clone(),
            dsn: key.as_ref().map(|key| projects::dsn(server, key, project.id)),
            public_key: key,
        }
    }
}

pub(super) async fn run(arguments: Arguments, config: Config, shim: &Path) -> Result<()> {
    with_database(config, shim, async |app| match arguments {
        Arguments::Create(arguments) => create(app, arguments).await,
        Arguments::List(arguments) => list(app, arguments).await,
    })
    .await
}

async fn create(app: &Essentials, arguments: CreateArguments) -> Result<()> {
    let context = || format!("could not create the project `{}`", arguments.name);
    let organization = organizations::find_or_default(app, arguments.organization.as_ref())
        .await
        .with_context(context)?;
    let team = match &arguments.team {
        Some(slug) => Some(find_team(app, &organization, slug).await.with_context(context)?),
        None => None,
    };
    let new = NewProject {
        team,
        organization_id: organization.id,
        name: arguments.name.clone(),
        platform: arguments.platform.clone(),
    };
    let (project, key) = projects::create(app, new).await.with_context(context)?;
    let created = Answer::new(app, &organization, project, &[key]);
    answer(arguments.json, &created, |project| {
        format!(
            "id    {}\nslug  {}\nDSN   {}",
            project.id,
            project.slug,
            project.dsn.as_deref().unwrap_or_default()
        )
    })
}

async fn find_team(app: &Essentials, organization: &Organization, slug: &str) -> Result<TeamId> {
    let mut db = app.db.acquire().await?;
    let team = teams::find_by_slug(&mut db, organization.id, slug.trim_start_matches('#')).await?;
    Ok(team.with_context(|| format!("there is no team `{slug}`"))?.id)
}

async fn list(app: &Essentials, arguments: ListArguments) -> Result<()> {
    let organization = organizations::find_or_default(app, arguments.organization.as_ref()).await?;
    let mut db = app.db.acquire().await?;
    let mut answers = Vec::new();
    for project in projects::store::list(&mut db, organization.id).await? {
        let keys = projects::store::list_keys(&mut db, project.id).await?;
        answers.push(Answer::new(app, &organization, project, &keys));
    }
    answer(arguments.json, &answers, |projects| {
        if projects.is_empty() {
            return "There is no project.".to_owned();
        }
        let line = |project: &Answer| {
            let dsn = project.dsn.as_deref().unwrap_or("all keys are switched off");
            format!("{}\t{}\t{dsn}", project.id, project.slug)
        };
        projects.iter().map(line).collect::<Vec<_>>().join("\n")
    })
}
