//! Where addresses are, by a database in MaxMind's format that the operator supplies.
//!
//! The file is read into memory: a lookup then takes a microsecond, and whoever replaces the file need
//! not care how. It is looked at again every minute, because such databases are renewed every few days.
//! Without a file, or with a broken one, addresses have no place; whoever asks for one is told nothing.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::SystemTime;

use maxminddb::{MaxMindDbError, Reader, geoip2};

use crate::base::Timestamp;

/// What databases are called that tell places; others tell networks, domains or risks.
const TELLS_PLACES: [&str; 4] = ["City", "Country", "Enterprise", "Insights"];

/// Where an address is, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Two letters, as in ISO 3166.
    pub country_code: Option<String>,
    /// The country's English name.
    pub region: Option<String>,
    /// The English name of its largest part: a state, a province.
    pub subdivision: Option<String>,
    /// The city's English name.
    pub city: Option<String>,
}

/// Why a database cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// It cannot be read.
    #[error("cannot be read")]
    Unreadable(#[from] io::Error),
    /// It is not in the format.
    #[error("is no database in MaxMind's format")]
    Broken(#[from] MaxMindDbError),
    /// It tells something else.
    #[error("tells no places: it is a database of the type {0:?}")]
    NoPlaces(String),
}

/// A database in memory.
pub struct PlaceDatabase(Reader<Vec<u8>>);

impl PlaceDatabase {
    /// Reads a database.
    ///
    /// # Errors
    /// When the file cannot be read or does not tell places.
    pub fn open(path: &Path) -> Result<Self, Unusable> {
        let reader = Reader::from_source(std::fs::read(path)?)?;
        let kind = &reader.metadata().database_type;
        if !TELLS_PLACES.iter().any(|word| kind.contains(word)) {
            return Err(Unusable::NoPlaces(kind.clone()));
        }
        Ok(Self(reader))
    }

    /// Where `address` is, if the database knows it.
    pub fn find(&self, address: IpAddr) -> Option<Place> {
        // A damaged record is one that is not there.
        let record = self.0.lookup(address).ok()?.decode::<geoip2::City<'_>>().ok()??;
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let place = Place {
            country_code: owned(record.country.iso_code),
            region: owned(record.country.names.english),
            subdivision: owned(record.subdivisions.first().and_then(|part| part.names.english)),
            city: owned(record.city.names.english),
        };
        (place != Place::default()).then_some(place)
    }

    /// What it is called and of which day it is.
    pub fn describe(&self) -> String {
        let metadata = self.0.metadata();
        let made = i64::try_from(metadata.build_epoch).ok();
        let made = made.and_then(|seconds| Timestamp::from_timestamp(seconds, 0));
        match made {
            Some(made) => format!("{} of {}", metadata.database_type, made.date_naive()),
            None => metadata.database_type.clone(),
        }
    }
}

impl fmt::Debug for PlaceDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PlaceDatabase").field(&self.describe()).finish()
    }
}

/// The database at a path, as it is now.
#[derive(Debug, Default)]
pub struct Places {
    path: Option<PathBuf>,
    current: RwLock<Option<Arc<PlaceDatabase>>>,
    /// When the file that was read last was written, and how long it was; `None` before that.
    seen: Mutex<Option<Seen>>,
}

type Seen = Option<(SystemTime, u64)>;

/// What looking at the file again came to.
#[derive(Debug)]
pub enum Refreshed {
    /// It is as it was.
    Unchanged,
    /// It was read.
    Read(Arc<PlaceDatabase>),
    /// It cannot be used; what was read before goes on being used.
    Unusable(Unusable),
}

impl Places {
    /// The database at `path`, not yet read; no path, no places.
    pub fn at(path: Option<&Path>) -> Self {
        Self { path: path.map(Path::to_owned), ..Self::default() }
    }

    /// Where the database is.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Where `address` is.
    pub fn find(&self, address: IpAddr) -> Option<Place> {
        self.path.as_ref()?;
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner).clone();
        current?.find(address)
    }

    /// Reads the file if it is not the one that was read last. Takes a while: a city database has
    /// sixty megabytes.
    pub fn refresh(&self) -> Refreshed {
        let Some(path) = &self.path else { return Refreshed::Unchanged };
        let metadata = std::fs::metadata(path);
        let now: Seen = metadata.ok().and_then(|file| Some((file.modified().ok()?, file.len())));
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if *seen == Some(now) {
            return Refreshed::Unchanged;
        }
        *seen = Some(now);
        match PlaceDatabase::open(path).map(Arc::new) {
            Ok(database) => {
                let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
                *current = Some(database.clone());
                Refreshed::Read(database)
            }
            Err(unusable) => Refreshed::Unusable(unusable),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/geo/places.mmdb");

    fn found(address: &str) -> Option<Place> {
        PlaceDatabase::open(Path::new(FIXTURE)).unwrap().find(address.parse().unwrap())
    }

    fn text(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn addresses_have_their_places() {
        let paris = Place {
            country_code: text("FR"),
            region: text("France"),
            subdivision: text("Île-de-France"),
            city: text("Paris"),
        };
        assert_eq!(found("192.0.2.7"), Some(paris.clone()));
        assert_eq!(found("::ffff:192.0.2.7"), None, "callers give the address itself");
        let japan = Place { country_code: text("JP"), region: text("Japan"), ..Place::default() };
        assert_eq!(found("198.51.100.255"), Some(japan));
        assert_eq!(found("2001:db8::1").unwrap().city, text("Reykjavík"));
        for unknown in ["127.0.0.1", "203.0.113.1", "::1"] {
            assert_eq!(found(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn a_file_is_read_when_it_is_there_and_again_when_it_is_another() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("places.mmdb");
        let places = Places::at(Some(&path));
        let paris = || places.find("192.0.2.1".parse().unwrap());
        let refreshed = places.refresh();
        assert!(matches!(refreshed, Refreshed::Unusable(Unusable::Unreadable(_))), "{refreshed:?}");
        assert!(matches!(places.refresh(), Refreshed::Unchanged), "it is said once");
        std::fs::copy(FIXTURE, &path).unwrap();
        assert!(matches!(places.refresh(), Refreshed::Read(_)));
        assert!(paris().is_some());
        std::fs::write(&path, "broken").unwrap();
        let refreshed = places.refresh();
        assert!(matches!(refreshed, Refreshed::Unusable(Unusable::Broken(_))), "{refreshed:?}");
        assert!(paris().is_some(), "the old one is better than none");
    }

    #[test]
    fn a_database_that_is_cut_or_damaged_anywhere_does_no_harm() {
        let whole = std::fs::read(FIXTURE).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("damaged.mmdb");
        for place in (0..whole.len()).step_by(7) {
            let mut damaged = whole.clone();
            damaged[place] ^= 0xff;
            std::fs::write(&path, &damaged).unwrap();
            if let Ok(database) = PlaceDatabase::open(&path) {
                database.find("192.0.2.7".parse().unwrap());
                database.find("2001:db8::1".parse().unwrap());
            }
            std::fs::write(&path, &whole[..place]).unwrap();
            assert!(PlaceDatabase::open(&path).is_err(), "{place}");
        }
    }

    #[test]
    fn without_a_path_nothing_is_known() {
        let places = Places::default();
        assert!(matches!(places.refresh(), Refreshed::Unchanged));
        assert_eq!(places.find("192.0.2.7".parse().unwrap()), None);
    }
}
