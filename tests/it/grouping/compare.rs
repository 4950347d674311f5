//! Two events side by side, and the rules that are proposed for them.

use std::fs;
use std::path::Path;

use picket::grouping::{
    Comparison, Config, Language, Purpose, compare, compare_groupings, explain, explain_joined,
    regroup,
};
use picket::protocol::event::Event;

use super::event;

fn example(name: &str) -> Event {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/grouping");
    event(&fs::read(folder.join(format!("{name}.json"))).unwrap())
}

fn compared(left: &str, right: &str) -> Comparison {
    compare(&example(left), &example(right), &Config::default())
}

/// Joined or separated by the rule, as it says.
fn assert_works(left: &str, right: &str, comparison: &Comparison) {
    for proposal in &comparison.proposals {
        let (stack, fingerprint) = match proposal.language {
            Language::StackTrace => (proposal.rule.as_str(), ""),
            Language::Fingerprint => ("", proposal.rule.as_str()),
        };
        let config = Config::new(stack, fingerprint).unwrap();
        let first = regroup(&example(left), &config).hashes();
        let second = regroup(&example(right), &config).hashes();
        let is_one = first.iter().any(|(_, hash)| second.iter().any(|(_, other)| other == hash));
        assert_eq!(is_one, proposal.purpose == Purpose::Join, "{left} {right} {proposal:?}");
    }
}

#[test]
fn the_first_difference_is_marked_and_said() {
    let comparison = compared("python-1", "python-3");
    assert!(!comparison.is_same);
    insta::assert_snapshot!(comparison.sentence);
    let marked: Vec<_> = comparison.rows.iter().filter(|row| row.is_first_difference).collect();
    assert_eq!(marked.len(), 1);
    assert_eq!(marked[0].label, "Frame");
    assert!(marked[0].left.is_some() && marked[0].right.is_some());
    assert_ne!(marked[0].left, marked[0].right);
}

#[test]
fn joined_events_say_what_is_equal() {
    for (left, right, sentence) in [
        ("python-1", "python-2", "Joined because the type and two in-app frames are equal."),
        ("message-1", "message-2", "Joined because the message is equal."),
        ("go-helper-1", "go-helper-2", "Joined because the type and two in-app frames are equal."),
    ] {
        let comparison = compared(left, right);
        assert!(comparison.is_same);
        assert_eq!(comparison.sentence, sentence, "{left} {right}");
        assert!(!comparison.rows.iter().any(|row| row.is_first_difference), "{left} {right}");
    }
}

#[test]
fn every_proposed_rule_does_what_it_says() {
    let names = [
        "python-1",
        "python-2",
        "python-3",
        "python-4",
        "python-group-mixed",
        "js-minified-1",
        "js-minified-3",
        "js-sourcemapped-1",
        "java-chain-two",
        "java-chain-three",
        "csharp-overload-1",
        "csharp-overload-2",
        "go-helper-1",
        "go-helper-2",
        "message-1",
        "message-2",
        "message-3",
        "native-crash-1",
        "fingerprint-hybrid",
        "fingerprint-custom",
        "empty",
        "php-anonymous-1",
    ];
    let mut proposed = 0;
    for pair in names.windows(2) {
        let comparison = compared(pair[0], pair[1]);
        assert_works(pair[0], pair[1], &comparison);
        proposed += comparison.proposals.len();
    }
    assert!(proposed > 10, "{proposed}");
}

#[test]
fn rules_to_join_and_to_separate_are_ready_made() {
    let rules = |left: &str, right: &str| {
        let comparison = compared(left, right);
        let lines = comparison.proposals.iter().map(|it| format!("{}\n    {}", it.rule, it.effect));
        format!("{left}, {right}:\n{}", lines.collect::<Vec<_>>().join("\n"))
    };
    let all = [
        rules("python-1", "python-4"),
        rules("java-chain-two", "java-chain-three"),
        rules("go-helper-1", "go-helper-2"),
        rules("message-1", "message-3"),
        rules("message-1", "message-2"),
        rules("csharp-overload-1", "csharp-overload-2"),
    ];
    insta::assert_snapshot!(all.join("\n\n"));
}

#[test]
fn texts_with_signs_of_the_rule_languages_are_quoted() {
    let with = |value: &str, function: &str| {
        let json = serde_json::json!({"platform": "native", "exception": [{
            "type": "Fault [a] {b} \"c\" \\d*?", "value": value, "stacktrace": {"frames": [
                {"function": "-[Cart total:]", "in_app": true},
                {"function": function, "in_app": true, "filename": "a [1].m"}]}}]});
        event(json.to_string().as_bytes())
    };
    let comparison = compare(&with("x", "pay [it]"), &with("x", "pay {it}"), &Config::default());
    assert!(!comparison.is_same);
    assert!(!comparison.proposals.is_empty(), "{comparison:?}");
}

#[test]
fn what_was_stored_is_compared_without_the_events() {
    let config = Config::default();
    let (left, right) =
        (regroup(&example("python-1"), &config), regroup(&example("python-4"), &config));
    let stored = compare_groupings(&left, &right);
    let full = compared("python-1", "python-4");
    assert_eq!((stored.sentence, stored.rows), (full.sentence, full.rows));
    assert!(stored.proposals.is_empty());
    assert_eq!(explain_joined(&left, &right), None);
}

#[test]
fn chains_of_very_long_stacks_are_compared_in_bounded_memory() {
    let with = |last: &str| {
        let frames: Vec<_> = (0..250)
            .map(|n| serde_json::json!({"function": format!("f{n}"), "lineno": n, "in_app": true}))
            .chain([serde_json::json!({"function": last, "in_app": true})])
            .collect();
        let exceptions: Vec<_> = (0..20)
            .map(|n| serde_json::json!({"type": format!("E{n}"), "stacktrace": {"frames": frames}}))
            .collect();
        event(serde_json::json!({"exception": exceptions}).to_string().as_bytes())
    };
    let comparison = compare_groupings(
        &regroup(&with("a"), &Config::default()),
        &regroup(&with("b"), &Config::default()),
    );
    let first = comparison.rows.iter().position(|row| row.is_first_difference).unwrap();
    assert_eq!(comparison.rows[first].left.as_ref().unwrap().text, "a");
    assert_eq!(comparison.rows[first].right.as_ref().unwrap().text, "b");
}

#[test]
fn an_explanation_lists_what_counted() {
    let grouping = regroup(&example("java-chain-two"), &Config::default());
    insta::assert_snapshot!(explain(&grouping).counted.join("\n"));
}
