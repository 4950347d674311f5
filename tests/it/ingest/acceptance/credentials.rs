//! Points 15 to 24: who may send.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Server, envelope, event};
use crate::ingest::door::{answer, credentials};

const PATH: &str = "/api/P/envelope/";

/// The statuses of the same event sent with these headers, each alone.
async fn statuses(server: &Server, headers: &[(&str, String)]) -> Vec<u16> {
    let mut statuses = Vec::new();
    for (name, value) in headers {
        let request = server.post(PATH).header(*name, value).body(event());
        statuses.push(answer(request).await.status);
    }
    statuses
}

/// 15
#[tokio::test]
async fn who_does_not_say_who_it_is_is_refused() {
    let server = Server::start().await;
    assert_eq!(answer(server.post(PATH).body(event())).await.status, 401);
    assert_eq!(statuses(&server, &[("X-Sentry-Auth", "Sentry foo".to_owned())]).await, [401]);
}

/// 16
#[tokio::test]
async fn the_query_is_enough() {
    let server = Server::start().await;
    let path = format!("{PATH}?sentry_key=K&sentry_version=7");
    assert_eq!(answer(server.post(&path).body(event())).await.status, 200);
}

/// 17
#[tokio::test]
async fn header_and_query_are_one_too_many() {
    let server = Server::start().await;
    let request = server.post_as_curl(&format!("{PATH}?sentry_key=K")).body(event());
    assert_eq!(answer(request).await.status, 401);
}

/// 18
#[tokio::test]
async fn the_authorization_header_is_understood_in_both_forms() {
    let server = Server::start().await;
    let key = &server.shop.key;
    let basic = format!("Basic {}", STANDARD.encode(format!("{key}:")));
    let sentry = format!("Sentry sentry_key={key}");
    let headers = [("Authorization", sentry), ("Authorization", basic)];
    assert_eq!(statuses(&server, &headers).await, [200, 200]);
}

/// 19
#[tokio::test]
async fn the_dsn_of_the_envelope_stands_in() {
    let server = Server::start().await;
    let with = |dsn: &str| envelope(&format!("{{\"dsn\":\"{dsn}\"}}"), "{}");
    let dsn = with(&server.shop.dsn);
    assert_eq!(answer(server.post(PATH).body(dsn)).await.status, 200);
    let malformed = with("https://errors.example.com/42");
    assert_eq!(answer(server.post(PATH).body(malformed)).await.status, 401);
}

/// 20
#[tokio::test]
async fn the_dsn_of_the_envelope_must_not_be_another_projects() {
    let server = Server::start().await;
    let header = format!("{{\"dsn\":\"{}\"}}", server.other.dsn);
    assert_eq!(server.send(envelope(&header, "{}")).await.status, 400);
}

/// 21
#[tokio::test]
async fn a_key_has_32_characters_and_is_known() {
    let server = Server::start().await;
    let short = credentials(&server.shop.key[1..]);
    let unknown = credentials(&"e".repeat(32));
    let headers = [("X-Sentry-Auth", short), ("X-Sentry-Auth", unknown)];
    assert_eq!(statuses(&server, &headers).await, [400, 403]);
}

/// 22
#[tokio::test]
async fn a_key_opens_no_other_project() {
    let server = Server::start().await;
    let other = credentials(&server.other.key);
    assert_eq!(statuses(&server, &[("X-Sentry-Auth", other)]).await, [403]);
}

/// 23
#[tokio::test]
async fn versions_up_to_seven_are_spoken() {
    let server = Server::start().await;
    let version = |version: &str| {
        let key = &server.shop.key;
        ("X-Sentry-Auth", format!("Sentry sentry_key={key}, sentry_version={version}"))
    };
    let headers = [version("8"), version("5"), version("x")];
    assert_eq!(statuses(&server, &headers).await, [400, 200, 401]);
}

/// 24
#[tokio::test]
async fn a_project_is_a_number() {
    let server = Server::start().await;
    let request = server.post_as_curl("/api/abc/envelope/").body(event());
    assert_eq!(answer(request).await.status, 400);
}
