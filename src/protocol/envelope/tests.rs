//! Envelopes as they arrive, and as they should not.

use proptest::prelude::*;

use super::limits::{self, LimitError};
use super::*;
use crate::base::EventId;
use crate::protocol::lenient::Raw;

const ID: &str = "fc6d8c0c43fc4630ad850ee518f1b9d0";

fn parse(body: &str) -> Result<Envelope<'_>, EnvelopeError> {
    Envelope::parse(body.as_bytes())
}

/// Type and payload of every item.
fn items(body: &str) -> Vec<(String, String)> {
    let envelope = parse(body).unwrap_or_else(|error| panic!("{error}: {body:?}"));
    let text = |item: &Item<'_>| String::from_utf8_lossy(item.payload).into_owned();
    envelope
        .items
        .iter()
        .map(|item| (item.header.item_type.as_str().to_owned(), text(item)))
        .collect()
}

fn one(item_type: &str, payload: &str) -> Vec<(String, String)> {
    vec![(item_type.to_owned(), payload.to_owned())]
}

#[test]
fn an_event_without_a_length_ends_at_the_line_feed() {
    let body = format!("{{\"event_id\":\"{ID}\"}}\n{{\"type\":\"event\"}}\n{{\"message\":\"hi\"}}");
    assert_eq!(items(&body), one("event", "{\"message\":\"hi\"}"));
    assert_eq!(items(&format!("{body}\n")), one("event", "{\"message\":\"hi\"}"));
    assert_eq!(parse(&body).unwrap().header.event_id, Some(ID.parse().unwrap()));
}

#[test]
fn a_length_carries_a_payload_across_line_feeds() {
    let body = "{}\n{\"type\":\"event\",\"length\":5}\na\n\nb\n\n{\"type\":\"x\"}\ny\r";
    assert_eq!(items(body), [one("event", "a\n\nb\n"), one("x", "y\r")].concat());
}

#[test]
fn a_length_must_fit_the_payload() {
    use EnvelopeError as E;
    for (length, expected) in [
        ("4", None),
        ("3", Some(E::MissingNewline)),
        ("5", Some(E::UnexpectedEnd)),
        ("18446744073709551615", Some(E::UnexpectedEnd)),
        ("18446744073709551616", Some(E::InvalidItemHeader)),
        ("-1", Some(E::InvalidItemHeader)),
        ("4.0", Some(E::InvalidItemHeader)),
        ("\"4\"", Some(E::InvalidItemHeader)),
        ("[]", Some(E::InvalidItemHeader)),
        ("null", None),
    ] {
        let body = format!("{{}}\n{{\"type\":\"event\",\"length\":{length}}}\nabcd");
        assert_eq!(parse(&body).err(), expected, "length {length}");
    }
}

#[test]
fn an_empty_payload_has_its_own_line_or_none_at_the_end() {
    let two = [one("a", ""), one("b", "")].concat();
    assert_eq!(items("{}\n{\"type\":\"a\",\"length\":0}\n\n{\"type\":\"b\"}"), two);
    assert_eq!(items("{}\n{\"type\":\"a\",\"length\":0}\n\n{\"type\":\"b\",\"length\":0}\n"), two);
    assert_eq!(items("{}\n{\"type\":\"a\"}\n\n{\"type\":\"b\"}\n\n"), two);
}

#[test]
fn a_header_alone_is_an_envelope_without_items() {
    for body in ["{}", "{}\n", "{}\r\n", "  \n {}\n\n", "{}\n \r\n\n"] {
        assert!(items(body).is_empty(), "{body:?}");
    }
}

#[test]
fn carriage_returns_blank_lines_and_byte_order_marks_are_tolerated() {
    let body =
        "\u{feff}{}\r\n{\"type\":\"event\",\"length\":2}\r\n{}\r\n\n{\"type\":\"x\"}\r\ny\n\n \n";
    assert_eq!(items(body), [one("event", "{}"), one("x", "y")].concat());
}

#[test]
fn a_header_may_be_spread_over_lines() {
    assert_eq!(items("{\n \"sdk\": null\n}\n{\n\"type\":\"event\"\n}\n{}"), one("event", "{}"));
}

