//! Acceptance 29–31: how bodies travel.

use std::io::Write;

use futures_util::stream;

use super::door::{Door, ID, Setting, answer, event};

/// 201 MiB of spaces.
const BOMB_BR: &[u8] = include_bytes!("../../fixtures/encodings/bomb.br");

/// Compresses a body as a client would. For `br` there is no compressor at hand: its stored form is
/// what that format has for bytes that do not get smaller.
pub(crate) fn compressed(encoding: &str, body: &[u8]) -> Vec<u8> {
    let level = flate2::Compression::fast();
    match encoding {
        "gzip" => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), level);
            encoder.write_all(body).unwrap();
            encoder.finish().unwrap()
        }
        "deflate" => {
            let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), level);
            encoder.write_all(body).unwrap();
            encoder.finish().unwrap()
        }
        "br" => stored_brotli(body),
        "zstd" => zstd::encode_all(body, 3).unwrap(),
        "xz" => {
            let options = lzma_rust2::XzOptions::with_preset(6);
            let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
            encoder.write_all(body).unwrap();
            encoder.finish().unwrap()
        }
        "bzip2" => {
            let level = bzip2::Compression::best();
            let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), level);
            encoder.write_all(body).unwrap();
            encoder.finish().unwrap()
        }
        _ => body.to_vec(),
    }
}

/// A brotli stream of uncompressed blocks (RFC 7932 §9.2), least significant bit first.
fn stored_brotli(body: &[u8]) -> Vec<u8> {
    let mut stream = Vec::new();
    for (index, block) in body.chunks(1 << 16).enumerate() {
        // One bit for a window of 64 KiB before the first block; then: not the last, four nibbles of
        // length, the length, stored.
        let shift = u32::from(index == 0);
        let length = u32::try_from(block.len() - 1).unwrap();
        let head = (length << 3 | 1 << 19) << shift;
        stream.extend_from_slice(&head.to_le_bytes()[..3]);
        stream.extend_from_slice(block);
    }
    stream.push(0x03);
    stream
}

#[tokio::test]
async fn every_encoding_is_understood() {
    let door = Door::open().await;
    for encoding in ["gzip", "deflate", "br", "zstd", "identity", "UTF-8", "", "x-gzip"] {
        let body = compressed(encoding.trim_start_matches("x-"), event().as_bytes());
        let request = door.post_as_curl().header("Content-Encoding", encoding).body(body);
        assert_eq!(answer(request).await.id(), ID, "{encoding}");
        assert_eq!(door.kept().await.pop().unwrap().body, event().as_bytes(), "{encoding}");
    }
    // Announced by nobody, but what else begins like this.
    assert_eq!(door.send(compressed("gzip", event().as_bytes())).await.id(), ID);
}

#[tokio::test]
async fn large_bodies_arrive_whole_in_every_encoding() {
    let door = Door::open().await;
    let lines: Vec<_> = (0..400_000).map(|line| format!("line {line}")).collect();
    let attachment = lines.join("\n");
    let header = format!("{{\"type\":\"attachment\",\"length\":{}}}", attachment.len());
    let body = format!("{{\"event_id\":\"{ID}\"}}\n{header}\n{attachment}\n");
    for encoding in ["gzip", "deflate", "br", "zstd", "identity"] {
        let wire = compressed(encoding, body.as_bytes());
        let request = door.post_as_curl().header("Content-Encoding", encoding).body(wire);
        assert_eq!(answer(request).await.id(), ID, "{encoding}");
        assert!(door.kept().await.pop().unwrap().body == body.as_bytes(), "{encoding}");
    }
}

#[tokio::test]
async fn unknown_encodings_are_refused() {
    let door = Door::open().await;
    for encoding in ["foo", "gzip, br", "compress"] {
        let request = door.post_as_curl().header("Content-Encoding", encoding).body(event());
        assert_eq!(answer(request).await.status, 415, "{encoding}");
    }
}

#[tokio::test]
async fn broken_compression_is_a_bad_request() {
    let door = Door::open().await;
    for encoding in ["gzip", "deflate", "br", "zstd"] {
        let whole = compressed(encoding, event().as_bytes());
        for broken in [&whole[..whole.len() - 3], event().as_bytes()] {
            let request = door.post_as_curl().header("Content-Encoding", encoding);
            let answer = answer(request.body(broken.to_vec())).await;
            let expected = (400, "invalid compression of the request body");
            assert_eq!((answer.status, answer.detail()), expected, "{encoding}");
        }
    }
    let empty =
        door.post_as_curl().header("Content-Encoding", "gzip").body(compressed("gzip", b""));
    assert_eq!(answer(empty).await.detail(), "empty request body");
}

#[tokio::test]
async fn a_bomb_is_refused_without_taking_more_memory_than_allowed() {
    // With 32 MiB for all bodies, a decoder that went on to the 200 MiB of the route would be
    // noticed: it asks for memory first.
    let mut setting = Setting::default();
    setting.options.body_memory_bytes = 32 << 20;
    let door = Door::open_with(setting).await;
    let gzip = compressed("gzip", &vec![b' '; 201 << 20]);
    let bomb = |encoding, body: Vec<u8>| {
        answer(door.post_as_curl().header("Content-Encoding", encoding).body(body))
    };
    let (first, second) = tokio::join!(bomb("gzip", gzip.clone()), bomb("br", BOMB_BR.to_vec()));
    assert_eq!(first.status, 413, "it says how large it becomes");
    assert_eq!(second.status, 413, "it does not, and is refused when it is past the limit");
    assert_eq!(door.send(event()).await.id(), ID);
}

#[tokio::test]
async fn what_becomes_larger_than_the_route_takes_is_refused() {
    let door = Door::open().await;
    let bomb = compressed("gzip", &vec![b' '; 201 << 20]);
    for (encoding, body) in [("gzip", bomb), ("br", BOMB_BR.to_vec())] {
        let request = door.post_as_curl().header("Content-Encoding", encoding).body(body);
        let answer = answer(request).await;
        let expected = (413, "request content exceeded size limits");
        assert_eq!((answer.status, answer.detail()), expected, "{encoding}");
    }
}

#[tokio::test]
async fn a_body_without_a_length_is_read_to_its_end() {
    let door = Door::open().await;
    let event = event();
    let pieces: Vec<_> =
        event.as_bytes().chunks(7).map(|piece| Ok::<_, std::io::Error>(piece.to_vec())).collect();
    let body = reqwest::Body::wrap_stream(stream::iter(pieces));
    assert_eq!(door.send(body).await.id(), ID);
    assert_eq!(door.kept().await[0].body, event.as_bytes());
}
