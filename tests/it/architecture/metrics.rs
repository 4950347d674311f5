//! Every metric is in the one table that describes them.

use std::sync::LazyLock;

use picket::infra::observe::metrics::METRICS;
use regex::Regex;

use super::assert_none;
use super::source::{Source, files};

static RECORDED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r#"\b(?:counter|gauge|histogram)!\(\s*"(\w+)""#).unwrap());

/// The names of the metrics that a file records.
fn recorded(source: &Source) -> Vec<String> {
    let code: Vec<&str> = source.production_lines().map(|(_, line)| line).collect();
    RECORDED.captures_iter(&code.join("\n")).map(|found| found[1].to_owned()).collect()
}

#[test]
fn every_recorded_metric_is_described() {
    let is_known = |name: &String| METRICS.iter().any(|(known, ..)| known == name);
    let mut violations = Vec::new();
    for source in files("src", &["rs"]) {
        let unknown = recorded(&source).into_iter().filter(|name| !is_known(name));
        violations.extend(unknown.map(|name| source.violation(0, format!("`{name}`"))));
    }
    assert_none("Describe new metrics in src/infra/observe/metrics.rs.", &violations);
}

#[test]
fn every_described_metric_is_recorded() {
    let all: Vec<String> = files("src", &["rs"]).iter().flat_map(recorded).collect();
    let silent: Vec<&str> = METRICS
        .iter()
        .map(|(name, ..)| *name)
        .filter(|name| !all.iter().any(|recorded| recorded == name))
        .collect();
    assert!(silent.is_empty(), "Nobody records these; remove them from the table: {silent:?}");
}

#[test]
fn the_check_sees_a_name_on_the_next_line() {
    let text = "counter!(\n    \"picket_made_up_total\", \"a\" => b\n).increment(1);\n";
    let source = Source { path: "src/x.rs".to_owned(), text: text.to_owned() };
    assert_eq!(recorded(&source), ["picket_made_up_total"]);
}