#[test]
fn broken_headers_break_the_envelope() {
    use EnvelopeError as E;
    for (body, expected) in [
        ("", E::MissingHeader),
        (" \r\n\t", E::MissingHeader),
        ("not json", E::InvalidHeader),
        ("[]", E::InvalidHeader),
        ("null", E::InvalidHeader),
        ("\"x\"", E::InvalidHeader),
        ("5", E::InvalidHeader),
        ("{\"event_id\":\"zz\"}", E::InvalidHeader),
        ("{\"event_id\":\"fc6d8c0c43fc4630ad850ee518f1b9d\"}", E::InvalidHeader),
        ("{\"event_id\":5}", E::InvalidHeader),
        ("{\"event_id\":{}}", E::InvalidHeader),
        ("{\"dsn\":\"a\",\"dsn\":\"b\"}", E::InvalidHeader),
        ("{} {}", E::MissingNewline),
        ("{}{}", E::MissingNewline),
        ("{}\n{}", E::InvalidItemHeader),
        ("{}\n[]", E::InvalidItemHeader),
        ("{}\n{\"type\":5}\n", E::InvalidItemHeader),
        ("{}\n{\"type\":null}\n", E::InvalidItemHeader),
        ("{}\n{\"type\":\"event\"", E::InvalidItemHeader),
        ("{}\n{\"type\":\"event\"} \n{}", E::MissingNewline),
        ("{}\nx", E::InvalidItemHeader),
    ] {
        assert_eq!(parse(body).err(), Some(expected), "{body}");
    }
}

#[test]
fn event_ids_are_read_in_every_spelling() {
    for id in ["\"FC6D8C0C-43FC-4630-AD85-0EE518F1B9D0\"", "\"fc6d8c0c43fc4630ad850ee518f1b9d0\""] {
        let body = format!("{{\"event_id\":{id}}}");
        assert_eq!(parse(&body).unwrap().header.event_id.unwrap().to_string(), ID);
    }
    let zero = "{\"event_id\":\"00000000000000000000000000000000\"}";
    assert!(parse(zero).unwrap().header.event_id.is_some());
    assert_eq!(parse("{\"event_id\":null}").unwrap().header.event_id, None);
}

#[test]
fn attributes_that_do_not_matter_for_the_framing_may_be_wrong() {
    let body = "{\"sent_at\":\"yesterday\",\"sdk\":5,\"trace\":\"x\",\"dsn\":7,\"new\":[1]}\n\
                {\"type\":\"\\ud800x\",\"filename\":5,\"item_count\":\"many\",\"content_type\":[]}\n";
    let envelope = parse(body).unwrap();
    let header = EnvelopeHeader { dsn: Some("7".to_owned()), ..EnvelopeHeader::default() };
    assert_eq!(envelope.header, header);
    assert_eq!(envelope.items[0].header, ItemHeader::new(ItemType::Other("\u{fffd}x".to_owned())));
}

#[test]
fn what_the_headers_say_is_read() {
    let body = "{\"dsn\":\"https://k@h/1\",\"sent_at\":\"2026-11-22T14:34:47.744+01:00\",\
                \"sdk\":{\"name\":\"sentry.x\",\"version\":\"1.2\",\"packages\":[]},\"trace\":{\"trace_id\":\"a\"}}\n\
                {\"type\":\"attachment\",\"length\":1,\"filename\":\"a \\\"b\\\".txt\",\"content_type\":\"text/plain\",\
                \"attachment_type\":\"event.minidump\",\"item_count\":3,\"platform\":\"cocoa\"}\nx";
    let envelope = parse(body).unwrap();
    assert_eq!(envelope.header.dsn.as_deref(), Some("https://k@h/1"));
    assert_eq!(envelope.header.sent_at.unwrap().to_rfc3339(), "2026-11-22T13:34:47.744+00:00");
    assert_eq!(envelope.header.sdk.unwrap().client().unwrap(), "sentry.x/1.2");
    assert_eq!(envelope.header.trace.unwrap().text(), "{\"trace_id\":\"a\"}");
    let item = &envelope.items[0];
    assert!(item.creates_event());
    assert_eq!(item.header.filename.as_deref(), Some("a \"b\".txt"));
    assert_eq!(item.header.item_count, Some(3));
    assert_eq!(item.header.platform.as_deref(), Some("cocoa"));
}

