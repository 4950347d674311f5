//! `picket user`: people, for whoever runs the server.

use std::io::{self, BufRead, IsTerminal};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use clap::{Args, Subcommand};
use serde::Serialize;

use super::with_database::{answer, with_database};
use crate::app::Essentials;
use crate::base::{Slug, Timestamp};
use crate::config::Config;
use crate::domain::accounts::{self, NewUser, User};
use crate::domain::organizations;

/// What to do with people.
#[derive(Debug, Subcommand)]
pub(super) enum Arguments {
    /// Create an account. The first member of an organization owns it.
    Create(CreateArguments),
    /// Set somebody's password and sign out all their browsers.
    SetPassword(SetPasswordArguments),
    /// Show who has an account.
    List {
        /// Answer with JSON.
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
pub(super) struct CreateArguments {
    /// The address to sign in with.
    email: String,
    /// Read the password from the standard input: arguments show in the list of processes.
    #[arg(long, required = true)]
    password_stdin: bool,
    /// What they want to be called; the part of the address before the `@` if left out.
    #[arg(long, default_value = "")]
    name: String,
    /// The slug of the organization they belong to; the oldest if left out.
    #[arg(long)]
    organization: Option<Slug>,
    /// Answer with JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Args)]
pub(super) struct SetPasswordArguments {
    /// Whose password.
    email: String,
    /// Read the password from the standard input.
    #[arg(long, required = true)]
    password_stdin: bool,
    /// Answer with JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Created {
    id: String,
    email: String,
    name: String,
    organization: Slug,
}

#[derive(Debug, Serialize)]
struct Listed {
    id: String,
    email: String,
    name: String,
    created_at: Timestamp,
    last_sign_in_at: Option<Timestamp>,
}

impl From<User> for Listed {
    fn from(user: User) -> Self {
        Self {
            id: user.id.to_string(),
            email: user.email,
            name: user.name,
            created_at: user.created_at,
            last_sign_in_at: user.last_sign_in_at,
        }
    }
}

pub(super) async fn run(arguments: Arguments, config: Config, shim: &Path) -> Result<()> {
    match arguments {
        Arguments::Create(arguments) => {
            let password = read_password()?;
            with_database(config, shim, async |app| create(app, arguments, &password).await).await
        }
        Arguments::SetPassword(arguments) => {
            let password = read_password()?;
            with_database(config, shim, async |app| set_password(app, &arguments, &password).await)
                .await
        }
        Arguments::List { json } => {
            with_database(config, shim, async |app| list(app, json).await).await
        }
    }
}

async fn create(app: &Essentials, arguments: CreateArguments, password: &str) -> Result<()> {
    let context = "could not create the account";
    let new = NewUser::parse(&arguments.email, &arguments.name, password).context(context)?;
    let (user, organization) =
        organizations::create_member(app, new, arguments.organization.as_ref())
            .await
            .context(context)?;
    let created = Created {
        id: user.id.to_string(),
        email: user.email,
        name: user.name,
        organization: organization.slug,
    };
    let sign_in = format!("{}/sign-in", app.config.server.base_url());
    answer(arguments.json, &created, |created| {
        format!("Created the account of {}. Sign in at {sign_in}", created.email)
    })
}

async fn set_password(
    app: &Essentials,
    arguments: &SetPasswordArguments,
    password: &str,
) -> Result<()> {
    let user = accounts::reset_password(app, &arguments.email, password)
        .await
        .with_context(|| format!("could not set the password of {}", arguments.email))?;
    answer(arguments.json, &Listed::from(user), |user| {
        format!("{} has a new password; all their browsers are signed out.", user.email)
    })
}

async fn list(app: &Essentials, json: bool) -> Result<()> {
    let mut db = app.db.acquire().await?;
    let users = accounts::store::list_users(&mut db).await?;
    let users: Vec<Listed> = users.into_iter().map(Listed::from).collect();
    answer(json, &users, |users| {
        if users.is_empty() {
            return "Nobody has an account.".to_owned();
        }
        let lines: Vec<String> = users
            .iter()
            .map(|user| format!("{}\t{}\t{}", user.id, user.email, user.name))
            .collect();
        lines.join("\n")
    })
}

/// The first line of the standard input, as `echo` and password managers write it.
fn read_password() -> Result<String> {
    if io::stdin().is_terminal() {
        eprintln!("Type the password and press Enter; it shows on the screen.");
    }
    first_line(io::stdin().lock())
}

fn first_line(mut input: impl BufRead) -> Result<String> {
    let mut line = String::new();
    input.read_line(&mut line).context("could not read the password")?;
    let password = line.trim_end_matches(['\n', '\r']);
    ensure!(!password.is_empty(), "the standard input has no password");
    Ok(password.to_owned())
}

#[cfg(test)]
mod tests {
    use super::first_line;

    #[test]
    fn a_password_is_the_first_line_with_its_spaces() {
        assert_eq!(first_line(&b" correct horse \r\nmore"[..]).unwrap(), " correct horse ");
        assert_eq!(first_line(&b"no line end"[..]).unwrap(), "no line end");
        assert!(first_line(&b"\n"[..]).is_err());
        assert!(first_line(&b""[..]).is_err());
    }
}
