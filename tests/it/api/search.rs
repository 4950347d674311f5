//! What searches find.

use picket::domain::issues::{self, IssueFilter, Period, Scope, Sort};
use picket::domain::{events, organizations, projects, query};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::program::{Program, error, error_with, send, server, start_time};
use crate::support::{TestApp, TestProject};

/// Four issues that differ in everything that can be searched.
async fn seeded() -> (TestApp, TestProject) {
    let app = server().await;
    let shop = app.create_project("Shop").await;
    let blog = app.create_project("Blog").await;
    let key_error = json!({
        "environment": "production", "release": "shop@1.0", "user": {"id": "1"},
        "tags": {"region": "eu", "odd": "50%_\\x"}, "timestamp": "2026-11-22T14:30:00Z",
    });
    send(&app, &shop, &[error_with("KeyError", &key_error)]).await;
    let timeout = |minute: u32| {
        json!({
            "environment": "staging", "release": "shop@2.0", "level": "warning",
            "user": {"email": "ada@example.com"}, "tags": {"region": "us"}, "logger": "net",
            "timestamp": format!("2026-11-21T10:{minute:02}:00Z"), "transaction": "/api/pay",
        })
    };
    let timeouts = [1, 2, 3].map(|minute| error_with("Timeout", &timeout(minute)));
    send(&app, &shop, &timeouts).await;
    let crash = json!({
        "level": "fatal", "environment": "production", "timestamp": "2026-11-20T10:00:00Z",
        "exception": {"values": [{
            "type": "Crash", "value": "the end", "mechanism": {"type": "signal", "handled": false},
        }]},
    });
    send(&app, &shop, &[error_with("Crash", &crash)]).await;
    let note = json!({
        "message": "disk *almost* full", "level": "info", "event_id": "fc6d8c0c43fc4630ad850ee518f1b9d0",
        "timestamp": "2026-11-19T10:00:00Z", "platform": "other",
    });
    send(&app, &blog, &[note]).await;
    (app, shop)
}

/// The issues that a search finds, by the first word of their title, latest first.
async fn found(program: &Program<'_>, query: &str) -> String {
    let path = format!(
        "/organizations/default/issues/?query={}",
        percent_encoding::utf8_percent_encode(query, percent_encoding::NON_ALPHANUMERIC)
    );
    let answer = program.get(&path).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.body);
    let titles = answer.column("title");
    let words = titles.iter().map(|title| title.split([' ', ':']).next().unwrap());
    words.collect::<Vec<_>>().join(" ")
}

const ALL: &str = "KeyError Timeout Crash disk";

