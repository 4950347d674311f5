//! What Android devices are sold as, by the list that Google Play publishes and the operator supplies.
//!
//! Programs only know a device's model, `SM-G998B`; people know it as the Galaxy S21 Ultra 5G. The list has a
//! line for every device that Google Play knows, `Retail Branding,Marketing Name,Device,Model`, in UTF-16 as it
//! is published or in UTF-8.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::path::Path;

use super::{Renewed, Supplied};

/// The list had four megabytes in 2026.
const MAX_FILE_BYTES: u64 = 64 << 20;

/// A longer name is none.
const MAX_NAME_BYTES: usize = 100;

/// The columns that are read.
const NAME: &str = "Marketing Name";
const MODEL: &str = "Model";

/// Why a list cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// It cannot be read.
    #[error("cannot be read")]
    Unreadable(#[from] io::Error),
    /// It is longer than any such list.
    #[error("is {} MiB long; the list of all devices has less than ten", .0 >> 20)]
    TooLong(u64),
    /// It is something else.
    #[error(
        "is not the list of devices that Google Play supports: its first line names no `{NAME}` and `{MODEL}`"
    )]
    NoDevices,
    /// A line of it is broken.
    #[error("is broken")]
    Broken(#[from] csv::Error),
}

/// Names by model.
pub struct DeviceTable(HashMap<Box<str>, Box<str>>);

impl Supplied for DeviceTable {
    type Unusable = Unusable;

    fn open(path: &Path) -> Result<Self, Unusable> {
        let length = std::fs::metadata(path)?.len();
        if length > MAX_FILE_BYTES {
            return Err(Unusable::TooLong(length));
        }
        Self::read(&text(&std::fs::read(path)?))
    }

    fn describe(&self) -> String {
        format!("{} models of devices", self.0.len())
    }
}

impl DeviceTable {
    fn read(list: &str) -> Result<Self, Unusable> {
        let mut lines = csv::ReaderBuilder::new().flexible(true).from_reader(list.as_bytes());
        let columns = lines.headers()?;
        let column = |wanted: &str| columns.iter().position(|name| name.trim() == wanted);
        let (Some(name), Some(model)) = (column(NAME), column(MODEL)) else {
            return Err(Unusable::NoDevices);
        };
        let mut names = HashMap::new();
        for line in lines.records() {
            let line = line?;
            let cell = |column: usize| line.get(column).map(str::trim).filter(|it| !it.is_empty());
            if let (Some(name), Some(model)) = (cell(name), cell(model))
                && name.len() <= MAX_NAME_BYTES
                && model.len() <= MAX_NAME_BYTES
            {
                // One model may be several devices; the first is as good as any.
                names.entry(model.into()).or_insert_with(|| name.into());
            }
        }
        Ok(Self(names))
    }
}

/// The text of a file in UTF-16 with its mark, or in UTF-8 with or without.
fn text(bytes: &[u8]) -> String {
    if let Some(bytes) = bytes.strip_prefix(b"\xff\xfe") {
        let (units, _) = bytes.as_chunks::<2>();
        let units: Vec<u16> = units.iter().map(|unit| u16::from_le_bytes(*unit)).collect();
        return String::from_utf16_lossy(&units);
    }
    String::from_utf8_lossy(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)).into_owned()
}

impl fmt::Debug for DeviceTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DeviceTable").field(&self.0.len()).finish()
    }
}

/// The list at a path, as it is now.
pub type DeviceNames = Renewed<DeviceTable>;

impl DeviceNames {
    /// What the device of a model is sold as.
    pub fn find(&self, model: &str) -> Option<String> {
        self.current()?.0.get(model).map(|name| name.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Google Play writes it, with what is odd in it.
    const LIST: &str = "Retail Branding,Marketing Name,Device,Model\r\n\
        ,,AD681H,Smartfren Andromax AD681H\r\n\
        Samsung,Galaxy S21 Ultra 5G,p3s,SM-G998B\r\n\
        Samsung,Galaxy S21 Ultra 5G of another market,p3q,SM-G998B\r\n\
        Acer,\"Chromebook Spin 513, R841T\",lazor,\"Acer \"\"513\"\"\"\r\n\
        Lenovo,P\u{e9}tale \u{1f338}, petal ,PTL-1\r\n\
        short,line\r\n";

    fn name(table: &DeviceTable, model: &str) -> Option<String> {
        table.0.get(model).map(|name| name.to_string())
    }

    #[test]
    fn models_have_their_names_in_any_encoding_of_the_list() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("supported_devices.csv");
        let utf16: Vec<u8> = LIST.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let utf16 = [b"\xff\xfe".as_slice(), &utf16].concat();
        let marked = [b"\xef\xbb\xbf".as_slice(), LIST.as_bytes()].concat();
        for file in [utf16, marked, LIST.as_bytes().to_vec()] {
            std::fs::write(&path, file).unwrap();
            let table = DeviceTable::open(&path).unwrap();
            assert_eq!(table.describe(), "3 models of devices");
            assert_eq!(name(&table, "SM-G998B").as_deref(), Some("Galaxy S21 Ultra 5G"));
            assert_eq!(name(&table, "Acer \"513\"").as_deref(), Some("Chromebook Spin 513, R841T"));
            assert_eq!(name(&table, "PTL-1").as_deref(), Some("P\u{e9}tale \u{1f338}"));
            assert_eq!(name(&table, "Smartfren Andromax AD681H"), None);
        }
    }

    #[test]
    fn what_is_no_list_of_devices_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("list.csv");
        assert!(matches!(DeviceTable::open(&path), Err(Unusable::Unreadable(_))));
        for other in ["", "Model,Name\nA,B", "<html></html>", "\u{0}\u{1}"] {
            std::fs::write(&path, other).unwrap();
            assert!(matches!(DeviceTable::open(&path), Err(Unusable::NoDevices)), "{other:?}");
        }
        let file = std::fs::File::create(&path).unwrap();
        file.set_len(MAX_FILE_BYTES + 1).unwrap();
        assert!(matches!(DeviceTable::open(&path), Err(Unusable::TooLong(_))));
    }
}