#[test]
fn a_file_name_in_an_old_code_page_does_not_cost_the_envelope() {
    let body = b"{}\n{\"type\":\"attachment\",\"length\":2,\"filename\":\"caf\xe9\"}\r\n\xff\xfe\n";
    let envelope = Envelope::parse(body).unwrap();
    assert_eq!(envelope.items[0].header.filename.as_deref(), Some("caf\u{fffd}"));
    assert_eq!(envelope.items[0].payload, b"\xff\xfe");
}

#[test]
fn five_hundred_items_are_an_envelope_and_one_more_is_not() {
    let many =
        |count: usize| format!("{{}}\n{}", "{\"type\":\"client_report\"}\n{}\n".repeat(count));
    assert_eq!(parse(&many(MAX_ITEMS)).unwrap().items.len(), MAX_ITEMS);
    assert_eq!(parse(&many(MAX_ITEMS + 1)).err(), Some(EnvelopeError::TooManyItems));
}

/// Checks the limits of an envelope of `count` items with payloads of `bytes` bytes.
fn check(header: &str, count: usize, bytes: usize) -> Result<(), String> {
    let mut body = b"{}\n".to_vec();
    for _ in 0..count {
        body.extend_from_slice(format!("{{{header},\"length\":{bytes}}}\n").as_bytes());
        body.resize(body.len() + bytes, b'x');
        body.push(b'\n');
    }
    limits::check(&Envelope::parse(&body).unwrap()).map_err(|error| error.to_string())
}

#[test]
fn a_limit_lets_pass_what_is_exactly_at_it() {
    const MIB: usize = 1024 * 1024;
    for (header, count, bytes) in [
        ("\"type\":\"event\"", 1, MIB),
        ("\"type\":\"attachment\"", 30, 10),
        ("\"type\":\"session\"", 100, 100),
        ("\"type\":\"sessions\"", 1, 10 * MIB),
        ("\"type\":\"client_report\"", 100, 1024),
        ("\"type\":\"check_in\"", 1, 100 * 1024),
        ("\"type\":\"log\",\"item_count\":6", 1, 12 * MIB),
        ("\"type\":\"trace_metric\",\"item_count\":12", 1, 12 * MIB),
        ("\"type\":\"span\"", 25, 100),
        ("\"type\":\"metric_buckets\"", 1, MIB),
        ("\"type\":\"replay_recording\"", 1, 10 * MIB),
        ("\"type\":\"replay_video\"", 1, 10 * MIB),
    ] {
        assert_eq!(check(header, count, bytes), Ok(()), "{header}");
        let name = header.split('"').nth(3).unwrap();
        let refused = Err(format!("envelope exceeded size limits for type '{name}'"));
        assert_eq!(check(header, count + 1, bytes / count), refused, "{header} once more");
        if bytes >= 1024 {
            assert_eq!(check(header, count, bytes + 1), refused, "{header} one byte more");
        }
    }
    assert_eq!(check("\"type\":\"nonsense\"", 400, 1000), Ok(()));
}

#[test]
fn the_entries_of_a_container_have_a_limit_of_their_own() {
    const MIB: usize = 1024 * 1024;
    assert!(check("\"type\":\"log\",\"item_count\":5", 1, 12 * MIB).is_err());
    assert!(check("\"type\":\"log\",\"item_count\":0", 1, 2 * MIB).is_ok());
    assert!(check("\"type\":\"log\"", 1, 2 * MIB + 1).is_err());
    assert!(check("\"type\":\"span\"", 1, 10 * MIB + 1).is_err());
    let spans = "\"type\":\"span\",\"content_type\":\"application/vnd.sentry.items.span.v2+json\"";
    assert!(check(spans, 2, 10).is_err());
}

