//! Directories in which a private Postgres can run.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use tempfile::TempDir;

/// A temporary directory that Postgres can reach: when the tests run as root, it runs as somebody else, who
/// may not enter what `tempfile` makes.
pub(crate) fn open_directory() -> TempDir {
    // In `/tmp` itself: a longer way there would leave no room for the socket's path.
    let directory = tempfile::Builder::new().prefix("picket-").tempdir_in("/tmp").unwrap();
    fs::set_permissions(directory.path(), Permissions::from_mode(0o711)).unwrap();
    directory
}
