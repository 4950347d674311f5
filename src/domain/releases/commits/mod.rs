//! What is in a release: commits with their authors and the files they changed.

pub mod store;

use std::collections::BTreeMap;

use sqlx::PgConnection;

use super::Release;
use crate::base::{OrganizationId, ReleaseId, Timestamp};
use crate::domain::{Error, Result};

/// The most commits of a release.
pub const MAX_COMMITS: usize = 1_000;

/// The most files of all commits of a release together.
pub const MAX_FILES: usize = 20_000;

/// The longest text of a commit but its message, in bytes.
const MAX_TEXT_BYTES: usize = 1_024;

/// The longest message that is kept, in characters.
const MAX_MESSAGE_CHARS: usize = 4_096;

/// The most authors that are shown of a release.
const MAX_AUTHORS: usize = 10;

/// A commit as somebody tells it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewCommit {
    /// Its hash.
    pub sha: String,
    /// The repository.
    pub repository: String,
    /// What it says.
    pub message: Option<String>,
    /// Who wrote it.
    pub author_name: Option<String>,
    /// And their address.
    pub author_email: Option<String>,
    /// When.
    pub committed_at: Option<Timestamp>,
    /// The files it changed.
    pub files: Vec<ChangedFile>,
}

/// A file that a commit changed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChangedFile {
    /// Its path in the repository.
    pub path: String,
    /// How.
    pub change: FileChange,
}

/// How a file was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FileChange {
    /// It is new.
    Added,
    /// It has other content.
    Modified,
    /// It is gone.
    Deleted,
}

impl FileChange {
    /// The letter on the wire and in the table.
    pub fn letter(self) -> &'static str {
        match self {
            Self::Added => "A",
            Self::Modified => "M",
            Self::Deleted => "D",
        }
    }

    /// The change of a letter; what git calls otherwise left the file changed.
    pub fn of_letter(letter: &str) -> Self {
        match letter {
            "A" => Self::Added,
            "D" => Self::Deleted,
            _ => Self::Modified,
        }
    }
}

/// A commit of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// 0 is the newest.
    pub position: i32,
    /// Its hash.
    pub sha: String,
    /// The repository.
    pub repository: String,
    /// What it says.
    pub message: Option<String>,
    /// Who wrote it.
    pub author: Author,
    /// When; when it was told, if nobody said.
    pub committed_at: Timestamp,
}

/// Who wrote a commit.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Author {
    /// Their name.
    pub name: Option<String>,
    /// Their address.
    pub email: Option<String>,
}

/// A file that a release changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseFile {
    /// The commit's position.
    pub position: i32,
    /// The commit.
    pub sha: String,
    /// Its repository.
    pub repository: String,
    /// The commit's message.
    pub message: Option<String>,
    /// Who wrote it.
    pub author: Author,
    /// When.
    pub committed_at: Timestamp,
    /// The file.
    pub file: ChangedFile,
}

/// The commits of a release in short.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many there are.
    pub count: i64,
    /// The newest.
    pub last: Option<Commit>,
    /// Who wrote them, at most ten.
    pub authors: Vec<Author>,
}

pub(super) fn check(commits: &[NewCommit]) -> Result<()> {
    let refuse = |problem: String| Err(Error::invalid("commits", problem));
    if commits.len() > MAX_COMMITS {
        return refuse(format!("A release has at most {MAX_COMMITS} commits."));
    }
    if commits.iter().map(|commit| commit.files.len()).sum::<usize>() > MAX_FILES {
        return refuse(format!("The commits of a release name at most {MAX_FILES} files."));
    }
    for commit in commits {
        if commit.sha.is_empty() {
            return refuse("Every commit needs its `id`.".to_owned());
        }
        let texts = [&commit.sha, &commit.repository].into_iter();
        let texts = texts.chain(&commit.author_name).chain(&commit.author_email);
        let mut texts = texts.chain(commit.files.iter().map(|file| &file.path));
        if texts.any(|text| text.len() > MAX_TEXT_BYTES || text.contains('\0')) {
            return refuse(format!(
                "Hashes, names and paths of commits have at most {MAX_TEXT_BYTES} bytes."
            ));
        }
    }
    Ok(())
}

/// A message as it is kept.
fn storable(message: &str) -> String {
    message.chars().filter(|c| *c != '\0').take(MAX_MESSAGE_CHARS).collect()
}

/// The commits of these releases in short.
pub(super) async fn summaries(
    db: &mut PgConnection,
    organization: OrganizationId,
    releases: &[i64],
) -> Result<BTreeMap<ReleaseId, Summary>> {
    let mut summaries: BTreeMap<ReleaseId, Summary> = BTreeMap::new();
    for (release, count, commit) in store::list_newest(db, organization, releases).await? {
        let last = Some(commit);
        summaries.insert(release, Summary { count, last, authors: Vec::new() });
    }
    for (release, author) in store::list_authors(db, organization, releases).await? {
        let Some(summary) = summaries.get_mut(&release) else { continue };
        if summary.authors.len() < MAX_AUTHORS {
            summary.authors.push(author);
        }
    }
    Ok(summaries)
}

/// The commits of a release, the newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &mut PgConnection, release: &Release) -> Result<Vec<Commit>> {
    Ok(store::list(db, release).await?)
}

/// The files that a release changed, by commit and path.
///
/// # Errors
/// When the database fails.
pub async fn list_files(db: &mut PgConnection, release: &Release) -> Result<Vec<ReleaseFile>> {
    Ok(store::list_files(db, release).await?)
}

/// The latest release before this one that has commits; of one that does not exist yet, the latest of all.
///
/// # Errors
/// When the database fails.
pub async fn find_previous_with_commits(
    db: &mut PgConnection,
    organization: OrganizationId,
    version: &str,
) -> Result<Option<Release>> {
    let before = super::store::find(db, organization, version).await?.map(|release| release.at());
    let Some(previous) = store::find_previous(db, organization, version, before).await? else {
        return Ok(None);
    };
    Ok(super::store::find(db, organization, &previous).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_are_bounded() {
        let commit = NewCommit { sha: "abc".to_owned(), ..NewCommit::default() };
        assert!(check(std::slice::from_ref(&commit)).is_ok());
        assert!(check(&vec![commit.clone(); MAX_COMMITS + 1]).is_err());
        assert!(check(&[NewCommit::default()]).is_err());
        let author_name = Some("n".repeat(MAX_TEXT_BYTES + 1));
        assert!(check(&[NewCommit { author_name, ..commit.clone() }]).is_err());
        let file = ChangedFile { path: "a".to_owned(), change: FileChange::Added };
        assert!(check(&[NewCommit { files: vec![file; MAX_FILES + 1], ..commit }]).is_err());
        assert_eq!(storable(&"ä\0".repeat(5_000)), "ä".repeat(MAX_MESSAGE_CHARS));
    }
}
