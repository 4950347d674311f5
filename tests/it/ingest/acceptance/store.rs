//! Points 32 to 35: events without an envelope.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;

use super::{ID, Server};
use crate::ingest::door::{answer, credentials};
use crate::ingest::encodings::compressed;

/// 32
#[tokio::test]
async fn a_bare_event_is_answered_with_its_id() {
    let server = Server::start().await;
    let json = format!("{{\"event_id\":\"{ID}\",\"message\":\"hi\"}}");
    for (body, status) in [(json.as_str(), 200), ("not json", 400), ("{\"event_id\":\"zz\"}", 400)]
    {
        let answer = answer(server.post_as_curl("/api/P/store/").body(body.to_owned())).await;
        assert_eq!(answer.status, status, "{body}");
    }
    assert_eq!(server.event_ids().await, [ID]);
}

/// 33
#[tokio::test]
async fn base64_of_zlib_is_understood_and_the_key_may_name_the_project() {
    let server = Server::start().await;
    let event = |id: &str| format!("{{\"event_id\":\"{id}\",\"message\":\"hi\"}}");
    let packed = STANDARD.encode(compressed("deflate", event(ID).as_bytes()));
    let first = answer(server.post_as_curl("/api/P/store/").body(packed)).await;
    assert_eq!(first.id(), ID);
    let other = "0".repeat(31) + "1";
    let second = answer(server.post_as_curl("/api/store/").body(event(&other))).await;
    assert_eq!(second.id(), other);
    assert_eq!(server.event_ids().await, [other.as_str(), ID]);
}

/// 34
#[tokio::test]
async fn what_python_calls_a_number_is_no_reason_to_lose_an_event() {
    let server = Server::start().await;
    let client = credentials(&server.shop.key).replace("curl/1", "sentry-python/0.9");
    let request = server.post("/api/P/store/").header("X-Sentry-Auth", client);
    let id = answer(request.body("{\"extra\":{\"a\":NaN,\"b\":1}}")).await.id().to_owned();
    assert_eq!(server.stored(&id).await["extra"]["b"], 1);
}

/// 35
#[tokio::test]
async fn a_page_without_other_means_asks_for_a_picture() {
    let server = Server::start().await;
    let data: String = form_urlencoded::byte_serialize(b"{\"message\":\"hi\"}").collect();
    let path = format!("/api/P/store/?sentry_version=7&sentry_key=K&sentry_data={data}");
    let picture = server.request(Method::GET, &path).send().await.unwrap();
    assert_eq!(picture.status(), 200);
    assert_eq!(picture.headers()["content-type"], "image/gif");
    assert_eq!(server.titles().await, ["hi"]);
}
