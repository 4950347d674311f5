//! Is it safe to go on? What a pipeline asks after a deploy.

use chrono::TimeDelta;
use insta::assert_json_snapshot;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::program::{Program, error_with, send, server};
use crate::support::{TestApp, TestProject};

async fn sessions(app: &TestApp, project: &TestProject, release: &str, at: &str, counts: Value) {
    let mut bucket = counts;
    bucket["started"] = json!(at);
    let payload = json!({
        "aggregates": [bucket], "attrs": {"release": release, "environment": "live"}});
    let body = format!("{{}}\n{{\"type\":\"sessions\"}}\n{payload}\n");
    assert_eq!(app.send_envelope(project, body).await.status(), 200);
    app.settle().await;
}

async fn deploy(program: &Program<'_>, version: &str, at: &str) {
    let body = json!({"version": version});
    let path = "/projects/default/shop/releases/";
    assert!(program.ask(Method::POST, path, Some(&body)).await.status.is_success());
    let body = json!({"environment": "live", "dateFinished": at});
    let path = format!("/organizations/default/releases/{version}/deploys/");
    assert_eq!(program.ask(Method::POST, &path, Some(&body)).await.status, StatusCode::CREATED);
}

/// A release of this morning with 10 crashes in 2,000 sessions, and one of two hours ago.
async fn deployed() -> (TestApp, TestProject) {
    let app = server().await;
    let project = app.create_project("Shop").await;
    let program = Program::of_organization(&app, "org:ci").await;
    deploy(&program, "shop@1.0", "2026-11-22T09:10:00Z").await;
    deploy(&program, "shop@1.1", "2026-11-22T13:10:00Z").await;
    let fine = json!({"exited": 1_930, "errored": 60, "crashed": 10});
    sessions(&app, &project, "shop@1.0", "2026-11-22T09:30:00Z", fine).await;
    // Of later hours than those that are compared.
    let later = json!({"crashed": 5_000});
    sessions(&app, &project, "shop@1.0", "2026-11-22T12:30:00Z", later).await;
    (app, project)
}

async fn verdict(app: &TestApp, version: &str) -> Value {
    let program = Program::of_organization(app, "org:ci").await;
    let path = format!("/projects/default/shop/releases/{version}/verdict/?environment=live");
    program.read(&path).await
}

#[tokio::test]
async fn a_release_that_crashes_twice_as_often_is_degraded_and_says_why() {
    let (app, project) = deployed().await;
    let waiting = verdict(&app, "shop@1.1").await;
    assert_eq!(waiting["answer"], "not_enough_data");
    let sentence = "There is not enough data about `shop@1.1` in `live` yet: it has 0 sessions of at least 200.";
    assert_eq!(waiting["summary"], sentence);

    let same = json!({"exited": 965, "errored": 30, "crashed": 5});
    sessions(&app, &project, "shop@1.1", "2026-11-22T13:30:00Z", same).await;
    let healthy = verdict(&app, "shop@1.1").await;
    assert_eq!(healthy["answer"], "healthy", "{healthy}");
    assert_eq!(healthy["baseline"]["version"], "shop@1.0");
    assert_eq!(healthy["findings"][0]["old"]["sessions"], 2_000, "the same hours");

    let worse = json!({"exited": 970, "crashed": 30});
    sessions(&app, &project, "shop@1.1", "2026-11-22T14:30:00Z", worse).await;
    assert_json_snapshot!("verdict", verdict(&app, "shop@1.1").await);

    let bad = json!({"crashed": 400});
    sessions(&app, &project, "shop@1.1", "2026-11-22T14:31:00Z", bad).await;
    assert_eq!(verdict(&app, "shop@1.1").await["answer"], "broken");
}

#[tokio::test]
async fn a_resolved_issue_that_comes_back_degrades_a_release() {
    let (app, project) = deployed().await;
    let same = json!({"exited": 965, "errored": 30, "crashed": 5});
    sessions(&app, &project, "shop@1.1", "2026-11-22T13:30:00Z", same).await;
    let event =
        |release: &str| error_with("KeyError", &json!({"release": release, "environment": "live"}));
    send(&app, &project, &[event("shop@1.0")]).await;
    let program = Program::of_organization(&app, "event:write").await;
    let resolved = program.put("/issues/SHOP-1/", &json!({"status": "resolved"})).await;
    assert!(resolved.status.is_success());
    app.app.clock.advance(TimeDelta::minutes(1));
    send(&app, &project, &[event("shop@1.1")]).await;
    app.app.clock.advance(TimeDelta::minutes(1));

    let verdict = verdict(&app, "shop@1.1").await;
    assert_eq!(verdict["answer"], "degraded", "{verdict}");
    let sentence = "`shop@1.1` is degraded in `live`: a resolved issue came back.";
    assert_eq!(verdict["summary"], sentence);
}

#[tokio::test]
async fn a_project_says_what_it_tolerates() {
    let (app, project) = deployed().await;
    let worse = json!({"exited": 970, "crashed": 30});
    sessions(&app, &project, "shop@1.1", "2026-11-22T14:30:00Z", worse).await;
    assert_eq!(verdict(&app, "shop@1.1").await["answer"], "degraded");

    let program = Program::of_organization(&app, "project:write").await;
    let path = "/projects/default/shop/verdict-thresholds/";
    assert_eq!(program.read(path).await["minSessions"], 200);
    let wrong = program.put(path, &json!({"toleratedCrashes": 7})).await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
    let unknown = program.put(path, &json!({"tolerated": 0.1})).await;
    assert_eq!(unknown.status, StatusCode::BAD_REQUEST);
    let lenient = json!({"toleratedCrashes": 0.1, "brokenCrashes": 0.5});
    assert_eq!(program.put(path, &lenient).await.status, StatusCode::OK);
    assert_eq!(program.read(path).await["toleratedCrashes"], 0.1);
    assert_eq!(verdict(&app, "shop@1.1").await["answer"], "healthy");
}

#[tokio::test]
async fn the_first_release_is_compared_with_nothing_and_an_unknown_one_does_not_exist() {
    let (app, _project) = deployed().await;
    let first = verdict(&app, "shop@1.0").await;
    assert_eq!(first["answer"], "not_enough_data");
    assert_eq!(first["baseline"]["version"], Value::Null);
    let program = Program::of_organization(&app, "org:ci").await;
    let unknown = program.get("/projects/default/shop/releases/shop@9/verdict/").await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}
