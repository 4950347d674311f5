//! Deciding about issues: what the buttons of the list and of an issue's page send.

use axum::extract::State;
use axum::response::{IntoResponse, Response};

use chrono::TimeDelta;
use http::HeaderMap;
use serde::Deserialize;

use super::detail::{self, DetailQuery};
use super::filter::ListQuery;
use super::joining;
use super::list;
use super::paths::{self, IssueListPath, IssuePath};
use super::toast::{self, Toast};
use crate::app::App;
use crate::base::{IssueId, Timestamp};
use crate::domain;
use crate::domain::events::Which;
use crate::domain::issues::moves::{self, Act, ActKind, Actor};
use crate::domain::issues::{self, Archive, Issue, OwnerWord, Resolution, Scope};
use crate::domain::ownership::Owner;
use crate::domain::releases;
use crate::web::{Error, Form, Member, Query, Result};

/// The most issues that are changed at once: a page of the list.
const MAX_SELECTED: usize = 100;

/// What a button sends.
#[derive(Debug, Deserialize)]
pub struct ActionForm {
    /// What to do; see [`Verb`].
    verb: String,
    /// With which issues; on an issue's own page there is none.
    #[serde(default)]
    issue: Vec<IssueId>,
    /// What undoes the last verb.
    #[serde(default)]
    undo: String,
    /// The release to resolve in.
    #[serde(default)]
    release: String,
}

/// What can be done.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verb {
    Resolve(Resolution),
    Reopen,
    Archive(Archive),
    Merge,
    Assign(Option<Owner>),
    Undo,
    /// Resolve in a release that was not named.
    NameRelease,
}

impl Verb {
    /// The verb of a button's value; `release` is the one that was typed beside it.
    fn from_word(word: &str, release: &str, now: Timestamp) -> Option<Self> {
        let until = |moment: Option<Timestamp>, events: Option<i64>| {
            Some(Self::Archive(Archive::Until { moment, events, users: None }))
        };
        match word {
            "resolve" => Some(Self::Resolve(Resolution::Now)),
            "resolve-in-next-release" => Some(Self::Resolve(Resolution::InNextRelease)),
            "resolve-in-current-release" => Some(Self::Resolve(Resolution::InCurrentRelease)),
            "resolve-in-release" if release.is_empty() => Some(Self::NameRelease),
            "resolve-in-release" => Some(Self::Resolve(Resolution::InRelease(release.to_owned()))),
            "reopen" => Some(Self::Reopen),
            "archive" => Some(Self::Archive(Archive::UntilEscalating)),
            "archive-forever" => Some(Self::Archive(Archive::Forever)),
            "archive-day" => until(now.checked_add_signed(TimeDelta::days(1)), None),
            "archive-week" => until(now.checked_add_signed(TimeDelta::days(7)), None),
            "archive-100" => until(None, Some(100)),
            "merge" => Some(Self::Merge),
            "undo" => Some(Self::Undo),
            word => match word.strip_prefix("assign:")? {
                "" => Some(Self::Assign(None)),
                owner => owner.parse().ok().map(|OwnerWord(owner)| Self::Assign(Some(owner))),
            },
        }
    }
}

/// Does what a button of the list says, and shows the list again with the way back.
pub async fn change_issues(
    _: IssueListPath,
    member: Member,
    Query(query): Query<ListQuery>,
    State(app): State<App>,
    Form(form): Form<ActionForm>,
) -> Result<Response> {
    let verb = Verb::from_word(&form.verb, "", app.clock.now()).ok_or_else(unknown_verb)?;
    let toast = if form.issue.is_empty() && verb != Verb::Undo {
        Toast::saying("Select issues first.")
    } else {
        act(&app, &member, verb, &form.issue, &form.undo).await?
    };
    Ok(list::show(&app, &member, query, Some(toast)).await?.into_response())
}

/// Does what a button of an issue's page says, and shows the page again with the way back.
pub async fn change_issue(
    path: IssuePath,
    member: Member,
    Query(query): Query<DetailQuery>,
    headers: HeaderMap,
    State(app): State<App>,
    Form(form): Form<ActionForm>,
) -> Result<Response> {
    let mut db = app.db.acquire().await?;
    let issue = paths::find(&mut db, &member, &path.issue).await?;
    let release = form.release.trim();
    let verb = Verb::from_word(&form.verb, release, app.clock.now()).ok_or_else(unknown_verb)?;
    let toast = act(&app, &member, verb, &[issue.id], &form.undo).await?;
    let issue = paths::find(&mut db, &member, &path.issue).await?;
    let asked = detail::Asked {
        which: Which::Recommended,
        query: &query,
        headers: &headers,
        toast: Some(toast),
    };
    detail::show(&app, &mut db, &member, &issue, asked).await
}

