//! Points 1 to 14: what is an envelope, and what may be in it.

use picket::protocol::envelope::ItemType;
use serde_json::json;

use super::{ID, Server, envelope, event, recorded};

/// 1, 2
#[tokio::test]
async fn an_event_is_answered_with_its_id_whether_its_line_ends_or_not() {
    let server = Server::start().await;
    for body in [event(), format!("{}\n", event())] {
        let answer = server.send(body).await;
        assert_eq!((answer.status, answer.body), (200, json!({"id": ID})));
    }
    assert_eq!(server.event_ids().await, [ID], "the same event twice is one");
    assert_eq!(server.stored(ID).await["logentry"]["formatted"], "hi");
}

/// 3
#[tokio::test]
async fn a_stated_length_must_be_the_payloads() {
    let server = Server::start().await;
    for (length, status) in [(15, 400), (16, 200), (17, 400)] {
        let item = format!("{{\"type\":\"event\",\"length\":{length}}}\n{{\"message\":\"hi\"}}");
        assert_eq!(server.send(format!("{{}}\n{item}")).await.status, status, "{length}");
    }
    assert_eq!(server.event_ids().await.len(), 1);
}

/// 4
#[tokio::test]
async fn an_event_without_an_id_gets_one() {
    let server = Server::start().await;
    let answer = server.send(envelope("{}", "{\"message\":\"hi\"}")).await;
    let id = answer.id();
    assert!(id.len() == 32 && id.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)));
    assert_eq!(server.event_ids().await, [id]);
}

/// 5
#[tokio::test]
async fn a_header_alone_is_an_envelope() {
    let server = Server::start().await;
    let answer = server.send("{}").await;
    assert_eq!((answer.status, answer.body), (200, json!({})));
}

/// 6, 7
#[tokio::test]
async fn what_is_no_envelope_is_refused_with_the_reason() {
    let server = Server::start().await;
    for (body, detail) in [
        ("", "empty request body"),
        ("not json", "invalid event envelope"),
        ("{\"event_id\":\"zz\"}", "invalid event envelope"),
    ] {
        let answer = server.send(body).await;
        assert_eq!((answer.status, answer.detail()), (400, detail), "{body}");
    }
}

/// 8
#[tokio::test]
async fn an_id_is_answered_in_one_spelling() {
    let server = Server::start().await;
    let answer = server.send(event().replace(ID, "FC6D8C0C-43FC-4630-AD85-0EE518F1B9D0")).await;
    assert_eq!(answer.id(), ID);
    assert_eq!(server.event_ids().await, [ID]);
}

/// 9
#[tokio::test]
async fn the_header_names_the_event_whatever_the_payload_says() {
    let server = Server::start().await;
    let other = "0".repeat(31) + "1";
    let header = format!("{{\"event_id\":\"{ID}\"}}");
    let payload = format!("{{\"event_id\":\"{other}\"}}");
    assert_eq!(server.send(envelope(&header, &payload)).await.id(), ID);
    assert_eq!(server.event_ids().await, [ID]);
    assert_eq!(server.stored(ID).await["event_id"], ID);
}

/// 10
#[tokio::test]
async fn an_unknown_item_takes_nothing_with_it() {
    let server = Server::start().await;
    let alone = server.send("{}\n{\"type\":\"nonsense\"}\nx").await;
    assert_eq!((alone.status, alone.body), (200, json!({})));
    let beside = format!("{}\n{{\"type\":\"nonsense\"}}\nx", event());
    assert_eq!(server.send(beside).await.id(), ID);
    assert_eq!(server.event_ids().await, [ID]);
    let unknown = "unknown unsupported unknown_item_type 2";
    assert_eq!(server.outcomes().await, ["error accepted  1", unknown]);
}

/// 11
#[tokio::test]
async fn of_two_events_in_an_envelope_none_is_stored() {
    let server = Server::start().await;
    let two = format!("{}\n{{\"type\":\"event\"}}\n{{}}", event());
    assert_eq!(server.send(two).await.status, 413);
    assert_eq!(server.event_ids().await, [""; 0]);
}

/// 12
#[tokio::test]
async fn items_are_counted_before_they_are_taken() {
    let server = Server::start().await;
    let reports = |count| format!("{{}}\n{}", "{\"type\":\"client_report\"}\n{}\n".repeat(count));
    for (count, status) in [(100, 200), (101, 413), (500, 413), (501, 400)] {
        assert_eq!(server.send(reports(count)).await.status, status, "{count}");
    }
}

/// 13
#[tokio::test]
async fn an_event_may_have_one_mebibyte() {
    let server = Server::start().await;
    let event =
        |bytes: usize| envelope("{}", &format!("{{\"message\":\"{}\"}}", "x".repeat(bytes - 14)));
    assert_eq!(server.send(event(1 << 20)).await.status, 200);
    assert_eq!(server.send(event((1 << 20) + 1)).await.status, 413);
    assert_eq!(server.event_ids().await.len(), 1);
}

/// 14
#[tokio::test]
async fn a_payload_with_line_feeds_arrives_whole() {
    let server = Server::start().await;
    let recorded = recorded("python/py_exception", &ItemType::Event).remove(0);
    let event: serde_json::Value = serde_json::from_str(&recorded).unwrap();
    let payload = format!("{event:#}\n\n");
    let length = payload.len();
    assert!(payload.lines().count() > 100, "{payload}");
    let item = format!("{{\"type\":\"event\",\"length\":{length}}}\n{payload}");
    let answer = server.send(format!("{{\"event_id\":\"{ID}\"}}\n{item}\n")).await;
    assert_eq!(answer.id(), ID);
    let stored = server.stored(ID).await;
    let value = |event: &serde_json::Value| event["exception"]["values"][0]["value"].clone();
    assert_eq!(value(&stored), value(&event));
}
