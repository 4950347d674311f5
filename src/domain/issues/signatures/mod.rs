//! Signatures: what issues are compared by, to suggest which may be the same problem.
//!
//! Each part keeps the signature of the event that made it, and a dozen numbers, its *keys*, of which parts that
//! are alike share one at least, most probably. So the issues that are worth comparing are found by an index.
//! What the bytes mean, and how alike two of them are, is none of this slice's business.
//!
//! Everything here is bounded: what is compared is a suggestion and must not cost more than a page.

pub mod store;

use sqlx::PgConnection;

use crate::base::{IssueId, PartId};
use crate::domain::Result;

/// The most parts of one issue that others are compared with.
pub const MAX_OWN: i64 = 20;

/// The most parts of other issues that one issue is compared with.
pub const MAX_CANDIDATES: i64 = 200;

/// What a new part is found by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewSignature {
    /// The part.
    pub part: PartId,
    /// Its signature, as it is stored.
    pub bytes: Vec<u8>,
    /// Its keys.
    pub keys: Vec<i64>,
}

/// A part of another issue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Whose it is now.
    pub issue: IssueId,
    /// Its signature, as it was stored.
    pub bytes: Vec<u8>,
}

/// The signatures of an issue's first parts, [`MAX_OWN`] at most.
///
/// # Errors
/// When the database fails.
pub async fn own(db: &mut PgConnection, issue: IssueId) -> Result<Vec<Vec<u8>>> {
    Ok(store::list_own(db, issue, MAX_OWN).await?)
}

/// Parts of other issues of the project that share a key with `issue`, those that share most of them first,
/// [`MAX_CANDIDATES`] at most. Issues that somebody took apart from `issue` are left out.
///
/// # Errors
/// When the database fails.
pub async fn candidates(db: &mut PgConnection, issue: IssueId) -> Result<Vec<Candidate>> {
    Ok(store::list_candidates(db, issue, MAX_OWN, MAX_CANDIDATES).await?)
}
