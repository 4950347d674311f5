//! What an event is called and where it happened, as the views need it.

use crate::api::issues::{MetadataView, metadata};
use crate::domain::events::EventRow;
use crate::domain::issues::Issue;
use crate::pipeline::stages::describe::{Description, describe};
use crate::protocol::event::Event;

/// The words an event is shown with, beside its title.
#[derive(Debug)]
pub(super) struct Summary {
    pub(super) kind: String,
    pub(super) culprit: String,
    pub(super) location: Option<String>,
    pub(super) metadata: MetadataView,
}

impl Summary {
    /// Of an event itself, or, if its payload was sampled away, of what its issue says.
    pub(super) fn new(row: &EventRow, event: Option<&Event>, issue: Option<&Issue>) -> Self {
        match (event, issue) {
            (Some(event), _) => Self::described(row, describe(event, None)),
            (None, Some(issue)) => Self {
                kind: issue.kind.clone(),
                culprit: issue.culprit.clone(),
                location: issue.filename.clone(),
                metadata: metadata(issue),
            },
            (None, None) => Self {
                kind: "default".to_owned(),
                culprit: row.transaction.clone().unwrap_or_default(),
                location: None,
                metadata: MetadataView::titled(&row.title),
            },
        }
    }

    fn described(row: &EventRow, description: Description) -> Self {
        let metadata = if description.kind == "error" {
            MetadataView {
                title: None,
                kind: description.exception_type,
                value: description.exception_value,
                filename: description.filename,
                function: description.function,
            }
        } else {
            MetadataView::titled(&row.title)
        };
        Self {
            kind: description.kind,
            culprit: description.culprit,
            location: description.location,
            metadata,
        }
    }
}
