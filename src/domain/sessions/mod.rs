//! Whether runs of a program went well: sessions, counted by release and environment (`protocol.md` §8).
//!
//! Two kinds of clients report them. Programs in the hands of users report each session in steps that name it;
//! servers count theirs and report the counts. Both end in buckets of an hour and of a day ([`batch`]): exact counts
//! of sessions, and sketches of who the users were ([`UserSketch`]), which do not grow with their number. The latest users
//! wait beside the sketches until it is worth writing these (`waiting.rs`).
//!
//! What must stay true:
//! - A session is counted once, in the bucket of its beginning, and in one count: the worst that befell it.
//!   So the counts of a bucket never exceed its total.
//! - The order in which steps arrive, and how often, makes no difference: what is known of a session only grows.
//!   A crash that is reported after the end, or before the beginning, is a crash.
//! - All of it is written in the transaction that moves the journal's position.
//!
//! Decided against: counting a beginning only where a step says `init`, as Sentry does. Some clients say it on every
//! step, a lost first step would make crashes outnumber sessions, and what is remembered of each session
//! tells a beginning without it.

pub mod batch;
mod counts;
pub mod health;
mod sketch;
pub mod store;
mod waiting;

pub use counts::{SessionCounts, Trouble, Troubles};
pub use sketch::{Unreadable, UserSketch};
pub use waiting::Damaged;

use chrono::{NaiveDate, NaiveTime, TimeDelta};
use sqlx::PgConnection;

use crate::domain::Result;

/// Sessions that began longer ago than this, when they are received, count no more.
pub const MAX_AGE: TimeDelta = TimeDelta::days(5);

/// Days that the states of single sessions are kept: steps may come for [`MAX_AGE`], and the journal may wait.
pub const STATES_DAYS: u32 = 8;

/// The most pairs of release and environment that a project has on a day; the rest is counted under
/// [`OTHER_RELEASES`].
pub const MAX_PLACES_PER_DAY: i64 = 1_000;

/// The release under which sessions are counted whose own would be one too many.
pub const OTHER_RELEASES: &str = "(other)";

/// The release of buckets of a day that stand for all releases together.
pub const ALL_RELEASES: &str = "";

/// The most rows of days that one statement removes.
const DAYS_AT_A_TIME: i64 = 5_000;

/// Removes the days before `first_kept`; the hours go with their partitions.
///
/// # Errors
/// When the database fails; what was removed until then stays so.
pub async fn remove_old(db: &mut PgConnection, first_kept: NaiveDate) -> Result<()> {
    let before = first_kept.and_time(NaiveTime::MIN).and_utc();
    while store::delete_days(db, before, DAYS_AT_A_TIME).await? > 0 {}
    Ok(())
}
