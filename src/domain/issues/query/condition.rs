//! What an issue has to fulfil to be found.

use crate::base::{EventId, IssueId, IssueNumber, ProjectId};
use crate::domain::issues::{Sought, Status, Substatus};
use crate::domain::query::{NumberFilter, Pattern, TimeRange};
use crate::domain::releases::wanted::Wanted;
use crate::protocol::event::Level;

/// A condition on an issue, ready to become SQL.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// Every part holds; without parts: always.
    All(Vec<Self>),
    /// At least one part holds; without parts: never.
    Any(Vec<Self>),
    /// The part does not hold.
    Not(Box<Self>),
    /// The state is this one.
    Status(Status),
    /// The state, in detail, is this one.
    Substatus(Substatus),
    /// The level is at least the first and at most the second.
    Level(Level, Level),
    /// A text of the issue looks like this.
    Field(Field, Pattern),
    /// The issue has this text and it is not empty.
    Has(Field),
    /// The title, the culprit or the exception's message looks like this.
    Words(Pattern),
    /// Somebody has it, or nobody.
    Assigned(Sought),
    /// An event had this tag with such a value.
    Tag(String, Pattern),
    /// An event had this tag.
    HasTag(String),
    /// An event came from such a release. Becomes names of releases before it becomes SQL.
    Release(Box<OfRelease>),
    /// It was seen in such an environment; the empty name is "none".
    Environment(Pattern),
    /// Nothing caught the exception.
    Unhandled,
    /// First seen within.
    FirstSeen(TimeRange),
    /// Last seen within.
    LastSeen(TimeRange),
    /// The number of events compares so.
    TimesSeen(NumberFilter),
    /// The number of users compares so.
    UserCount(NumberFilter),
    /// It is the issue of this number in the project of this slug.
    Issue(String, IssueNumber),
    /// It is one of these.
    Ids(Vec<IssueId>),
    /// It is in a project of such a slug.
    Project(Pattern),
    /// It is in this project.
    ProjectId(ProjectId),
    /// It owns this event.
    Event(EventId),
}

impl Default for Condition {
    fn default() -> Self {
        Self::ALWAYS
    }
}

impl Condition {
    /// Every issue fulfils it.
    pub const ALWAYS: Self = Self::All(Vec::new());

    /// No issue fulfils it.
    pub const NEVER: Self = Self::Any(Vec::new());

    /// Both this and `other`.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match self {
            Self::All(mut parts) => {
                parts.push(other);
                Self::All(parts)
            }
            first => Self::All(vec![first, other]),
        }
    }

    /// Always or never.
    pub fn constant(holds: bool) -> Self {
        if holds { Self::ALWAYS } else { Self::NEVER }
    }
}

/// Releases whose issues are sought.
#[derive(Clone, Debug, PartialEq)]
pub struct OfRelease {
    /// Which releases.
    pub wanted: Wanted,
    /// Whether the issue's first event came from one of them.
    pub is_first: bool,
    /// The filter as it was written.
    pub words: String,
}

/// The texts of an issue that can be searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// What the issue is called.
    Title,
    /// Where it happens.
    Culprit,
    /// The exception's type.
    ExceptionType,
    /// The exception's message.
    ExceptionValue,
    /// The file of the crash frame.
    Filename,
    /// The function of the crash frame.
    Function,
    /// The logger's name.
    Logger,
    /// The platform.
    Platform,
    /// `error`, `default`, `csp` …
    Kind,
    /// The release of the first event.
    FirstRelease,
}
