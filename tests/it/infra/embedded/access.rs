//! Who may run Postgres where. Most of this can only be tried by root, who can become others.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;

use nix::unistd::{Uid, User, geteuid};

use super::helpers::{processes, refusal, server_user, used_data_dir};
use super::owner::Owner;
use crate::support::data_dir::open_directory;

/// Says why a test does nothing, when it needs root.
fn is_root() -> bool {
    if !geteuid().is_root() {
        eprintln!("skipped: only root can become another user");
    }
    geteuid().is_root()
}

/// Gives a path to the user that runs Postgres.
pub(super) fn give_to_server_user(path: &Path) {
    let user = server_user();
    chown(path, Some(user.uid.as_raw()), Some(user.gid.as_raw())).unwrap();
}

fn nobody() -> User {
    User::from_name("nobody").unwrap().unwrap()
}

/// Whether another user can start this program at all: its directory may be in root's home.
fn can_be_started_by_others() -> bool {
    let program = std::env::current_exe().unwrap();
    let is_open = |path: &Path| fs::metadata(path).is_ok_and(|found| found.mode() & 0o001 != 0);
    let is_reachable = program.ancestors().all(is_open);
    if !is_reachable {
        eprintln!("skipped: `{}` is closed to other users", program.display());
    }
    is_reachable
}

#[tokio::test]
async fn a_directory_that_the_server_user_cannot_reach_is_named() {
    if !is_root() {
        return;
    }
    let outer = open_directory();
    let closed = outer.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, Permissions::from_mode(0o700)).unwrap();

    let message = refusal(&closed.join("data")).await;

    assert!(message.contains(&format!("may not enter `{}`", closed.display())), "{message}");
    assert!(message.contains(&format!("chmod o+x {}", closed.display())), "{message}");
    assert!(message.contains(&format!("user `{}`", server_user().name)), "{message}");
}

#[tokio::test]
async fn the_owner_of_the_data_runs_it() {
    if !is_root() {
        return;
    }
    let data_dir = used_data_dir();
    let owner = nobody();
    let changed = std::process::Command::new("chown")
        .arg("-R")
        .arg(format!("{}:{}", owner.uid, owner.gid))
        .args([data_dir.path().join("postgres"), data_dir.path().join("run")])
        .status();
    assert!(changed.unwrap().success());

    let database = super::helpers::serve(data_dir.path()).await;

    for pid in processes(data_dir.path()) {
        assert_eq!(fs::metadata(format!("/proc/{pid}")).unwrap().uid(), owner.uid.as_raw());
    }
    database.close().await;
}

#[tokio::test]
async fn data_that_belongs_to_root_is_refused_with_what_to_do() {
    if !is_root() {
        return;
    }
    let data_dir = used_data_dir();
    chown(data_dir.path().join("postgres"), Some(0), Some(0)).unwrap();

    let message = refusal(data_dir.path()).await;

    assert!(message.contains("belongs to root") && message.contains("chown -R"), "{message}");
}

#[tokio::test]
async fn an_ordinary_user_runs_it_as_itself() {
    if !is_root() || !can_be_started_by_others() {
        return;
    }
    let user = nobody();
    let directory = open_directory();
    chown(directory.path(), Some(user.uid.as_raw()), Some(user.gid.as_raw())).unwrap();
    let data_dir = directory.path().join("data");

    let mut owner = Owner::spawn(&data_dir, Some(&user));
    owner.wait_until_up();

    assert_eq!(fs::metadata(&data_dir).unwrap().mode() & 0o777, 0o700);
    for pid in processes(&data_dir) {
        assert_eq!(fs::metadata(format!("/proc/{pid}")).unwrap().uid(), user.uid.as_raw());
    }
    owner.stop();
}

#[tokio::test]
async fn a_user_without_a_name_is_told_what_initdb_needs() {
    if !is_root() || !can_be_started_by_others() {
        return;
    }
    let nameless = User { uid: Uid::from_raw(54321), ..nobody() };
    let directory = open_directory();
    chown(directory.path(), Some(54321), None).unwrap();

    let words = Owner::spawn(&directory.path().join("data"), Some(&nameless)).words();

    assert!(words.contains("user id 54321 has no entry in `/etc/passwd`"), "{words}");
}

#[tokio::test]
async fn data_of_another_user_is_refused_with_what_to_do() {
    if !is_root() || !can_be_started_by_others() {
        return;
    }
    let data_dir = used_data_dir();
    // The directory itself is writable for that user, the cluster in it is not.
    fs::set_permissions(data_dir.path(), Permissions::from_mode(0o777)).unwrap();
    fs::set_permissions(data_dir.path().join("lock"), Permissions::from_mode(0o666)).unwrap();

    let words = Owner::spawn(data_dir.path(), Some(&nobody())).words();

    let expected = format!("belongs to user `{}`", server_user().name);
    assert!(words.contains(&expected), "{words}");
}

#[tokio::test]
async fn a_directory_that_may_not_be_written_is_refused_with_what_to_do() {
    if !is_root() || !can_be_started_by_others() {
        return;
    }
    let directory = open_directory();

    for path in [directory.path().to_owned(), directory.path().join("deeper")] {
        let words = Owner::spawn(&path, Some(&nobody())).words();
        assert!(words.contains("Permission denied"), "{words}");
        assert!(words.contains("PICKET__DATA_DIR"), "{words}");
    }
}
