//! The load: 64 connections that are kept, written and read by hand so that sending costs little.

use std::cell::Cell;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::bodies::Bodies;

/// Connections that send at the same time.
const CONNECTIONS: usize = 64;

/// Where to send.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// Host and port.
    pub(crate) address: String,
    /// Path with the credentials.
    pub(crate) path: String,
}

/// Sends every body once, as fast as answers come or at `rate` a second; returns how long each answer took.
pub(crate) async fn send(target: &Target, bodies: &Bodies, rate: Option<f64>) -> Vec<Duration> {
    let next = Cell::new(0);
    let started = Instant::now();
    let client = async || {
        let mut connection = TcpStream::connect(&target.address).await.unwrap();
        connection.set_nodelay(true).unwrap();
        let mut latencies = Vec::new();
        loop {
            let index = next.replace(next.get() + 1);
            let Some(body) = bodies.get(index) else { return latencies };
            if let Some(rate) = rate {
                let due = Duration::from_secs_f64(f64::from(u32::try_from(index).unwrap()) / rate);
                tokio::time::sleep_until((started + due).into()).await;
            }
            let asked = Instant::now();
            exchange(&mut connection, target, body).await;
            latencies.push(asked.elapsed());
        }
    };
    join_all((0..CONNECTIONS).map(|_| client())).await.into_iter().flatten().collect()
}

async fn exchange(connection: &mut TcpStream, target: &Target, body: &[u8]) {
    let mut request = format!(
        "POST {} HTTP/1.1\r\nhost: {}\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n",
        target.path,
        target.address,
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(body);
    connection.write_all(&request).await.unwrap();
    let mut answer = Vec::new();
    loop {
        let read = connection.read_buf(&mut answer).await.unwrap();
        assert!(read > 0, "the server closed a connection");
        if is_whole(&answer) {
            break;
        }
    }
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{}", String::from_utf8_lossy(&answer));
}

/// Whether an answer has arrived to its end.
fn is_whole(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
    let length: usize = length.expect("answers have a length").trim().parse().unwrap();
    answer.len() >= end + 4 + length
}

/// Whether a server says that it is ready.
pub(crate) async fn is_ready(address: &str) -> bool {
    let Ok(mut connection) = TcpStream::connect(address).await else { return false };
    let request =
        format!("GET /health/ready HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    let mut answer = Vec::new();
    connection.write_all(request.as_bytes()).await.is_ok()
        && connection.read_to_end(&mut answer).await.is_ok()
        && answer.starts_with(b"HTTP/1.1 200")
}
