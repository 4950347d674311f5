//! Searches for issues by parts of releases, by how far these got, and by the latest.

use chrono::TimeDelta;
use reqwest::StatusCode;
use serde_json::json;

use super::program::{Program, error_with, send, server};
use crate::support::{TestApp, TestProject};

/// Each issue is called by what its release is.
const ISSUES: [(&str, &str); 7] = [
    ("Candidate", "shop@1.2.0-rc.1"),
    ("First", "shop@1.2.0"),
    ("Built", "shop@1.2.5+77"),
    ("Ten", "shop@1.10.0"),
    ("Worker", "worker@2.0.0+100"),
    ("Nightly", "nightly-7"),
    ("Hash", "aabbccddeeff"),
];

async fn seeded() -> (TestApp, TestProject) {
    let app = server().await;
    let shop = app.create_project("Shop").await;
    for (title, release) in ISSUES {
        send(&app, &shop, &[error_with(title, &json!({"release": release}))]).await;
        app.app.clock.advance(TimeDelta::minutes(1));
    }
    send(&app, &shop, &[error_with("Unreleased", &json!({}))]).await;
    (app, shop)
}

fn path(query: &str) -> String {
    let query = percent_encoding::utf8_percent_encode(query, percent_encoding::NON_ALPHANUMERIC);
    format!("/organizations/default/issues/?sort=new&query={query}")
}

/// The issues that a search finds, in the order of their making.
async fn found(program: &Program<'_>, query: &str) -> String {
    let answer = program.get(&path(query)).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.body);
    let titles = answer.column("title").into_iter().rev();
    let words: Vec<String> =
        titles.map(|title| title.split(':').next().unwrap().to_owned()).collect();
    words.join(" ")
}

#[tokio::test]
async fn issues_are_found_by_the_parts_of_their_releases() {
    let (app, shop) = seeded().await;
    // What was seen in two releases is in both, and began with one.
    send(&app, &shop, &[error_with("First", &json!({"release": "shop@1.10.0"}))]).await;
    let program = Program::reading(&app).await;
    for (query, expected) in [
        ("release.version:>1.2", "First Built Ten Worker"),
        ("release.version:>=1.10.0", "First Ten Worker"),
        ("release.version:<1.2.0", "Candidate"),
        ("release.version:<=1.2.0", "Candidate First"),
        ("release.version:1.2.*", "Candidate First Built"),
        ("release.version:1.2.5", "Built"),
        ("release.version:[1.2.5, 2.0]", "Built Worker"),
        ("release.version:!=1.2.5", "Candidate First Ten Worker Nightly Hash Unreleased"),
        ("!release.version:>1.2", "Candidate Nightly Hash Unreleased"),
        ("release.version:nightly-*", "Nightly"),
        ("release.version:>9", ""),
        ("!release.version:>9 Hash", "Hash"),
        ("release.package:worker", "Worker"),
        ("release.package:shop release.version:>1.2.5", "First Ten"),
        ("release.package:\"\"", "Nightly Hash"),
        ("release.build:77", "Built"),
        ("release.build:>=77", "Built Worker"),
        ("release.build:>77", "Worker"),
        ("release.build:7*", "Built"),
        ("(release.build:77 OR release.package:worker) is:unresolved", "Built Worker"),
    ] {
        assert_eq!(found(&program, query).await, expected, "{query}");
    }
    for (query, problem) in [
        ("release.version:>newest", "try `release.version:>1.2.3`"),
        ("release.build:>rc", "try `release.build:>=100`"),
        ("release.stage:loved", "adopted, adopting, not_adopted or replaced, not `loved`"),
    ] {
        let refused = program.get(&path(query)).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{query}");
        let detail = refused.body["detail"].as_str().unwrap();
        assert!(detail.contains(problem), "{query}: {detail}");
    }
    app.stop().await;
}

