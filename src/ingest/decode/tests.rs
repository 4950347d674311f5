//! Bodies as SDKs compress them, and as attackers do.

use std::io::Write;
use std::time::Duration;

use axum::http::HeaderValue;
use proptest::prelude::*;

use super::*;
use crate::ingest::memory::BodyMemory;

const MIB: usize = 1 << 20;

/// What `tests/fixtures/encodings/event.br` was made of, by Node's zlib.
const EVENT: &[u8] =
    b"{}\n{\"type\":\"event\"}\n{\"message\":\"the same words, the same words, the same words\"}\n";
const EVENT_BR: &[u8] = include_bytes!("../../../tests/fixtures/encodings/event.br");
/// 201 MiB of spaces.
const BOMB_BR: &[u8] = include_bytes!("../../../tests/fixtures/encodings/bomb.br");

const ALL: [Encoding; 6] = [
    Encoding::Gzip,
    Encoding::Deflate,
    Encoding::Brotli,
    Encoding::Zstd,
    Encoding::Xz,
    Encoding::Bzip2,
];

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn bzip2(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ::bzip2::write::BzEncoder::new(Vec::new(), ::bzip2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// As `xz` at a preset.
fn xz(bytes: &[u8], preset: u32) -> Vec<u8> {
    let options = lzma_rust2::XzOptions::with_preset(preset);
    let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// `EVENT` in an encoding.
fn event(encoding: Encoding) -> Vec<u8> {
    match encoding {
        Encoding::Identity => EVENT.to_vec(),
        Encoding::Gzip => gzip(EVENT),
        Encoding::Deflate => zlib(EVENT),
        Encoding::Brotli => EVENT_BR.to_vec(),
        Encoding::Zstd => zstd::encode_all(EVENT, 3).unwrap(),
        Encoding::Xz => xz(EVENT, 6),
        Encoding::Bzip2 => bzip2(EVENT),
    }
}

fn within(encoding: Encoding, body: &[u8], most: usize, memory: usize) -> Result<Vec<u8>, Error> {
    let memory = BodyMemory::new(memory, Duration::from_secs(1));
    decode(encoding, body, most, &mut memory.reserve())
}

fn decoded(encoding: Encoding, body: &[u8], most: usize) -> Result<Vec<u8>, Error> {
    within(encoding, body, most, 400 * MIB)
}

#[test]
fn every_encoding_is_decoded_with_room_behind_it() {
    for encoding in ALL {
        let body = decoded(encoding, &event(encoding), MIB).unwrap();
        assert_eq!(body, EVENT, "{encoding:?}");
        assert!(body.capacity() >= body.len() + SPARE_BYTES, "{encoding:?}");
    }
}

#[test]
fn deflate_may_come_without_the_header_of_zlib() {
    let bare = &zlib(EVENT)[2..];
    assert_eq!(decoded(Encoding::Deflate, bare, MIB).unwrap(), EVENT);
}

#[test]
fn gzip_may_come_in_several_members() {
    let twice = [gzip(EVENT), gzip(EVENT)].concat();
    assert_eq!(decoded(Encoding::Gzip, &twice, MIB).unwrap(), [EVENT, EVENT].concat());
    assert_eq!(decoded(Encoding::Gzip, &twice, EVENT.len()), Err(Error::TooLarge));
}

#[test]
fn what_is_cut_short_is_no_body() {
    for encoding in ALL {
        let whole = event(encoding);
        for length in 1..whole.len() {
            let result = decoded(encoding, &whole[..length], MIB);
            assert_eq!(result, Err(Error::InvalidCompression), "{encoding:?} cut at {length}");
        }
    }
}

#[test]
fn text_is_not_compressed_just_because_it_says_so() {
    for encoding in ALL {
        let result = decoded(encoding, b"{\"message\":\"plain\"}", MIB);
        assert_eq!(result, Err(Error::InvalidCompression), "{encoding:?}");
    }
}

#[test]
fn a_wrong_checksum_is_noticed() {
    let mut body = gzip(EVENT);
    let checksum = body.len() - 8;
    body[checksum] ^= 1;
    assert_eq!(decoded(Encoding::Gzip, &body, MIB), Err(Error::InvalidCompression));
}

#[test]
fn the_cap_is_on_what_comes_out_and_inclusive() {
    for encoding in ALL {
        let body = event(encoding);
        assert_eq!(decoded(encoding, &body, EVENT.len()).unwrap(), EVENT, "{encoding:?}");
        let refused = decoded(encoding, &body, EVENT.len() - 1);
        assert_eq!(refused, Err(Error::TooLarge), "{encoding:?}");
    }
}

#[test]
fn bombs_of_every_kind_are_refused() {
    let bomb = vec![b' '; 3 * MIB];
    for (encoding, body) in [
        (Encoding::Gzip, gzip(&bomb)),
        (Encoding::Gzip, [gzip(&bomb), gzip(EVENT)].concat()),
        (Encoding::Deflate, zlib(&bomb)),
        (Encoding::Brotli, BOMB_BR.to_vec()),
        (Encoding::Zstd, zstd::encode_all(bomb.as_slice(), 3).unwrap()),
        (Encoding::Xz, xz(&bomb, 6)),
        (Encoding::Bzip2, bzip2(&bomb)),
    ] {
        assert!(body.len() < MIB, "{encoding:?} is no bomb");
        assert_eq!(decoded(encoding, &body, 2 * MIB), Err(Error::TooLarge), "{encoding:?}");
    }
}

#[test]
fn a_body_that_finds_no_memory_is_put_off_and_one_that_never_will_is_refused() {
    for (encoding, body) in [
        (Encoding::Gzip, gzip(&vec![b' '; 3 * MIB])),
        (Encoding::Deflate, zlib(&vec![b' '; 3 * MIB])),
        (Encoding::Brotli, BOMB_BR.to_vec()),
    ] {
        let memory = BodyMemory::new(4 * MIB, Duration::ZERO);
        let mut others = memory.reserve();
        others.grow_now(2 * MIB).unwrap();
        let put_off = decode(encoding, &body, 3 * MIB, &mut memory.reserve());
        assert_eq!(put_off, Err(Error::Busy), "{encoding:?}");
        let refused = within(encoding, &body, 20 * MIB, 2 * MIB);
        assert_eq!(refused, Err(Error::TooLarge), "{encoding:?}");
    }
}

#[test]
fn a_zstd_frame_cannot_ask_for_a_large_window() {
    let mut encoder = zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.window_log(27).unwrap();
    encoder.write_all(EVENT).unwrap();
    let body = encoder.finish().unwrap();
    assert_eq!(decoded(Encoding::Zstd, &body, MIB), Err(Error::InvalidCompression));
}

#[test]
fn xz_may_ask_for_a_dictionary_of_so_much_and_not_of_more() {
    assert_eq!(decoded(Encoding::Xz, &xz(EVENT, 7), MIB).unwrap(), EVENT);
    assert_eq!(decoded(Encoding::Xz, &xz(EVENT, 8), MIB), Err(Error::InvalidCompression));
    let small = within(Encoding::Xz, &xz(EVENT, 6), MIB, XZ_DICTIONARY_BYTES);
    assert_eq!(small, Err(Error::TooLarge), "its dictionary is charged, too");
}

#[test]
fn xz_and_bzip2_may_come_in_several_streams() {
    let twice = [EVENT, EVENT].concat();
    let streams = [xz(EVENT, 6), xz(EVENT, 0)].concat();
    assert_eq!(decoded(Encoding::Xz, &streams, MIB).unwrap(), twice);
    let streams = [bzip2(EVENT), bzip2(EVENT)].concat();
    assert_eq!(decoded(Encoding::Bzip2, &streams, MIB).unwrap(), twice);
}

#[test]
fn files_in_forms_are_known_by_their_first_bytes() {
    for encoding in [Encoding::Gzip, Encoding::Zstd, Encoding::Xz, Encoding::Bzip2] {
        assert_eq!(Encoding::of_file(&event(encoding)), encoding);
    }
    for plain in [&b"MDMP"[..], b"", b"BZ", b"BZh", b"BZh0", b"\xfd7zXZ", b"\x28\xb5\x2f"] {
        assert_eq!(Encoding::of_file(plain), Encoding::Identity, "{plain:?}");
    }
}

#[test]
fn the_size_that_gzip_states_is_not_believed_blindly() {
    let mut body = gzip(EVENT);
    assert_eq!(gzip_size(&body), Some(EVENT.len()));
    let trailer = body.len() - 4;
    body[trailer..].copy_from_slice(&u32::MAX.to_le_bytes());
    assert_eq!(gzip_size(&body), None);
    assert_eq!(decoded(Encoding::Gzip, &body, MIB), Err(Error::InvalidCompression));
    body[trailer..].copy_from_slice(&1_u32.to_le_bytes());
    assert_eq!(decoded(Encoding::Gzip, &body, MIB), Err(Error::InvalidCompression));
}

#[test]
fn encodings_are_named_in_many_ways() {
    let named = |values: &[&'static str]| {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::CONTENT_ENCODING, HeaderValue::from_static(value));
        }
        Encoding::from_headers(&headers)
    };
    for (values, expected) in [
        (&[][..], Encoding::Identity),
        (&[""], Encoding::Identity),
        (&["UTF-8"], Encoding::Identity),
        (&["identity"], Encoding::Identity),
        (&["gzip"], Encoding::Gzip),
        (&[" GZip "], Encoding::Gzip),
        (&["deflate"], Encoding::Deflate),
        (&["br"], Encoding::Brotli),
        (&["zstd"], Encoding::Zstd),
    ] {
        assert_eq!(named(values), Ok(expected), "{values:?}");
    }
    for values in [&["foo"][..], &["gzip, br"], &["gzip", "gzip"]] {
        assert_eq!(named(values), Err(Error::UnknownEncoding), "{values:?}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_a_decoder_panic(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        at in any::<proptest::sample::Index>(),
    ) {
        for encoding in ALL {
            let _ = decoded(encoding, &bytes, 10_000);
            // Bytes that a decoder takes further than its header.
            let mut damaged = event(encoding);
            let at = at.index(damaged.len());
            damaged.splice(at.., bytes.iter().copied());
            if let Ok(decoded) = decoded(encoding, &damaged, 10_000) {
                prop_assert!(decoded.len() <= 10_000);
            }
        }
    }
}