/// What is searched for, and which issues are found; `{shop}` stands for the id of the project.
const SEARCHES: &[(&str, &str)] = &[
    ("", ALL),
    ("is:unresolved", ALL),
    ("is:resolved", ""),
    ("is:new", ALL),
    ("is:for_review", ALL),
    ("is:unassigned", ALL),
    ("assigned:me", ""),
    ("happened", "KeyError Timeout"),
    ("TIMEOUT", "Timeout"),
    ("almost", "disk"),
    ("\"disk \\*almost\\*\"", "disk"),
    ("disk*full", "disk"),
    ("*key*", "KeyError"),
    ("message:\"the end\"", "Crash"),
    ("level:warning", "Timeout"),
    ("level:>=error", "KeyError Crash"),
    ("level:[info, fatal]", "Crash disk"),
    ("!level:info", "KeyError Timeout Crash"),
    ("environment:production", "KeyError Crash"),
    ("environment:\"\"", "disk"),
    ("!has:environment", "disk"),
    ("has:environment", "KeyError Timeout Crash"),
    ("environment:[staging, production]", "KeyError Timeout Crash"),
    ("release:shop@1.0", "KeyError"),
    ("release:shop@*", "KeyError Timeout"),
    ("!release:shop@1.0", "Timeout Crash disk"),
    ("release:\"\"", "Crash disk"),
    ("first_release:shop@2.0", "Timeout"),
    ("region:eu", "KeyError"),
    ("has:region", "KeyError Timeout"),
    ("!has:region", "Crash disk"),
    ("!region:eu", "Timeout Crash disk"),
    ("region:[eu, us]", "KeyError Timeout"),
    ("!region:[eu, us]", "Crash disk"),
    ("region:e*", "KeyError"),
    ("odd:50%_*", "KeyError"),
    ("odd:5%", ""),
    ("odd:\"50%_\\x\"", "KeyError"),
    ("tags[region]:us", "Timeout"),
    ("tags[level]:warning", "Timeout"),
    ("user.id:1", "KeyError"),
    ("user:1", "KeyError"),
    ("user:id:1", "KeyError"),
    ("user.email:*@example.com", "Timeout"),
    ("!user.id:1", "Timeout Crash disk"),
    ("timesSeen:3", "Timeout"),
    ("timesSeen:>=1", ALL),
    ("timesSeen:!=3", "KeyError Crash disk"),
    ("timesSeen:<0.003k", "KeyError Crash disk"),
    ("users_affected:>0", "KeyError Timeout"),
    ("age:-24h", "KeyError"),
    ("age:+24h", "Timeout Crash disk"),
    ("lastSeen:-2d", "KeyError Timeout"),
    ("firstSeen:2026-11-21", "Timeout"),
    ("firstSeen:>=2026-11-21", "KeyError Timeout"),
    ("firstSeen:2026-11-21T10:02:00", "Timeout"),
    ("error.type:Timeout", "Timeout"),
    ("error.type:\"\"", "disk"),
    ("error.value:*happened", "KeyError Timeout"),
    ("error.unhandled:true", "Crash"),
    ("error.handled:true", "KeyError Timeout disk"),
    ("handled:no", "Crash"),
    ("stack.filename:KeyError.py", "KeyError"),
    ("stack.function:Time*", "Timeout"),
    ("logger:net", "Timeout"),
    ("transaction:/api/*", "Timeout"),
    ("culprit:/api/pay", "Timeout"),
    ("platform:other", "disk"),
    ("event.type:error", "KeyError Timeout Crash"),
    ("issue.category:error", ALL),
    ("issue.category:outage", ""),
    ("issue.priority:high", "KeyError Crash"),
    ("issue:SHOP-2", "Timeout"),
    ("issue:[shop-1, BLOG-1]", "KeyError disk"),
    ("project:blog", "disk"),
    ("project:b*", "disk"),
    ("!project:blog", "KeyError Timeout Crash"),
    ("project:{shop}", "KeyError Timeout Crash"),
    ("fc6d8c0c43fc4630ad850ee518f1b9d0", "disk"),
    ("id:FC6D8C0C-43FC-4630-AD85-0EE518F1B9D0", "disk"),
    ("!id:fc6d8c0c43fc4630ad850ee518f1b9d0", "KeyError Timeout Crash"),
    ("region:eu OR level:fatal", "KeyError Crash"),
    ("(region:eu OR level:fatal) environment:production error.unhandled:true", "Crash"),
    ("region:eu region:us", ""),
    ("happened region:us", "Timeout"),
    ("nothing", ""),
];

#[tokio::test]
async fn a_search_finds_what_it_says() {
    let (app, shop) = seeded().await;
    let program = Program::reading(&app).await;
    for (query, expected) in SEARCHES {
        let query = query.replace("{shop}", &shop.id.to_string());
        assert_eq!(found(&program, &query).await, *expected, "{query}");
    }
}