#[tokio::test]
async fn the_latest_release_is_that_of_each_project_and_environment() {
    let (app, shop) = seeded().await;
    let blog = app.create_project("Blog").await;
    let of =
        |release: &str, environment: &str| json!({"release": release, "environment": environment});
    send(&app, &blog, &[error_with("BlogOld", &of("blog@1.0", "staging"))]).await;
    send(&app, &blog, &[error_with("BlogNew", &of("blog@2.0", "production"))]).await;
    // Of the shop, the latest by time, for it has no version that could be compared; the blog has it, too.
    send(&app, &blog, &[error_with("Foreign", &of("aabbccddeeff", "staging"))]).await;
    app.app.clock.advance(TimeDelta::minutes(1));
    let newest = of("shop@3.0", "production");
    send(&app, &shop, &[error_with("Third", &newest), error_with("First", &newest)]).await;
    let program = Program::reading(&app).await;
    assert_eq!(found(&program, "release:latest project:shop").await, "First Third");
    assert_eq!(found(&program, "first_release:latest project:shop").await, "Third");
    assert_eq!(found(&program, "release:latest project:blog").await, "BlogNew");
    assert_eq!(found(&program, "release:latest").await, "First BlogNew Third");
    assert_eq!(
        found(&program, "release:[latest, nightly-7] project:shop").await,
        "First Nightly Third"
    );
    let staging = program.get(&format!("{}&environment=staging", path("release:latest"))).await;
    assert_eq!(staging.column("title"), ["BlogOld: BlogOld happened"]);
    app.stop().await;
}

#[tokio::test]
async fn issues_are_found_by_how_far_their_releases_got() {
    let (app, shop) = seeded().await;
    let sessions = async |release: &str, days_ago: i64, exited: i64| {
        let started = app.app.clock.now() - TimeDelta::days(days_ago) - TimeDelta::hours(1);
        let payload = json!({"aggregates": [{"started": started, "exited": exited}],
            "attrs": {"release": release, "environment": "production"}});
        let body = format!("{{}}\n{{\"type\":\"sessions\"}}\n{payload}\n");
        assert_eq!(app.send_envelope(&shop, body).await.status(), 200);
        app.settle().await;
    };
    sessions("shop@1.2.0", 3, 500).await;
    sessions("shop@1.2.5+77", 3, 10).await;
    sessions("shop@1.2.5+77", 0, 5).await;
    sessions("shop@1.10.0", 0, 400).await;
    let program = Program::reading(&app).await;
    assert_eq!(found(&program, "release.stage:adopted").await, "Ten");
    assert_eq!(found(&program, "release.stage:replaced").await, "First");
    assert_eq!(found(&program, "release.stage:adopting").await, "Built");
    assert_eq!(found(&program, "release.stage:low_adoption").await, "Built");
    let rest = "Candidate Worker Nightly Hash";
    assert_eq!(found(&program, "release.stage:not_adopted").await, rest);
    assert_eq!(found(&program, "release.stage:[adopted, replaced]").await, "First Ten");
    assert_eq!(found(&program, "!release.stage:not_adopted").await, "First Built Ten Unreleased");
    app.stop().await;
}

