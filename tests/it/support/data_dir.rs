//! Directories in which a private Postgres can run.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use picket::config::Config;
use picket::infra::db::{self, Purpose};
use tempfile::TempDir;

use super::cluster;

/// A temporary directory that Postgres can reach: when the tests run as root, it runs as somebody else, who
/// may not enter what `tempfile` makes.
pub(crate) fn open_directory() -> TempDir {
    // In `/tmp` itself: a longer way there would leave no room for the socket's path.
    let directory = tempfile::Builder::new().prefix("picket-").tempdir_in("/tmp").unwrap();
    open_to_all(directory.path());
    directory
}

/// Lets everybody pass through a directory.
pub(crate) fn open_to_all(path: &Path) {
    fs::set_permissions(path, Permissions::from_mode(0o711)).unwrap();
}

/// A data directory with a migrated database that was stopped in order, as the second start finds it. Made
/// once in a run and copied for each test.
pub(crate) fn used_data_dir() -> TempDir {
    let shared = cluster::shared_directory();
    let original = shared.join("used");
    let lock = File::create(shared.join("used.lock")).unwrap();
    lock.lock().unwrap();
    if !original.exists() {
        let unfinished = shared.join("used.new");
        use_once(&unfinished);
        fs::rename(&unfinished, &original).unwrap();
    }
    drop(lock);
    let copy = open_directory();
    let contents = format!("{}/.", original.display());
    let copied = Command::new("cp").arg("-a").arg(contents).arg(copy.path()).status().unwrap();
    assert!(copied.success());
    copy
}

/// On a runtime of its own, as it happens in the middle of a test.
fn use_once(data_dir: &Path) {
    let config = Config { data_dir: data_dir.to_owned(), ..Config::default() };
    let used = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let shim = Path::new(env!("CARGO_BIN_EXE_picket"));
            db::open(&config, Purpose::Serve, shim).await.unwrap().close().await;
        });
    });
    used.join().unwrap();
}
