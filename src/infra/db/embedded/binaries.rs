//! The programs of an installed Postgres: where they are and which version they have.

use std::ffi::OsStr;
use std::fs;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, Result, anyhow, bail};

/// The major versions that Picket is made for.
pub const SUPPORTED: RangeInclusive<u32> = 14..=18;

/// Where packages put the programs; `*` stands for a version. Newer versions first within a line.
const USUAL_PLACES: [&str; 8] = [
    "/usr/lib/postgresql/*/bin",                       // Debian, Ubuntu
    "/usr/pgsql-*/bin",                                // packages of postgresql.org for Red Hat
    "/usr/libexec/postgresql*",                        // Alpine
    "/usr/lib64/pgsql/bin",                            // SUSE
    "/opt/homebrew/opt/postgresql@*/bin",              // Homebrew on Apple silicon
    "/usr/local/opt/postgresql@*/bin",                 // Homebrew on Intel
    "/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin", // Homebrew on Linux
    "/Applications/Postgres.app/Contents/Versions/*/bin",
];

/// `initdb` and `postgres` of one installed version.
#[derive(Clone, Debug)]
pub struct Binaries {
    directory: PathBuf,
    /// The major version.
    pub major: u32,
    /// The version in full, as the program tells it: `15.18`.
    pub version: String,
    /// When the program was written, to notice an upgrade.
    modified: Option<SystemTime>,
}

impl Binaries {
    /// Finds the programs, of the major version `wanted` if data of that version exists.
    ///
    /// `beside` is a program of ours: a `postgresql/bin` next to it is ours too.
    pub fn find(wanted: Option<u32>, bin_dir: Option<&Path>, beside: &Path) -> Result<Self> {
        if let Some(wanted) = wanted.filter(|wanted| !SUPPORTED.contains(wanted)) {
            bail!("the data was made by Postgres {wanted}; Picket runs {}", supported());
        }
        if let Some(directory) = bin_dir {
            return Self::in_directory(directory, wanted);
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut found = Vec::new();
        for directory in candidates(beside, &path) {
            let Ok(binaries) = Self::read(&directory) else { continue };
            if wanted.map_or(SUPPORTED.contains(&binaries.major), |wanted| wanted == binaries.major)
            {
                return Ok(binaries);
            }
            found.push(binaries);
        }
        Err(not_found(wanted, &found))
    }

    /// The path of one of the programs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    /// What became of the programs since they were found.
    pub(super) fn now(&self) -> Change {
        match modified(&self.program("postgres")) {
            None => Change::Gone,
            now if now == self.modified => Change::None,
            _ => Change::Replaced,
        }
    }

    /// The directory that somebody set: its programs or an error, never others.
    fn in_directory(directory: &Path, wanted: Option<u32>) -> Result<Self> {
        let binaries = Self::read(directory).with_context(|| {
            format!("PICKET__DATABASE__BIN_DIR is `{}`, but that is no use", directory.display())
        })?;
        match wanted {
            Some(wanted) if wanted != binaries.major => Err(not_found(Some(wanted), &[binaries])),
            None if !SUPPORTED.contains(&binaries.major) => Err(not_found(None, &[binaries])),
            _ => Ok(binaries),
        }
    }

    fn read(directory: &Path) -> Result<Self> {
        // `initdb` looks for its files from where it really is, not from a link.
        let postgres = fs::canonicalize(directory.join("postgres"))
            .with_context(|| format!("`{}` has no `postgres`", directory.display()))?;
        let directory = postgres.parent().map(Path::to_owned).unwrap_or_default();
        if !directory.join("initdb").is_file() {
            bail!("`{}` has no `initdb`", directory.display());
        }
        let output = Command::new(&postgres)
            .arg("--version")
            .output()
            .with_context(|| format!("could not run `{}`", postgres.display()))?;
        let text = String::from_utf8_lossy(&output.stdout);
        let (major, version) = parse_version(&text)
            .ok_or_else(|| anyhow!("`{} --version` says `{}`", postgres.display(), text.trim()))?;
        Ok(Self { modified: modified(&postgres), directory, major, version })
    }
}

/// What became of the programs of a running server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    None,
    Replaced,
    Gone,
}

