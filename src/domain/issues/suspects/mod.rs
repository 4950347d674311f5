//! Commits that may have brought an issue.
//!
//! A commit is suspected if it touched the file of one of the program's own frames and came with the release in
//! which the issue was first seen, or with one between that and the last that ran without it. The nearer its
//! frame is to the crash, the more.

mod owners;
mod store;

pub(super) use owners::latest_kept;
pub use owners::{Because, Suggestion, suggestions};

use std::cmp::Ordering;
use std::collections::{BTreeSet, HashSet};

use sqlx::PgConnection;

use super::Issue;
use crate::base::{OrganizationId, ProjectId, ReleaseId, Timestamp};
use crate::domain::Result;
use crate::domain::ownership::Subject;
use crate::domain::releases::commits::Author;
use crate::domain::releases::version::{self, Dated, Name};

/// The most commits that are shown.
const MAX_SUSPECTS: usize = 5;

/// The most releases that never ran and are looked through besides the first.
const MAX_RELEASES: usize = 20;

/// A commit that may have brought an issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspect {
    /// Its hash.
    pub sha: String,
    /// Its repository.
    pub repository: String,
    /// What it says.
    pub message: String,
    /// Who wrote it.
    pub author: Author,
    /// When.
    pub committed_at: Timestamp,
    /// The release that brought it.
    pub release: String,
    /// The file that it touched.
    pub path: String,
    /// The same in the stack.
    pub frame_path: String,
    /// How far that is from the crash: 0 is the program's own frame next to it.
    pub distance: usize,
}

/// A release of a project, for saying which may have brought an issue.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) project: ProjectId,
    pub(super) organization_id: OrganizationId,
    pub(super) id: ReleaseId,
    pub(super) version: String,
    pub(super) at: Timestamp,
    /// It was seen to run.
    pub(super) has_run: bool,
}

/// A file that a commit touched.
#[derive(Clone, Debug)]
pub(super) struct Touched {
    pub(super) release_id: ReleaseId,
    pub(super) position: i32,
    pub(super) path: String,
    pub(super) sha: String,
    pub(super) repository: String,
    pub(super) message: Option<String>,
    pub(super) author: Author,
    pub(super) committed_at: Timestamp,
}

/// An issue about which commits are asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Its project.
    pub project: ProjectId,
    /// The release that it began with.
    pub first_release: String,
    /// The files of one of its events; see [`Subject::files`].
    pub files: Vec<Vec<String>>,
}

/// The commits that may have brought an issue, the most suspected first; `subject` is one of its events.
///
/// # Errors
/// When the database fails.
pub async fn suspects(
    db: &mut PgConnection,
    issue: &Issue,
    subject: &Subject<'_>,
) -> Result<Vec<Suspect>> {
    let Some(first_release) = issue.first_release.clone() else { return Ok(Vec::new()) };
    let asked = Asked { project: issue.project_id, first_release, files: subject.files() };
    Ok(suspects_of_all(db, &[&asked]).await?.pop().unwrap_or_default())
}

/// The same of several issues, in their order, in as many queries as for one.
///
/// # Errors
/// When the database fails.
pub async fn suspects_of_all(
    db: &mut PgConnection,
    asked: &[&Asked],
) -> sqlx::Result<Vec<Vec<Suspect>>> {
    let names: BTreeSet<&str> = asked.iter().flat_map(|one| file_names(&one.files)).collect();
    if names.is_empty() {
        return Ok(asked.iter().map(|_| Vec::new()).collect());
    }
    let projects: BTreeSet<i64> = asked.iter().map(|one| one.project.0).collect();
    let projects: Vec<i64> = projects.into_iter().collect();
    let all = store::list_candidates(db, &projects).await?;
    let releases: Vec<Vec<&Candidate>> = asked.iter().map(|one| between(&all, one)).collect();
    let looked_through: BTreeSet<(i64, i64)> = releases
        .iter()
        .flatten()
        .map(|release| (release.organization_id.0, release.id.0))
        .collect();
    if looked_through.is_empty() {
        return Ok(asked.iter().map(|_| Vec::new()).collect());
    }
    let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    let touched = store::list_touched(db, &looked_through, &names).await?;
    let chosen = asked.iter().zip(&releases).map(|(one, found)| choose(found, &touched, one));
    Ok(chosen.collect())
}

fn file_names(files: &[Vec<String>]) -> impl Iterator<Item = &str> {
    files.iter().flatten().map(|path| file_name(path)).filter(|name| !name.is_empty())
}

/// The release that an issue began with, and those before it down to the last that ran, without that one.
fn between<'a>(all: &'a [Candidate], asked: &Asked) -> Vec<&'a Candidate> {
    let of_project = || all.iter().filter(|release| release.project == asked.project);
    let Some(first) = of_project().find(|release| release.version == asked.first_release) else {
        return Vec::new();
    };
    let dated = |release: &'a Candidate| Dated { release: &release.version, at: release.at };
    let package = Name::parse(&first.version).package;
    let mut older: Vec<&Candidate> = of_project()
        .filter(|other| {
            Name::parse(&other.version).package == package
                && version::compare(dated(other), dated(first)) == Ordering::Less
        })
        .collect();
    older.sort_by(|one, other| version::compare(dated(other), dated(one)));
    let never_ran = older.into_iter().take_while(|release| !release.has_run).take(MAX_RELEASES);
    std::iter::once(first).chain(never_ran).collect()
}

