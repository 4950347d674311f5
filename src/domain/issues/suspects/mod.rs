//! Commits that may have brought an issue.
//!
//! A commit is suspected if it touched the file of one of the program's own frames and came with the release in
//! which the issue was first seen, or with one between that and the last that ran without it. The nearer its
//! frame is to the crash, the more.

mod store;

use std::cmp::Ordering;
use std::collections::HashSet;

use sqlx::PgConnection;

use super::Issue;
use crate::base::{ReleaseId, Timestamp};
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

/// The commits that may have brought an issue, the most suspected first; `subject` is one of its events.
///
/// # Errors
/// When the database fails.
pub async fn suspects(
    db: &mut PgConnection,
    issue: &Issue,
    subject: &Subject<'_>,
) -> Result<Vec<Suspect>> {
    let Some(first) = &issue.first_release else { return Ok(Vec::new()) };
    let names: HashSet<&str> = subject
        .frames
        .iter()
        .flat_map(|place| &place.paths)
        .map(|path| file_name(path))
        .filter(|name| !name.is_empty())
        .collect();
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let all = store::list_candidates(db, issue.organization_id, issue.project_id).await?;
    let releases = between(&all, first);
    if releases.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<i64> = releases.iter().map(|release| release.id.0).collect();
    let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    let touched = store::list_touched(db, issue.organization_id, &ids, &names).await?;
    Ok(choose(&releases, touched, subject))
}

/// The release of this name, and those before it down to the last that ran, without that one.
fn between<'a>(all: &'a [Candidate], first: &str) -> Vec<&'a Candidate> {
    let Some(first) = all.iter().find(|release| release.version == first) else {
        return Vec::new();
    };
    let dated = |release: &'a Candidate| Dated { release: &release.version, at: release.at };
    let package = Name::parse(&first.version).package;
    let mut older: Vec<&Candidate> = all
        .iter()
        .filter(|other| {
            Name::parse(&other.version).package == package
                && version::compare(dated(other), dated(first)) == Ordering::Less
        })
        .collect();
    older.sort_by(|one, other| version::compare(dated(other), dated(one)));
    let never_ran = older.into_iter().take_while(|release| !release.has_run).take(MAX_RELEASES);
    std::iter::once(first).chain(never_ran).collect()
}

fn choose(releases: &[&Candidate], touched: Vec<Touched>, subject: &Subject<'_>) -> Vec<Suspect> {
    let mut found: Vec<((usize, usize, i32), Suspect)> = touched
        .into_iter()
        .filter_map(|file| {
            let (distance, frame_path) = nearest(subject, &file.path)?;
            let place = releases.iter().position(|release| release.id == file.release_id)?;
            let suspect = Suspect {
                sha: file.sha,
                repository: file.repository,
                message: file.message.unwrap_or_default(),
                author: file.author,
                committed_at: file.committed_at,
                release: releases[place].version.clone(),
                path: file.path,
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
fn nearest(subject: &Subject<'_>, path: &str) -> Option<(usize, String)> {
    subject.frames.iter().enumerate().find_map(|(distance, place)| {
        let path = place.paths.iter().find(|frame| is_same_file(frame, path))?;
        Some((distance, path.to_string()))
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
    use crate::domain::ownership::Place;

    fn candidate(id: i64, version: &str, has_run: bool) -> Candidate {
        let at = Timestamp::from_timestamp(1_800_000_000 + id, 0).unwrap();
        Candidate { id: ReleaseId(id), version: version.to_owned(), at, has_run }
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
            let releases = between(&all, first);
            releases.iter().map(|release| release.id.0).collect::<Vec<_>>()
        };
        assert_eq!(found("shop@1.3.0"), [4, 3, 2]);
        assert_eq!(found("shop@1.4.0"), [5]);
        assert_eq!(found("shop@9"), [0_i64; 0]);
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
        let place = |path: &'static str| Place { paths: vec![path.into()], module: None };
        let frames = vec![place("src/pay.py"), place("src/web.py")];
        let subject = Subject { frames, ..Subject::default() };
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
            vec![
                touched(4, 0, "src/web.py", "caller"),
                touched(3, 0, "src/pay.py", "older"),
                touched(4, 7, "src/pay.py", "newer"),
                touched(4, 7, "src/web.py", "newer"),
                touched(4, 1, "lib/other.py", "elsewhere"),
            ],
            &subject,
        );
        let order: Vec<&str> = found.iter().map(|suspect| suspect.sha.as_str()).collect();
        assert_eq!(order, ["newer", "older", "caller"]);
        assert_eq!((found[0].distance, found[2].distance), (0, 1));
        assert_eq!(found[1].release, "shop@1");
    }
}