#[tokio::test]
async fn words_are_found_in_capitals_and_in_small_letters_of_any_alphabet() {
    let app = server().await;
    let shop = app.create_project("Shop").await;
    let titles = ["Größe fehlt", "GRÖßE zu klein", "Город не найден", "ГОРОД"];
    let events = titles.map(|title| error_with(title, &json!({})));
    send(&app, &shop, &events).await;
    let program = Program::reading(&app).await;
    for (query, expected) in [
        ("größe", vec!["GRÖßE", "Größe"]),
        ("GRÖßE", vec!["GRÖßE", "Größe"]),
        ("Größe", vec!["GRÖßE", "Größe"]),
        ("город", vec!["ГОРОД", "Город"]),
        ("Ö", vec!["GRÖßE", "Größe"]),
        ("straße", vec![]),
    ] {
        let found = found(&program, query).await;
        let mut words: Vec<&str> = found.split_whitespace().collect();
        words.sort_unstable();
        assert_eq!(words, expected, "{query}");
    }
}

#[tokio::test]
async fn parameters_narrow_a_search_down() {
    let (app, shop) = seeded().await;
    let program = Program::reading(&app).await;
    for (parameters, expected) in [
        ("query=&project=shop".to_owned(), "KeyError Timeout Crash"),
        (format!("query=&project={}", shop.id), "KeyError Timeout Crash"),
        ("query=&project=shop&project=blog".to_owned(), "KeyError Timeout Crash disk"),
        ("query=&project=-1".to_owned(), "KeyError Timeout Crash disk"),
        ("query=&environment=production".to_owned(), "KeyError Crash"),
        ("query=&environment=production&environment=staging".to_owned(), "KeyError Timeout Crash"),
        ("query=&environment=".to_owned(), "disk"),
        ("query=&statsPeriod=24h".to_owned(), "KeyError"),
        ("query=&statsPeriod=2d&environment=staging".to_owned(), "Timeout"),
        ("query=&statsPeriod=1h&environment=staging".to_owned(), ""),
        ("query=&start=2026-11-20T00:00:00&end=2026-11-21T10:30:00".to_owned(), "Timeout Crash"),
        (
            "query=&start=2026-11-20T00:00:00Z&end=2026-11-22T00:00:00Z&environment=production"
                .to_owned(),
            "Crash",
        ),
        ("query=&statsPeriodStart=3d&statsPeriodEnd=2d".to_owned(), "Crash"),
        ("query=&sort=new".to_owned(), "KeyError Timeout Crash disk"),
        ("query=&sort=freq".to_owned(), "Timeout disk Crash KeyError"),
        ("query=&sort=freq&statsPeriod=24h".to_owned(), "KeyError"),
        ("query=&sort=freq&environment=production".to_owned(), "Crash KeyError"),
        ("query=&sort=freq&statsPeriod=3d&environment=staging".to_owned(), "Timeout"),
        ("query=&sort=user".to_owned(), "Timeout KeyError disk Crash"),
        ("query=&sort=recommended".to_owned(), "KeyError Timeout Crash disk"),
        ("query=shop-2&shortIdLookup=1".to_owned(), "Timeout"),
        ("query=blog-1&shortIdLookup=1&project=shop".to_owned(), ""),
        ("referrer=x&useRpc=1&partial=1".to_owned(), "KeyError Timeout Crash disk"),
    ] {
        let path = format!("/organizations/default/issues/?{parameters}");
        let answer = program.get(&path).await;
        assert_eq!(answer.status, 200, "{parameters}: {}", answer.body);
        let titles = answer.column("title");
        let words: Vec<&str> =
            titles.iter().map(|title| title.split([' ', ':']).next().unwrap()).collect();
        assert_eq!(words.join(" "), expected, "{parameters}");
    }
}

