//! Acceptance 32–35: events without an envelope.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use picket::protocol::envelope::Envelope;

use super::door::{Door, ID, KEY, PROJECT, answer, credentials, event};
use super::encodings::compressed;

/// The payload of the only item of the last envelope that was kept.
async fn last_payload(door: &Door) -> String {
    let kept = door.kept().await.pop().unwrap();
    let envelope = Envelope::parse(&kept.body).unwrap();
    assert_eq!(envelope.items.len(), 1);
    String::from_utf8(envelope.items[0].payload.to_vec()).unwrap()
}

#[tokio::test]
async fn a_bare_event_is_kept_in_an_envelope() {
    let door = Door::open().await;
    let json = format!("{{\"event_id\":\"{ID}\",\"message\":\"hi\"}}");
    assert_eq!(door.send_to_store(json.clone()).await.id(), ID);
    assert_eq!(last_payload(&door).await, json);
    let given = door.send_to_store("{\"message\":\"hi\"}").await;
    let kept = door.kept().await.pop().unwrap();
    assert_eq!(kept.event_id.unwrap().to_string(), given.id());
}

#[tokio::test]
async fn what_is_no_event_is_refused_at_once() {
    let door = Door::open().await;
    for (body, causes) in [
        ("not json", None),
        ("[1]", None),
        ("{\"message\":", None),
        ("{} trailing", None),
        ("{\"event_id\":\"zz\"}", Some("invalid event_id")),
    ] {
        let answer = door.send_to_store(body).await;
        assert_eq!((answer.status, answer.detail()), (400, "invalid JSON data"), "{body}");
        assert_eq!(answer.body["causes"][0].as_str(), causes, "{body}");
    }
    assert_eq!(door.send_to_store("").await.detail(), "empty request body");
    assert_eq!(door.kept().await.len(), 0);
    let refused = door.refused().await;
    let reasons: Vec<_> = refused.iter().map(|(_, _, reason, n)| (reason.as_str(), *n)).collect();
    assert_eq!(reasons, [("empty_body", 1), ("invalid_json", 5)]);
}

#[tokio::test]
async fn base64_of_zlib_is_recognised() {
    let door = Door::open().await;
    let json = format!("{{\"event_id\":\"{ID}\",\"message\":\"hi\"}}");
    for body in [STANDARD.encode(&json), STANDARD.encode(compressed("deflate", json.as_bytes()))] {
        assert_eq!(door.send_to_store(body).await.id(), ID);
        assert_eq!(last_payload(&door).await, json);
    }
    let garbage = door.send_to_store(STANDARD.encode("neither")).await;
    assert_eq!(
        (garbage.status, garbage.detail()),
        (400, "invalid compression of the request body")
    );
    let bomb = STANDARD.encode(compressed("deflate", &vec![b' '; (1 << 20) + 1]));
    assert_eq!(door.send_to_store(bomb).await.status, 413);
}

#[tokio::test]
async fn the_project_may_be_left_to_the_key() {
    let door = Door::open().await;
    for path in ["/api/store/", "/api/store", "/api/0/store/"] {
        let request = door.http.post(format!("{}{path}", door.url)).body("{}");
        let answer = answer(request.header("X-Sentry-Auth", credentials(KEY))).await;
        assert_eq!(answer.status, 200, "{path}");
        assert_eq!(door.kept().await.pop().unwrap().project_id, PROJECT);
    }
}

#[tokio::test]
async fn what_python_calls_a_number_is_mended() {
    let door = Door::open().await;
    let client =
        format!("Sentry sentry_key={KEY}, sentry_version=6, sentry_client=sentry-python/0.9");
    let request = door.http.post(format!("{}/api/42/store/", door.url));
    let body = "{\"extra\":{\"a\":NaN,\"b\":-Infinity}}";
    assert_eq!(answer(request.header("X-Sentry-Auth", client).body(body)).await.status, 200);
    assert_eq!(last_payload(&door).await, "{\"extra\":{\"a\":null,\"b\":null}}");
}

#[tokio::test]
async fn a_page_without_other_means_sends_the_event_as_a_picture() {
    let door = Door::open().await;
    let url = |data: &str| {
        let data: String = form_urlencoded::byte_serialize(data.as_bytes()).collect();
        format!("{}/api/42/store/?sentry_version=4&sentry_key={KEY}&sentry_data={data}", door.url)
    };
    let json = format!("{{\"event_id\":\"{ID}\",\"message\":\"a b+c\"}}");
    for data in [json.clone(), STANDARD.encode(&json)] {
        let response = door.http.get(url(&data)).send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "image/gif");
        let picture = response.bytes().await.unwrap();
        assert!(picture.starts_with(b"GIF89a\x01\0\x01\0") && picture.ends_with(b";"));
        assert_eq!(last_payload(&door).await, json);
    }
    let unescaped = STANDARD.encode("{\"a\":\"???>>>~~~\"}");
    assert!(unescaped.contains('+'), "{unescaped}");
    let picture = door.http.get(url(&unescaped).replace("%2B", "+")).send().await.unwrap();
    assert_eq!(picture.status(), 200);
    assert_eq!(last_payload(&door).await, "{\"a\":\"???>>>~~~\"}");
    assert_eq!(answer(door.http.get(url(""))).await.detail(), "empty request body");
    assert_eq!(answer(door.http.get(url("nonsense!"))).await.status, 400);
    let nobody = door.http.get(format!("{}/api/42/store/", door.url));
    assert_eq!(answer(nobody).await.status, 401);
}

#[tokio::test]
async fn the_type_of_an_envelope_makes_it_one() {
    let door = Door::open().await;
    let request = |content_type: &'static str| {
        let request = door.http.post(format!("{}/api/42/store/", door.url)).body(event());
        request.header("X-Sentry-Auth", credentials(KEY)).header("Content-Type", content_type)
    };
    assert_eq!(answer(request("application/x-sentry-envelope")).await.id(), ID);
    assert_eq!(answer(request("application/x-sentry-envelope; a=b")).await.status, 400);
}

#[tokio::test]
async fn an_event_of_one_mebibyte_is_taken_and_one_byte_more_is_not() {
    let door = Door::open().await;
    let event = |bytes: usize| format!("{{\"a\":\"{}\"}}", "x".repeat(bytes - 8));
    assert_eq!(door.send_to_store(event(1 << 20)).await.status, 200);
    assert_eq!(door.send_to_store(event((1 << 20) + 1)).await.status, 413);
    let deflated = compressed("deflate", event((1 << 20) + 1).as_bytes());
    let request = door.http.post(format!("{}/api/42/store/", door.url)).body(deflated);
    let request = request.header("X-Sentry-Auth", credentials(KEY));
    assert_eq!(answer(request.header("Content-Encoding", "deflate")).await.status, 413);
}
