//! The data directory: made when missing, and used by one Picket at a time.
//!
//! The claim is a lock that the operating system holds for the process (`flock`), so it ends with the
//! process however that ends. What stands in the file only says who has it, for messages and for
//! commands that want to work beside a running server.

use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use nix::unistd::geteuid;

/// The lock's file in the data directory.
const LOCK_FILE: &str = "lock";

/// Lets group and others enter a directory, though not list it.
const PASSAGE: u32 = 0o011;

/// What a process wants the data directory for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It serves until it is stopped.
    Serve,
    /// It does one thing and ends.
    Command,
}

/// The exclusive use of a data directory, until dropped.
#[derive(Debug)]
pub struct Claim {
    _file: File,
}

/// The process that has the data directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// What for.
    pub role: Role,
    /// Its process id; 0 when it has not written it yet.
    pub pid: u32,
}

/// Makes the data directory when it is missing and answers its absolute path.
pub fn prepare(path: &Path) -> Result<PathBuf> {
    let path = std::path::absolute(path)
        .with_context(|| format!("`{}` cannot be a data directory", path.display()))?;
    make(&path).map_err(|error| {
        anyhow!(
            "could not make the data directory `{}` ({error}); create it for this user, or set \
             PICKET__DATA_DIR to a directory that this user may write",
            path.display()
        )
    })?;
    if is_to_be_opened(&path) {
        let mode = fs::metadata(&path)?.mode() | PASSAGE;
        fs::set_permissions(&path, Permissions::from_mode(mode))
            .with_context(|| format!("could not let Postgres pass through `{}`", path.display()))?;
    }
    Ok(path)
}

/// Whether [`prepare`] lets other users pass through a directory that is closed to them: as root, Postgres
/// runs as somebody else. Only a directory that is Picket's alone, and never one above it. What Picket keeps
/// there is closed by itself.
pub fn is_to_be_opened(path: &Path) -> bool {
    let Ok(found) = fs::metadata(path) else { return false };
    let is_closed = found.mode() & PASSAGE != PASSAGE;
    let is_ours = || {
        path.join(LOCK_FILE).exists()
            || fs::read_dir(path).is_ok_and(|mut all| all.next().is_none())
    };
    geteuid().is_root() && found.is_dir() && found.uid() == 0 && is_closed && is_ours()
}

/// Makes `path` and the directories above it.
fn make(path: &Path) -> std::io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    if let Some(parent) = path.parent() {
        make(parent)?;
    }
    fs::create_dir(path)?;
    // Whatever the umask: as root, Postgres runs as somebody else and must be able to pass through.
    let mode = if geteuid().is_root() { 0o711 } else { 0o700 };
    fs::set_permissions(path, Permissions::from_mode(mode))
}

impl Claim {
    /// Takes the data directory, or says who has it.
    pub fn take(data_dir: &Path, role: Role) -> Result<std::result::Result<Self, Holder>> {
        let path = data_dir.join(LOCK_FILE);
        let mut file = open(&path).map_err(|error| {
            anyhow!(
                "could not write `{}` ({error}); make the data directory writable for this user, \
                 or set PICKET__DATA_DIR to another one",
                path.display()
            )
        })?;
        match file.try_lock() {
            Ok(()) => {
                write_holder(&mut file, role).with_context(|| {
                    format!("could not write `{}`; is the disk full?", path.display())
                })?;
                Ok(Ok(Self { _file: file }))
            }
            Err(TryLockError::WouldBlock) => Ok(Err(read_holder(&mut file))),
            Err(TryLockError::Error(error)) => Err(error).with_context(|| {
                format!(
                    "could not lock `{}`; the data directory must be on a file system with locks",
                    path.display()
                )
            }),
        }
    }
}

/// Who has a data directory right now; none if nobody has, or if that cannot be seen.
pub fn holder(data_dir: &Path) -> Option<Holder> {
    let mut file = File::open(data_dir.join(LOCK_FILE)).ok()?;
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Some(read_holder(&mut file)),
        _ => None,
    }
}

fn open(path: &Path) -> std::io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        // Root must not be led to another file by whoever may write the directory.
        .custom_flags(nix::libc::O_NOFOLLOW)
        .open(path)
}

fn write_holder(file: &mut File, role: Role) -> std::io::Result<()> {
    let role = match role {
        Role::Serve => "serve",
        Role::Command => "command",
    };
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{role} {}", std::process::id())
}

/// A holder that has not written yet, or was killed while writing, passes for a command: those are
/// waited for.
fn read_holder(file: &mut File) -> Holder {
    let mut text = String::new();
    let _ = file.read_to_string(&mut text);
    let mut words = text.split_whitespace();
    let role = if words.next() == Some("serve") { Role::Serve } else { Role::Command };
    let pid = words.next().and_then(|word| word.parse().ok()).unwrap_or(0);
    Holder { role, pid }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_claimed_once_and_free_again_after_the_claim() {
        let directory = tempfile::tempdir().unwrap();
        let first = Claim::take(directory.path(), Role::Serve).unwrap().unwrap();

        let holder = Claim::take(directory.path(), Role::Command).unwrap().unwrap_err();
        assert_eq!(holder, Holder { role: Role::Serve, pid: std::process::id() });

        assert_eq!(super::holder(directory.path()), Some(holder));

        drop(first);
        assert_eq!(super::holder(directory.path()), None);
        assert!(Claim::take(directory.path(), Role::Command).unwrap().is_ok());
    }

    #[test]
    fn the_lock_file_is_never_followed_elsewhere() {
        let directory = tempfile::tempdir().unwrap();
        let elsewhere = directory.path().join("elsewhere");
        fs::write(&elsewhere, "untouched").unwrap();
        std::os::unix::fs::symlink(&elsewhere, directory.path().join(LOCK_FILE)).unwrap();

        let error = Claim::take(directory.path(), Role::Serve).unwrap_err();

        assert!(error.to_string().contains("could not write"), "{error}");
        assert_eq!(fs::read_to_string(elsewhere).unwrap(), "untouched");
    }

    #[test]
    fn as_root_only_a_directory_of_our_own_is_opened_to_the_server_user() {
        if !geteuid().is_root() {
            return;
        }
        let directory = tempfile::tempdir().unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().mode() & 0o777;
        let [empty, used, foreign] = ["empty", "used", "foreign"].map(|name| {
            let path = directory.path().join(name);
            fs::create_dir(&path).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(0o700)).unwrap();
            path
        });
        fs::write(used.join(LOCK_FILE), "").unwrap();
        fs::write(foreign.join("letter.txt"), "").unwrap();
        let above = mode(directory.path());

        for path in [&empty, &used, &foreign] {
            prepare(path).unwrap();
        }

        assert_eq!([mode(&empty), mode(&used), mode(&foreign)], [0o711, 0o711, 0o700]);
        assert_eq!(mode(directory.path()), above, "what is above is not ours");
    }

    #[test]
    fn missing_directories_are_made() {
        let directory = tempfile::tempdir().unwrap();
        let path = prepare(&directory.path().join("one/two")).unwrap();
        assert!(path.is_absolute() && path.is_dir());
    }
}
