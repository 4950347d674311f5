//! The smallest shared things: ids, slugs, the clock and steps of time, random secrets.
//!
//! Nothing here knows the product; everything above may use it.

pub mod clock;
pub mod ids;
pub mod page;
pub mod secrets;
pub mod slug;
pub mod steps;

pub use clock::{Clock, Timestamp};
pub use ids::{
    ApiTokenId, EventId, IssueId, IssueNumber, OrganizationId, PartId, ProjectId, ReleaseId,
    SessionId, TeamId, UserId,
};
pub use page::{Cursor, Page, PageRequest};
pub use slug::Slug;
