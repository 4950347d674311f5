//! Sums and rates of sessions, as dashboards ask for them.

use insta::assert_json_snapshot;
use reqwest::StatusCode;
use serde_json::{Value, json};

use super::program::{Program, server};
use crate::support::{TestApp, TestProject};

async fn send(app: &TestApp, project: &TestProject, release: &str, started: &str, counts: Value) {
    let mut bucket = counts;
    bucket["started"] = json!(started);
    let environment = if release == "shop@2" { "live" } else { "test" };
    let payload = json!({
        "aggregates": [bucket], "attrs": {"release": release, "environment": environment}});
    let body = format!("{{}}\n{{\"type\":\"sessions\"}}\n{payload}\n");
    assert_eq!(app.send_envelope(project, body).await.status(), 200);
    app.settle().await;
}

async fn seeded() -> TestApp {
    let app = server().await;
    let project = app.create_project("Shop").await;
    let yesterday = "2026-11-21T10:30:00Z";
    send(&app, &project, "shop@1", yesterday, json!({"exited": 7, "crashed": 1, "did": "ada"}))
        .await;
    let hour = "2026-11-22T13:59:59Z";
    send(&app, &project, "shop@1", hour, json!({"exited": 1, "errored": 1, "did": "grace"})).await;
    let now = "2026-11-22T14:10:00Z";
    send(&app, &project, "shop@2", now, json!({"exited": 2, "unhandled": 1, "abnormal": 1})).await;
    app
}

#[tokio::test]
async fn sums_and_rates_by_day_and_status() {
    let app = seeded().await;
    let program = Program::reading(&app).await;
    let path = "/organizations/default/sessions/?statsPeriod=2d&interval=1d&field=sum(session)\
                &field=count_unique(user)&field=crash_free_rate(session)&field=crash_rate(user)";
    assert_json_snapshot!("sessions", program.read(path).await);
    let by_status = "/organizations/default/sessions/?statsPeriod=2d&interval=1d\
                     &field=sum(session)&groupBy=session.status&includeSeries=0";
    let groups = program.read(by_status).await["groups"].clone();
    let lines: Vec<String> = groups
        .as_array()
        .unwrap()
        .iter()
        .map(|group| {
            format!("{} {}", group["by"]["session.status"], group["totals"]["sum(session)"])
        })
        .collect();
    let expected =
        ["\"abnormal\" 1", "\"crashed\" 1", "\"errored\" 1", "\"healthy\" 10", "\"unhandled\" 1"];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn groups_by_release_environment_and_project() {
    let app = seeded().await;
    let program = Program::reading(&app).await;
    let path = "/organizations/default/sessions/?statsPeriod=24h&interval=1h&field=sum(session)\
                &groupBy=release&groupBy=environment&groupBy=project";
    let answer = program.read(path).await;
    let by = |group: usize| answer["groups"][group]["by"].clone();
    assert_eq!(by(0), json!({"project": 1, "release": "shop@1", "environment": "test"}));
    assert_eq!(by(1), json!({"project": 1, "release": "shop@2", "environment": "live"}));
    let series = &answer["groups"][0]["series"]["sum(session)"];
    assert_eq!(series.as_array().unwrap().len(), answer["intervals"].as_array().unwrap().len());
    let place = answer["intervals"]
        .as_array()
        .unwrap()
        .iter()
        .position(|hour| hour == "2026-11-22T13:00:00Z")
        .unwrap();
    assert_eq!(series[place], 2);

    let narrowed = program.read(&format!("{path}&query=release:shop@2+environment:live")).await;
    assert_eq!(narrowed["groups"].as_array().unwrap().len(), 1);
    assert_eq!(narrowed["groups"][0]["totals"]["sum(session)"], 4);
    let nothing = program.read(&format!("{path}&environment=staging")).await;
    assert_eq!(nothing["groups"], json!([]));
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_with_the_reason() {
    let app = seeded().await;
    let program = Program::reading(&app).await;
    for (query, word) in [
        ("", "field"),
        ("field=sum(order)", "field"),
        ("field=sum(session)&groupBy=user", "groupBy"),
        ("field=sum(session)&interval=5h", "interval"),
        ("field=sum(session)&interval=10m", "interval"),
        ("field=sum(session)&interval=x", "detail"),
        ("field=sum(session)&statsPeriod=3y", "detail"),
        ("field=sum(session)&statsPeriod=9999d&interval=1h", "interval"),
        ("field=sum(session)&query=release:*", "detail"),
        ("field=sum(session)&query=level:error", "detail"),
        ("field=sum(session)&project=blog", "detail"),
    ] {
        let answer = program.get(&format!("/organizations/default/sessions/?{query}")).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{query}: {}", answer.body);
        assert!(!answer.body[word].is_null(), "{query}: {}", answer.body);
    }
    let months = "/organizations/default/sessions/?field=avg(session.duration)&field=sum(session)";
    let answer = program.read(months).await;
    assert_eq!(
        answer["groups"][0]["totals"],
        json!({"avg(session.duration)": null, "sum(session)": 14})
    );
}
