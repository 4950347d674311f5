//! Every view of this folder with believable data: real captured events, and values that try to break a
//! page. `PICKET_SAMPLES=folder` keeps the pages for looking at.

use askama::Template;
use chrono::TimeDelta;
use serde_json::Value;

use crate::base::{EventId, IssueId, IssueNumber, OrganizationId, ProjectId, Timestamp};
use crate::domain::issues::{Issue, Series, Status, StatusDetail, Substatus};
use crate::grouping::{self, Config};
use crate::pipeline::stages::describe::describe;
use crate::pipeline::stages::normalize::{Facts, normalize};
use crate::protocol::envelope::Envelope;
use crate::protocol::event::{Event, Level};
use crate::protocol::lenient::Problems;

use super::activity::ActivityView;
use super::detail::DetailView;
use super::event::stack::Order;
use super::grouping::GroupingView;
use super::list::{Empty, ListView};
use super::merging::MergingView;
use super::tags::TagsView;

/// When the samples are looked at.
pub(super) fn now() -> Timestamp {
    "2026-11-22T03:12:40Z".parse().unwrap()
}

/// An issue that somebody should look at.
pub(super) fn issue() -> Issue {
    Issue {
        id: IssueId::new(ProjectId(7), IssueNumber(79)),
        project_id: ProjectId(7),
        project_slug: "checkout".parse().unwrap(),
        project_name: "Checkout".to_owned(),
        project_platform: Some("python".to_owned()),
        organization_id: OrganizationId(1),
        kind: "error".to_owned(),
        level: Level::Error,
        platform: "python".to_owned(),
        logger: String::new(),
        title: "ZeroDivisionError: division by zero".to_owned(),
        culprit: "pricing.discount in share_of".to_owned(),
        exception_type: Some("ZeroDivisionError".to_owned()),
        exception_value: Some("division by zero".to_owned()),
        filename: Some("pricing/discount.py".to_owned()),
        function: Some("share_of".to_owned()),
        is_unhandled: true,
        status: Status::Unresolved,
        substatus: Some(Substatus::New),
        status_detail: StatusDetail::default(),
        status_changed_at: now() - TimeDelta::days(2),
        first_seen: now() - TimeDelta::days(2),
        last_seen: now() - TimeDelta::minutes(3),
        first_release: Some("checkout@4.1.0".to_owned()),
        last_release: Some("checkout@4.2.0".to_owned()),
        regressed_at: None,
        regressed_release: None,
        event_count: 1_204,
        user_count: 89,
        kept_count: 1_204,
        part_count: 1,
        merged_into: None,
    }
}

/// The issue that an event would open.
pub(super) fn issue_of(event: &Event) -> Issue {
    let described = describe(event, None);
    Issue {
        title: described.title,
        culprit: described.culprit,
        exception_type: described.exception_type,
        exception_value: described.exception_value,
        is_unhandled: described.is_unhandled,
        level: event.level.unwrap_or_default(),
        platform: event.platform().to_owned(),
        ..issue()
    }
}

/// Some events in each step, always the same for the same seed.
pub(super) fn series(seed: i64, steps: i64, step: TimeDelta) -> Series {
    let start = now() - step * i32::try_from(steps).unwrap();
    let count = |index: i64| {
        let noise = (index * index * (seed + 7) + seed * 31) % 23;
        if noise % 5 == 0 { 0 } else { noise * (1 + seed % 9) * (1 + index / 6) }
    };
    (0..steps).map(|index| (start + step * i32::try_from(index).unwrap(), count(index))).collect()
}