fn modified(program: &Path) -> Option<SystemTime> {
    fs::metadata(program).and_then(|found| found.modified()).ok()
}

/// `postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)`; a beta says `19beta1`.
fn parse_version(text: &str) -> Option<(u32, String)> {
    let version = text.split_once("(PostgreSQL) ")?.1.split_whitespace().next()?;
    let digits = version.split(|c: char| !c.is_ascii_digit()).next()?;
    Some((digits.parse().ok()?, version.to_owned()))
}

/// All directories to look in, the preferred first.
fn candidates(beside: &Path, path: &OsStr) -> Vec<PathBuf> {
    let ours = fs::canonicalize(beside).unwrap_or_else(|_| beside.to_owned());
    let mut directories = Vec::new();
    directories.extend(ours.parent().map(|parent| parent.join("postgresql/bin")));
    directories.extend(std::env::split_paths(path).filter(|directory| directory.is_absolute()));
    directories.extend(USUAL_PLACES.iter().flat_map(|pattern| expand(pattern)));
    directories
}

/// The directories that match a pattern with at most one `*`, the highest version first.
fn expand(pattern: &str) -> Vec<PathBuf> {
    let Some((before, after)) = pattern.split_once('*') else {
        return vec![PathBuf::from(pattern)];
    };
    let (parent, prefix) = before.rsplit_once('/').unwrap_or_default();
    let mut versions: Vec<u32> = fs::read_dir(parent)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.strip_prefix(prefix)?.parse().ok())
        .collect();
    versions.sort_unstable_by(|one, other| other.cmp(one));
    versions.into_iter().map(|version| PathBuf::from(format!("{before}{version}{after}"))).collect()
}

fn supported() -> String {
    format!("Postgres {} to {}", SUPPORTED.start(), SUPPORTED.end())
}

