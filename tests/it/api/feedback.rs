//! What users write about events, by programs of others (`protocol.md` §1.9).

use chrono::TimeDelta;
use picket::domain::filters::{self, FilterSettings};
use picket::domain::limits::{self, Limits, ProjectLimits, Windows};
use picket::domain::projects;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::program::{Program, column, error, send, server};
use crate::support::{TestApp, TestProject};

const PATH: &str = "/projects/default/shop/user-feedback/";
const ID: &str = "fc6d8c0c43fc4630ad850ee518f1b9d0";

fn report(comments: &str) -> Value {
    json!({"event_id": ID, "name": "Bob", "email": "bob@example.com", "comments": comments})
}

async fn shop() -> (TestApp, TestProject) {
    let app = server().await;
    let project = app.create_project("Shop").await;
    let mut event = error("Boom");
    event["event_id"] = ID.into();
    send(&app, &project, &[event]).await;
    (app, project)
}

/// Writes with a DSN instead of a token.
async fn write(app: &TestApp, dsn: &str, body: &Value) -> (StatusCode, String) {
    let request = app.http.post(format!("{}/api/0{PATH}", app.url)).json(body);
    let answer = request.header("Authorization", format!("DSN {dsn}")).send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

#[tokio::test]
async fn a_program_with_a_token_writes_and_reads() {
    let (app, _) = shop().await;
    let program = Program::of_organization(&app, "event:write,project:read").await;
    let answer = program.ask(Method::POST, PATH, Some(&report("it broke"))).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(
        (&answer.body["eventID"], &answer.body["comments"]),
        (&json!(ID), &json!("it broke"))
    );
    let listed = program.read(PATH).await;
    assert_eq!(column(&listed, "comments"), ["it broke"]);
    assert_eq!(listed[0]["issue"]["shortId"], "SHOP-1");
    assert_eq!(listed[0]["email"], "bob@example.com");
    assert!(app.outcome_lines().await.contains(&"feedback accepted  1".to_owned()));
    app.stop().await;
}

#[tokio::test]
async fn whoever_knows_the_dsn_writes_and_sees_nothing() {
    let (app, project) = shop().await;
    let other = app.create_project("Other").await;
    assert_eq!(write(&app, &project.dsn, &report("hi")).await, (StatusCode::OK, String::new()));
    for dsn in [other.dsn.as_str(), "nonsense", &project.dsn.replace(&project.key, &"e".repeat(32))]
    {
        assert_eq!(write(&app, dsn, &report("hi")).await.0, StatusCode::UNAUTHORIZED, "{dsn}");
    }
    let list = app.http.get(format!("{}/api/0{PATH}", app.url));
    let list = list.header("Authorization", format!("DSN {}", project.dsn)).send().await.unwrap();
    assert_eq!(list.status(), StatusCode::UNAUTHORIZED);
    app.stop().await;
}

#[tokio::test]
async fn what_was_written_is_replaced_for_five_minutes_and_nothing_is_written_after_thirty() {
    let (app, project) = shop().await;
    let pass = |minutes| app.app.clock.advance(TimeDelta::minutes(minutes));
    assert_eq!(write(&app, &project.dsn, &report("one")).await.0, StatusCode::OK);
    pass(4);
    assert_eq!(write(&app, &project.dsn, &report("two")).await.0, StatusCode::OK);
    pass(6);
    assert_eq!(write(&app, &project.dsn, &report("three")).await.0, StatusCode::CONFLICT);
    let reports = Program::reading(&app).await.read(PATH).await;
    assert_eq!(column(&reports, "comments"), ["two"]);
    pass(21);
    let (status, why) = write(&app, &project.dsn, &report("four")).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(why.contains("too long ago"), "{why}");
    app.stop().await;
}

#[tokio::test]
async fn what_cannot_be_used_is_named() {
    let (app, project) = shop().await;
    for (field, value) in [
        ("event_id", json!("x")),
        ("comments", json!("  ")),
        ("email", json!("bob")),
        ("name", json!("x".repeat(129))),
    ] {
        let mut body = report("hi");
        body[field] = value;
        let (status, problems) = write(&app, &project.dsn, &body).await;
        let problems: Value = serde_json::from_str(&problems).unwrap();
        assert_eq!(status, StatusCode::BAD_REQUEST, "{field}");
        assert!(problems[field].is_array(), "{problems}");
    }
    app.stop().await;
}

#[tokio::test]
async fn pages_that_may_not_send_may_not_write_and_programs_may() {
    let (app, project) = shop().await;
    let allowed_domains = vec!["shop.example".to_owned()];
    let settings = FilterSettings { allowed_domains, ..FilterSettings::default() };
    filters::set(&app.app, project.id, settings).await.unwrap();
    let write_from = async |page: Option<(&str, &str)>| {
        let request = app.http.post(format!("{}/api/0{PATH}", app.url)).json(&report("hi"));
        let request = request.header("Authorization", format!("DSN {}", project.dsn));
        let request =
            page.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        request.send().await.unwrap().status()
    };
    let elsewhere = "https://elsewhere.example";
    assert_eq!(write_from(Some(("Origin", elsewhere))).await, StatusCode::FORBIDDEN);
    assert_eq!(write_from(Some(("Referer", elsewhere))).await, StatusCode::FORBIDDEN);
    assert_eq!(Program::reading(&app).await.read(PATH).await, json!([]), "nothing was stored");
    assert_eq!(write_from(Some(("Origin", "https://shop.example"))).await, StatusCode::OK);
    assert_eq!(write_from(None).await, StatusCode::OK);

    let program = Program::of_organization(&app, "event:write").await;
    let answer = program.ask(Method::POST, PATH, Some(&report("it broke"))).await;
    assert_eq!(answer.status, StatusCode::OK, "a token is worth more than a page");
    app.stop().await;
}

#[tokio::test]
async fn what_users_write_counts_against_the_limits_and_is_refused_past_them() {
    let (app, project) = shop().await;
    let hourly = |limit| {
        let everything = Windows { hour: Some(limit), ..Windows::default() };
        Limits { everything, ..Limits::default() }
    };
    // The event itself is the first of them.
    limits::set_of_key(&app.app, project.id, &project.key, hourly(2)).await.unwrap();
    assert_eq!(write(&app, &project.dsn, &report("one")).await.0, StatusCode::OK);
    let (status, why) = write(&app, &project.dsn, &report("two")).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{why}");

    let program = Program::of_organization(&app, "event:write,project:read").await;
    let write_with_token =
        async |comments: &str| program.ask(Method::POST, PATH, Some(&report(comments))).await;
    assert_eq!(write_with_token("three").await.status, StatusCode::OK, "that was the key's limit");
    let of_project = ProjectLimits { limits: hourly(3), ..ProjectLimits::default() };
    limits::set(&app.app, project.id, of_project).await.unwrap();
    let refused = write_with_token("four").await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(refused.headers["retry-after"], "300", "an hour, but limits may be raised");
    assert_eq!(column(&program.read(PATH).await, "comments"), ["three"]);
    assert_eq!(
        app.outcome_lines().await[1..],
        [
            "feedback accepted  2",
            "feedback rate_limited key_all_hour 1",
            "feedback rate_limited project_all_hour 1"
        ]
    );

    app.app.clock.advance(TimeDelta::hours(1));
    let later = write_with_token("five").await;
    assert_eq!(later.status, StatusCode::CONFLICT, "the limit begins anew: {}", later.body);
    app.stop().await;
}

#[tokio::test]
async fn a_key_that_has_come_to_its_end_writes_nothing() {
    let (app, project) = shop().await;
    projects::replace_key(&app.app, project.id, &project.key, Some(0)).await.unwrap();
    let (status, _) = write(&app, &project.dsn, &report("hi")).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    app.stop().await;
}