/// The events of a capture, as the pipeline would store them.
pub(super) fn captured(name: &str) -> Vec<Event> {
    let path = format!("{}/tests/fixtures/corpus/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let capture: Value = serde_json::from_str(&text).unwrap();
    let bodies = capture["requests"].as_array().unwrap().iter().filter_map(|request| {
        let path = request["path"].as_str()?;
        Some((path.contains("/store/"), request["body"].as_str()?.as_bytes()))
    });
    bodies.flat_map(|(is_store, body)| events_of(is_store, body)).collect()
}

fn events_of(is_store: bool, body: &[u8]) -> Vec<Event> {
    if is_store {
        return stored(body).into_iter().collect();
    }
    let Ok(envelope) = Envelope::parse(body) else { return Vec::new() };
    let is_event = |payload: &&[u8]| payload.windows(10).any(|part| part == b"\"event_id\"");
    envelope.items.iter().map(|item| item.payload).filter(is_event).filter_map(stored).collect()
}

/// An event after the stages that change it.
pub(super) fn stored(json: &[u8]) -> Option<Event> {
    let problems = Problems::default();
    let mut event = Event::read(json, &problems).ok().flatten()?;
    if event.kind.as_deref() == Some("transaction") {
        return None;
    }
    event.timestamp = Some(now() - TimeDelta::minutes(3));
    normalize(&mut event, &Facts::new(EventId::random(), now()), problems).ok()?;
    grouping::prepare(&mut event, &Config::default());
    Some(event)
}

/// An event whose every text tries to become markup.
fn hostile() -> Event {
    let nasty = "<script>alert(1)</script>\\\"'><img src=x onerror=alert(1)>{{7*7}}";
    let json = r#"{"platform": "python", "level": "fatal", "logger": "N", "transaction": "N", "release": "N",
        "environment": "N", "server_name": "N", "dist": "N",
        "logentry": {"message": "N %s", "formatted": "N", "params": ["N"]},
        "exception": {"values": [{"type": "N", "value": "N", "module": "N",
            "mechanism": {"type": "N", "handled": false, "description": "N", "help_link": "javascript:alert(1)", "data": {"N": "N"}},
            "stacktrace": {"frames": [{"function": "N", "module": "N", "filename": "N", "abs_path": "javascript:alert(1)", "lineno": 1,
                "context_line": "N", "pre_context": ["N"], "post_context": ["N"], "vars": {"N": {"N": ["N"]}},
                "source_link": "javascript:alert(1)", "in_app": true}]}}]},
        "threads": {"values": [{"id": "N", "name": "N", "state": "N"}]},
        "breadcrumbs": {"values": [{"type": "N", "category": "N", "message": "N", "data": {"N": "N"}},
            {"type": "http", "data": {"url": "N", "method": "N", "status_code": 500}}]},
        "request": {"url": "javascript:alert(1)//N", "method": "N", "query_string": "N=N", "headers": {"N": "N"},
            "cookies": {"N": "N"}, "data": "N", "env": {"N": "N"}},
        "user": {"id": "N", "email": "N", "username": "N", "N": "N"},
        "tags": {"N": "N"}, "extra": {"N": "N"}, "contexts": {"N": {"N": "N"}, "browser": {"name": "N", "version": "N"}},
        "modules": {"N": "N"}, "sdk": {"name": "N", "version": "N", "integrations": ["N"], "packages": [{"name": "N", "version": "N"}]},
        "errors": [{"type": "N", "name": "N", "value": "N", "reason": "N"}],
        "debug_meta": {"images": [{"type": "elf", "code_file": "N", "debug_id": "N", "image_addr": "0x1"}]}}"#;
    let problems = Problems::default();
    Event::read(json.replace('N', nasty).as_bytes(), &problems).unwrap().unwrap()
}

/// Long words without a space, scripts from right to left, pictures, and very much of everything.
fn unwieldy() -> Event {
    let long = "Nebenwirkungsfreiheitsprüfung".repeat(18);
    let json = format!(
        r#"{{"platform": "node", "transaction": "{long}", "release": "{long}",
        "exception": {{"values": [
            {{"type": "نوع_الخطأ", "value": "فشل الاتصال بقاعدة البيانات 🔥 数据库连接失败：{long}",
              "stacktrace": {{"frames": [
                {{"function": "{long}", "filename": "{long}.js", "lineno": 1, "colno": 99999, "context_line": "{long}{long}{long}", "in_app": true}},
                {{"function": "读取用户", "module": "数据库.连接", "filename": "模块/数据库.js", "lineno": 7, "context_line": "  throw new Error('🔥')", "in_app": true,
                  "vars": {{"{long}": "{long}", "键": [1, null, true, {{"深": "值"}}]}}}}
              ]}}}}]}},
        "tags": {{"{long}": "{long}", "لغة": "عربي"}},
        "user": {{"username": "{long}"}}}}"#
    );
    stored(json.as_bytes()).unwrap()
}

/// The captures whose events are shown, each with one event per kind of page.
const CAPTURES: [&str; 14] = [
    "python/py_django",
    "python/py_chained",
    "python/py_exception_group",
    "python/py_message",
    "python/py_recursion",
    "python/py_big",
    "node/node_cause",
    "node/node_aggregate",
    "browser/browser_errors",
    "browser/browser_react",
    "rust/rust_panic",
    "go/go_panic",
    "ruby/ruby_rack",
    "native/native_crash_inproc",
];

/// Renders, looks for markup that got through, and keeps the page if somebody wants to see it.
fn check(name: &str, view: &impl Template) -> String {
    let html = view.render().unwrap();
    for markup in ["<script>alert", "<img", "onerror=alert(1)>", "href=\"javascript:", " style=\""]
    {
        assert!(!html.contains(markup), "{name} has {markup}");
    }
    if let Some(folder) = std::env::var_os("PICKET_SAMPLES") {
        let path = std::path::Path::new(&folder).join(format!("{name}.html"));
        std::fs::write(path, &html).unwrap();
    }
    html
}

#[test]
fn every_captured_event_has_its_page() {
    for capture in CAPTURES {
        let events = captured(capture);
        assert!(!events.is_empty(), "{capture}");
        for (index, event) in events.iter().enumerate() {
            let name = format!("{}-{index}", capture.split('/').next_back().unwrap());
            let html = check(&name, &DetailView::sample(event, Order::NewestFirst));
            assert!(html.contains("id=\"client\""), "{name} says which client sent it");
        }
    }
}