#[tokio::test]
async fn counts_are_those_of_the_window_and_lifetimes_are_not() {
    let (app, shop) = seeded().await;
    let program = Program::reading(&app).await;
    let issue = async |parameters: &str| -> Value {
        let path = format!("/organizations/default/issues/?query=Timeout&{parameters}");
        program.read(&path).await[0].clone()
    };
    send(&app, &shop, &[error_with("Timeout", &json!({"environment": "production"}))]).await;

    assert_eq!(issue("").await["count"], "4");
    assert_eq!(issue("environment=staging").await["count"], "3");
    assert_eq!(issue("statsPeriod=1h").await["count"], "1");
    assert_eq!(issue("statsPeriod=1h").await["lifetime"]["count"], "4");
    let days = issue("groupStatsPeriod=14d").await["stats"]["14d"].clone();
    let days: Vec<i64> =
        days.as_array().unwrap().iter().map(|day| day[1].as_i64().unwrap()).collect();
    assert_eq!(days, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3, 1]);
    let days = issue("groupStatsPeriod=14d&environment=staging").await["stats"]["14d"].clone();
    assert_eq!(days[12][1], 3);
    assert_eq!(days[13][1], 0);
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_with_the_reason() {
    let (app, _shop) = seeded().await;
    let program = Program::reading(&app).await;
    for (parameters, body) in [
        (
            "query=(a",
            json!({"detail": "Error parsing search query: a parenthesis `(` is not closed"}),
        ),
        (
            "query=%00",
            json!({"detail": "Error parsing search query: the query contains a zero character, which no stored text has"}),
        ),
        ("sort=trends", json!({"sort": ["Choose date, new, freq, user or recommended."]})),
        ("cursor=abc", json!({"detail": "Invalid cursor parameter."})),
        ("limit=many", json!({"detail": "`limit` needs a whole number, not `many`."})),
        (
            "statsPeriod=soon",
            json!({"detail": "`statsPeriod` is a length of time such as `24h` or `14d`, not `soon`."}),
        ),
        ("start=2026-11-20T00:00:00", json!({"detail": "`start` and `end` come together."})),
        (
            "start=2026-11-20T00:00:00&end=2026-11-20T00:00:00",
            json!({"detail": "`start` must be before `end`."}),
        ),
        ("start=x&end=y", json!({"detail": "`start` is no date in ISO 8601: `x`."})),
        ("project=nothing", json!({"detail": "There is no project `nothing`."})),
        ("groupStatsPeriod=1y", json!({"groupStatsPeriod": ["Choose 24h, 14d, 30d or auto."]})),
    ] {
        let answer = program.get(&format!("/organizations/default/issues/?{parameters}")).await;
        assert_eq!((answer.status.as_u16(), answer.body), (400, body), "{parameters}");
    }
}

/// What a filter can be about.
const KEYS: &[&str] = &[
    "is",
    "has",
    "level",
    "environment",
    "release",
    "first_release",
    "age",
    "lastSeen",
    "timesSeen",
    "userCount",
    "issue",
    "project",
    "project.id",
    "id",
    "error.type",
    "error.handled",
    "error.unhandled",
    "message",
    "user",
    "user.id",
    "user.ip",
    "title",
    "culprit",
    "location",
    "stack.function",
    "logger",
    "platform",
    "transaction",
    "assigned",
    "issue.priority",
    "issue.category",
    "tags[level]",
    "browser",
    "date",
    "event.type",
    "bookmarks",
    "\"odd key\"",
];

/// What it can be compared with.
const VALUES: &[&str] = &[
    "unresolved",
    "new",
    "error",
    "\"\"",
    "a",
    "a*",
    "*",
    "\"a b\"",
    "[a, b]",
    "[error, info]",
    "-24h",
    "+7d",
    "2026-11-22",
    ">=2026-11-22T10:00:00",
    ">3",
    "<=1.5k",
    "!=2",
    "1b",
    "SHOP-1",
    "true",
    "none",
    "high",
    "7",
    "id:7",
    "fc6d8c0c43fc4630ad850ee518f1b9d0",
    "%_\\",
    "'; --",
    ">fatal",
    "9223372036854775807",
    "-9999999999999b",
];

/// Queries made of the grammar's pieces, most of them readable.
fn queries() -> impl Strategy<Value = String> {
    let key = proptest::sample::select(KEYS);
    let value = proptest::sample::select(VALUES);
    let sign = proptest::sample::select(vec!["", "", "!"]);
    let filter = (sign, key, value).prop_map(|(sign, key, value)| format!("{sign}{key}:{value}"));
    let words =
        proptest::sample::select(vec!["boom", "\"a 'quoted' text\"", "50%", "a*b", "ünïcode"]);
    let leaf = proptest::prop_oneof![3 => filter, 1 => words.prop_map(str::to_owned)];
    leaf.prop_recursive(3, 12, 4, |inner| {
        proptest::prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{a} {b}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} OR {b})")),
            inner.prop_map(|a| format!("({a})")),
        ]
    })
}