#[tokio::test]
async fn more_releases_than_are_looked_at_are_said_and_not_changed() {
    let (app, shop) = seeded().await;
    sqlx::query(
        "WITH made AS (
             INSERT INTO releases (organization_id, version, created_at)
             SELECT $1, 'shop@4.0.' || number, now() + number * interval '1 second'
             FROM generate_series(1, 1000) AS number RETURNING id, organization_id, created_at)
         INSERT INTO release_projects (organization_id, release_id, project_id, created_at)
         SELECT organization_id, id, $2, created_at FROM made",
    )
    .bind(app.organization.0)
    .bind(shop.id.0)
    .execute(&app.app.db)
    .await
    .unwrap();
    let program = Program::of_organization(&app, "org:read,event:read,event:write").await;
    let everything = "Candidate First Built Ten Worker";
    assert_eq!(found(&program, "release.version:>=1.2.0-rc.1").await, everything);
    let note = async |query: &str| {
        let answer = program.get(&path(query)).await;
        assert_eq!(answer.status, 200, "{query}");
        let note = answer.headers.get("x-picket-note");
        note.map(|note| note.to_str().unwrap().to_owned())
    };
    assert_eq!(note("release.version:>1.2").await, None, "releases without events are in no issue");
    sqlx::query("UPDATE release_projects SET first_event_at = created_at WHERE project_id = $1")
        .bind(shop.id.0)
        .execute(&app.app.db)
        .await
        .unwrap();
    assert_eq!(note("release.version:>=4.0.1").await, None, "that are as many as are taken");
    let said = note("release.version:>1.2").await.unwrap();
    assert!(said.starts_with("`release.version:>1.2` fits more than 1,000 releases"), "{said}");
    assert_eq!(found(&program, "release.version:<4").await, everything);
    let all = path("!release.version:>1.2");
    let refused = program.put(&all, &json!({"status": "resolved"})).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.body);
    assert_eq!(found(&program, "is:resolved").await, "", "nothing was changed");
    app.stop().await;
}

/// The releases that a list finds, the latest first, without their package.
async fn listed(program: &Program<'_>, query: &str) -> String {
    let text = percent_encoding::utf8_percent_encode(query, percent_encoding::NON_ALPHANUMERIC);
    let answer = program.get(&format!("/organizations/default/releases/?query={text}")).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.body);
    let mut versions = answer.column("version");
    versions.sort();
    versions.join(" ")
}

#[tokio::test]
async fn releases_are_listed_by_what_issues_are_searched_by() {
    let (app, shop) = seeded().await;
    let program = Program::of_organization(&app, "org:read,project:releases").await;
    let made = json!({"version": "shop@3.0.0", "projects": ["shop"]});
    let path = "/organizations/default/releases/";
    assert!(program.ask(reqwest::Method::POST, path, Some(&made)).await.status.is_success());
    let payload = json!({"aggregates": [
        {"started": app.app.clock.now() - TimeDelta::hours(1), "exited": 400}],
        "attrs": {"release": "shop@1.10.0", "environment": "production"}});
    let body = format!("{{}}\n{{\"type\":\"sessions\"}}\n{payload}\n");
    assert_eq!(app.send_envelope(&shop, body).await.status(), 200);
    app.settle().await;
    for (query, expected) in [
        ("release.version:>1.2.5", "shop@1.10.0 shop@3.0.0 worker@2.0.0+100"),
        ("1.2 release.version:<1.2.1", "shop@1.2.0 shop@1.2.0-rc.1"),
        ("release.package:shop !release.version:1.*", "shop@3.0.0"),
        ("release.build:77", "shop@1.2.5+77"),
        ("release:shop@1.2*", "shop@1.2.0 shop@1.2.0-rc.1 shop@1.2.5+77"),
        ("release:[nightly-7, shop@3.0.0]", "nightly-7 shop@3.0.0"),
        ("release:latest", "shop@3.0.0"),
        ("release.stage:adopted", "shop@1.10.0"),
        ("release.stage:not_adopted release.package:worker", "worker@2.0.0+100"),
        ("release.version:>9", ""),
        ("nightly", "nightly-7"),
        ("\"@1.2.5\"", "shop@1.2.5+77"),
    ] {
        assert_eq!(listed(&program, query).await, expected, "{query}");
    }
    for (query, problem) in [
        ("level:error", "releases have no `level`"),
        ("release.stage:loved", "not `loved`"),
        ("release:a%20OR%20release:b", "without `OR`"),
    ] {
        let refused = program.get(&format!("{path}?query={query}")).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{query}");
        let detail = refused.body["detail"].as_str().unwrap();
        assert!(detail.contains(problem), "{query}: {detail}");
    }
    app.stop().await;
}
