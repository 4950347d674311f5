//! Reads a request's body and decodes it, with a cap on bytes, on time and on memory.

use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::HeaderMap;
use axum::http::header::EXPECT;
use axum::http::request::Parts;
use futures_util::FutureExt;
use http_body_util::BodyExt;
use tokio::time::{Instant, timeout};

use super::decode::{self, Encoding};
use super::memory::Reservation;
use super::{Error, Ingest, Patience};
use crate::protocol::accepted::SPARE_BYTES;

/// Room that is made before the first byte is there, whatever length is announced.
const MAX_TRUSTED_LENGTH: usize = 1 << 20;

/// What is decoded on the spot, as input and as output: about half a millisecond's worth. More goes
/// to the threads for blocking work, so that one large body does not hold up a hundred small ones.
const MAX_INLINE_BYTES: usize = 256 * 1024;

/// How much of a refused body is still taken in.
const MAX_DRAINED_BYTES: usize = 1 << 20;

/// A body in memory, decoded.
#[derive(Debug)]
pub(super) struct Received {
    /// The bytes, with room behind them for what makes them a record.
    pub(super) bytes: Vec<u8>,
    /// The memory they are charged for.
    pub(super) memory: Reservation,
}

/// Reads and decodes a body of at most `most` bytes, compressed and decoded.
///
/// # Errors
/// When it is empty, too large, too slow, broken off, or does not follow its encoding.
pub(super) async fn receive(
    ingest: &Ingest,
    headers: &HeaderMap,
    body: &mut Body,
    most: usize,
) -> Result<Received, Error> {
    let encoding = Encoding::from_headers(headers)?;
    let most = most.min(ingest.memory.most());
    let mut memory = ingest.memory.reserve();
    let bytes = read(body, most, ingest.patience, &mut memory).await?;
    let received = match encoding.or_sniffed(&bytes) {
        Encoding::Identity => Received { bytes, memory },
        encoding => decode(ingest, encoding, bytes, most, memory).await?,
    };
    if received.bytes.is_empty() { Err(Error::EmptyBody) } else { Ok(received) }
}

/// Reads the bytes as they travelled.
async fn read(
    body: &mut Body,
    most: usize,
    patience: Patience,
    memory: &mut Reservation,
) -> Result<Vec<u8>, Error> {
    let announced = body.size_hint().lower();
    let announced = usize::try_from(announced).unwrap_or(usize::MAX);
    if announced > most {
        return Err(Error::TooLarge);
    }
    let started = Instant::now();
    let mut bytes = Vec::with_capacity(announced.min(MAX_TRUSTED_LENGTH) + SPARE_BYTES);
    while let Some(piece) = next_piece(body, patience, started, bytes.len()).await? {
        if bytes.len() + piece.len() > most {
            return Err(Error::TooLarge);
        }
        memory.grow_to(bytes.len() + piece.len()).await?;
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes)
}

/// The next piece of the body, if it comes in time.
async fn next_piece(
    body: &mut Body,
    patience: Patience,
    started: Instant,
    received: usize,
) -> Result<Option<Bytes>, Error> {
    // Most bodies are here already: no timer for them.
    let frame = if let Some(frame) = body.frame().now_or_never() {
        frame
    } else {
        let earned = Duration::from_secs(received as u64 / u64::from(patience.bytes_per_second));
        let left = (patience.body + earned).saturating_sub(started.elapsed());
        timeout(left.min(patience.pause), body.frame()).await.map_err(|_| Error::Slow)?
    };
    match frame {
        None => Ok(None),
        // A trailer, which nobody sends, is an empty piece.
        Some(Ok(frame)) => Ok(Some(frame.into_data().unwrap_or_default())),
        Some(Err(_)) => Err(Error::BrokenOff),
    }
}

/// Decodes on the spot what is surely small, all else on a thread for blocking work.
async fn decode(
    ingest: &Ingest,
    encoding: Encoding,
    bytes: Vec<u8>,
    most: usize,
    mut memory: Reservation,
) -> Result<Received, Error> {
    let expected = match encoding {
        Encoding::Gzip => decode::gzip_size(&bytes),
        _ => None,
    };
    if let Some(expected) = expected {
        memory.grow_to(bytes.len() + expected.min(most)).await?;
    }
    let is_small = bytes.len().max(expected.unwrap_or(0)) <= MAX_INLINE_BYTES;
    if is_small {
        match decode::decode(encoding, &bytes, most.min(MAX_INLINE_BYTES), &mut memory) {
            // Not small after all, though it may still be allowed.
            Err(Error::TooLarge) if most > MAX_INLINE_BYTES => {}
            Ok(decoded) => {
                memory.shrink_to(decoded.len());
                return Ok(Received { bytes: decoded, memory });
            }
            Err(error) => return Err(error),
        }
    }
    // No more at a time than there are processors: those that wait cost nothing.
    let turn = timeout(ingest.patience.memory, ingest.large_bodies.acquire()).await;
    let turn = turn.map_err(|_| Error::Busy)?;
    let work = move || {
        let decoded = decode::decode(encoding, &bytes, most, &mut memory)?;
        drop(bytes);
        memory.shrink_to(decoded.len());
        Ok(Received { bytes: decoded, memory })
    };
    let decoded = tokio::task::spawn_blocking(work).await.map_err(|_| Error::InvalidCompression)?;
    drop(turn);
    decoded
}

