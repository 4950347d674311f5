//! Clients that mean no good, on bare sockets: HTTP libraries are too polite.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::bodies::Hostile;

/// A connection on which nothing happens for so long is given up by the client.
const PATIENCE: Duration = Duration::from_secs(15);

/// Where to send to.
#[derive(Clone)]
pub(super) struct Target {
    pub(super) address: String,
    pub(super) project: String,
    pub(super) key: String,
}

/// What a client does.
#[derive(Clone)]
pub(super) enum Deed {
    /// It sends a body like an honest client would.
    Send(Hostile),
    /// It sends bytes and waits for what comes: this status, or nothing.
    Raw(&'static str, Option<u16>, Vec<u8>),
    /// It announces a body and sends it byte by byte.
    Drip,
    /// It announces a body, sends this much of it, and waits.
    Stall(usize),
    /// It sends half a body and closes its side.
    HalfClose,
    /// It sends half a body and goes away.
    Vanish,
}

impl Deed {
    /// What it is called in a failure.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Send(hostile) => hostile.name,
            Self::Raw(name, ..) => name,
            Self::Drip => "a body byte by byte",
            Self::Stall(_) => "a body that stops",
            Self::HalfClose => "half a body and an end",
            Self::Vanish => "half a body and no end",
        }
    }
}

impl Deed {
    /// What may be answered to it; `None` is no answer.
    pub(super) fn may_be_answered(&self, status: Option<u16>) -> bool {
        let expected = match self {
            Self::Send(hostile) => Some(hostile.status),
            Self::Raw(_, expected, _) => *expected,
            Self::Stall(_) => Some(408),
            Self::HalfClose => Some(400),
            Self::Drip | Self::Vanish => None,
        };
        // There may be too much of everything, and a client that is still sending may miss the answer.
        status == expected || matches!(status, None | Some(429))
    }
}

impl Target {
    /// The head of a request with a body of `length` bytes.
    pub(super) fn head(&self, encoding: &str, length: usize) -> String {
        let (project, key) = (&self.project, &self.key);
        let encoding = match encoding {
            "" => String::new(),
            encoding => format!("Content-Encoding: {encoding}\r\n"),
        };
        format!(
            "POST /api/{project}/envelope/?sentry_key={key} HTTP/1.1\r\nHost: x\r\n{encoding}\
             Content-Length: {length}\r\n\r\n"
        )
    }

    /// Does it; returns the status of the answer, if there was one.
    pub(super) async fn suffer(&self, deed: Deed) -> Option<u16> {
        let mut stream = TcpStream::connect(&self.address).await.ok()?;
        let done = async {
            match deed {
                Deed::Send(hostile) => {
                    let head = self.head(hostile.encoding, hostile.body.len());
                    send(&mut stream, &[head.as_bytes(), &hostile.body]).await
                }
                Deed::Raw(.., bytes) => send(&mut stream, &[&bytes]).await,
                Deed::Drip => self.drip(&mut stream).await,
                Deed::Stall(bytes) => {
                    let head = self.head("", bytes + 1);
                    send(&mut stream, &[head.as_bytes(), &vec![b'x'; bytes]]).await
                }
                Deed::HalfClose => {
                    let head = self.head("", 1000);
                    stream.write_all(head.as_bytes()).await.ok()?;
                    stream.write_all(b"{}\n").await.ok()?;
                    stream.shutdown().await.ok()?;
                    read_status(&mut stream).await
                }
                Deed::Vanish => {
                    let head = self.head("", 1 << 20);
                    stream.write_all(head.as_bytes()).await.ok()?;
                    stream.write_all(&vec![b'x'; 1 << 19]).await.ok()?;
                    None
                }
            }
        };
        timeout(PATIENCE, done).await.ok().flatten()
    }

    async fn drip(&self, stream: &mut TcpStream) -> Option<u16> {
        stream.write_all(self.head("", 1_000_000).as_bytes()).await.ok()?;
        loop {
            // Refused by now, perhaps: whoever drips would not look.
            if stream.write_all(b"x").await.is_err() {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

/// Sends and reads at the same time: a refusal may come before the last byte is out.
async fn send(stream: &mut TcpStream, parts: &[&[u8]]) -> Option<u16> {
    let (mut read, mut write) = stream.split();
    let writing = async {
        for part in parts {
            if write.write_all(part).await.is_err() {
                break;
            }
        }
    };
    let (status, ()) = tokio::join!(read_status(&mut read), writing);
    status
}

async fn read_status(stream: &mut (impl AsyncReadExt + Unpin)) -> Option<u16> {
    let mut answer = Vec::new();
    let mut chunk = [0; 1024];
    while !answer.windows(2).any(|end| end == b"\r\n") {
        let read = stream.read(&mut chunk).await.ok().filter(|read| *read > 0)?;
        answer.extend_from_slice(&chunk[..read]);
    }
    let line = String::from_utf8_lossy(&answer);
    line.split(' ').nth(1)?.parse().ok()
}

/// Requests that are none, or that go where nothing is.
#[rustfmt::skip]
pub(super) fn tricks(target: &Target) -> Vec<Deed> {
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").into_bytes();
    let (project, key) = (&target.project, &target.key);
    let path = format!("/api/{project}/envelope/");
    let many = format!("{path}?{}", "a=b&".repeat(10_000));
    let posted = |rest: &str| format!("POST {path} HTTP/1.1\r\nHost: x\r\n{rest}").into_bytes();
    let header = "x".repeat(10 << 20);
    vec![
        Deed::Raw("a header line of 10 MB", Some(431), posted(&format!("X-A: {header}\r\n\r\n"))),
        Deed::Raw("100,000 header lines", Some(431), posted(&"X-A: b\r\n".repeat(100_000))),
        Deed::Raw("a path of 10 MB", Some(431), get(&format!("/api/{header}"))),
        Deed::Raw("10,000 parameters", Some(405), get(&many)),
        Deed::Raw("many keys", Some(400),
            get(&format!("/api/{project}/store/?{}", format!("sentry_key={key}&").repeat(500))),
        ),
        Deed::Raw("a path that climbs", Some(404), get("/api/1/../../../../etc/passwd")),
        Deed::Raw("a path that climbs in disguise", Some(404), get("/static/%2e%2e/%2e%2e/etc/passwd")),
        Deed::Raw("NUL in a path", Some(405), get("/api/%00/envelope/?sentry_key=%00")),
        Deed::Raw("bytes that are no text in a path", Some(400), get("/api/%ff%fe/store/?sentry_data=%ff")),
        Deed::Raw("slashes", Some(404), get(&"/".repeat(60_000))),
        Deed::Raw("two lengths", Some(400), posted("Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello")),
        Deed::Raw("a length and chunks", Some(400),
            posted("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        ),
        Deed::Raw("a chunk without end", Some(408),
            posted("Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nx"),
        ),
        Deed::Raw("a huge length", Some(400), posted("Content-Length: 99999999999999999999\r\n\r\n")),
        Deed::Raw("another protocol", Some(400), b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03".repeat(100)),
        Deed::Raw("HTTP/2 at once", None, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec()),
        Deed::Raw("no request", Some(431), vec![b'\n'; 1 << 20]),
        Deed::Raw("half a head", None, format!("POST {path} HTTP/1.1\r\nHo").into_bytes()),
        Deed::Raw("nothing", None, Vec::new()),
    ]
}
