//! Commits that say what they repair: `fixes CHECKOUT-3F`.
//!
//! When the commits of a release are told, the issues that their messages name are resolved in that release. A
//! commit does so once for an issue, however often it is told: what came back since then stays open.

mod store;

use std::collections::BTreeSet;

use serde_json::json;
use sqlx::PgConnection;

use super::activity::ActivityKind;
use super::store::{NewLine, append_activity};
use super::{Resolution, Scope, find_by_short_id, follow, resolve};
use crate::app::Essentials;
use crate::base::{IssueId, IssueNumber, UserId};
use crate::domain::Result;
use crate::domain::ownership::{Owner, OwnerName, Owners};
use crate::domain::releases::Release;
use crate::domain::releases::commits::NewCommit;

/// The words that say it.
const KEYWORDS: [&str; 9] =
    ["fix", "fixes", "fixed", "close", "closes", "closed", "resolve", "resolves", "resolved"];

/// The most issues that one message resolves.
const MAX_NAMED: usize = 50;

/// What may stand around a word.
const PUNCTUATION: &[char] =
    &['.', ',', ';', ':', '!', '?', '(', ')', '[', ']', '"', '\'', '`', '#'];

/// The short ids that a message says it repairs, in upper case.
pub fn named(message: &str) -> Vec<String> {
    let mut found = BTreeSet::new();
    let mut is_listing = false;
    for word in message.split_whitespace().flat_map(|word| word.split(',')) {
        let word = word.trim_matches(PUNCTUATION);
        if KEYWORDS.iter().any(|keyword| word.eq_ignore_ascii_case(keyword)) {
            is_listing = true;
        } else if is_listing && is_short_id(word) && found.len() < MAX_NAMED {
            found.insert(word.to_uppercase());
        } else if !(word.is_empty() || word == "&" || word.eq_ignore_ascii_case("and")) {
            is_listing = false;
        }
    }
    found.into_iter().collect()
}

fn is_short_id(word: &str) -> bool {
    let is_slug = |slug: &str| {
        !slug.is_empty() && slug.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    };
    word.rsplit_once('-')
        .is_some_and(|(slug, number)| is_slug(slug) && IssueNumber::from_base32(number).is_some())
}

/// Resolves in `release` what its commits say that they repair; returns the issues.
///
/// # Errors
/// When the database fails. What was done until then stays done, and is not done again.
pub async fn apply(
    app: &Essentials,
    release: &Release,
    commits: &[NewCommit],
) -> Result<Vec<IssueId>> {
    let mut db = app.db.acquire().await?;
    let mut found = Vec::new();
    for commit in commits {
        let ids = find_new(&mut db, release, commit).await?;
        found.extend((!ids.is_empty()).then_some((commit, ids)));
    }
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let owners = Owners::find(&mut db, release.organization_id).await?;
    // Resolving takes a connection of its own.
    drop(db);
    let scope = Scope::organization(release.organization_id);
    let mut resolved = Vec::new();
    for (commit, ids) in found {
        let how = Resolution::InRelease(release.version.clone());
        resolve(app, &scope, &ids, how, author(commit, &owners)).await?;
        note(app, release, commit, &ids).await?;
        resolved.extend(ids);
    }
    Ok(resolved)
}

/// The member who wrote a commit.
fn author(commit: &NewCommit, owners: &Owners) -> Option<UserId> {
    let name = commit.author_email.as_deref().and_then(OwnerName::parse)?;
    match owners.named(&name)? {
        Owner::User(id) => Some(id),
        Owner::Team(_) => None,
    }
}

/// The issues that a commit names and has not resolved yet.
async fn find_new(
    db: &mut PgConnection,
    release: &Release,
    commit: &NewCommit,
) -> Result<Vec<IssueId>> {
    let mut ids = BTreeSet::new();
    for short_id in named(commit.message.as_deref().unwrap_or_default()) {
        if let Some(issue) = find_by_short_id(db, release.organization_id, &short_id).await? {
            ids.insert(follow(db, issue).await?.id);
        }
    }
    let ids: Vec<IssueId> = ids.into_iter().collect();
    let known = store::list_known(db, &ids, &commit.sha).await?;
    Ok(ids.into_iter().filter(|id| !known.contains(id)).collect())
}

/// Remembers what a commit resolved, and says so in the issues' history.
async fn note(
    app: &Essentials,
    release: &Release,
    commit: &NewCommit,
    ids: &[IssueId],
) -> Result<()> {
    let now = app.clock.now();
    let author = commit.author_name.as_deref().or(commit.author_email.as_deref());
    let detail = json!({
        "commit": commit.sha,
        "author": author,
        "release": release.version,
        "message": first_line(commit.message.as_deref().unwrap_or_default()),
    });
    let mut tx = app.db.begin().await?;
    let new = store::insert(&mut tx, ids, (&commit.sha, &release.version), now).await?;
    let line = |id: &IssueId| NewLine {
        issue_id: *id,
        kind: ActivityKind::FixedBy,
        detail: detail.clone(),
    };
    let lines: Vec<NewLine> = new.iter().map(line).collect();
    append_activity(&mut tx, &lines, None, now).await?;
    tx.commit().await?;
    Ok(())
}

/// How a message begins, as far as a line of history shows it.
fn first_line(message: &str) -> String {
    message.lines().next().unwrap_or_default().chars().filter(|c| *c != '\0').take(200).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_what_it_repairs() {
        for (message, expected) in [
            ("fixes CHECKOUT-3F", &["CHECKOUT-3F"][..]),
            (
                "Pay again\n\nFixed: checkout-3f, SHOP-2 and my-shop-1Z.",
                &["CHECKOUT-3F", "MY-SHOP-1Z", "SHOP-2"],
            ),
            (
                "RESOLVES (SHOP-1) closes #SHOP-2,SHOP-3 & SHOP-4",
                &["SHOP-1", "SHOP-2", "SHOP-3", "SHOP-4"],
            ),
            ("close SHOP-1 SHOP-2", &["SHOP-1", "SHOP-2"]),
            ("fix the case of SHOP-1", &[]),
            ("see SHOP-1", &[]),
            ("prefixes SHOP-1", &[]),
            ("fixes SHOP-1/2", &[]),
            ("fixes SHOP-1-", &[]),
            ("fixes -1 and SHOP-", &[]),
            ("fixes SHOP-1 as in SHOP-2", &["SHOP-1"]),
            ("", &[]),
        ] {
            assert_eq!(named(message), expected, "{message}");
        }
        let names: Vec<String> = (1..100).map(|n| format!("SHOP-{n}")).collect();
        let many = format!("fixes {}", names.join(" "));
        assert_eq!(named(&many).len(), MAX_NAMED);
    }
}
