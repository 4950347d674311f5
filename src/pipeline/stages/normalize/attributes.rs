//! The single values at the top of an event (`protocol.md` §5.3, §5.6).

use super::at::At;
use super::budget::Budget;
use super::json::{members, split_member};
use super::limits::Limit;
use crate::domain::projects::environment_problem;
use crate::domain::releases::name_problem;
use crate::protocol::event::Event;
use crate::protocol::lenient::RawMap;

const TRANSACTION: Limit = Limit::of(200);
const CULPRIT: Limit = Limit::of(200);
const CHECKSUM: Limit = Limit::of(128);
const LOGGER: Limit = Limit::of(64);
const PLATFORM: Limit = Limit::of(64);
const MAX_DIST_BYTES: usize = 64;
const MODULES: Budget = Budget::of(8 * 1024, 7);
const REPORT: Budget = Budget::of(64 * 1024, 5);
/// Follows the event's own nesting, and that of what the client attached.
const META: Budget = Budget::of(512 * 1024, 40);
const EXTRA: Budget = Budget::of(256 * 1024, usize::MAX);
const EXTRA_VALUE: Budget = Budget::of(16 * 1024, 7);

/// Keys that mean nothing in an error: most are for a server to set.
const SERVER_SIDE: [&str; 10] = [
    "_dsc",
    "_metrics",
    "breakdowns",
    "grouping_config",
    "ingest_path",
    "key_id",
    // Of transactions only.
    "measurements",
    "project",
    "scraping_attempts",
    "version",
];

/// Brings the single values into their canonical form.
pub(super) fn normalize(event: &mut Event, at: At<'_>) {
    clean(&mut event.platform);
    PLATFORM.apply(&mut event.platform, "platform", at);
    event.platform.get_or_insert_with(|| "other".to_owned());
    event.level.get_or_insert_default();
    normalize_logger(event, at);
    clean(&mut event.transaction);
    TRANSACTION.apply(&mut event.transaction, "transaction", at);
    clean(&mut event.culprit);
    CULPRIT.apply(&mut event.culprit, "culprit", at);
    CHECKSUM.apply(&mut event.checksum, "checksum", at);
    take_environment_from_tags(event);
    reject(&mut event.release, "release", at, name_problem);
    reject(&mut event.environment, "environment", at, environment_problem);
    reject(&mut event.dist, "dist", at, dist_problem);
    event.fingerprint = event.fingerprint.take().filter(|parts| !parts.is_empty());
    keep_versions(event.modules.as_mut(), at.field("modules"));
    MODULES.apply_to_field(&mut event.modules, "modules", at);
    if let Some(extra) = &mut event.extra {
        limit_extra(extra, at.field("extra"));
    }
    REPORT.apply_to_value(&mut event.csp, "csp", at);
    META.apply_to_value(&mut event.meta, "_meta", at);
    for key in SERVER_SIDE {
        event.other.remove(key);
    }
    limit_extra(&mut event.other, at);
}

/// Removes NUL, which no text column can hold, and blanks around; what is empty then is absent.
pub(super) fn clean(text: &mut Option<String>) {
    let Some(inner) = text else { return };
    if inner.contains('\0') {
        inner.retain(|c| c != '\0');
    }
    let trimmed = inner.trim();
    if trimmed.len() != inner.len() {
        *inner = trimmed.to_owned();
    }
    if inner.is_empty() {
        *text = None;
    }
}

/// Removes a text that `problem_of` finds a problem with, and notes it.
fn reject(
    text: &mut Option<String>,
    name: &str,
    at: At<'_>,
    problem_of: fn(&str) -> Option<&'static str>,
) {
    // NUL is a problem here and not cleaned away: a release must not become another one.
    let Some(inner) = text else { return };
    let trimmed = inner.trim();
    if let Some(problem) = problem_of(trimmed).filter(|_| !trimmed.is_empty()) {
        at.field(name).invalid_text(inner, problem);
        *text = None;
    } else {
        clean(text);
    }
}

/// Whether a release may be called so.
pub(in crate::pipeline) fn is_release(release: &str) -> bool {
    !release.is_empty() && name_problem(release).is_none()
}

/// Whether an environment may be called so.
pub(in crate::pipeline) fn is_environment(environment: &str) -> bool {
    !environment.is_empty() && environment_problem(environment).is_none()
}

fn dist_problem(dist: &str) -> Option<&'static str> {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    if dist.len() > MAX_DIST_BYTES {
        return Some("a dist has at most 64 characters");
    }
    (!dist.bytes().all(is_allowed)).then_some("a dist has only letters, digits, `_`, `.` and `-`")
}

/// Versions of modules are texts; whatever else is there is left out.
fn keep_versions(modules: Option<&mut RawMap>, at: At<'_>) {
    let Some(modules) = modules else { return };
    let is_text = |json: &str| json.starts_with('"');
    let is_version = |member| is_text(split_member(member).1);
    if modules.text().is_some_and(|text| members(text).all(is_version)) {
        return;
    }
    modules.retain(|name, version| {
        if !is_text(version.text()) && !version.is_null() {
            at.field(name).invalid(Some(version.clone()), "expected a string");
        }
        is_text(version.text())
    });
}

/// Clients without an attribute for the environment send a tag.
fn take_environment_from_tags(event: &mut Event) {
    if event.environment.is_none() {
        event.environment = event.tag("environment").map(str::to_owned);
    }
}

