//! zstd, with dictionaries.
//!
//! A dictionary shrinks a small document to a third of what it takes alone. zstd writes the dictionary's
//! id into every frame, so no column says which one to use; [`Dictionaries`] keeps the prepared ones.

mod dictionaries;
mod dictionary;

use std::cell::RefCell;
use std::io;

use zstd::zstd_safe::{self, CCtx, CParameter, DCtx};

pub use dictionaries::Dictionaries;
pub use dictionary::{Dictionary, FIRST_ID, train};

/// Higher levels cost more than they save (`limits.md` §4).
const LEVEL: i32 = 3;

/// The largest document that is unpacked. What Picket stores is far smaller: a frame that claims more
/// is damaged, and must not take the memory it asks for.
const MAX_UNPACKED_BYTES: u64 = 64 << 20;

thread_local! {
    // Making a context costs more than packing an event with it.
    static PACKER: RefCell<CCtx<'static>> = RefCell::new(packer());
    static UNPACKER: RefCell<DCtx<'static>> = RefCell::new(DCtx::create());
}

fn packer() -> CCtx<'static> {
    let mut context = CCtx::create();
    context
        .set_parameter(CParameter::CompressionLevel(LEVEL))
        .expect("the level is one that zstd has");
    context
}

/// Packs a document.
pub fn compress(document: &[u8], dictionary: Option<&Dictionary>) -> Vec<u8> {
    let mut frame = Vec::with_capacity(zstd_safe::compress_bound(document.len()));
    PACKER
        .with_borrow_mut(|context| match dictionary {
            Some(dictionary) => {
                context.compress_using_cdict(&mut frame, document, dictionary.encoder())
            }
            None => context.compress2(&mut frame, document),
        })
        .expect("the buffer is as large as zstd says it must be");
    frame.shrink_to_fit();
    frame
}

/// Unpacks a frame with the dictionary that [`dictionary_id`] names.
///
/// # Errors
/// When the frame is damaged, or packed with another dictionary.
pub fn decompress(frame: &[u8], dictionary: Option<&Dictionary>) -> io::Result<Vec<u8>> {
    let damaged = |reason: &str| io::Error::new(io::ErrorKind::InvalidData, reason.to_owned());
    let size = zstd_safe::get_frame_content_size(frame)
        .ok()
        .flatten()
        .filter(|size| *size <= MAX_UNPACKED_BYTES)
        .and_then(|size| usize::try_from(size).ok())
        .ok_or_else(|| damaged("not a zstd frame of a bearable size"))?;
    let mut document = Vec::with_capacity(size);
    UNPACKER
        .with_borrow_mut(|context| match dictionary {
            Some(dictionary) => {
                context.decompress_using_ddict(&mut document, frame, dictionary.decoder())
            }
            None => context.decompress(&mut document, frame),
        })
        .map_err(|code| damaged(zstd_safe::get_error_name(code)))?;
    Ok(document)
}

/// The dictionary that a frame was packed with.
pub fn dictionary_id(frame: &[u8]) -> Option<u32> {
    zstd_safe::get_dict_id_from_frame(frame).map(std::num::NonZeroU32::get)
}

#[cfg(test)]
mod tests {
    use super::testing::{dictionary, document};
    use super::*;

    #[test]
    fn what_is_packed_is_unpacked_with_and_without_a_dictionary() {
        let dictionary = dictionary();
        for number in 0..10 {
            let document = document(number * 7919);
            let alone = compress(&document, None);
            let shared = compress(&document, Some(&dictionary));
            assert!(shared.len() < alone.len(), "{} against {}", shared.len(), alone.len());
            assert_eq!(dictionary_id(&alone), None);
            assert_eq!(dictionary_id(&shared), Some(dictionary.id()));
            assert_eq!(decompress(&alone, None).unwrap(), document);
            assert_eq!(decompress(&shared, Some(&dictionary)).unwrap(), document);
        }
    }

    #[test]
    fn damage_is_an_error_and_never_a_wrong_document() {
        let frame = compress(&document(1), None);
        assert!(decompress(&frame[..frame.len() - 1], None).is_err());
        assert!(decompress(b"", None).is_err());
        assert!(decompress(b"not a frame", None).is_err());
        let shared = compress(&document(1), Some(&dictionary()));
        assert!(decompress(&shared, None).is_err(), "the dictionary is missing");
    }

    #[test]
    fn a_frame_that_claims_gigabytes_is_refused_before_memory_is_taken() {
        let mut frame = compress(&vec![0; 1 << 20], None);
        // Single segment, eight-byte content size: the claim is in the header.
        frame.splice(4..9, [0xe0].into_iter().chain((1_u64 << 40).to_le_bytes()));
        assert!(decompress(&frame, None).unwrap_err().to_string().contains("bearable"));
    }
}

#[cfg(test)]
mod testing {
    use super::{Dictionary, FIRST_ID, train};

    /// A dictionary of small documents that resemble each other.
    pub(super) fn dictionary() -> Dictionary {
        let samples: Vec<Vec<u8>> = (0..500).map(document).collect();
        Dictionary::new(&train(&samples, FIRST_ID).unwrap()).unwrap()
    }

    pub(super) fn document(number: usize) -> Vec<u8> {
        format!(
            r#"{{"event_id":"{number:032x}","platform":"python","level":"error","n":{number}}}"#
        )
        .into_bytes()
    }
}
