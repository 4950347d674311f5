//! Content encodings, each with a cap on what comes out (`protocol.md` §1.3).

use std::cell::RefCell;
use std::io::{self, Read};

use axum::http::{HeaderMap, header};
use libdeflater::{DecompressionError, Decompressor};

use super::Error;
use super::memory::Reservation;
use crate::protocol::accepted::SPARE_BYTES;

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Identity,
    Gzip,
    Deflate,
    Brotli,
    Zstd,
    /// Only of files in forms.
    Xz,
    /// Only of files in forms.
    Bzip2,
}

/// What streams are read by.
const CHUNK_BYTES: usize = 128 * 1024;

/// The largest window of a zstd frame, as 2^n bytes: what RFC 9659 allows in HTTP. Without it a small
/// frame could ask for 128 MiB.
const ZSTD_WINDOW_LOG: u32 = 23;

/// The largest dictionary of an xz stream. `xz -7` asks for so much and the default for half; at `-9` a small
/// file could ask for 64 MiB.
const XZ_DICTIONARY_BYTES: usize = 16 << 20;

/// What unpacking xz takes beside its dictionary.
const XZ_SPARE_BYTES: usize = 128 * 1024;

/// The most that deflate can gain: a longer gzip trailer lies.
const DEFLATE_MAX_RATIO: usize = 1032;

/// The first bytes of a gzip member.
const GZIP_MAGIC: &[u8] = b"\x1f\x8b\x08";

impl Encoding {
    /// What the headers say. Several encodings at a time are not spoken here.
    pub(super) fn from_headers(headers: &HeaderMap) -> Result<Self, Error> {
        let mut values = headers.get_all(header::CONTENT_ENCODING).iter();
        let (first, second) = (values.next(), values.next());
        if second.is_some() {
            return Err(Error::UnknownEncoding);
        }
        let Some(value) = first else { return Ok(Self::Identity) };
        let name = value.to_str().map_err(|_| Error::UnknownEncoding)?;
        match name.trim().to_ascii_lowercase().as_str() {
            // Ruby sends nothing as the name, old Android the charset.
            "" | "identity" | "utf-8" => Ok(Self::Identity),
            "gzip" | "x-gzip" => Ok(Self::Gzip),
            "deflate" => Ok(Self::Deflate),
            "br" => Ok(Self::Brotli),
            "zstd" => Ok(Self::Zstd),
            _ => Err(Error::UnknownEncoding),
        }
    }

    /// How a file in a form is compressed, which nothing but its first bytes tells (`protocol.md` §1.3).
    pub(super) fn of_file(bytes: &[u8]) -> Self {
        match bytes {
            [0x1f, 0x8b, ..] => Self::Gzip,
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Self::Zstd,
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Self::Xz,
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Self::Bzip2,
            _ => Self::Identity,
        }
    }

    /// Recognises gzip that nobody announced; no envelope or JSON begins with its first bytes.
    pub(super) fn or_sniffed(self, body: &[u8]) -> Self {
        match self {
            Self::Identity if body.starts_with(GZIP_MAGIC) => Self::Gzip,
            other => other,
        }
    }
}

/// How many bytes a gzip body says it becomes; `None` if that cannot be true.
pub(super) fn gzip_size(body: &[u8]) -> Option<usize> {
    let size = u32::from_le_bytes(*body.last_chunk()?) as usize;
    (size / DEFLATE_MAX_RATIO <= body.len()).then_some(size)
}

