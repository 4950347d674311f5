//! A way to Postgres that can be cut: what a server sees whose Postgres is gone.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tempfile::TempDir;
use tokio::io::copy_bidirectional;
use tokio::net::{UnixListener, UnixStream};
use tokio::task::JoinSet;

/// A socket that leads to another one, until it is cut.
pub(crate) struct Wire {
    directory: TempDir,
    socket: PathBuf,
    target: PathBuf,
    /// Accepts, and holds the connections. Aborted when dropped.
    running: Mutex<JoinSet<()>>,
}

impl Wire {
    /// Leads to a server's socket, under the same file name in a directory of its own.
    pub(crate) fn to(target: &Path) -> Self {
        let directory = tempfile::Builder::new().prefix("wire").tempdir_in("/tmp").unwrap();
        let socket = directory.path().join(target.file_name().unwrap());
        let wire = Self { directory, socket, target: target.to_owned(), running: Mutex::default() };
        wire.mend();
        wire
    }

    /// The directory of the socket.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Ends all connections and refuses new ones.
    pub(crate) fn cut(&self) {
        std::fs::remove_file(&self.socket).unwrap();
        *self.running.lock().unwrap_or_else(PoisonError::into_inner) = JoinSet::new();
    }

    /// Lets connections through (again).
    pub(crate) fn mend(&self) {
        let listener = UnixListener::bind(&self.socket).unwrap();
        let target = self.target.clone();
        let accept = async move {
            let mut connections = JoinSet::new();
            while let Ok((mut near, _)) = listener.accept().await {
                let target = target.clone();
                connections.spawn(async move {
                    if let Ok(mut far) = UnixStream::connect(target).await {
                        let _ = copy_bidirectional(&mut near, &mut far).await;
                    }
                });
            }
        };
        self.running.lock().unwrap_or_else(PoisonError::into_inner).spawn(accept);
    }
}