/// What is said to a button that none of our pages has.
pub(in crate::web) fn unknown_verb() -> Error {
    Error::BadRequest("This button is unknown. Reload the page and try again.".to_owned())
}

async fn act(app: &App, member: &Member, verb: Verb, ids: &[IssueId], undo: &str) -> Result<Toast> {
    if ids.len() > MAX_SELECTED {
        return Err(Error::TooLarge);
    }
    // The scope keeps every verb inside the member's own organization, whatever ids were sent.
    let scope = Scope::organization(member.organization.id);
    let actor = Some(member.user.id);
    Ok(match verb {
        Verb::Resolve(Resolution::InRelease(release))
            if releases::name_problem(&release).is_some() =>
        {
            let problem = releases::name_problem(&release).unwrap_or_default();
            Toast::saying(format!("No release is called so: {problem}."))
        }
        Verb::Resolve(how) => {
            Toast::new("resolved", &issues::resolve(app, &scope, ids, how, actor).await?)
        }
        Verb::NameRelease => Toast::saying("Type the release to resolve it in."),
        Verb::Reopen => Toast::new("reopened", &issues::reopen(app, &scope, ids, actor).await?),
        Verb::Archive(how) => {
            Toast::new("archived", &issues::archive(app, &scope, ids, how, actor).await?)
        }
        Verb::Assign(owner) => {
            let wanted: Vec<_> = ids.iter().map(|id| (*id, owner)).collect();
            let done = issues::assign(app, &scope, &wanted, actor).await?;
            Toast::assigned(owner, &done)
        }
        Verb::Undo if let Some(wanted) = toast::read_owners(undo) => {
            Toast::assigned_back(&issues::assign(app, &scope, &wanted, actor).await?)
        }
        Verb::Merge => {
            let asked = Actor { scope: &scope, user: actor };
            match moves::merge(app, asked, ids, None).await {
                Ok(act) => toast_of(app, member, &act).await?,
                // A selection that cannot be merged is no reason to leave the list.
                Err(
                    domain::Error::Invalid { problem, .. } | domain::Error::LimitReached(problem),
                ) => Toast::saying(problem),
                Err(error) => return Err(error.into()),
            }
        }
        Verb::Undo if let Some((project, id)) = toast::read_act(undo) => {
            let asked = Actor { scope: &scope, user: actor };
            Toast::act_undone(&moves::undo(app, asked, project, id).await?)
        }
        Verb::Undo => {
            let states = toast::read_undo(undo).filter(|states| states.len() <= MAX_SELECTED);
            let states = states.ok_or_else(unknown_verb)?;
            Toast::undone(&issues::restore(app, &scope, states, actor).await?)
        }
    })
}

/// What to say about an act, with the names that people know the issues by.
pub(super) async fn toast_of(app: &App, member: &Member, act: &Act) -> Result<Toast> {
    let mut db = app.db.acquire().await?;
    let ids: Vec<IssueId> = std::iter::once(act.issue).chain(act.others.iter().copied()).collect();
    let found = issues::find_many(&mut db, &ids).await?;
    let (issue, others) = found.split_first().ok_or(Error::NotFound)?;
    let names: Vec<String> = others.iter().map(Issue::short_id).collect();
    let mut toast = Toast::of_act(act, &issue.short_id(), &names);
    if let (ActKind::Merge, Some(merged)) = (act.kind, others.first()) {
        let organization = &member.organization.slug;
        toast.offer = joining::offer(app, &mut db, organization, (issue, merged)).await?;
    }
    Ok(toast)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_button_has_its_verb() {
        let now = "2026-11-22T16:00:00Z".parse().unwrap();
        let verb = |word| Verb::from_word(word, "shop@2", now);
        assert_eq!(
            verb("resolve-in-release"),
            Some(Verb::Resolve(Resolution::InRelease("shop@2".to_owned())))
        );
        assert_eq!(
            verb("archive-day"),
            Some(Verb::Archive(Archive::Until {
                moment: Some("2026-11-23T16:00:00Z".parse().unwrap()),
                events: None,
                users: None
            }))
        );
        let team = Owner::Team(crate::base::TeamId(7));
        assert_eq!(verb("assign:team:7"), Some(Verb::Assign(Some(team))));
        assert_eq!(verb("assign:"), Some(Verb::Assign(None)));
        assert_eq!(verb("assign:dog:7"), None);
        assert_eq!(verb("delete-everything"), None);
        assert_eq!(Verb::from_word("resolve-in-release", "", now), Some(Verb::NameRelease));
    }
}
