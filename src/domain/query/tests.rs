//! The search language, read and refused.

use Expression::{All, Any, Text};
use chrono::TimeDelta;

use super::*;
use crate::base::Timestamp;

fn text(words: &str) -> Expression {
    Text(words.to_owned())
}

fn key(name: &str) -> Key {
    Key::Name(name.to_owned())
}

fn filter(name: &str, value: &str) -> Expression {
    Expression::Filter(one(key(name), None, value))
}

fn one(key: Key, comparison: Option<Comparison>, value: &str) -> Filter {
    Filter { is_negated: false, key, comparison, values: vec![value.to_owned()] }
}

fn not(expression: Expression) -> Expression {
    match expression {
        Expression::Filter(filter) => Expression::Filter(Filter { is_negated: true, ..filter }),
        other => panic!("{other:?} is no filter"),
    }
}

fn list(name: &str, values: &[&str]) -> Expression {
    let values = values.iter().map(|value| (*value).to_owned()).collect();
    Expression::Filter(Filter { is_negated: false, key: key(name), comparison: None, values })
}

#[test]
fn words_beside_each_other_are_one_text_and_filters_are_joined_with_and() {
    for (query, expected) in [
        ("", All(vec![])),
        ("  ", All(vec![])),
        ("timeout", text("timeout")),
        ("connection  refused", text("connection refused")),
        ("\"connection  refused\"", text("connection  refused")),
        ("a \"b c\" d", text("a b c d")),
        ("is:unresolved timeout", All(vec![filter("is", "unresolved"), text("timeout")])),
        ("a is:resolved b", All(vec![text("a"), filter("is", "resolved"), text("b")])),
        ("a AND b", All(vec![text("a"), text("b")])),
        ("android oracle", text("android oracle")),
    ] {
        assert_eq!(parse(query).as_ref(), Ok(&expected), "{query}");
    }
}

#[test]
fn and_binds_tighter_than_or_and_keywords_come_in_any_case() {
    let (a, b, c) = (filter("x", "a"), filter("x", "b"), filter("x", "c"));
    for (query, expected) in [
        ("x:a x:b OR x:c", Any(vec![All(vec![a.clone(), b.clone()]), c.clone()])),
        ("x:a or x:b and x:c", Any(vec![a.clone(), All(vec![b.clone(), c.clone()])])),
        ("x:a (x:b OR x:c)", All(vec![a.clone(), Any(vec![b.clone(), c.clone()])])),
        ("((x:a))", a.clone()),
        ("(x:a)(x:b)", All(vec![a.clone(), b.clone()])),
        ("or:x", filter("or", "x")),
    ] {
        assert_eq!(parse(query).as_ref(), Ok(&expected), "{query}");
    }
}

#[test]
fn values_end_at_whitespace_and_at_parentheses_they_did_not_open() {
    for (query, expected) in [
        ("url:https://a.example/b?c=d", filter("url", "https://a.example/b?c=d")),
        ("title:\"a \\\"b\\\" c\"", filter("title", "a \"b\" c")),
        ("(title:run(a))", filter("title", "run(a)")),
        ("run(a) b", text("run(a) b")),
        ("key:\"\"", filter("key", "")),
        ("!key:a", not(filter("key", "a"))),
        ("\"my key\":a", filter("my key", "a")),
        ("level:[error, \"fatal\",info]", list("level", &["error", "fatal", "info"])),
        ("x:\\*", filter("x", "\\*")),
        ("!important", text("!important")),
        (":x", text(":x")),
    ] {
        assert_eq!(parse(query).as_ref(), Ok(&expected), "{query}");
    }
}

#[test]
fn keys_can_be_tags_and_flags_and_values_can_be_compared() {
    let tag = |name: &str| Key::Tag(name.to_owned());
    for (query, expected) in [
        ("tags[level]:a", one(tag("level"), None, "a")),
        ("tags[\"my tag\",string]:a", one(tag("my tag"), None, "a")),
        ("flags[beta]:true", one(Key::Flag("beta".to_owned()), None, "true")),
        ("timesSeen:>=1.5k", one(key("timesSeen"), Some(Comparison::AtLeast), "1.5k")),
        ("timesSeen:<3", one(key("timesSeen"), Some(Comparison::Below), "3")),
        ("a:!=b", one(key("a"), Some(Comparison::NotEqual), "b")),
    ] {
        assert_eq!(parse(query), Ok(Expression::Filter(expected)), "{query}");
    }
}

#[test]
fn what_is_not_finished_is_named() {
    let long = "a ".repeat(MAX_CHARS);
    let many = "x:a ".repeat(MAX_FILTERS + 1);
    let deep = "(".repeat(MAX_DEPTH + 1);
    for (query, problem) in [
        ("(a", "`(` is not closed"),
        ("a)", "`)` is not opened"),
        ("\"a", "quote"),
        ("key:\"a", "quote"),
        ("key:", "`key:` has no value"),
        ("ZeroDivisionError: division by zero", "quotes"),
        ("key:[a", "list of `key` is not closed"),
        ("key:[a b]", "list of `key` is not closed"),
        ("key:[]", "empty value"),
        ("key:[a,,b]", "empty value"),
        ("tags[a:b", "bracket"),
        ("tags[a,number]:>3", "`number` is not supported"),
        ("OR a", "both sides"),
        ("a OR", "both sides"),
        ("a AND", "both sides"),
        ("()", "both sides"),
        ("a\0b", "zero character"),
        (&long, "longer than"),
        (&many, "more than"),
        (&deep, "deeper than"),
    ] {
        let error = parse(query).unwrap_err().to_string();
        assert!(error.contains(problem), "{query:.40}: {error}");
    }
}

