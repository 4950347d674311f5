//! The cluster on disk: what is there, and making a new one.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::ErrorKind;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, anyhow, bail};
use tracing::info;

use super::account::{self, Account};
use super::binaries::Binaries;
use super::layout::{self, Layout};
use super::{SUPERUSER, leftovers, shim};

/// The major version that made the cluster; none if there is no cluster yet.
pub(super) fn major_version(cluster: &Path) -> Result<Option<u32>> {
    let path = cluster.join("PG_VERSION");
    match fs::read_to_string(&path) {
        Ok(text) => text
            .trim()
            .parse()
            .map(Some)
            .map_err(|_| anyhow!("`{}` holds no version: `{}`", path.display(), text.trim())),
        Err(error) if error.kind() == ErrorKind::NotFound => require_absent(cluster).map(|()| None),
        Err(error) => Err(error).with_context(|| format!("could not read `{}`", path.display())),
    }
}

/// A directory without a version is no cluster of ours: those appear whole.
fn require_absent(cluster: &Path) -> Result<()> {
    if !cluster.exists() {
        return Ok(());
    }
    bail!(
        "`{}` exists but holds no Postgres data (`PG_VERSION` is missing); move it away, or restore it from \
         a backup",
        cluster.display()
    )
}

/// Makes a cluster beside its place and moves it there when it is whole, so that a crash on the way
/// leaves nothing that looks like one.
pub(super) fn create(
    layout: &Layout,
    binaries: &Binaries,
    account: Option<&Account>,
    shim: &Path,
) -> Result<()> {
    account::require_a_name(account)?;
    let started = Instant::now();
    info!(
        postgres.version = %binaries.version,
        "Making a private Postgres {} in `{}`", binaries.version, layout.cluster.display()
    );
    remove_unfinished(&layout.unfinished)?;
    layout::make_private_dir(&layout.unfinished, account)
        .with_context(|| format!("could not make `{}`", layout.unfinished.display()))?;
    let sync = Sync::begin(&layout.unfinished)?;
    initdb(layout, binaries, account, shim)?;
    sync.finish()
        .with_context(|| format!("could not write `{}` to disk", layout.unfinished.display()))?;
    fs::rename(&layout.unfinished, &layout.cluster)
        .and_then(|()| File::open(&layout.data_dir)?.sync_all())
        .with_context(|| format!("could not put `{}` in place", layout.cluster.display()))?;
    info!(duration_ms = started.elapsed().as_millis(), "Made a private Postgres");
    Ok(())
}

fn remove_unfinished(unfinished: &Path) -> Result<()> {
    if !unfinished.exists() {
        return Ok(());
    }
    leftovers::stop_processes_in(unfinished)?;
    fs::remove_dir_all(unfinished).with_context(|| {
        format!("could not remove `{}`, a half-made database", unfinished.display())
    })
}

fn initdb(
    layout: &Layout,
    binaries: &Binaries,
    account: Option<&Account>,
    shim: &Path,
) -> Result<()> {
    let program = binaries.program("initdb");
    let output = shim::command(shim, account, &layout.unfinished, &program)
        .args(initdb_arguments(&layout.unfinished))
        .args(Sync::ARGUMENT)
        .output()
        .with_context(|| format!("could not run `{}`", shim.display()))?;
    if output.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    match shim::complaint(&words) {
        Some(complaint) => bail!("{complaint}"),
        None => bail!("`initdb` could not make a database: {}", words.trim()),
    }
}

/// Brings a new cluster to disk in one go. `initdb` does it file by file, a thousand of them; on a busy disk that
/// takes longer than making them. From 17 on it can do the same by itself (`--sync-method=syncfs`).
#[cfg(target_os = "linux")]
struct Sync(File);

#[cfg(target_os = "linux")]
impl Sync {
    /// Left out of `initdb`.
    const ARGUMENT: Option<&str> = Some("--no-sync");

    /// From here on, what the disk refuses is reported.
    fn begin(directory: &Path) -> Result<Self> {
        File::open(directory)
            .map(Self)
            .with_context(|| format!("could not open `{}`", directory.display()))
    }

    /// Everything that was written is on disk when this returns.
    fn finish(self) -> std::io::Result<()> {
        Ok(nix::unistd::syncfs(self.0)?)
    }
}

/// Where nothing like `syncfs` exists, `initdb` does it.
#[cfg(not(target_os = "linux"))]
struct Sync;

#[cfg(not(target_os = "linux"))]
impl Sync {
    const ARGUMENT: Option<&str> = None;

    #[expect(clippy::unnecessary_wraps, reason = "as on Linux")]
    fn begin(_: &Path) -> Result<Self> {
        Ok(Self)
    }

    #[expect(clippy::unnecessary_wraps, reason = "as on Linux")]
    fn finish(self) -> std::io::Result<()> {
        Ok(())
    }
}

fn initdb_arguments(directory: &Path) -> [OsString; 9] {
    let mut pgdata = OsString::from("--pgdata=");
    pgdata.push(directory);
    [
        pgdata,
        format!("--username={SUPERUSER}").into(),
        // Who can reach the socket, in a directory of mode 0700, may come in; nobody comes by network.
        "--auth-local=trust".into(),
        "--auth-host=reject".into(),
        "--encoding=UTF8".into(),
        // Sorting by bytes: an upgrade of the system's libc cannot break an index.
        "--locale=C".into(),
        // Upper and lower case of all letters nevertheless.
        format!("--lc-ctype={CHARACTER_TYPE}").into(),
        "--data-checksums".into(),
        "--no-instructions".into(),
    ]
}

#[cfg(not(target_vendor = "apple"))]
const CHARACTER_TYPE: &str = "C.UTF-8";
#[cfg(target_vendor = "apple")]
const CHARACTER_TYPE: &str = "en_US.UTF-8";
