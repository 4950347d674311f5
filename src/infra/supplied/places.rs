//! Where addresses are, by a database in MaxMind's format that the operator supplies.
//!
//! A lookup takes a microsecond. Without a file, or with a broken one, addresses have no place; whoever asks
//! for one is told nothing.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::path::Path;

use maxminddb::{MaxMindDbError, Reader, geoip2};

use super::{Renewed, Supplied};
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

impl Supplied for PlaceDatabase {
    type Unusable = Unusable;

    fn open(path: &Path) -> Result<Self, Unusable> {
        let reader = Reader::from_source(std::fs::read(path)?)?;
        let kind = &reader.metadata().database_type;
        if !TELLS_PLACES.iter().any(|word| kind.contains(word)) {
            return Err(Unusable::NoPlaces(kind.clone()));
        }
        Ok(Self(reader))
    }

    /// What it is called and of which day it is.
    fn describe(&self) -> String {
        let metadata = self.0.metadata();
        let made = i64::try_from(metadata.build_epoch).ok();
        let made = made.and_then(|seconds| Timestamp::from_timestamp(seconds, 0));
        match made {
            Some(made) => format!("{} of {}", metadata.database_type, made.date_naive()),
            None => metadata.database_type.clone(),
        }
    }
}

impl PlaceDatabase {
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
}

impl fmt::Debug for PlaceDatabase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PlaceDatabase").field(&self.describe()).finish()
    }
}

/// The database of places at a path, as it is now.
pub type Places = Renewed<PlaceDatabase>;

impl Places {
    /// Where `address` is.
    pub fn find(&self, address: IpAddr) -> Option<Place> {
        self.current()?.find(address)
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
}
