//! Which issues look alike, and why.

use std::collections::HashSet;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use picket::grouping::{Config, Signature, regroup, similarity};
use serde::Deserialize;

use super::event;

#[derive(Deserialize)]
struct Example {
    file: String,
    group: String,
}

/// The signatures of the training set.
fn signatures() -> Vec<(Example, Option<Signature>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/grouping");
    let examples: Vec<Example> =
        serde_json::from_slice(&fs::read(folder.join("expected.json")).unwrap()).unwrap();
    let signature = |example: &Example| {
        let json = fs::read(folder.join(&example.file)).unwrap();
        Signature::of(&regroup(&event(&json), &Config::default()))
    };
    examples
        .into_iter()
        .map(|example| {
            let found = signature(&example);
            (example, found)
        })
        .collect()
}

#[test]
fn what_is_suggested_in_the_training_set() {
    let all = signatures();
    let mut report = String::new();
    for (index, (left, a)) in all.iter().enumerate() {
        for (right, b) in &all[index + 1..] {
            let (Some(a), Some(b)) = (a, b) else { continue };
            let found = similarity(a, b);
            assert_eq!(found, similarity(b, a), "the order does not matter");
            if left.group == right.group || found.is_suggested() {
                writeln!(
                    report,
                    "{}{} {} {}: {:.2} {}",
                    left.group,
                    right.group,
                    left.file,
                    right.file,
                    found.score,
                    found.reasons.join(", ")
                )
                .unwrap();
            }
        }
    }
    insta::assert_snapshot!(report);
}

#[test]
fn candidates_share_a_key() {
    let all = signatures();
    for (index, (left, a)) in all.iter().enumerate() {
        for (right, b) in &all[index + 1..] {
            let (Some(a), Some(b)) = (a, b) else { continue };
            if similarity(a, b).score >= 0.8 {
                let keys: HashSet<i64> = a.keys().into_iter().collect();
                assert!(
                    b.keys().iter().any(|key| keys.contains(key)),
                    "{} {}",
                    left.file,
                    right.file
                );
            }
        }
    }
}

#[test]
fn a_signature_is_small_and_reads_back_as_it_was() {
    for (example, signature) in signatures() {
        let Some(signature) = signature else {
            assert_eq!(example.file, "empty.json");
            continue;
        };
        let bytes = signature.to_bytes();
        assert!(bytes.len() <= 160, "{} {}", example.file, bytes.len());
        assert_eq!(Signature::from_bytes(&bytes), Some(signature), "{}", example.file);
        assert_eq!(Signature::from_bytes(&bytes[..bytes.len() - 1]), None);
        assert_eq!(Signature::from_bytes(&[&bytes[..], &[0]].concat()), None);
    }
    assert_eq!(Signature::from_bytes(&[]), None);
    assert_eq!(Signature::from_bytes(&[9; 40]), None);
}
