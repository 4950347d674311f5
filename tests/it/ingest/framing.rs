//! Acceptance 1–14 and the framing rows of `protocol.md` §13.1: what is an envelope and what is not.

use picket::protocol::envelope::{Envelope, ItemType};
use serde_json::json;

use super::door::{Door, ID, event};

/// The types and payloads of the items of an envelope that was kept.
fn items(body: &[u8]) -> Vec<(String, String)> {
    let envelope = Envelope::parse(body).unwrap();
    let text = |payload: &[u8]| String::from_utf8(payload.to_vec()).unwrap();
    let pair = |item: &picket::protocol::envelope::Item<'_>| {
        (item.header.item_type.as_str().to_owned(), text(item.payload))
    };
    envelope.items.iter().map(pair).collect()
}

#[tokio::test]
async fn an_event_is_kept_and_its_id_answered() {
    let door = Door::open().await;
    for body in [event(), format!("{}\n", event()), format!("{}\r\n\n \n", event())] {
        let answer = door.send(body.clone()).await;
        assert_eq!(answer.body, json!({"id": ID}));
        let kept = door.kept().await.pop().unwrap();
        assert_eq!(kept.body, body.as_bytes());
        assert_eq!(kept.event_id.unwrap().to_string(), ID);
        assert_eq!(
            (kept.project_id, kept.public_key.as_str()),
            (super::door::PROJECT, super::door::KEY)
        );
        assert_eq!(kept.client.as_deref(), Some("curl/1"));
        assert_eq!(kept.client_address, Some([127, 0, 0, 1].into()));
    }
}

#[tokio::test]
async fn a_length_must_be_the_payloads() {
    let door = Door::open().await;
    for (length, status) in [(15, 400), (16, 200), (17, 400)] {
        let body =
            format!("{{}}\n{{\"type\":\"event\",\"length\":{length}}}\n{{\"message\":\"hi\"}}");
        assert_eq!(door.send(body).await.status, status, "length {length}");
    }
    assert_eq!(door.kept().await.len(), 1);
}

#[tokio::test]
async fn an_event_without_an_id_gets_one() {
    let door = Door::open().await;
    let answer = door.send("{}\n{\"type\":\"event\"}\n{}").await;
    let id = answer.id();
    assert!(id.len() == 32 && id.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)));
    assert_eq!(door.kept().await[0].event_id.unwrap().to_string(), id);
}

#[tokio::test]
async fn what_makes_no_event_needs_no_id() {
    let door = Door::open().await;
    for body in ["{}", "{}\n", "{}\n{\"type\":\"session\"}\n{}", "{}\n{\"type\":\"nonsense\"}\n"] {
        let answer = door.send(body).await;
        assert_eq!((answer.status, answer.body), (200, json!({})), "{body}");
    }
    // An envelope without items holds nothing to keep.
    assert_eq!(door.kept().await.len(), 2);
    let answer = door.send(format!("{{\"event_id\":\"{ID}\"}}")).await;
    assert_eq!(answer.id(), ID);
}

#[tokio::test]
async fn a_refusal_says_what_is_wrong() {
    let door = Door::open().await;
    let invalid = "invalid event envelope";
    for (body, detail, cause) in [
        ("", "empty request body", None),
        (" \n", invalid, Some("missing envelope header")),
        ("not json", invalid, Some("invalid envelope header")),
        ("[]", invalid, Some("invalid envelope header")),
        ("null", invalid, Some("invalid envelope header")),
        ("\"x\"", invalid, Some("invalid envelope header")),
        ("7", invalid, Some("invalid envelope header")),
        ("{\"event_id\":\"zz\"}", invalid, Some("invalid envelope header")),
        (
            "{\"event_id\":\"fc6d8c0c43fc4630ad850ee518f1b9d\"}",
            invalid,
            Some("invalid envelope header"),
        ),
        ("{\"event_id\":7}", invalid, Some("invalid envelope header")),
        ("{} x", invalid, Some("missing newline after header or payload")),
        ("{}\n{}", invalid, Some("invalid item header")),
        ("{}\n{\"type\":5}\nx", invalid, Some("invalid item header")),
        ("{}\n{\"type\":\"event\",\"length\":-1}\nx", invalid, Some("invalid item header")),
        ("{}\n{\"type\":\"event\",\"length\":1.5}\nx", invalid, Some("invalid item header")),
        ("{}\n{\"type\":\"event\",\"length\":\"1\"}\nx", invalid, Some("invalid item header")),
        (
            "{}\n{\"type\":\"event\",\"length\":18446744073709551616}\nx",
            invalid,
            Some("invalid item header"),
        ),
        (
            "{}\n{\"type\":\"event\",\"length\":18446744073709551615}\nx",
            invalid,
            Some("unexpected end of file"),
        ),
        ("{}\n{\"type\":\"integration\"}\nx", invalid, Some("invalid item header")),
    ] {
        let answer = door.send(body).await;
        assert_eq!(answer.status, 400, "{body}");
        let expected = match cause {
            Some(cause) => json!({"detail": detail, "causes": [cause]}),
            None => json!({"detail": detail}),
        };
        assert_eq!(answer.body, expected, "{body}");
        assert_eq!(answer.header("x-sentry-error"), detail);
        assert_eq!(answer.header("content-type"), "application/json");
    }
    assert_eq!(door.kept().await.len(), 0);
}