/// Decodes `body` to at most `most` bytes, charging `memory` for body and result. The result has
/// room behind it for what makes it a record.
///
/// # Errors
/// When the body does not follow its encoding, becomes too large, or finds no memory.
pub(super) fn decode(
    encoding: Encoding,
    body: &[u8],
    most: usize,
    memory: &mut Reservation,
) -> Result<Vec<u8>, Error> {
    match encoding {
        Encoding::Identity => read_to_end(body, body.len(), most, memory),
        Encoding::Gzip => match gunzip_at_once(body, most, memory)? {
            Some(decoded) => Ok(decoded),
            None => read_to_end(flate2::read::MultiGzDecoder::new(body), body.len(), most, memory),
        },
        Encoding::Deflate if is_zlib(body) => {
            read_to_end(flate2::read::ZlibDecoder::new(body), body.len(), most, memory)
        }
        Encoding::Deflate => {
            read_to_end(flate2::read::DeflateDecoder::new(body), body.len(), most, memory)
        }
        Encoding::Brotli => {
            let decoder = brotli_decompressor::Decompressor::new(body, 4096);
            read_to_end(decoder, body.len(), most, memory)
        }
        Encoding::Zstd => {
            let mut decoder = zstd::stream::read::Decoder::with_buffer(body).map_err(corrupt)?;
            decoder.window_log_max(ZSTD_WINDOW_LOG).map_err(corrupt)?;
            read_to_end(decoder, body.len(), most, memory)
        }
        Encoding::Xz => {
            let window = XZ_DICTIONARY_BYTES + XZ_SPARE_BYTES;
            memory.grow_now(body.len() + window)?;
            let most_kib = u32::try_from(window / 1024).expect("a few megabytes");
            let decoder = lzma_rust2::XzReader::new_mem_limit(body, true, most_kib);
            read_to_end(decoder, body.len() + window, most, memory)
        }
        Encoding::Bzip2 => {
            let decoder = bzip2::read::MultiBzDecoder::new(body);
            read_to_end(decoder, body.len(), most, memory)
        }
    }
}

fn corrupt(_: io::Error) -> Error {
    Error::InvalidCompression
}

/// Whether a deflate body has zlib's header. The standard asks for it, some clients leave it out.
fn is_zlib(body: &[u8]) -> bool {
    let Some([method, flags]) = body.first_chunk() else { return false };
    method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]) % 31 == 0
}

thread_local! {
    /// Its tables are 11 KiB, too much to set up for every request.
    static DECOMPRESSOR: RefCell<Decompressor> = RefCell::new(Decompressor::new());
}

/// Decodes a gzip body of a single member into a buffer of the size that its trailer states: twice as
/// fast as a stream. `None` where that is not possible, and where only a stream can tell what is wrong.
fn gunzip_at_once(
    body: &[u8],
    most: usize,
    memory: &mut Reservation,
) -> Result<Option<Vec<u8>>, Error> {
    let Some(size) = gzip_size(body) else { return Ok(None) };
    if size > most {
        // True or not, it is refused: a bomb is not worth the time to find out.
        return Err(Error::TooLarge);
    }
    // libdeflate stops behind the first member and does not say so.
    if memchr::memmem::find(body.get(GZIP_MAGIC.len()..).unwrap_or_default(), GZIP_MAGIC).is_some()
    {
        return Ok(None);
    }
    memory.grow_now(body.len() + size)?;
    let mut decoded = vec![0; size + SPARE_BYTES];
    decoded.truncate(size);
    let result = DECOMPRESSOR.with_borrow_mut(|it| it.gzip_decompress(body, &mut decoded));
    match result {
        Ok(written) if written == size => Ok(Some(decoded)),
        Ok(_) | Err(DecompressionError::InsufficientSpace) => Ok(None),
        Err(DecompressionError::BadData) => Err(Error::InvalidCompression),
    }
}

/// Reads a stream of unknown length into memory.
fn read_to_end(
    mut stream: impl Read,
    body_bytes: usize,
    most: usize,
    memory: &mut Reservation,
) -> Result<Vec<u8>, Error> {
    // Telemetry compresses to a quarter and less.
    let guess = body_bytes.saturating_mul(4).min(most).min(CHUNK_BYTES);
    let mut decoded = Vec::with_capacity(guess + SPARE_BYTES);
    loop {
        memory.grow_now(body_bytes + decoded.len() + CHUNK_BYTES.min(most))?;
        let room = CHUNK_BYTES.min(most + 1 - decoded.len());
        let mut chunk = stream.by_ref().take(room as u64);
        let read = chunk.read_to_end(&mut decoded).map_err(corrupt)?;
        if decoded.len() > most {
            return Err(Error::TooLarge);
        }
        if read == 0 {
            decoded.reserve(SPARE_BYTES);
            return Ok(decoded);
        }
    }
}

#[cfg(test)]
mod tests;
