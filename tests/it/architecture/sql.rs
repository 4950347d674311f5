//! SQL has one home.

use std::sync::LazyLock;

use regex::Regex;

use super::assert_none;
use super::source::{Source, Violation, files};

/// Ways to send SQL.
static SENDS_SQL: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"\bquery(_as|_scalar|_file\w*)?!\s*\(|\bsqlx::(query|raw_sql)|\bQueryBuilder\b|\bAssertSqlSafe\b|\bcopy_in_raw\b",
    )
    .unwrap()
});

fn may_hold_sql(path: &str) -> bool {
    path.ends_with("/store.rs") || path.starts_with("src/infra/db/")
}

fn strays(source: &Source) -> Vec<Violation> {
    if may_hold_sql(&source.path) {
        return Vec::new();
    }
    source
        .production_lines()
        .filter(|(_, line)| SENDS_SQL.is_match(line))
        .map(|(number, line)| source.violation(number, line.trim()))
        .collect()
}

#[test]
fn sql_stands_in_stores_only() {
    let violations: Vec<_> = files("src", &["rs"]).iter().flat_map(strays).collect();
    assert_none(
        "SQL stands in `store.rs` and `infra/db`: move the query there and call it.",
        &violations,
    );
}

#[test]
fn stores_never_begin_a_transaction() {
    let violations: Vec<_> = files("src", &["rs"])
        .iter()
        .filter(|source| source.path.ends_with("/store.rs"))
        .flat_map(|source| {
            source
                .production_lines()
                .filter(|(_, line)| line.contains(".begin(") || line.contains("PgPool"))
                .map(|(number, line)| source.violation(number, line.trim()))
                .collect::<Vec<_>>()
        })
        .collect();
    assert_none("The verb owns the transaction: a store takes `&mut PgConnection`.", &violations);
}

#[test]
fn the_check_sees_every_way_to_send_sql() {
    for line in [
        "sqlx::query!(\"SELECT 1\")",
        "query_as!(",
        "query_scalar!(",
        "sqlx::query_scalar(text)",
        "let mut builder = QueryBuilder::new(\"\");",
        "sqlx::raw_sql(text)",
    ] {
        assert!(SENDS_SQL.is_match(line), "{line}");
    }
    for line in ["let query = url.query();", "query::parse(text)", "fn query_filter()"] {
        assert!(!SENDS_SQL.is_match(line), "{line}");
    }
}