#[test]
fn stars_stand_for_anything_unless_escaped() {
    let like = |text: &str| Pattern::Like(text.to_owned());
    let is = |text: &str| Pattern::Is(vec![text.to_owned()]);
    for (value, expected) in [
        ("/api/*", like("/api/%")),
        ("*50%_\\*", like("%50\\%\\_*")),
        ("a\\*b", is("a*b")),
        ("100%", is("100%")),
    ] {
        assert_eq!(Pattern::of(value), expected, "{value}");
    }
    assert_eq!(Pattern::containing("a*b_"), like("%a%b\\_%"));
    assert_eq!(Pattern::of("1*").prefixed("id:"), like("id:1%"));
    assert_eq!(Pattern::of("1").prefixed("id:"), is("id:1"));
}

#[test]
fn numbers_have_suffixes_and_signs() {
    let read = |query: &str| match parse(query).unwrap() {
        Expression::Filter(filter) => NumberFilter::of(&filter),
        other => panic!("{other:?}"),
    };
    for (query, comparison, number) in [
        ("n:3", Comparison::Equal, 3.0),
        ("n:>1.5k", Comparison::Above, 1500.0),
        ("n:<=2M", Comparison::AtMost, 2e6),
        ("n:-1b", Comparison::Equal, -1e9),
    ] {
        assert_eq!(read(query), Ok(NumberFilter { comparison, number }), "{query}");
    }
    for bad in ["n:many", "n:inf", "n:nan", "n:1e9", "n:k", "n:[1,2]", "n:\"\"", "n:ü"] {
        assert!(read(bad).is_err(), "{bad}");
    }
}

fn range(query: &str, now: Timestamp) -> Result<TimeRange> {
    match parse(query).unwrap() {
        Expression::Filter(filter) => TimeRange::of(&filter, now),
        other => panic!("{other:?}"),
    }
}

#[test]
fn times_are_relative_days_or_moments() {
    let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
    let at = |text: &str| Some(text.parse::<Timestamp>().unwrap());
    let from = |from| TimeRange { from, until: None };
    let until = |until| TimeRange { from: None, until };
    let micro = TimeDelta::microseconds(1);
    for (query, expected) in [
        ("t:-24h", from(at("2026-11-21T12:00:00Z"))),
        ("t:+2w", until(at("2026-11-08T12:00:00Z"))),
        (
            "t:2026-05-01",
            TimeRange { from: at("2026-05-01T00:00:00Z"), until: at("2026-05-02T00:00:00Z") },
        ),
        (
            "t:2026-05-01T10:00:00+02:00",
            TimeRange { from: at("2026-05-01T07:55:00Z"), until: at("2026-05-01T08:06:00Z") },
        ),
        ("t:>=2026-05-01", from(at("2026-05-01T00:00:00Z"))),
        ("t:>2026-05-01", from(at("2026-05-02T00:00:00Z"))),
        ("t:<2026-05-01", until(at("2026-05-01T00:00:00Z"))),
        ("t:<=2026-05-01", until(at("2026-05-02T00:00:00Z"))),
        ("t:>2026-05-01T10:00:00.5", from(at("2026-05-01T10:00:00.500001Z"))),
        ("t:>-1h", from(at("2026-11-22T11:00:00Z").map(|at| at + micro))),
    ] {
        assert_eq!(range(query, now), Ok(expected), "{query}");
    }
    for bad in [
        "t:24h",
        "t:-24",
        "t:-24y",
        "t:-99999999999999d",
        "t:yesterday",
        "t:9999-12-31",
        "t:\"\"",
        "t:-ü",
    ] {
        assert!(range(bad, now).is_err(), "{bad}");
    }
}

#[test]
fn not_equal_turns_a_filter_around_and_two_nots_cancel() {
    let is_inverted = |query: &str| match parse(query).unwrap() {
        Expression::Filter(filter) => filter.is_inverted(),
        other => panic!("{other:?}"),
    };
    assert!(!is_inverted("a:b"));
    assert!(is_inverted("!a:b"));
    assert!(is_inverted("a:!=b"));
    assert!(!is_inverted("!a:!=b"));
}

proptest::proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(query in "\\PC{0,60}") {
        let _ = parse(&query);
    }

    #[test]
    fn nothing_made_of_the_grammar_makes_the_parser_panic(
        query in "(is|level|t|tags\\[a\\]|\"k k\"|!x)?[:(]?(>=|<|!=)?[a-z0-9*\\\\\"\\[\\],() -]{0,12}( (AND|OR) )?[()a:\"]{0,6}",
    ) {
        let _ = parse(&query);
    }
}
