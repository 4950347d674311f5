//! `/api/{project}/upload/`: files of more than a hundred megabytes, in pieces (`protocol.md` §4.5). Picket does
//! not take them: a client that is told so gives up on that one file.

use crate::ingest::Error;

/// Refuses to begin, or to go on.
pub(in crate::ingest) async fn refuse_upload() -> Error {
    Error::UploadsOff
}
