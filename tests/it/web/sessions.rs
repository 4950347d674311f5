//! The session explorer, with what recorded clients sent.

use chrono::TimeDelta;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::browser::Browser;
use super::projects::create_organization;
use super::releases::{build, sessions, started, text_of};
use crate::support::{TestApp, TestProject};

const PAGE: &str = "/default/sessions";

/// Sends everything with sessions that a recorded client sent.
async fn replay(app: &TestApp, project: &TestProject, file: &str) {
    let path = format!("{}/tests/fixtures/corpus/{file}.json", env!("CARGO_MANIFEST_DIR"));
    let scenario: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let mut sent = 0;
    for request in scenario["requests"].as_array().unwrap() {
        if request["item_types"].to_string().contains("\"session") {
            let body = request["body"].as_str().unwrap().to_owned();
            assert_eq!(app.send_envelope(project, body).await.status(), StatusCode::OK, "{file}");
            sent += 1;
        }
    }
    assert!(sent > 0, "{file}");
    app.settle().await;
}

fn lines_with(text: &str, part: &str) -> Vec<String> {
    text.lines().filter(|line| line.contains(part)).map(ToOwned::to_owned).collect()
}

async fn rows(browser: &mut Browser, query: &str, part: &str) -> Vec<String> {
    lines_with(&text_of(browser, &format!("{PAGE}{query}")).await, part)
}

#[tokio::test]
async fn sessions_of_recorded_clients_come_out_as_they_went_in() {
    let (app, mut browser, project) = started().await;
    let empty = text_of(&mut browser, PAGE).await;
    assert!(empty.contains("No sessions") && !empty.contains("Remove all filters"), "{empty}");
    for file in [
        "python/py_sessions_wsgi",
        "node/node_sessions",
        "rust/rust_session_request",
        "ruby/ruby_rack",
        "browser/browser_session",
    ] {
        replay(&app, &project, file).await;
    }
    let by_release = text_of(&mut browser, PAGE).await;
    let row = |package: &str| {
        let lines = lines_with(&by_release, &format!("{package} 1.4.0+corpus"));
        // The name, the bars, sessions, users, crash-free sessions and users, crashed, with errors only.
        lines.first().unwrap_or_else(|| panic!("{package}: {by_release}")).clone()
    };
    assert!(row("py-sessions-wsgi").ends_with("| 8 | 0 | 75.00% | none | 2 | 0"), "{by_release}");
    assert!(row("node-sessions").ends_with("| 6 | 0 | 100% | none | 0 | 1"), "{by_release}");
    assert!(row("rust-session-request").ends_with("| 5 | 0 | 100% | none | 0 | 1"), "{by_release}");
    assert!(row("ruby-rack").ends_with("| 5 | 0 | 100% | none | 0 | 1"), "{by_release}");
    assert!(row("browser-session").contains("| 100% | 100% | 0 |"), "{by_release}");

    let python = rows(&mut browser, "?group=environment", "conf-python").await;
    assert!(python.last().unwrap().ends_with("| 8 | 0 | 75.00% | none | 2 | 0"), "{python:?}");
    let crashed = rows(&mut browser, "?group=status&environment=conf-python", "Crashed").await;
    assert!(crashed.contains(&"Crashed | 2 | 25% | 0".to_owned()), "{crashed:?}");
    let healthy = rows(&mut browser, "?group=status&environment=conf-python", "Healthy").await;
    assert!(healthy.contains(&"Healthy | 6 | 75% |".to_owned()), "{healthy:?}");
    app.stop().await;
}

#[tokio::test]
async fn one_chooses_project_release_environment_and_period_and_sees_nothing_of_others() {
    let (app, mut browser, project) = started().await;
    let blog = app.create_project("Blog").await;
    create_organization(&app, "other").await;
    build(&app, "shop@1.0", 20).await;
    sessions(&app, &project, "shop@1.0", 2, json!({"exited": 90, "crashed": 10})).await;
    sessions(&app, &project, "shop@1.1", 1, json!({"exited": 5})).await;
    sessions(&app, &project, "shop@1.0", 50, json!({"exited": 100})).await;
    sessions(&app, &blog, "blog@7", 1, json!({"exited": 3})).await;
    let total = async |browser: &mut Browser, query: &str| {
        let lines = rows(browser, query, "sessions crashed").await;
        lines.first().map(|line| line.trim().to_owned()).unwrap_or_default()
    };
    for (query, expected) in [
        ("", "10 of 108 sessions crashed"),
        ("?period=7d", "10 of 208 sessions crashed"),
        ("?project=blog", "0 of 3 sessions crashed"),
        ("?release=shop%401.0", "10 of 100 sessions crashed"),
        ("?environment=live&project=shop&period=90d", "10 of 205 sessions crashed"),
        ("?environment=staging", ""),
        ("?project=nobody", ""),
        ("?period=nonsense&group=nonsense", "10 of 108 sessions crashed"),
    ] {
        assert_eq!(total(&mut browser, query).await, expected, "{query}");
    }
    let by_project = text_of(&mut browser, &format!("{PAGE}?group=project")).await;
    assert!(by_project.contains("Blog") && by_project.contains("| 105 |"), "{by_project}");
    let chart = browser.get(PAGE).await.body;
    assert!(chart.contains("<summary>1 deploy and 2 new releases</summary>"), "{chart}");
    let strange = text_of(&mut browser, &format!("{PAGE}?release=%3Cscript%3E")).await;
    assert!(strange.contains("that fits what is chosen above"), "{strange}");
    assert!(
        !browser.get(&format!("{PAGE}?release=%3Cscript%3Ex")).await.body.contains("<script>x")
    );
    assert_eq!(browser.get("/other/sessions").await.status, StatusCode::NOT_FOUND);
    app.app.clock.advance(TimeDelta::days(3));
    assert_eq!(total(&mut browser, "").await, "");
    assert_eq!(total(&mut browser, "?period=7d").await, "10 of 208 sessions crashed");
    app.stop().await;
}

#[tokio::test]
async fn the_charts_follow_what_is_told_apart() {
    let (app, mut browser, project) = started().await;
    sessions(&app, &project, "shop@1.0", 2, json!({"exited": 90, "crashed": 10})).await;
    sessions(&app, &project, "shop@1.1", 1, json!({"exited": 5})).await;
    let legend = async |browser: &mut Browser, query: &str| {
        let body = browser.get(&format!("{PAGE}{query}")).await.body;
        let legend = body.split("<p class=\"legend\">").nth(1).unwrap();
        let names = legend.split("</p>").next().unwrap().split("</span></span>");
        let name = |part: &str| part.rsplit('>').next().unwrap().to_owned();
        names.map(name).filter(|name| !name.is_empty()).collect::<Vec<String>>()
    };
    assert_eq!(legend(&mut browser, "").await, ["shop@1.0", "shop@1.1"]);
    assert_eq!(legend(&mut browser, "?group=environment").await, ["live"]);
    assert_eq!(legend(&mut browser, "?group=project").await, ["Shop"]);
    let outcomes = browser.get(&format!("{PAGE}?group=status")).await.body;
    assert!(outcomes.contains("part-crashed") && !outcomes.contains("part-group-1"), "{outcomes}");
    let releases = browser.get(PAGE).await.body;
    assert!(releases.contains("90.00% shop@1.0"), "{releases}");
    assert!(releases.contains(": 100 shop@1.0</title>"), "{releases}");
    app.stop().await;
}
