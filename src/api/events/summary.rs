//! What an event is called and where it happened, as the views need it.

use crate::api::issues::MetadataView;
use crate::domain::events::EventRow;
use crate::domain::issues::Issue;
use crate::protocol::event::Event;

/// The words an event is shown with.
#[derive(Debug)]
pub(super) struct Summary {
    pub(super) kind: String,
    pub(super) culprit: String,
    pub(super) location: Option<String>,
    pub(super) metadata: MetadataView,
}

impl Summary {
    pub(super) fn new(row: &EventRow, _event: Option<&Event>, issue: Option<&Issue>) -> Self {
        Self {
            kind: issue.map_or_else(|| "error".to_owned(), |issue| issue.kind.clone()),
            culprit: issue.map_or_else(String::new, |issue| issue.culprit.clone()),
            location: issue.and_then(|issue| issue.filename.clone()),
            metadata: MetadataView { title: Some(row.title.clone()), ..MetadataView::default() },
        }
    }
}