fn choose(releases: &[&Candidate], touched: &[Touched], asked: &Asked) -> Vec<Suspect> {
    let mut found: Vec<((usize, usize, i32), Suspect)> = touched
        .iter()
        .filter_map(|file| {
            let place = releases.iter().position(|release| release.id == file.release_id)?;
            let (distance, frame_path) = nearest(&asked.files, &file.path)?;
            let suspect = Suspect {
                sha: file.sha.clone(),
                repository: file.repository.clone(),
                message: file.message.clone().unwrap_or_default(),
                author: file.author.clone(),
                committed_at: file.committed_at,
                release: releases[place].version.clone(),
                path: file.path.clone(),
                frame_path,
                distance,
            };
            Some(((distance, place, file.position), suspect))
        })
        .collect();
    found.sort_by_key(|(order, _)| *order);
    let mut seen = HashSet::new();
    let suspects = found.into_iter().map(|(_, suspect)| suspect);
    suspects.filter(|suspect| seen.insert(suspect.sha.clone())).take(MAX_SUSPECTS).collect()
}

/// The frame nearest the crash that is in this file.
fn nearest(files: &[Vec<String>], path: &str) -> Option<(usize, String)> {
    files.iter().enumerate().find_map(|(distance, paths)| {
        let path = paths.iter().find(|frame| is_same_file(frame, path))?;
        Some((distance, path.clone()))
    })
}

/// Whether one of two paths ends with the whole of the other.
fn is_same_file(one: &str, other: &str) -> bool {
    let ends = |long: &str, short: &str| {
        let short = short.trim_start_matches("./").trim_start_matches('/');
        long.strip_suffix(short).is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
    };
    ends(one, other) || ends(other, one)
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(id: i64, version: &str, has_run: bool) -> Candidate {
        let at = Timestamp::from_timestamp(1_800_000_000 + id, 0).unwrap();
        Candidate {
            project: ProjectId(1),
            organization_id: OrganizationId(1),
            id: ReleaseId(id),
            version: version.to_owned(),
            at,
            has_run,
        }
    }

    fn asked(first_release: &str, files: &[&str]) -> Asked {
        Asked {
            project: ProjectId(1),
            first_release: first_release.to_owned(),
            files: files.iter().map(|path| vec![(*path).to_owned()]).collect(),
        }
    }

    #[test]
    fn releases_between_the_last_that_ran_and_the_first_with_it_are_looked_through() {
        let all = [
            candidate(1, "shop@1.0.0", true),
            candidate(2, "shop@1.1.0", false),
            candidate(3, "shop@1.2.0", false),
            candidate(4, "shop@1.3.0", true),
            candidate(5, "shop@1.4.0", true),
            candidate(6, "worker@1.2.5", false),
        ];
        let found = |first: &str| {
            let releases = between(&all, &asked(first, &[]));
            releases.iter().map(|release| release.id.0).collect::<Vec<_>>()
        };
        assert_eq!(found("shop@1.3.0"), [4, 3, 2]);
        assert_eq!(found("shop@1.4.0"), [5]);
        assert_eq!(found("shop@9"), [0_i64; 0]);
        let elsewhere = Asked { project: ProjectId(2), ..asked("shop@1.3.0", &[]) };
        assert!(between(&all, &elsewhere).is_empty(), "releases of another project are others");
    }

    #[test]
    fn paths_are_the_same_file_if_one_ends_with_the_other() {
        for (one, other) in [
            ("src/pay.py", "src/pay.py"),
            ("/srv/app/src/pay.py", "src/pay.py"),
            ("pay.py", "services/shop/src/pay.py"),
            ("webpack:///./src/a.js", "./src/a.js"),
        ] {
            assert!(is_same_file(one, other), "{one} {other}");
        }
        assert!(!is_same_file("src/repay.py", "pay.py") && !is_same_file("a/pay.py", "b/pay.py"));
    }

    #[test]
    fn the_frame_nearest_the_crash_makes_a_commit_suspected_most() {
        let asked = asked("shop@2", &["src/pay.py", "src/web.py"]);
        let touched = |release: i64, position: i32, path: &str, sha: &str| Touched {
            release_id: ReleaseId(release),
            position,
            path: path.to_owned(),
            sha: sha.to_owned(),
            repository: String::new(),
            message: None,
            author: Author::default(),
            committed_at: Timestamp::default(),
        };
        let (new, old) = (candidate(4, "shop@2", true), candidate(3, "shop@1", false));
        let found = choose(
            &[&new, &old],
            &[
                touched(4, 0, "src/web.py", "caller"),
                touched(3, 0, "src/pay.py", "older"),
                touched(4, 7, "src/pay.py", "newer"),
                touched(4, 7, "src/web.py", "newer"),
                touched(4, 1, "lib/other.py", "elsewhere"),
            ],
            &asked,
        );
        let order: Vec<&str> = found.iter().map(|suspect| suspect.sha.as_str()).collect();
        assert_eq!(order, ["newer", "older", "caller"]);
        assert_eq!((found[0].distance, found[2].distance), (0, 1));
        assert_eq!(found[1].release, "shop@1");
    }
}
