//! The 37 events of the reference: what counts of each, its hashes, and which of them are one issue.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::Path;

use picket::grouping::{Config, Grouping, VariantName};
use serde::Deserialize;

use super::{event, grouped};

/// What the reference says about one event.
#[derive(Deserialize)]
struct Expected {
    file: String,
    /// A letter for each issue.
    group: String,
    variants: BTreeMap<String, ExpectedVariant>,
}

#[derive(Deserialize)]
struct ExpectedVariant {
    values: Vec<String>,
    hash: String,
}

fn examples() -> Vec<(Expected, Grouping)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/grouping");
    let expected = fs::read(folder.join("expected.json")).unwrap();
    let expected: Vec<Expected> = serde_json::from_slice(&expected).unwrap();
    let config = Config::default();
    expected
        .into_iter()
        .map(|expected| {
            let json = fs::read(folder.join(&expected.file)).unwrap();
            let grouping = grouped(event(&json), &config);
            (expected, grouping)
        })
        .collect()
}

fn variant_name(name: &str) -> VariantName {
    serde_json::from_value(name.into()).unwrap()
}

#[test]
fn each_example_counts_what_the_reference_counts() {
    let examples = examples();
    assert_eq!(examples.len(), 37);
    for (expected, grouping) in &examples {
        for (name, variant) in &expected.variants {
            let context = format!("{} {name}", expected.file);
            assert_eq!(grouping.values(variant_name(name)), variant.values, "{context}");
            let hashes = grouping.hashes();
            let hash = hashes.iter().find(|(found, _)| found == name).map(|(_, hash)| hash);
            assert_eq!(hash, Some(&variant.hash), "{context}");
        }
        let first = grouping.hashes()[0].0.to_owned();
        assert!(expected.variants.contains_key(&first), "{}: {first} decides", expected.file);
    }
}

#[test]
fn the_examples_fall_into_25_issues_as_the_reference_says() {
    let mut issue_of_hash: HashMap<String, String> = HashMap::new();
    let mut group_of_issue: BTreeMap<String, String> = BTreeMap::new();
    for (expected, grouping) in examples() {
        let hashes: Vec<String> = grouping.hashes().into_iter().map(|(_, hash)| hash).collect();
        let known = hashes.iter().find_map(|hash| issue_of_hash.get(hash).cloned());
        let issue = known.unwrap_or_else(|| expected.file.clone());
        for hash in hashes {
            issue_of_hash.entry(hash).or_insert_with(|| issue.clone());
        }
        let group = group_of_issue.entry(issue).or_insert_with(|| expected.group.clone());
        assert_eq!(*group, expected.group, "{} joined another issue", expected.file);
    }
    let groups: Vec<&String> = group_of_issue.values().collect();
    assert_eq!(groups.len(), 25);
    let letters: std::collections::BTreeSet<_> = groups.into_iter().collect();
    assert_eq!(letters.len(), 25, "an issue was split: {group_of_issue:?}");
}

#[test]
fn the_inner_error_of_a_group_names_the_issue() {
    for (expected, grouping) in examples() {
        let main = match expected.file.as_str() {
            "python-group-three-equal.json" | "python-group-one.json" => Some(1),
            _ => None,
        };
        assert_eq!(grouping.main_exception_id, main, "{}", expected.file);
    }
}

#[test]
fn a_stored_grouping_reads_back_as_it_was() {
    for (expected, grouping) in examples() {
        let stored = serde_json::to_vec(&grouping).unwrap();
        let read: Grouping = serde_json::from_slice(&stored).unwrap();
        assert_eq!(read, grouping, "{}", expected.file);
    }
}