#[test]
fn nothing_in_an_event_becomes_markup() {
    let html = check("hostile", &DetailView::sample(&hostile(), Order::OldestFirst));
    assert!(html.matches("&#60;script&#62;alert(1)&#60;/script&#62;").count() > 40);
    let mut issue = issue_of(&hostile());
    issue.project_name = "<script>alert(1)</script>".to_owned();
    check("hostile-list", &ListView::sample(&[issue.clone()], None));
    check("hostile-tags", &TagsView::sample(&issue));
    check("hostile-merging", &MergingView::sample(&issue));
}

#[test]
fn pages_bear_what_is_too_long_and_what_is_not_there() {
    let event = unwieldy();
    check("unwieldy", &DetailView::sample(&event, Order::NewestFirst));
    check("nothing", &DetailView::sample(&Event::default(), Order::NewestFirst));
    check("sampled-away", &DetailView::sample_without_payload());
    check("gone", &DetailView::sample_without_events());
    check(
        "unwieldy-list",
        &ListView::sample(&[issue_of(&event), issue_of(&Event::default())], None),
    );
}

#[test]
fn the_list_shows_a_page_of_issues() {
    let issues = some_issues();
    let html = check("list", &ListView::sample(&issues, None));
    assert_eq!(html.matches("data-item").count(), issues.len());
    assert!(html.contains("rel=\"next\""));
}

#[test]
fn an_empty_list_says_why_and_what_to_do() {
    let url = || "/default/issues".to_owned();
    let reasons = [
        ("no-project", Empty::NoProject(url()), "Create a project"),
        (
            "no-events",
            Empty::NoEvents { project: "Checkout".to_owned(), url: url() },
            "Set up an SDK",
        ),
        ("no-match", Empty::NothingMatches(url()), "Remove all filters"),
        ("all-done", Empty::AllDone(url()), "Show all issues"),
        (
            "none-in-state",
            Empty::NoneInState { state: "resolved", url: url() },
            "No issue is resolved",
        ),
    ];
    for (name, reason, words) in reasons {
        assert!(check(name, &ListView::sample(&[], Some(reason))).contains(words), "{name}");
    }
}

#[test]
fn the_tabs_of_an_issue_render() {
    let html = check("tags", &TagsView::sample(&issue()));
    assert!(html.contains("browser.name") && html.contains("83%"), "{html}");
    let html = check("activity", &ActivityView::sample(&issue()));
    assert!(html.contains("resolved it in checkout@4.1.3"), "{html}");
    let event = captured("python/py_chained").remove(0);
    let html = check("grouping", &GroupingView::sample(&event));
    assert!(html.contains("Grouped by"), "{html}");
}

/// Types, messages, places and levels of the sample list.
const WORDS: [(&str, &str, &str, Level); 10] = [
    ("ZeroDivisionError", "division by zero", "pricing.discount in share_of", Level::Error),
    (
        "TypeError",
        "Cannot read properties of undefined (reading 'total')",
        "renderCart(cart/view)",
        Level::Error,
    ),
    (
        "OperationalError",
        "connection to server at \"db-2\" (10.0.4.7), port 5432 failed: timeout expired",
        "/api/orders",
        Level::Fatal,
    ),
    (
        "",
        "Payment provider answered 503, retrying in 30 s",
        "payments.client in charge",
        Level::Warning,
    ),
    ("KeyError", "'customer_id'", "orders.export in rows", Level::Error),
    (
        "thread 'main' panicked",
        "index out of bounds: the len is 3 but the index is 3",
        "ledger::close_day",
        Level::Fatal,
    ),
    (
        "NoMethodError",
        "undefined method `name' for nil:NilClass",
        "InvoicesController#show",
        Level::Error,
    ),
    ("", "Slow query: 4.2 s", "reports.daily in run", Level::Info),
    (
        "ChunkLoadError",
        "Loading chunk 14 failed. (error: https://shop.example/js/14.c0ffee.js)",
        "webpack",
        Level::Error,
    ),
    ("", "cache miss", "catalog.cache in get", Level::Debug),
];

/// A believable page of the list.
fn some_issues() -> Vec<Issue> {
    let mut issues = Vec::new();
    for number in 0..50_i64 {
        let (kind, value, culprit, level) = WORDS[usize::try_from(number).unwrap() % WORDS.len()];
        let title = if kind.is_empty() { value.to_owned() } else { format!("{kind}: {value}") };
        let substatus =
            [Substatus::Ongoing, Substatus::New, Substatus::Ongoing, Substatus::Regressed]
                [usize::try_from(number % 4).unwrap()];
        issues.push(Issue {
            id: IssueId::new(ProjectId(7), IssueNumber(number * 13 + 40)),
            title,
            culprit: culprit.to_owned(),
            exception_type: Some(kind.to_owned()).filter(|kind| !kind.is_empty()),
            exception_value: Some(value.to_owned()),
            level,
            is_unhandled: number % 3 == 0,
            substatus: Some(substatus),
            last_seen: now() - TimeDelta::minutes(number * number),
            first_seen: now() - TimeDelta::hours(number * 31 + 1),
            event_count: (number + 1) * (number + 3) * 977 % 48_000 + 1,
            user_count: number * 131 % 2_700,
            ..issue()
        });
    }
    issues
}