/// Says what to install. The binary never installs anything itself.
fn not_found(wanted: Option<u32>, found: &[Binaries]) -> anyhow::Error {
    let found = match found {
        [] => String::new(),
        some => {
            let list: Vec<_> = some
                .iter()
                .map(|binaries| {
                    format!("{} in `{}`", binaries.version, binaries.directory.display())
                })
                .collect();
            format!(" (found {})", list.join(", "))
        }
    };
    match wanted {
        Some(wanted) => anyhow!(
            "the data was made by Postgres {wanted}, and only that version can read it, but its programs \
             are not here{found}. Install Postgres {wanted} again (on Debian and Ubuntu `apt install \
             postgresql-{wanted}`, with Homebrew `brew install postgresql@{wanted}`) or set \
             PICKET__DATABASE__BIN_DIR to where its `initdb` and `postgres` are"
        ),
        None => anyhow!(
            "no Postgres is installed here that Picket can run{found}; it needs {}. Install it (on Debian \
             and Ubuntu `apt install postgresql`, on Fedora `dnf install postgresql-server`, on Alpine `apk \
             add postgresql`, with Homebrew `brew install postgresql@17`), or set \
             PICKET__DATABASE__BIN_DIR to where `initdb` and `postgres` are, or set DATABASE_URL to use a \
             Postgres server that runs elsewhere",
            supported()
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory with programs that claim to be Postgres of `version`.
    ///
    /// A shell writes them: a file that this process has open for writing while another test starts a
    /// program cannot be run ("text file busy").
    fn pretend(parent: &Path, version: &str) -> PathBuf {
        let directory = parent.join(version);
        fs::create_dir_all(&directory).unwrap();
        let script = "for name in postgres initdb; do \
                      printf '#!/bin/sh\\necho \"x (PostgreSQL) %s\"\\n' \"$1\" >$name; chmod +x $name; done";
        let written = Command::new("sh")
            .args(["-c", script, "sh", version])
            .current_dir(&directory)
            .status()
            .unwrap();
        assert!(written.success());
        directory
    }

    #[test]
    fn versions_are_read_as_the_programs_print_them() {
        let debian = "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n";
        assert_eq!(parse_version(debian), Some((15, "15.18".to_owned())));
        assert_eq!(
            parse_version("postgres (PostgreSQL) 19beta1"),
            Some((19, "19beta1".to_owned()))
        );
        assert_eq!(parse_version("psql 15"), None);
    }

    #[test]
    fn data_of_one_version_is_never_given_to_programs_of_another() {
        let directory = tempfile::tempdir().unwrap();
        let fifteen = pretend(directory.path(), "15.4");

        let right = Binaries::find(Some(15), Some(&fifteen), Path::new("/picket")).unwrap();
        assert_eq!(right.version, "15.4");

        let wrong = Binaries::find(Some(16), Some(&fifteen), Path::new("/picket")).unwrap_err();
        let message = format!("{wrong:#}");
        assert!(message.contains("made by Postgres 16"), "{message}");
        assert!(message.contains("found 15.4"), "{message}");
        assert!(message.contains("postgresql-16"), "{message}");
    }

    #[test]
    fn versions_outside_the_supported_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        let old = pretend(directory.path(), "13.9");
        let error = Binaries::find(None, Some(&old), Path::new("/picket")).unwrap_err();
        assert!(format!("{error:#}").contains("Postgres 14 to 18"), "{error:#}");

        let error = Binaries::find(Some(19), None, Path::new("/picket")).unwrap_err();
        assert!(format!("{error:#}").contains("made by Postgres 19"), "{error:#}");
    }

    #[test]
    fn a_set_directory_without_the_programs_is_an_error_that_names_it() {
        let directory = tempfile::tempdir().unwrap();
        let error = Binaries::find(None, Some(directory.path()), Path::new("/picket")).unwrap_err();
        let message = format!("{error:#}");
        assert!(message.contains("PICKET__DATABASE__BIN_DIR"), "{message}");
        assert!(message.contains("has no `postgres`"), "{message}");
    }

    #[test]
    fn a_postgres_beside_our_own_program_comes_first() {
        let directory = tempfile::tempdir().unwrap();
        let bundled = pretend(directory.path(), "17.1");
        fs::create_dir(directory.path().join("postgresql")).unwrap();
        fs::rename(bundled, directory.path().join("postgresql/bin")).unwrap();

        let found = Binaries::find(None, None, &directory.path().join("picket")).unwrap();

        assert_eq!(found.version, "17.1");
    }

    #[test]
    fn the_newest_of_several_versions_is_preferred() {
        let directory = tempfile::tempdir().unwrap();
        for version in ["9", "14", "17", "15", "common"] {
            fs::create_dir_all(directory.path().join(version).join("bin")).unwrap();
        }
        let pattern = format!("{}/*/bin", directory.path().display());

        let names: Vec<_> = expand(&pattern)
            .iter()
            .map(|path| path.parent().unwrap().file_name().unwrap().to_str().unwrap().to_owned())
            .collect();

        assert_eq!(names, ["17", "15", "14", "9"]);
    }

    #[test]
    fn an_upgrade_under_a_running_server_is_noticed() {
        let directory = tempfile::tempdir().unwrap();
        let path = pretend(directory.path(), "16.2");
        let binaries = Binaries::find(None, Some(&path), Path::new("/picket")).unwrap();
        assert_eq!(binaries.now(), Change::None);

        let later = SystemTime::now() + std::time::Duration::from_mins(1);
        fs::File::open(path.join("postgres")).unwrap().set_modified(later).unwrap();
        assert_eq!(binaries.now(), Change::Replaced);

        fs::remove_file(path.join("postgres")).unwrap();
        assert_eq!(binaries.now(), Change::Gone);
    }
}