#[tokio::test]
async fn event_ids_are_answered_in_one_spelling() {
    let door = Door::open().await;
    for id in ["FC6D8C0C-43FC-4630-AD85-0EE518F1B9D0", "FC6D8C0C43FC4630AD850EE518F1B9D0"] {
        let answer = door.send(event().replace(ID, id)).await;
        assert_eq!(answer.id(), ID);
    }
    let zero = "0".repeat(32);
    assert_eq!(door.send(event().replace(ID, &zero)).await.id(), zero);
    let null = event().replace(&format!("\"{ID}\""), "null");
    assert_ne!(door.send(null).await.id(), ID);
}

#[tokio::test]
async fn the_id_of_the_header_goes_before_that_of_the_payload() {
    let door = Door::open().await;
    let body = event()
        .replace("\"message\"", "\"event_id\":\"00000000000000000000000000000001\",\"message\"");
    assert_eq!(door.send(body).await.id(), ID);
    assert_eq!(door.kept().await[0].event_id.unwrap().to_string(), ID);
}

#[tokio::test]
async fn unknown_items_travel_along() {
    let door = Door::open().await;
    let long = "x".repeat(10_000);
    for item_type in ["nonsense", "\u{1f600}", &long] {
        let body = format!("{}\n{{\"type\":\"{item_type}\"}}\n<script>\n", event());
        assert_eq!(door.send(body).await.id(), ID);
        let kept = door.kept().await.pop().unwrap();
        let items = items(&kept.body);
        assert_eq!(items[0], ("event".to_owned(), "{\"message\":\"hi\"}".to_owned()));
        assert_eq!(items[1], (item_type.to_owned(), "<script>".to_owned()));
    }
}

#[tokio::test]
async fn a_payload_with_line_feeds_arrives_whole() {
    let door = Door::open().await;
    let payload = "{\n\n\"message\":\n\"a\"\r\n}\n";
    let body = format!("{{}}\n{{\"type\":\"event\",\"length\":{}}}\n{payload}\n", payload.len());
    assert_eq!(door.send(body).await.status, 200);
    assert_eq!(items(&door.kept().await[0].body), [("event".to_owned(), payload.to_owned())]);
}

#[tokio::test]
async fn one_item_past_a_limit_refuses_the_envelope() {
    let door = Door::open().await;
    let reports = |count| format!("{{}}\n{}", "{\"type\":\"client_report\"}\n{}\n".repeat(count));
    assert_eq!(door.send(reports(100)).await.status, 200);
    let answer = door.send(reports(101)).await;
    let detail = "envelope exceeded size limits for type 'client_report'";
    assert_eq!((answer.status, answer.detail()), (413, detail));
    let many = |count| format!("{{}}\n{}", "{\"type\":\"nonsense\"}\n{}\n".repeat(count));
    assert_eq!(door.send(many(500)).await.status, 200);
    let answer = door.send(many(501)).await;
    assert_eq!(
        (answer.status, &answer.body["causes"][0]),
        (400, &json!("too many individual items"))
    );

    let two = format!("{}\n{{\"type\":\"event\"}}\n{{}}", event());
    let answer = door.send(two).await;
    assert_eq!(
        (answer.status, answer.detail()),
        (413, "envelope exceeded size limits for type 'event'")
    );
    assert_eq!(door.kept().await.len(), 2);
    let refused = door.refused().await;
    let refused: Vec<_> =
        refused.iter().map(|(c, o, r, n)| (c.as_str(), o.as_str(), r.as_str(), *n)).collect();
    // Client reports count as nothing, whatever becomes of them.
    assert_eq!(
        refused,
        [("error", "invalid", "too_large:event", 2), ("unknown", "invalid", "invalid_envelope", 1)]
    );
}

#[tokio::test]
async fn an_event_of_one_mebibyte_is_taken_and_one_byte_more_is_not() {
    let door = Door::open().await;
    let event = |bytes: usize| {
        format!("{{}}\n{{\"type\":\"event\"}}\n{{\"a\":\"{}\"}}", "x".repeat(bytes - 8))
    };
    assert_eq!(door.send(event(1 << 20)).await.status, 200);
    let answer = door.send(event((1 << 20) + 1)).await;
    let detail = "envelope exceeded size limits for type 'event'";
    assert_eq!((answer.status, answer.detail()), (413, detail));
    assert_eq!(door.kept().await.len(), 1);
}

#[tokio::test]
async fn headers_that_nobody_needs_may_be_wrong() {
    let door = Door::open().await;
    for header in [
        "{\"sent_at\":\"yesterday\"}",
        "{\"sent_at\":5}",
        "{\"sent_at\":\"1970-01-01T00:00:00Z\"}",
        "{\"trace\":\"x\"}",
        "{\"trace\":{\"sampled\":[]}}",
        "{\"sdk\":7}",
        "\u{feff}{}\r",
    ] {
        let answer =
            door.send(format!("{header}\n{{\"type\":\"event\",\"length\":null}}\n{{}}")).await;
        assert_eq!(answer.status, 200, "{header}");
    }
}

#[tokio::test]
async fn an_empty_event_is_taken_for_the_pipeline_to_judge() {
    let door = Door::open().await;
    assert_eq!(
        door.send(format!("{{\"event_id\":\"{ID}\"}}\n{{\"type\":\"event\"}}")).await.id(),
        ID
    );
    let kept = door.kept().await;
    let envelope = Envelope::parse(&kept[0].body).unwrap();
    assert_eq!(envelope.items[0].header.item_type, ItemType::Event);
    assert!(envelope.items[0].payload.is_empty());
}
