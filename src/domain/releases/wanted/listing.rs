//! What a list of releases is narrowed to: words of their names, and what searches for issues ask of releases, too.

use std::collections::{BTreeSet, HashSet};

use sqlx::PgConnection;

use super::find::Candidate;
use super::{Names, Searcher, Wanted};
use crate::base::{OrganizationId, ProjectId, Timestamp};
use crate::domain::Result;
use crate::domain::query::{self, Expression, Filter, Pattern, QueryError};

/// A search in a list of releases.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Search {
    /// Each is a part of the name.
    pub words: Vec<String>,
    conditions: Vec<Condition>,
}

/// What a release has to be like, besides its name having the words.
#[derive(Clone, Debug, PartialEq)]
struct Condition {
    is_inverted: bool,
    sought: Sought,
    /// As it was written, for notes.
    key: String,
}

#[derive(Clone, Debug, PartialEq)]
enum Sought {
    /// The whole name is like this.
    Name(Pattern),
    Wanted(Wanted),
}

/// The releases that fit a search.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listed {
    /// Their names; `None` where nothing but words was asked for.
    pub versions: Option<Vec<String>>,
    /// Sentences about what was not looked at.
    pub notes: Vec<String>,
}

impl Search {
    /// Reads a search.
    ///
    /// # Errors
    /// With a sentence for the person who wrote it.
    pub fn parse(text: &str) -> query::Result<Self> {
        let mut search = Self::default();
        search.add(query::parse(text)?)?;
        Ok(search)
    }

    fn add(&mut self, expression: Expression) -> query::Result<()> {
        match expression {
            Expression::All(parts) => parts.into_iter().try_for_each(|part| self.add(part))?,
            Expression::Text(words) => self.words.push(words),
            Expression::Filter(filter) => self.conditions.push(condition(&filter)?),
            Expression::Any(_) => {
                let problem = "releases are searched without `OR`; list several values as in \
                    `release.stage:[adopted, adopting]`";
                return Err(QueryError(problem.to_owned()));
            }
        }
        Ok(())
    }

    /// Finds the names of the releases that fit, among the latest of these projects.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(
        &self,
        db: &mut PgConnection,
        (organization, projects): (OrganizationId, &[ProjectId]),
        environments: &[String],
        now: Timestamp,
    ) -> Result<Listed> {
        if self.conditions.is_empty() {
            return Ok(Listed::default());
        }
        let ids: Vec<i64> = projects.iter().map(|id| id.0).collect();
        let mut searcher = Searcher::new((organization, &ids), environments, now).with_unseen();
        let (mut allowed, mut notes) = (Vec::new(), Vec::new());
        for condition in &self.conditions {
            allowed.push(match &condition.sought {
                Sought::Wanted(wanted @ (Wanted::Latest | Wanted::Stage(_))) => {
                    let found = searcher.find(db, wanted).await?;
                    notes.extend(found.cut.map(|why| format!("`{}` {why}.", condition.key)));
                    Some(Places::new(found.names))
                }
                Sought::Wanted(_) | Sought::Name(_) => None,
            });
        }
        let (all, is_cut) = searcher.candidates(db).await?;
        if is_cut && notes.is_empty() {
            notes
                .push("It is looked for in the latest 10,000 releases, and there are more.".into());
        }
        let fits = |release: &&Candidate| {
            let mut conditions = self.conditions.iter().zip(&allowed);
            conditions.all(|(condition, places)| condition.holds(release, places.as_ref()))
        };
        let versions: BTreeSet<&String> =
            all.iter().filter(fits).map(|release| &release.version).collect();
        Ok(Listed { versions: Some(versions.into_iter().cloned().collect()), notes })
    }
}

impl Condition {
    fn holds(&self, release: &Candidate, places: Option<&Places>) -> bool {
        let is_so = match (&self.sought, places) {
            (_, Some(places)) => places.have(release),
            (Sought::Name(pattern), None) => pattern.matches(&release.version),
            (Sought::Wanted(wanted), None) => wanted.fits(&release.version),
        };
        is_so != self.is_inverted
    }
}

/// Releases of projects.
struct Places(HashSet<(Option<ProjectId>, String)>);

impl Places {
    fn new(names: Names) -> Self {
        Self(match names {
            Names::Anywhere(names) => names.into_iter().map(|name| (None, name)).collect(),
            Names::ByProject(projects) => projects
                .into_iter()
                .flat_map(|(id, names)| names.into_iter().map(move |name| (Some(id), name)))
                .collect(),
        })
    }

    fn have(&self, release: &Candidate) -> bool {
        [None, Some(release.project)]
            .into_iter()
            .any(|project| self.0.contains(&(project, release.version.clone())))
    }
}

fn condition(filter: &Filter) -> query::Result<Condition> {
    let key = filter.key.name();
    let sought = if key == "release" {
        match filter.values.as_slice() {
            [word] if word == "latest" => Sought::Wanted(Wanted::Latest),
            _ => Sought::Name(filter.pattern()?),
        }
    } else {
        let wanted = Wanted::of(filter).ok_or_else(|| {
            QueryError(format!(
                "releases have no `{key}`; try `release:`, `release.version:`, `release.package:`, \
                 `release.build:` or `release.stage:`, or put the text in quotes"
            ))
        })?;
        Sought::Wanted(wanted?)
    };
    Ok(Condition { is_inverted: filter.is_inverted(), sought, key: key.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(text: &str) -> String {
        Search::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn words_are_parts_of_names_and_keys_are_conditions() {
        let search = Search::parse("shop@1.2 release.package:shop !release:*-rc").unwrap();
        assert_eq!(search.words, ["shop@1.2"]);
        let keys: Vec<(&str, bool)> = search
            .conditions
            .iter()
            .map(|condition| (condition.key.as_str(), condition.is_inverted))
            .collect();
        assert_eq!(keys, [("release.package", false), ("release", true)]);
        assert_eq!(Search::parse("").unwrap(), Search::default());
    }

    #[test]
    fn what_releases_do_not_have_is_said_with_what_they_have() {
        assert!(problem("level:error").contains("`release.version:`"));
        assert!(problem("release.stage:loved").contains("not_adopted"));
        assert!(problem("release:a OR release:b").contains("without `OR`"));
    }
}
