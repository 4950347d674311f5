//! What else a project was sent besides events: whoever shows projects offers what there is something in.

mod store;

pub use store::list;

/// What there is of a project.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Sessions were counted.
    pub has_sessions: bool,
    /// Somebody wrote something.
    pub has_feedback: bool,
}