/// Passes on what became of a request; if it is refused, what is left of its body is drained before.
///
/// # Errors
/// Those of `result`.
pub(super) async fn passed_on<T, E>(
    ingest: &Ingest,
    request: &Parts,
    rest: Body,
    result: Result<T, E>,
) -> Result<T, E> {
    if result.is_err() {
        drain(&request.headers, rest, ingest.patience).await;
    }
    result
}

/// Takes in the rest of a refused body, if it is short and on its way: closing the connection on a
/// client that is still sending would keep it from reading why. A client that asked first (`Expect`)
/// has not begun to send, and reading would tell it to.
async fn drain(headers: &HeaderMap, mut body: Body, patience: Patience) {
    if headers.contains_key(EXPECT) {
        return;
    }
    let rest = async {
        let mut drained = 0;
        while let Some(Ok(frame)) = body.frame().await {
            drained += frame.data_ref().map_or(0, Bytes::len);
            if drained > MAX_DRAINED_BYTES {
                break;
            }
        }
    };
    // As long as a body may pause; a sender that stops here misses the answer.
    let _ = timeout(patience.pause.min(Duration::from_secs(1)), rest).await;
}

#[cfg(test)]
mod tests {
    use futures_util::stream::{self, Stream, StreamExt};

    use super::*;
    use crate::ingest::memory::BodyMemory;

    type Piece = Result<&'static [u8], std::io::Error>;

    async fn read_all(pieces: impl Stream<Item = Piece> + Send + 'static) -> Result<usize, Error> {
        let memory = BodyMemory::new(1 << 20, Duration::ZERO);
        let mut body = Body::from_stream(pieces);
        let mut memory = memory.reserve();
        read(&mut body, 100, Patience::default(), &mut memory).await.map(|bytes| bytes.len())
    }

    /// `piece` again and again, with a pause before each.
    fn dripping(piece: &'static [u8], pause: Duration) -> impl Stream<Item = Piece> {
        stream::unfold((), move |()| async move {
            tokio::time::sleep(pause).await;
            Some((Ok(piece), ()))
        })
    }

    #[tokio::test]
    async fn a_body_in_pieces_is_read_up_to_the_limit() {
        let pieces = |count| stream::repeat_with(|| Ok(&b"0123456789"[..])).take(count);
        assert_eq!(read_all(pieces(10)).await, Ok(100));
        assert_eq!(read_all(pieces(11)).await, Err(Error::TooLarge));
    }

    #[tokio::test]
    async fn an_announced_length_is_refused_before_the_first_byte() {
        let memory = BodyMemory::new(1 << 20, Duration::ZERO);
        let mut body = Body::from(vec![0; 101]);
        let result = read(&mut body, 100, Patience::default(), &mut memory.reserve()).await;
        assert_eq!(result, Err(Error::TooLarge));
        assert_eq!(body.size_hint().exact(), Some(101), "nothing was taken");
    }

    #[tokio::test(start_paused = true)]
    async fn a_sender_that_stops_in_the_middle_is_given_up() {
        let started = Instant::now();
        let silent = stream::iter([Ok(&b"x"[..])]).chain(stream::pending());
        assert_eq!(read_all(silent).await, Err(Error::Slow));
        assert_eq!(started.elapsed().as_secs(), Patience::default().pause.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn a_sender_that_drips_is_given_up() {
        let started = Instant::now();
        let dripping = dripping(b"x", Duration::from_secs(5));
        assert_eq!(read_all(Box::pin(dripping)).await, Err(Error::Slow));
        assert_eq!(started.elapsed().as_secs(), Patience::default().body.as_secs());
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_line_earns_time_with_every_byte() {
        let memory = BodyMemory::new(1 << 20, Duration::ZERO);
        let pieces = dripping(&[b'x'; 4096], Duration::from_secs(1)).take(100);
        let mut body = Body::from_stream(Box::pin(pieces));
        let read = read(&mut body, 1 << 20, Patience::default(), &mut memory.reserve()).await;
        assert_eq!(read.unwrap().len(), 409_600);
    }

    #[tokio::test]
    async fn a_sender_that_goes_away_is_noticed() {
        let broken = stream::iter([Ok(&b"x"[..]), Err(std::io::ErrorKind::BrokenPipe.into())]);
        assert_eq!(read_all(broken).await, Err(Error::BrokenOff));
    }

    #[tokio::test(start_paused = true)]
    async fn a_refused_body_is_not_awaited_for_long() {
        let started = Instant::now();
        let silent = stream::pending::<Piece>();
        drain(&HeaderMap::new(), Body::from_stream(silent), Patience::default()).await;
        assert!(started.elapsed() <= Duration::from_secs(1));
    }
}
