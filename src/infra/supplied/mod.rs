//! Files that the operator supplies, because they are somebody else's and are renewed every few days.
//!
//! Each is read into memory, so that whoever replaces the file need not care how, and looked at again every
//! minute. What was read goes on being used while a new one is unusable.

pub mod devices;
pub mod places;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::SystemTime;

pub use devices::DeviceNames;
pub use places::Places;

use crate::config::IngestConfig;

/// All there are.
#[derive(Debug, Default)]
pub struct SuppliedFiles {
    /// Where addresses are.
    pub places: Places,
    /// What devices are sold as.
    pub devices: DeviceNames,
}

impl SuppliedFiles {
    /// Those that the configuration names, none of them read yet.
    pub fn of(config: &IngestConfig) -> Self {
        Self {
            places: Renewed::at(config.geo_database.as_deref()),
            devices: Renewed::at(config.device_names.as_deref()),
        }
    }
}

/// What is read from such a file.
pub trait Supplied: Sized {
    /// Why a file cannot be used.
    type Unusable: std::error::Error + Send + Sync + 'static;

    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read, or holds something else.
    fn open(path: &Path) -> Result<Self, Self::Unusable>;

    /// What it is, for the operator.
    fn describe(&self) -> String;
}

/// The file at a path, as it is now.
pub struct Renewed<T> {
    path: Option<PathBuf>,
    current: RwLock<Option<Arc<T>>>,
    /// When the file that was read last was written, and how long it was; `None` before that.
    seen: Mutex<Option<Seen>>,
}

type Seen = Option<(SystemTime, u64)>;

/// What looking at a file again came to.
#[derive(Debug)]
pub enum Refreshed<T, E> {
    /// It is as it was.
    Unchanged,
    /// It was read.
    Read(Arc<T>),
    /// It cannot be used; what was read before goes on being used.
    Unusable(E),
}

impl<T> Default for Renewed<T> {
    fn default() -> Self {
        Self { path: None, current: RwLock::default(), seen: Mutex::default() }
    }
}

impl<T> fmt::Debug for Renewed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Renewed").field(&self.path).finish()
    }
}

impl<T: Supplied> Renewed<T> {
    /// The file at `path`, not yet read; no path, no file.
    pub fn at(path: Option<&Path>) -> Self {
        Self { path: path.map(Path::to_owned), ..Self::default() }
    }

    /// Where the file is.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// What was read last.
    pub fn current(&self) -> Option<Arc<T>> {
        self.path.as_ref()?;
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the file if it is not the one that was read last. Takes a while: a database of cities has sixty
    /// megabytes.
    pub fn refresh(&self) -> Refreshed<T, T::Unusable> {
        let Some(path) = &self.path else { return Refreshed::Unchanged };
        let metadata = std::fs::metadata(path);
        let now: Seen = metadata.ok().and_then(|file| Some((file.modified().ok()?, file.len())));
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen == Some(now) {
            return Refreshed::Unchanged;
        }
        *seen = Some(now);
        match T::open(path).map(Arc::new) {
            Ok(read) => {
                let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
                *current = Some(read.clone());
                Refreshed::Read(read)
            }
            Err(unusable) => Refreshed::Unusable(unusable),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of words.
    #[derive(Debug)]
    struct Word(String);

    impl Supplied for Word {
        type Unusable = std::io::Error;

        fn open(path: &Path) -> Result<Self, std::io::Error> {
            let text = std::fs::read_to_string(path)?;
            match text.as_str() {
                "broken" => Err(std::io::Error::other("broken")),
                _ => Ok(Self(text)),
            }
        }

        fn describe(&self) -> String {
            self.0.clone()
        }
    }

    #[test]
    fn a_file_is_read_when_it_is_there_and_again_when_it_is_another() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("word");
        let file: Renewed<Word> = Renewed::at(Some(&path));
        let current = || file.current().map(|word| word.describe());
        assert!(matches!(file.refresh(), Refreshed::Unusable(_)));
        assert!(matches!(file.refresh(), Refreshed::Unchanged), "it is said once");
        assert_eq!(current(), None);
        std::fs::write(&path, "one").unwrap();
        assert!(matches!(file.refresh(), Refreshed::Read(_)));
        assert_eq!(current().as_deref(), Some("one"));
        std::fs::write(&path, "broken").unwrap();
        assert!(matches!(file.refresh(), Refreshed::Unusable(_)));
        assert_eq!(current().as_deref(), Some("one"), "the old one is better than none");
        std::fs::write(&path, "another").unwrap();
        assert!(matches!(file.refresh(), Refreshed::Read(_)));
        assert_eq!(current().as_deref(), Some("another"));
    }

    #[test]
    fn without_a_path_there_is_nothing() {
        let file: Renewed<Word> = Renewed::default();
        assert!(matches!(file.refresh(), Refreshed::Unchanged));
        assert!(file.current().is_none());
    }
}
