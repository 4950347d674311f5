//! Framing, decompression, reading, and the way from an envelope to what is stored.

use axum::body::Body;
use axum::http::Request;
use picket::base::ProjectId;
use picket::grouping;
use picket::infra::compression::{Dictionaries, decompress};
use picket::infra::supplied::SuppliedFiles;
use picket::pipeline::prepared::PreparedEvent;
use picket::pipeline::stages::{FilterConfig, ScrubConfig, normalize};
use picket::pipeline::{Context, HotIssues, ProjectGrouping, process};
use picket::protocol::accepted::AcceptedEnvelope;
use picket::protocol::envelope::{Envelope, limits};
use picket::protocol::event::Event;
use picket::protocol::lenient::Problems;
use serde_json::Value;
use tower::ServiceExt;

use super::fuzz;
use super::mutate::{self, Chance};
use crate::ingest::corpus::corpus;
use crate::ingest::door::Door;
use crate::ingest::encodings::compressed;
use crate::support::corpus::{CorpusEvent, events};

/// The decoded bodies of the corpus.
fn bodies() -> Vec<Vec<u8>> {
    corpus().into_iter().map(|(_, captured)| captured.body()).collect()
}

/// An event of the corpus, changed as a tree, as bytes, or as both.
pub(super) fn mutated_event(
    chance: &mut Chance,
    corpus: &[CorpusEvent],
    bytes: &[Vec<u8>],
) -> Vec<u8> {
    let sent = chance.pick(corpus);
    let mut tree: Value = serde_json::from_slice(&sent.bytes).unwrap();
    mutate::tree(chance, &mut tree);
    let mut json = tree.to_string().into_bytes();
    if chance.below(3) == 0 {
        mutate::bytes(chance, &mut json, bytes);
    }
    json
}

#[test]
fn any_frame_is_cut_or_refused() {
    let bodies = bodies();
    let make = |chance: &mut Chance| {
        let mut body = chance.pick(&bodies).clone();
        mutate::bytes(chance, &mut body, &bodies);
        body
    };
    fuzz("framing", make, |body| {
        let _ = AcceptedEnvelope::decode(body);
        let Ok(envelope) = Envelope::parse(body) else { return };
        let _ = limits::check(&envelope);
        let inside = body.as_ptr_range();
        for item in &envelope.items {
            let payload = item.payload.as_ptr_range();
            assert!(
                item.payload.is_empty()
                    || (inside.start <= payload.start && payload.end <= inside.end)
            );
            item.quantities().for_each(drop);
        }
        assert!(envelope.items.len() <= 500);
    });
}

#[test]
fn any_compressed_body_is_answered() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let door = runtime.block_on(Door::open());
    let bodies = bodies();
    let encodings = ["gzip", "deflate", "br", "zstd", ""];
    // The first byte says which encoding.
    let make = |chance: &mut Chance| {
        let kind = chance.below(encodings.len());
        let mut body = compressed(encodings[kind], chance.pick::<Vec<u8>>(&bodies));
        mutate::bytes(chance, &mut body, &bodies);
        body.insert(0, u8::try_from(kind).unwrap());
        body
    };
    let target = |input: &[u8]| {
        let [kind, body @ ..] = input else { return };
        let encoding = encodings[usize::from(*kind) % encodings.len()];
        let path = "/api/42/envelope/?sentry_key=0123456789abcdef0123456789abcdef";
        let request = Request::post(path).header("Content-Encoding", encoding);
        let request = request.body(Body::from(body.to_vec())).unwrap();
        let answer = runtime.block_on(door.router.clone().oneshot(request)).unwrap();
        assert!(!answer.status().is_server_error(), "{}", answer.status());
    };
    fuzz("decompression", make, target);
}

#[test]
fn any_event_is_read_and_read_again() {
    let corpus = events();
    let bytes: Vec<_> = corpus.iter().map(|event| event.bytes.clone()).collect();
    fuzz(
        "reading",
        |chance| mutated_event(chance, &corpus, &bytes),
        |json| {
            let Ok(Some(event)) = Event::read(json, &Problems::default()) else { return };
            let written = serde_json::to_vec(&event).unwrap();
            let again = Event::from_stored(&written).unwrap();
            assert_eq!(serde_json::to_vec(&again).unwrap(), written);
        },
    );
}

