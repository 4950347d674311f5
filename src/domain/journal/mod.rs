//! How far the effects of each journal lane are in the database.
//!
//! The position moves in the transaction that stores the effects. Whoever moves it names the position
//! it starts from, so a batch takes effect once: after a crash, after a lost answer to `COMMIT`, and
//! when two processes mistakenly share a journal.

pub mod store;

use uuid::Uuid;

/// The key of a lane's position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LaneKey {
    /// The data directory that owns the journal.
    pub node: Uuid,
    /// The lane.
    pub lane: i32,
}
