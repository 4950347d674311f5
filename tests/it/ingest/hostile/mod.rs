//! Senders that are slow, go away, or send anything at all.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::body::Body;
use axum::http::{Request, StatusCode};
use futures_util::{StreamExt, stream};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tower::ServiceExt;

use super::corpus::{Captured, corpus};
use super::door::{Door, ID, KEY, Setting, event, impatience};
use super::encodings::compressed;
use crate::support::TestApp;

/// Sends the head of a request that announces `length` bytes, and `body`.
async fn connect(door: &Door, length: usize, body: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(door.address).await.unwrap();
    let head = format!(
        "POST /api/42/envelope/?sentry_key={KEY} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(body).await.unwrap();
    stream
}

async fn read_answer(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let mut chunk = [0; 1024];
    while !String::from_utf8_lossy(&answer).contains("\r\n\r\n") {
        let read = stream.read(&mut chunk).await.unwrap();
        assert!(read > 0, "closed without an answer");
        answer.extend_from_slice(&chunk[..read]);
    }
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_sender_that_stops_in_the_middle_is_told_so() {
    let door = Door::open_with(Setting { options: impatience(), ..Setting::default() }).await;
    let mut stream = connect(&door, 1000, b"{}\n").await;
    let answer = read_answer(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 408"), "{answer}");
    assert_eq!(door.send(event()).await.id(), ID);
    assert_eq!(door.kept().await.len(), 1);
}

#[tokio::test]
async fn a_sender_that_goes_away_leaves_nothing_behind() {
    let door = Door::open().await;
    for length in [10, 100, 200_000] {
        let stream = connect(&door, length + 1, &vec![b'x'; length]).await;
        drop(stream);
    }
    assert_eq!(door.send(event()).await.id(), ID);
    assert_eq!(door.kept().await.len(), 1);
}

#[tokio::test]
async fn more_than_the_route_takes_is_refused_before_it_is_sent() {
    let door = Door::open().await;
    let mut stream = connect(&door, (200 << 20) + 1, b"{}\n").await;
    let answer = read_answer(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

/// A client that looks for an answer only after it has sent everything would find its connection
/// closed instead.
#[tokio::test]
async fn what_a_refused_sender_still_sends_is_taken_in() {
    let door = Door::open().await;
    for (refused, status) in [
        (format!("/api/42/envelope/?sentry_key={}", "e".repeat(32)), StatusCode::FORBIDDEN),
        ("/api/42/store/".to_owned(), StatusCode::UNAUTHORIZED),
    ] {
        let taken = Arc::new(AtomicUsize::new(0));
        let counted = taken.clone();
        let pieces = stream::repeat(vec![b'x'; 100_000]).take(9).map(move |piece| {
            counted.fetch_add(1, Ordering::SeqCst);
            Ok::<_, std::io::Error>(piece)
        });
        let request = Request::post(refused).body(Body::from_stream(pieces)).unwrap();
        let response = door.router.clone().oneshot(request).await.unwrap();
        assert_eq!(response.status(), status);
        assert_eq!(taken.load(Ordering::SeqCst), 9);
    }
}

#[tokio::test]
async fn a_sender_that_asks_first_is_refused_before_it_sends() {
    let door = Door::open().await;
    for (key, expected) in [("e".repeat(32), "HTTP/1.1 403"), (KEY.to_owned(), "HTTP/1.1 100")] {
        let mut stream = TcpStream::connect(door.address).await.unwrap();
        let head = format!(
            "POST /api/42/envelope/?sentry_key={key} HTTP/1.1\r\nHost: x\r\n\
             Content-Length: 2\r\nExpect: 100-continue\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let answer = read_answer(&mut stream).await;
        assert!(answer.starts_with(expected), "{answer}");
    }
}

#[tokio::test]
async fn control_characters_in_a_header_are_a_bad_request() {
    let door = Door::open().await;
    let mut stream = TcpStream::connect(door.address).await.unwrap();
    let head =
        b"POST /api/42/envelope/ HTTP/1.1\r\nHost: x\r\nX-Sentry-Auth: Sentry \0\x01\r\n\r\n";
    stream.write_all(head).await.unwrap();
    let answer = read_answer(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 400"), "{answer}");
}

#[tokio::test]
async fn a_sender_that_closes_its_side_still_gets_its_answer() {
    let app = TestApp::start().await;
    let project = app.create_project("half").await;
    let address = app.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let (path, body) =
        (format!("/api/{}/envelope/?sentry_key={}", project.id, project.key), event());
    let request =
        format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    stream.write_all(request.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let answer = read_answer(&mut stream).await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    app.stop().await;
}

/// What happens to a captured request on its way.
#[derive(Clone, Debug)]
enum Mutation {
    Cut(prop::sample::Index),
    Replace(prop::sample::Index, Vec<u8>),
    Insert(prop::sample::Index, Vec<u8>),
    Repeat(prop::sample::Index, u8),
}

impl Mutation {
    fn apply(&self, bytes: &mut Vec<u8>) {
        let place = |index: &prop::sample::Index| index.index(bytes.len() + 1);
        match self {
            Self::Cut(at) => bytes.truncate(place(at)),
            Self::Replace(at, with) => {
                let at = place(at);
                let end = (at + with.len()).min(bytes.len());
                bytes.splice(at..end, with.iter().copied());
            }
            Self::Insert(at, what) => {
                let at = place(at);
                bytes.splice(at..at, what.iter().copied());
            }
            Self::Repeat(at, times) => {
                let at = place(at);
                let end = (at + 64).min(bytes.len());
                let piece = bytes[at..end].repeat(usize::from(*times));
                bytes.splice(at..at, piece);
            }
        }
    }
}

fn any_mutation() -> impl Strategy<Value = Mutation> {
    let bytes = || {
        prop_oneof![
            prop::collection::vec(any::<u8>(), 1..20),
            prop::sample::select(vec![
                &b"\n"[..],
                b"\r\n",
                b"{",
                b"}",
                b"\"",
                b"null",
                b"[[[[",
                b"\xff\xfe",
                b"\0",
                b"{\"type\":\"event\"}\n",
                b"\"length\":",
                b"99999999999999999999",
                b"\\ud800",
                b"-1",
            ])
            .prop_map(<[u8]>::to_vec),
        ]
    };
    let at = any::<prop::sample::Index>;
    prop_oneof![
        at().prop_map(Mutation::Cut),
        (at(), bytes()).prop_map(|(at, with)| Mutation::Replace(at, with)),
        (at(), bytes()).prop_map(|(at, what)| Mutation::Insert(at, what)),
        (at(), 1_u8..40).prop_map(|(at, times)| Mutation::Repeat(at, times)),
    ]
}

fn any_mutations() -> impl Strategy<Value = Vec<Mutation>> {
    prop::collection::vec(any_mutation(), 1..5)
}

/// A captured request with its body mutated before and after compression.
fn request(captured: &Captured, before: &[Mutation], after: &[Mutation]) -> Request<Body> {
    let mut body = captured.body();
    for mutation in before {
        mutation.apply(&mut body);
    }
    let mut wire = compressed(captured.encoding(), &body);
    for mutation in after {
        mutation.apply(&mut wire);
    }
    let mut request = Request::post(captured.target());
    for (name, value) in captured.headers() {
        request = request.header(name, value);
    }
    request.body(Body::from(wire)).unwrap()
}

#[test]
fn no_request_is_answered_with_a_fault_of_ours() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let door = runtime.block_on(Door::open());
    let corpus = corpus();
    let statuses = RefCell::new(BTreeMap::new());
    let journal = &door.app.journals.lane_for(super::door::PROJECT).journal;
    let mut runner =
        TestRunner::new(Config { cases: 1500, failure_persistence: None, ..Config::default() });
    let strategy = (0..corpus.len(), any_mutations(), prop::option::weighted(0.2, any_mutations()));
    let result = runner.run(&strategy, |(index, before, after)| {
        let request = request(&corpus[index].1, &before, &after.unwrap_or_default());
        let kept_before = journal.stats().appended_records;
        let response = runtime.block_on(door.router.clone().oneshot(request)).unwrap();
        let status = response.status();
        prop_assert!(!status.is_server_error(), "{status}");
        let kept = journal.stats().appended_records - kept_before;
        // What is refused is not kept; what is accepted may be an envelope without items.
        prop_assert!(kept <= u64::from(status == StatusCode::OK), "{status}, {kept} kept");
        *statuses.borrow_mut().entry(status.as_u16()).or_insert(0) += 1;
        Ok(())
    });
    result.unwrap();
    let statuses = statuses.into_inner();
    assert!(statuses.contains_key(&200) && statuses.contains_key(&400), "{statuses:?}");
    assert!(journal.stats().appended_records > 100, "{statuses:?}");
}
