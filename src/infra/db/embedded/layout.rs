//! Where the private Postgres keeps what it has.

use std::fs::{self, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use nix::unistd::geteuid;

use super::account::Account;
use crate::base::secrets;

/// Names the socket (`.s.PGSQL.5432`); nothing listens on a TCP port of this number.
pub(super) const PORT: u16 = 5432;

/// The most bytes a socket's path may have: `sun_path` holds 108 on Linux and 104 on macOS, one of
/// them the closing zero.
const MAX_SOCKET_PATH: usize = 103;

/// The paths of one private Postgres.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    /// The data directory of Picket.
    pub(super) data_dir: PathBuf,
    /// The cluster: what Postgres calls its data directory.
    pub(super) cluster: PathBuf,
    /// A cluster in the making, renamed when it is whole.
    pub(super) unfinished: PathBuf,
    /// The directory of the socket, for the server's user alone.
    pub(super) socket_dir: PathBuf,
}

impl Layout {
    pub(super) fn new(data_dir: &Path) -> Self {
        Self {
            cluster: data_dir.join("postgres"),
            unfinished: data_dir.join("postgres.new"),
            socket_dir: socket_dir(data_dir),
            data_dir: data_dir.to_owned(),
        }
    }

    /// The socket's path in its directory.
    pub(super) fn socket(&self) -> PathBuf {
        self.socket_dir.join(socket_name())
    }

    /// The socket's lock, which Postgres keeps beside it.
    pub(super) fn socket_lock(&self) -> PathBuf {
        self.socket_dir.join(format!("{}.lock", socket_name()))
    }

    /// Makes the directory of the socket, owned by the server's user and closed to all others.
    pub(super) fn make_socket_dir(&self, account: Option<&Account>) -> Result<()> {
        make_private_dir(&self.socket_dir, account).with_context(|| {
            format!("could not make `{}` for Postgres's socket", self.socket_dir.display())
        })
    }

    /// Removes the socket's directory if it is not in the data directory, once the server is gone.
    pub(super) fn remove_stray_socket_dir(&self) {
        if !self.socket_dir.starts_with(&self.data_dir) {
            // Not empty or not there: either way nothing of ours is lost.
            let _ = fs::remove_dir(&self.socket_dir);
        }
    }
}

fn socket_name() -> String {
    format!(".s.PGSQL.{PORT}")
}

/// In the data directory, or in the system's temporary folder when the path would be too long for a
/// socket. Always the same for a data directory, so that a crash leaves nothing behind for ever.
fn socket_dir(data_dir: &Path) -> PathBuf {
    let digest = secrets::hash(&data_dir.to_string_lossy());
    let name = format!("picket-{}-{}", geteuid(), secrets::hex(&digest[..6]));
    let short = Path::new("/tmp").join(&name);
    [data_dir.join("run"), std::env::temp_dir().join(&name)]
        .into_iter()
        .find(|directory| directory.join(socket_name()).as_os_str().len() <= MAX_SOCKET_PATH)
        .unwrap_or(short)
}

/// A directory of mode 0700 that belongs to the server's user. One that somebody else has prepared is
/// refused: the temporary folder is open to all.
pub(super) fn make_private_dir(path: &Path, account: Option<&Account>) -> Result<()> {
    match fs::create_dir(path) {
        Ok(()) => {
            fs::set_permissions(path, Permissions::from_mode(0o700))?;
            if let Some(account) = account {
                chown(path, Some(account.uid.as_raw()), Some(account.gid.as_raw()))?;
            }
            Ok(())
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => check_private(path, account),
        Err(error) => Err(error.into()),
    }
}

fn check_private(path: &Path, account: Option<&Account>) -> Result<()> {
    let found = fs::symlink_metadata(path)?;
    let owner = account.map_or_else(geteuid, |account| account.uid);
    if !found.is_dir() || found.uid() != owner.as_raw() || found.mode() & 0o077 != 0 {
        bail!("it exists and is not a directory for user {owner} alone; remove it");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_socket_is_in_the_data_directory_unless_its_path_is_too_long() {
        let short = Layout::new(Path::new("/var/lib/picket"));
        assert_eq!(short.socket(), Path::new("/var/lib/picket/run/.s.PGSQL.5432"));

        let long = Layout::new(&Path::new("/srv").join("x".repeat(130)));
        assert!(long.socket_dir.starts_with(std::env::temp_dir()), "{long:?}");
        assert!(long.socket().as_os_str().len() <= MAX_SOCKET_PATH, "{long:?}");
        assert_ne!(
            long.socket_dir,
            Layout::new(&Path::new("/srv").join("y".repeat(130))).socket_dir
        );
    }

    #[test]
    fn a_directory_that_others_may_enter_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("run");
        fs::create_dir(&path).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o755)).unwrap();
        assert!(make_private_dir(&path, None).is_err());

        fs::remove_dir(&path).unwrap();
        make_private_dir(&path, None).unwrap();
        make_private_dir(&path, None).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o700);
    }
}
