//! `picket token`: API tokens for programs, such as deploy scripts and `sentry-cli`.

use std::path::Path;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use serde::Serialize;

use super::with_database::{answer, with_database};
use crate::app::Essentials;
use crate::base::Slug;
use crate::config::Config;
use crate::domain::accounts::Scopes;
use crate::domain::accounts::tokens::{self, NewToken};
use crate::domain::organizations;

/// What to do with tokens.
#[derive(Debug, Subcommand)]
pub(super) enum Arguments {
    /// Create a token of an organization and print it, this once.
    Create(CreateArguments),
}

#[derive(Debug, Args)]
pub(super) struct CreateArguments {
    /// What it may do, such as `event:read,project:read`.
    #[arg(long, value_parser = Scopes::parse)]
    scopes: Scopes,
    /// What it is for.
    #[arg(long, default_value = "Created on the command line")]
    name: String,
    /// The slug of the organization it reaches; the oldest if left out.
    #[arg(long)]
    organization: Option<Slug>,
    /// Answer with JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Created {
    id: String,
    name: String,
    organization: Slug,
    scopes: Vec<String>,
    token: String,
}

pub(super) async fn run(arguments: Arguments, config: Config, shim: &Path) -> Result<()> {
    let Arguments::Create(arguments) = arguments;
    with_database(config, shim, async |app| create(app, arguments).await).await
}

async fn create(app: &Essentials, arguments: CreateArguments) -> Result<()> {
    let context = "could not create the token";
    let organization = organizations::find_or_default(app, arguments.organization.as_ref())
        .await
        .context(context)?;
    let new = NewToken {
        organization_id: organization.id,
        organization_slug: &organization.slug,
        user_id: None,
        name: &arguments.name,
        scopes: arguments.scopes,
    };
    let (token, text) = tokens::create(app, new).await.context(context)?;
    let created = Created {
        id: token.id.to_string(),
        name: token.name,
        organization: organization.slug.clone(),
        scopes: token.scopes.to_strings(),
        token: text,
    };
    // Alone on the standard output, so that `TOKEN=$(picket token create …)` works.
    answer(arguments.json, &created, |created| created.token.clone())
}
