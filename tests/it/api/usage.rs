//! What became of everything that was sent, as dashboards ask for it.

use chrono::TimeDelta;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::program::{Program, error, error_with, send, server};
use crate::support::TestApp;

const STATS: &str = "/organizations/default/stats_v2/?field=sum(quantity)";

/// Two events of the shop an hour ago, of which one came twice, and one of the blog now.
async fn seeded() -> TestApp {
    let app = server().await;
    let shop = app.create_project("Shop").await;
    let blog = app.create_project("Blog").await;
    let twice = error_with("KeyError", &json!({"event_id": "a".repeat(32)}));
    send(&app, &shop, &[twice.clone(), error("TypeError")]).await;
    send(&app, &shop, &[twice]).await;
    app.app.clock.advance(TimeDelta::hours(1));
    send(&app, &blog, &[error("Blog")]).await;
    app
}

#[tokio::test]
async fn outcomes_are_summed_by_what_is_told_apart() {
    let app = seeded().await;
    let program = Program::of_organization(&app, "org:read").await;
    let path = format!("{STATS}&groupBy=outcome&groupBy=reason&category=error&statsPeriod=2h");
    let stats = program.read(&path).await;
    let intervals = stats["intervals"].as_array().unwrap().len();
    assert_eq!(intervals, 3, "{stats}");
    let group = |outcome: &str, reason: &str, steps: Value, total: i64| {
        json!({"by": {"outcome": outcome, "reason": reason},
            "totals": {"sum(quantity)": total}, "series": {"sum(quantity)": steps}})
    };
    let expected = json!([
        group("accepted", "none", json!([0, 2, 1]), 3),
        group("invalid", "duplicate", json!([0, 1, 0]), 1),
    ]);
    assert_eq!(stats["groups"], expected, "{stats}");
    let accepted = program.read(&format!("{path}&reason=none&project=shop")).await;
    assert_eq!(accepted["groups"], json!([group("accepted", "none", json!([0, 2, 0]), 2)]));
    let by_project =
        program.read(&format!("{STATS}&groupBy=project&interval=1d&statsPeriod=1d")).await;
    let totals: Vec<(i64, i64)> = by_project["groups"]
        .as_array()
        .unwrap()
        .iter()
        .map(|group| {
            assert!(group.get("series").is_none(), "{group}");
            let number = |value: &Value| value.as_i64().unwrap();
            (number(&group["by"]["project"]), number(&group["totals"]["sum(quantity)"]))
        })
        .collect();
    assert_eq!(totals, [(1, 3), (2, 1)]);
    app.stop().await;
}

#[tokio::test]
async fn a_question_that_cannot_be_answered_says_what_can() {
    let app = server().await;
    let program = Program::of_organization(&app, "org:read,project:read").await;
    app.create_project("Shop").await;
    for (path, field) in [
        ("/organizations/default/stats_v2/?groupBy=outcome", "field"),
        ("/organizations/default/stats_v2/?field=sum(times_seen)&groupBy=outcome", "field"),
        (STATS, "groupBy"),
        (&format!("{STATS}&groupBy=key"), "groupBy"),
        (&format!("{STATS}&groupBy=outcome&interval=13m"), "interval"),
        (&format!("{STATS}&groupBy=outcome&statsPeriod=400d"), "interval"),
        ("/projects/default/shop/stats/?stat=forwarded", "stat"),
        ("/projects/default/shop/stats/?resolution=1w", "resolution"),
        ("/projects/default/shop/stats/?since=yesterday", "since"),
    ] {
        let refused = program.get(path).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{path}: {}", refused.body);
        assert!(refused.body[field][0].is_string(), "{path}: {}", refused.body);
    }
    app.stop().await;
}

#[tokio::test]
async fn a_project_tells_its_events_by_hour() {
    let app = seeded().await;
    let program = Program::of_organization(&app, "project:read").await;
    let counts = async |query: &str| {
        let rows = program.read(&format!("/projects/default/shop/stats/?{query}")).await;
        let rows = rows.as_array().unwrap().clone();
        rows.iter().map(|row| row[1].as_i64().unwrap()).collect::<Vec<i64>>()
    };
    let since = (app.app.clock.now() - TimeDelta::hours(2)).timestamp();
    assert_eq!(counts(&format!("since={since}")).await, [0, 3, 0]);
    assert_eq!(counts(&format!("since={since}&stat=generated")).await, [0, 2, 0]);
    assert_eq!(counts(&format!("since={since}.5&stat=rejected")).await, [0, 1, 0]);
    assert_eq!(counts(&format!("since={since}&stat=blacklisted")).await, [0, 0, 0]);
    assert_eq!(counts("").await.len(), 25);
    assert_eq!(counts("resolution=1d").await.iter().sum::<i64>(), 3);
    app.stop().await;
}
