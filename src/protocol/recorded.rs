//! What real clients sent, for the tests of this module: `tests/fixtures/corpus`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::envelope::Envelope;

#[derive(Deserialize)]
struct Scenario {
    requests: Vec<Request>,
}

#[derive(Deserialize)]
struct Request {
    path: String,
    body: Option<String>,
    body_encoding: String,
}

/// The bodies that were sent to paths with this end, decompressed.
pub(crate) fn bodies(scenario: &str, path: &str) -> Vec<Vec<u8>> {
    let root = env!("CARGO_MANIFEST_DIR");
    let file = std::fs::read(format!("{root}/tests/fixtures/corpus/{scenario}.json")).unwrap();
    let scenario: Scenario = serde_json::from_slice(&file).unwrap();
    let sent = scenario.requests.into_iter().filter(|request| request.path.ends_with(path));
    sent.map(|request| {
        let body = request.body.unwrap_or_default();
        match request.body_encoding.as_str() {
            "base64" => STANDARD.decode(body).unwrap(),
            _ => body.into_bytes(),
        }
    })
    .collect()
}

/// The payloads of one kind of item, as bytes.
pub(crate) fn bytes(scenario: &str, kind: &str) -> Vec<Vec<u8>> {
    let mut payloads = Vec::new();
    for body in bodies(scenario, "/envelope/") {
        let envelope = Envelope::parse(&body).unwrap();
        let items = envelope.items.iter().filter(|item| item.header.item_type.as_str() == kind);
        payloads.extend(items.map(|item| item.payload.to_vec()));
    }
    assert!(!payloads.is_empty(), "{scenario} has no {kind}");
    payloads
}

/// The payloads of one kind of item, as text.
pub(crate) fn payloads(scenario: &str, kind: &str) -> Vec<String> {
    bytes(scenario, kind).into_iter().map(|bytes| String::from_utf8(bytes).unwrap()).collect()
}