#[test]
fn things_that_make_an_event_share_one_place() {
    let body = "{}\n{\"type\":\"event\"}\n{}\n{\"type\":\"transaction\"}\n{}";
    let error = limits::check(&parse(body).unwrap()).unwrap_err();
    assert_eq!(error, LimitError::Exceeded(ItemType::Transaction));
    let body = "{}\n{\"type\":\"integration\"}\n{}";
    assert_eq!(limits::check(&parse(body).unwrap()), Err(LimitError::Internal));
}

fn any_header() -> impl Strategy<Value = EnvelopeHeader> {
    use proptest::option::of;
    (of(any::<u128>()), of(any::<String>()), of(any::<(Option<String>, Option<String>)>()))
        .prop_map(|(event_id, dsn, sdk)| EnvelopeHeader {
            event_id: event_id.map(|id| EventId(uuid::Uuid::from_u128(id))),
            dsn,
            sdk: sdk.map(|(name, version)| ClientSdk { name, version }),
            sent_at: None,
            trace: Some(Raw::from_value(&serde_json::json!({"trace_id": "\n"}))),
        })
}

fn any_item() -> impl Strategy<Value = (ItemHeader, Vec<u8>)> {
    use proptest::option::of;
    let header = (any::<String>(), of(any::<String>()), of(any::<String>()), of(any::<u64>()));
    (header, proptest::collection::vec(any::<u8>(), 0..300)).prop_map(
        |((name, content_type, filename, item_count), payload)| {
            let header = ItemHeader {
                content_type,
                filename,
                item_count,
                ..ItemHeader::new(name.as_str().into())
            };
            (header, payload)
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(
        header in any_header(),
        items in proptest::collection::vec(any_item(), 0..6),
    ) {
        let mut body = Vec::new();
        write_header(&mut body, &header);
        for (item, payload) in &items {
            write_item(&mut body, item, payload);
        }
        let envelope = Envelope::parse(&body).unwrap();
        prop_assert_eq!(envelope.header, header);
        let read: Vec<_> =
            envelope.items.into_iter().map(|item| (item.header, item.payload.to_vec())).collect();
        prop_assert_eq!(read, items);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = Envelope::parse(&bytes);
    }

    #[test]
    fn no_almost_envelope_makes_it_panic(
        parts in proptest::collection::vec(
            prop_oneof![
                Just("{}".to_owned()), Just("\n".to_owned()), Just("\r\n".to_owned()),
                Just("{\"type\":\"event\"}".to_owned()), Just("\u{feff}".to_owned()),
                any::<i64>().prop_map(|n| format!("{{\"type\":\"x\",\"length\":{n}}}")),
                (0_u8..40).prop_map(|n| format!("{{\"type\":\"x\",\"length\":{n}}}\n")),
                ".{0,20}",
            ],
            0..30,
        ),
    ) {
        let body = parts.concat();
        if let Ok(envelope) = Envelope::parse(body.as_bytes()) {
            let payloads: usize = envelope.items.iter().map(|item| item.payload.len()).sum();
            prop_assert!(payloads <= body.len());
            let _ = limits::check(&envelope);
        }
    }
}

#[test]
fn a_value_of_a_header_without_end_says_nothing_and_spoils_nothing() {
    let long = "x".repeat(20_000);
    let body = format!(
        "{{\"trace\":{{\"a\":\"{long}\"}},\"dsn\":\"{long}\",\"sdk\":{{\"name\":\"{long}\"}}}}\n\
         {{\"type\":\"{long}\"}}\n{{}}\n{{\"type\":\"attachment\",\"filename\":\"{long}\"}}\n"
    );
    let envelope = Envelope::parse(body.as_bytes()).unwrap();
    let beginning = format!("\"{}", &long[..99]);
    let header = EnvelopeHeader { dsn: Some(beginning), ..EnvelopeHeader::default() };
    assert_eq!(envelope.header, header, "the DSN is there and is none");
    assert_eq!(envelope.items[0].header.item_type, ItemType::Other("…".to_owned()));
    assert_eq!(envelope.items[1].header.filename, None);
    let id = format!("{{\"event_id\":\"{long}\"}}\n");
    assert_eq!(Envelope::parse(id.as_bytes()).unwrap_err(), EnvelopeError::InvalidHeader);
}
