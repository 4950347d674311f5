//! Hands accepted envelopes to the journal.

use tracing::error;

use super::{Error, Ingest};
use crate::infra::journal::AppendError;
use crate::protocol::accepted::AcceptedEnvelope;

/// Keeps an envelope; when this returns `Ok`, it is on disk.
///
/// # Errors
/// When the journal is full, or its disk fails.
pub(super) async fn append(ingest: &Ingest, envelope: AcceptedEnvelope<'_>) -> Result<(), Error> {
    let project = envelope.project_id;
    match ingest.app.journals.append(project, envelope.encode()).await {
        Ok(_) => Ok(()),
        Err(AppendError::Full) => Err(Error::JournalFull),
        Err(AppendError::TooLarge(_)) => Err(Error::TooLarge),
        Err(error @ AppendError::Io(_)) => {
            error!(
                project.id = %project,
                error = &error as &dyn std::error::Error,
                "An envelope could not be kept, its sender was told to try again",
            );
            Err(Error::JournalFailed)
        }
    }
}
