//! Points 29 to 31: how bodies travel.

use futures_util::stream;

use super::{ID, Server, event};
use crate::ingest::door::answer;
use crate::ingest::encodings::compressed;

/// 29
#[tokio::test]
async fn four_encodings_are_understood_and_no_others() {
    let server = Server::start().await;
    for encoding in ["gzip", "deflate", "br", "zstd", ""] {
        let body = compressed(encoding, event().as_bytes());
        let request = server.post_as_curl("/api/P/envelope/").header("Content-Encoding", encoding);
        assert_eq!(answer(request.body(body)).await.id(), ID, "{encoding}");
    }
    let request = server.post_as_curl("/api/P/envelope/").header("Content-Encoding", "foo");
    assert_eq!(answer(request.body(event())).await.status, 415);
    assert_eq!(server.stored(ID).await["logentry"]["formatted"], "hi");
}

/// 30; what memory a bomb may take is said in `ingest::encodings`.
#[tokio::test]
async fn broken_compression_is_refused_and_so_is_a_bomb() {
    let server = Server::start().await;
    let whole = compressed("gzip", event().as_bytes());
    let bomb = compressed("gzip", &vec![b' '; 201 << 20]);
    for (body, status) in [(whole[..whole.len() - 4].to_vec(), 400), (bomb, 413)] {
        let request = server.post_as_curl("/api/P/envelope/").header("Content-Encoding", "gzip");
        assert_eq!(answer(request.body(body)).await.status, status);
    }
}

/// 31
#[tokio::test]
async fn a_body_need_not_say_how_long_it_is() {
    let server = Server::start().await;
    let pieces: Vec<_> =
        event().as_bytes().chunks(7).map(|piece| Ok::<_, std::io::Error>(piece.to_vec())).collect();
    let answer = server.send(reqwest::Body::wrap_stream(stream::iter(pieces))).await;
    assert_eq!(answer.id(), ID);
    assert_eq!(server.event_ids().await, [ID]);
}