#[tokio::test]
async fn every_query_that_can_be_read_is_sql_that_postgres_takes() {
    let (app, shop) = seeded().await;
    let mut db = app.app.db.acquire().await.unwrap();
    let now = start_time();
    let mut runner = TestRunner::deterministic();
    let mut asked = 0;
    for round in 0..400_usize {
        let text = queries().new_tree(&mut runner).unwrap().current();
        if let Ok(condition) = events::parse_query(&text, now) {
            let filter = events::EventFilter { condition, ..events::EventFilter::default() };
            let found = issues::list_events(&mut db, shop.id, &filter).await;
            assert!(found.is_ok(), "{text}: {found:?}");
        }
        let Ok(condition) = issues::query::parse(&text, now) else { continue };
        asked += 1;
        let period = Period {
            since: (round % 2 == 0).then_some(now - chrono::TimeDelta::days(3)),
            until: (round % 3 == 0).then_some(now),
        };
        let environments = if round % 5 == 0 { vec!["production".to_owned()] } else { vec![] };
        let sort = Sort::ALL[round % Sort::ALL.len()];
        let scope = Scope::organization(app.organization);
        let filter =
            IssueFilter { condition, environments, period, sort, ..IssueFilter::default() };
        let found = issues::search(&mut db, &scope, &filter, now).await;
        assert!(found.is_ok(), "{text}: {found:?}");
        let next = picket::base::PageRequest::new(Some(found.unwrap().next.cursor), 2);
        let filter = IssueFilter { page: next, ..filter };
        assert!(issues::search(&mut db, &scope, &filter, now).await.is_ok(), "{text}");
    }
    assert!(asked > 150, "only {asked} of 400 queries could be read");
    assert!(query::parse("").is_ok());
}

#[tokio::test]
async fn one_organization_never_finds_what_belongs_to_another() {
    let (app, _shop) = seeded().await;
    let mut db = app.app.db.acquire().await.unwrap();
    let now = start_time();
    let slug = "other".parse().unwrap();
    let other = organizations::store::insert(&mut db, &slug, "Other", now);
    let other = other.await.unwrap().unwrap();
    let theirs = projects::NewProject {
        organization_id: other.id,
        name: "Shop".to_owned(),
        platform: None,
        team: None,
    };
    let (theirs, key) = projects::create(&app.app, theirs).await.unwrap();
    let theirs = TestProject { id: theirs.id, dsn: String::new(), key: key.public_key };
    send(&app, &theirs, &[error("Secret")]).await;
    let program = Program::reading(&app).await;
    let issue = picket::base::IssueId::new(theirs.id, picket::base::IssueNumber(1));
    let event = program.get("/projects/default/shop/events/").await.column("id").join(" ");

    assert_eq!(found(&program, "Secret").await, "");
    assert_eq!(found(&program, &format!("project:{}", theirs.id)).await, "");
    for hidden in [
        format!("/issues/{issue}/"),
        format!("/organizations/default/issues/{issue}/"),
        format!("/projects/default/{}/issues/", theirs.id),
        "/organizations/other/issues/".to_owned(),
        format!("/organizations/{}/issues/", other.id),
    ] {
        assert_eq!(program.get(&hidden).await.status, 404, "{hidden}");
    }
    assert!(!event.is_empty());
    let scope = Scope::project(app.organization, theirs.id);
    let found = issues::search(&mut db, &scope, &IssueFilter::default(), now).await.unwrap();
    assert!(found.items.is_empty());
    let changed = issues::resolve(&app.app, &scope, &[issue], issues::Resolution::Now, None).await;
    assert!(changed.unwrap().is_empty());
}
