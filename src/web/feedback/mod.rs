//! What users wrote.

pub mod attachments;
pub mod list;

pub use list::FeedbackPath;