#[test]
fn any_event_is_normalised_once_and_for_all() {
    let corpus = events();
    let bytes: Vec<_> = corpus.iter().map(|event| event.bytes.clone()).collect();
    let facts = corpus[0].facts.clone();
    fuzz(
        "normalising",
        |chance| mutated_event(chance, &corpus, &bytes),
        |json| {
            let problems = Problems::default();
            let Ok(Some(mut event)) = Event::read(json, &problems) else { return };
            if normalize(&mut event, &facts, problems).is_err() {
                return;
            }
            let once = serde_json::to_string(&event).unwrap();
            let problems = Problems::default();
            let mut again = Event::read(once.as_bytes(), &problems).unwrap().unwrap();
            // The moment of sending belongs to the envelope, which is gone.
            let facts = picket::pipeline::stages::Facts { sent_at: None, ..facts.clone() };
            normalize(&mut again, &facts, problems).unwrap();
            assert_eq!(serde_json::to_string(&again).unwrap(), once);
        },
    );
}

#[test]
fn any_envelope_becomes_something_that_can_be_stored() {
    let corpus = events();
    let bytes: Vec<_> = corpus.iter().map(|event| event.bytes.clone()).collect();
    let bodies = bodies();
    let make = |chance: &mut Chance| {
        if chance.below(4) == 0 {
            let mut body = chance.pick(&bodies).clone();
            mutate::bytes(chance, &mut body, &bodies);
            return body;
        }
        let json = mutated_event(chance, &corpus, &bytes);
        let head = format!("{{}}\n{{\"type\":\"event\",\"length\":{}}}\n", json.len());
        [head.into_bytes(), json].concat()
    };
    fuzz("pipeline", make, through_the_pipeline);
}

fn through_the_pipeline(body: &[u8]) {
    // What is no envelope is refused at the door.
    if !Envelope::parse(body).is_ok_and(|envelope| limits::check(&envelope).is_ok()) {
        return;
    }
    let context = Context {
        project_id: ProjectId(1),
        grouping: &ProjectGrouping::default(),
        ownership: None,
        filters: &FilterConfig::default(),
        scrubbing: &ScrubConfig::default(),
        supplied: &SuppliedFiles::default(),
        hot: &HotIssues::default(),
        dictionaries: &Dictionaries::default(),
        default_environment: None,
        retention_days: 90,
    };
    let accepted = AcceptedEnvelope {
        project_id: ProjectId(1),
        public_key: "0123456789abcdef0123456789abcdef".to_owned(),
        received_at: "2026-11-22T18:00:00Z".parse().unwrap(),
        client_address: Some("203.0.113.7".parse().unwrap()),
        user_agent: Some("Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Firefox/127.0".to_owned()),
        client: None,
        origin: None,
        event_id: Some("fc6d8c0c43fc4630ad850ee518f1b9d0".parse().unwrap()),
        set_aside_in: None,
        dropped: Vec::new(),
        body: body.into(),
    };
    let processed = process(&context, &accepted);
    for event in &processed.events {
        storable(event, &context);
    }
    for feedback in &processed.feedback {
        assert!(!format!("{:?}", feedback.words).contains("\\0"), "no column holds NUL");
    }
}

fn storable(event: &PreparedEvent, context: &Context<'_>) {
    let columns = format!("{:?} {:?} {:?}", event.arrival, event.user_label, event.transaction);
    assert!(!columns.contains("\\0"), "no column holds NUL: {columns}");
    assert!(!event.arrival.hashes.is_empty(), "every event has an issue");
    let payload = decompress(&event.payload.bytes(context.dictionaries), None).unwrap();
    let stored = Event::from_stored(&payload).unwrap();
    let again = grouping::group(&stored, &context.grouping.current);
    let hashes = |grouping: &grouping::Grouping| format!("{:?}", grouping.hashes());
    assert_eq!(hashes(&again), hashes(&event.grouping), "what is stored says why");
}
