//! Conditions on releases, as conditions on the names of releases: what [`Condition::Release`] becomes before it is SQL.

use std::borrow::Cow;

use sqlx::PgConnection;

use super::IssueFilter;
use super::store::Within;
use crate::base::{ProjectId, Timestamp};
use crate::domain::Result;
use crate::domain::issues::query::{Condition, Field, OfRelease};
use crate::domain::query::Pattern;
use crate::domain::releases::wanted::{Found, Names, Searcher};

/// The filter with names for its releases, itself if it asks for none; and sentences, one for each condition that fits
/// more releases than are looked at.
pub(super) async fn settle_filter<'f>(
    db: &mut PgConnection,
    within: &Within,
    filter: &'f IssueFilter,
    now: Timestamp,
) -> Result<(Cow<'f, IssueFilter>, Vec<String>)> {
    let mut wanted = Vec::new();
    collect(&filter.condition, &mut wanted);
    let mut searcher = Searcher::new(within.place(), &filter.environments, now);
    let mut found: Vec<(&OfRelease, Condition)> = Vec::new();
    let mut notes = Vec::new();
    for sought in wanted {
        if found.iter().any(|(known, _)| *known == sought) {
            continue;
        }
        let Found { names, cut } = searcher.find(db, &sought.wanted).await?;
        notes.extend(cut.map(|why| format!("`{}` {why}.", sought.words)));
        found.push((sought, of_names(names, sought.is_first)));
    }
    if found.is_empty() {
        return Ok((Cow::Borrowed(filter), notes));
    }
    let condition = replaced(&filter.condition, &found);
    Ok((Cow::Owned(IssueFilter { condition, ..filter.clone() }), notes))
}

fn collect<'c>(condition: &'c Condition, wanted: &mut Vec<&'c OfRelease>) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => {
            parts.iter().for_each(|part| collect(part, wanted));
        }
        Condition::Not(part) => collect(part, wanted),
        Condition::Release(sought) => wanted.push(sought),
        _ => {}
    }
}

fn replaced(condition: &Condition, found: &[(&OfRelease, Condition)]) -> Condition {
    let all = |parts: &[Condition]| parts.iter().map(|part| replaced(part, found)).collect();
    match condition {
        Condition::All(parts) => Condition::All(all(parts)),
        Condition::Any(parts) => Condition::Any(all(parts)),
        Condition::Not(part) => Condition::Not(Box::new(replaced(part, found))),
        Condition::Release(sought) => {
            let known = found.iter().find(|(known, _)| **known == **sought);
            known.map_or(Condition::NEVER, |(_, condition)| condition.clone())
        }
        other => other.clone(),
    }
}

/// Being in one of these releases, or having begun with one.
fn of_names(names: Names, is_first: bool) -> Condition {
    let one_of = |names: Vec<String>| {
        let names = Pattern::Is(names);
        if is_first {
            Condition::Field(Field::FirstRelease, names)
        } else {
            Condition::Tag("release".to_owned(), names)
        }
    };
    match names {
        Names::Anywhere(names) if names.is_empty() => Condition::NEVER,
        Names::Anywhere(names) => one_of(names),
        Names::ByProject(projects) => {
            let of_project = |(id, names): (ProjectId, Vec<String>)| {
                Condition::All(vec![Condition::ProjectId(id), one_of(names)])
            };
            Condition::Any(projects.into_iter().map(of_project).collect())
        }
    }
}
