//! A dictionary: what documents of a kind have in common.

use std::fmt;
use std::io;
use std::sync::OnceLock;

use zstd::dict::{DecoderDictionary, EncoderDictionary};
use zstd::zstd_safe::{self, CDict, DDict};

use super::LEVEL;

/// The size of a trained dictionary. A larger one saves 3 to 6 % more and no longer fits the cache
/// (`limits.md` §3).
const SIZE: usize = 64 << 10;

/// The first id that an installation may give: zstd keeps ids up to 32,767 and from 2^31 on for itself.
pub const FIRST_ID: u32 = 1_000_000;

/// Where a dictionary's id stands in its bytes, behind the magic number.
const ID_BYTES: std::ops::Range<usize> = 4..8;

/// A dictionary, prepared for unpacking at once and for packing when it is needed.
pub struct Dictionary {
    id: u32,
    bytes: Vec<u8>,
    decoder: DecoderDictionary<'static>,
    encoder: OnceLock<EncoderDictionary<'static>>,
}

impl Dictionary {
    /// Prepares a trained dictionary.
    ///
    /// # Errors
    /// When `bytes` is no dictionary with an id.
    pub fn new(bytes: &[u8]) -> io::Result<Self> {
        let id = zstd_safe::get_dict_id_from_dict(bytes)
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "not a zstd dictionary"))?;
        Ok(Self {
            id: id.get(),
            bytes: bytes.to_vec(),
            decoder: DecoderDictionary::try_copy(bytes)?,
            encoder: OnceLock::new(),
        })
    }

    /// The id that stands in each frame packed with it.
    pub fn id(&self) -> u32 {
        self.id
    }

    pub(super) fn decoder(&self) -> &DDict<'static> {
        self.decoder.as_ddict()
    }

    /// Prepared on first use: an old dictionary is only ever read with, and the tables are large.
    pub(super) fn encoder(&self) -> &CDict<'static> {
        self.encoder.get_or_init(|| EncoderDictionary::copy(&self.bytes, LEVEL)).as_cdict()
    }
}

impl fmt::Debug for Dictionary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dictionary").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Makes a dictionary with this id out of documents. Takes a second or two of CPU for eight megabytes.
///
/// # Errors
/// When there are too few documents, or they have nothing in common.
pub fn train(documents: &[impl AsRef<[u8]>], id: u32) -> io::Result<Vec<u8>> {
    let mut bytes = zstd::dict::from_samples(documents, SIZE)?;
    // zstd makes up an id; this one is unique in the installation.
    bytes[ID_BYTES].copy_from_slice(&id.to_le_bytes());
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{dictionary, document};
    use super::*;

    #[test]
    fn a_trained_dictionary_has_the_id_it_was_given() {
        assert_eq!(dictionary().id(), FIRST_ID);
    }

    #[test]
    fn out_of_nothing_no_dictionary_is_made() {
        assert!(train(&[document(1)], FIRST_ID).is_err());
        assert!(Dictionary::new(&document(1)).is_err());
    }
}
