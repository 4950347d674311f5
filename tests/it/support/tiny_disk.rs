//! A file system that is soon full.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::requirement;

/// A small file system, gone with the value.
pub(crate) struct TinyDisk(tempfile::TempDir);

impl TinyDisk {
    /// One of this size, as `mount` understands it: `900k`. None where this user may not mount.
    pub(crate) fn mount(size: &str) -> Option<Self> {
        let directory = tempfile::Builder::new().prefix("disk").tempdir_in("/tmp").unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size},mode=711"), "tmpfs"])
            .arg(directory.path())
            .output();
        let why = match mounted {
            Ok(output) if output.status.success() => return Some(Self(directory)),
            Ok(output) => String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            Err(error) => error.to_string(),
        };
        requirement::skip("faults", &format!("a tmpfs to fill, which cannot be mounted: {why}"));
        None
    }

    /// Its root.
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Takes all room that is left, to the last byte.
    pub(crate) fn fill(&self) -> Ballast {
        let path = self.path().join("ballast");
        let mut file = std::fs::File::create(&path).unwrap();
        let mut size = 1 << 20;
        while size > 0 {
            match file.write(&vec![0; size]) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => size /= 2,
                Err(error) => panic!("{error}"),
            }
        }
        Ballast(path)
    }
}

impl Drop for TinyDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg("--lazy").arg(self.0.path()).status();
        assert!(unmounted.is_ok_and(|status| status.success()));
    }
}

/// What fills a disk.
pub(crate) struct Ballast(PathBuf);

impl Ballast {
    /// Makes room again.
    pub(crate) fn remove(self) {
        std::fs::remove_file(self.0).unwrap();
    }
}