fn normalize_logger(event: &mut Event, at: At<'_>) {
    if let Some(logger) = event.logger.take_if(|logger| logger.contains(['\r', '\n'])) {
        at.field("logger").invalid_text(&logger, "a logger's name is one line");
    }
    clean(&mut event.logger);
    if event.platform.as_deref() == Some("java")
        && let Some(short) = event.logger.as_deref().and_then(without_leading_packages)
    {
        event.logger = Some(short);
    }
    LOGGER.apply(&mut event.logger, "logger", at);
}

/// `com.example.very.long.Class` as `*.long.Class`: of a Java logger the end says most.
fn without_leading_packages(logger: &str) -> Option<String> {
    if logger.chars().count() <= 64 {
        return None;
    }
    let dots = logger.char_indices().filter(|(_, c)| *c == '.').map(|(at, _)| &logger[at..]);
    dots.map(|rest| format!("*{rest}")).find(|short| short.chars().count() <= 64)
}

fn limit_extra(extra: &mut RawMap, at: At<'_>) {
    if extra.text().is_some_and(|text| EXTRA_VALUE.is_surely_within(text)) {
        return;
    }
    for (key, raw) in extra.iter_mut() {
        EXTRA_VALUE.apply_in_place(raw, at.field(key));
    }
    EXTRA.apply(extra, at);
}

#[cfg(test)]
mod tests {
    use super::super::at::Change;
    use super::super::at::testing::noted;
    use super::*;
    use crate::protocol::lenient::Raw;

    fn text(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn texts_for_columns_have_no_nul_and_no_blanks_around() {
        for (before, after) in
            [(" a\0b\n", text("ab")), ("\0 ", None), ("", None), ("plain", text("plain"))]
        {
            let mut value = text(before);
            clean(&mut value);
            assert_eq!(value, after, "{before:?}");
        }
    }

    #[test]
    fn a_long_java_logger_loses_its_leading_packages() {
        let logger = format!("org.example.{}.payments.Checkout", "x".repeat(60));
        let mut event =
            Event { platform: text("java"), logger: Some(logger.clone()), ..Event::default() };
        let (problems, marks) = noted(|at| normalize(&mut event, at));
        assert_eq!(event.logger.as_deref(), Some("*.payments.Checkout"));
        assert!(problems.is_empty() && marks.is_empty());
        let mut event = Event { logger: Some(logger), ..Event::default() };
        let (_, marks) = noted(|at| normalize(&mut event, at));
        assert_eq!(event.logger.as_deref().map(str::len), Some(64));
        assert_eq!(marks.len(), 1);
    }

    #[test]
    fn the_environment_may_come_as_a_tag_and_the_attribute_wins() {
        let with = |attribute: Option<&str>| {
            let json = r#"{"tags":{"environment":"staging","a":"b"}}"#;
            let mut event = Event::from_stored(json.as_bytes()).unwrap();
            event.environment = attribute.map(str::to_owned);
            noted(|at| normalize(&mut event, at));
            event.environment
        };
        assert_eq!(with(None), text("staging"));
        assert_eq!(with(Some("live")), text("live"));
    }

    #[test]
    fn a_module_whose_version_is_no_text_is_left_out_and_noted() {
        let json = r#"{"modules":{"a":"1.0","b":2,"c":null,"d":{"e":"1"}}}"#;
        let mut event = Event::from_stored(json.as_bytes()).unwrap();
        let (problems, _) = noted(|at| normalize(&mut event, at));
        assert_eq!(serde_json::to_string(&event.modules).unwrap(), r#"{"a":"1.0"}"#);
        assert_eq!(problems, ["modules.b", "modules.d"]);
    }

    #[test]
    fn measurements_are_for_transactions() {
        let json = r#"{"measurements":{"lcp":{"value":1}},"message":"a"}"#;
        let mut event = Event::from_stored(json.as_bytes()).unwrap();
        noted(|at| normalize(&mut event, at));
        assert!(event.other.is_empty());
    }

    #[test]
    fn modules_past_their_budget_are_dropped() {
        let mut event = Event {
            modules: Some(
                (0..1000).map(|n| (format!("module-{n:04}"), Raw::from_value("1.0"))).collect(),
            ),
            ..Event::default()
        };
        let (_, marks) = noted(|at| normalize(&mut event, at));
        assert_eq!(event.modules.map(|modules| modules.len()), Some(8192 / 20));
        assert_eq!(marks[0].what, Change::Shortened { length: 1000 });
    }

    #[test]
    fn extra_data_has_a_budget_for_each_value_and_for_all() {
        let large = format!("\"{}\"", "x".repeat(20_000));
        let json: Vec<_> = (0..20).map(|n| format!("\"k{n:02}\":{large}")).collect();
        let json = format!("{{\"extra\":{{{}}},\"spans\":{large}}}", json.join(","));
        let mut event = Event::from_stored(json.as_bytes()).unwrap();
        noted(|at| normalize(&mut event, at));
        let extra = event.extra.unwrap();
        assert!(extra.values().all(|raw| raw.text().len() <= 16 * 1024));
        assert_eq!(extra.len(), 16);
        assert_eq!(event.other["spans"].text().len(), 16 * 1024);
    }
}
