//! Releases as builds make them and as telemetry does.

use chrono::TimeDelta;
use insta::assert_json_snapshot;
use picket::domain::releases;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::program::{Program, column, error_with, send, send_sessions, server, start_time};
use crate::support::{TestApp, TestProject};

async fn builder(app: &TestApp) -> Program<'_> {
    Program::of_organization(app, "org:ci").await
}

async fn post(program: &Program<'_>, path: &str, body: Value) -> Value {
    let answer = program.ask(Method::POST, path, Some(&body)).await;
    assert!(answer.status.is_success(), "{path}: {}", answer.body);
    answer.body
}

/// Sends counted sessions of a release, begun some hours ago.
async fn sessions(
    app: &TestApp,
    project: &TestProject,
    release: &str,
    hours_ago: i64,
    counts: Value,
) {
    send_sessions(app, project, [release, "production"], hours_ago, counts).await;
}

#[tokio::test]
async fn a_release_with_everything_that_builds_tell() {
    let app = server().await;
    app.create_project("Shop").await;
    let program = builder(&app).await;
    let body = json!({
        "version": "shop@1.2.3-rc.1+77", "projects": ["shop"], "ref": "main",
        "url": "https://ci.example.com/77", "dateStarted": "2026-11-22T14:00:00Z",
        "refs": [{"repository": "acme/shop", "commit": "a..b"}],
        "commits": [
            {"id": "b".repeat(40), "repository": "acme/shop", "author_name": "Ada",
             "author_email": "ada@example.com", "timestamp": "2026-11-22T13:00:00+01:00",
             "message": "Cards are charged once", "patch_set": [
                {"path": "src/pay.py", "type": "M"}, {"path": "src/card.py", "type": "A"}]},
            {"id": "a".repeat(40), "repository": "acme/shop", "author_name": "Grace"},
        ],
    });
    let created = program.ask(Method::POST, "/organizations/default/releases/", Some(&body)).await;
    assert_eq!(created.status, StatusCode::CREATED);
    let again = json!({"version": "shop@1.2.3-rc.1+77", "projects": [1]});
    let again = program.ask(Method::POST, "/organizations/default/releases/", Some(&again)).await;
    assert_eq!(again.status, StatusCode::ALREADY_REPORTED);
    assert_eq!(again.body, created.body, "making it again changes nothing");
    let path = "/organizations/default/releases/shop@1.2.3-rc.1+77/";
    let deploy = json!({"environment": "production", "name": "77", "projects": ["shop"],
        "dateFinished": "2026-11-22T14:50:00Z"});
    let deploy = post(&program, &format!("{path}deploys/"), deploy).await;
    let finalized = json!({"dateReleased": "2026-11-22T14:45:00Z"});
    assert_eq!(program.put(path, &finalized).await.status, StatusCode::OK);

    let release = program.read(path).await;
    assert_json_snapshot!("release", release);
    assert_json_snapshot!("release_commits", program.read(&format!("{path}commits/")).await);
    assert_json_snapshot!("release_files", program.read(&format!("{path}commitfiles/")).await);
    assert_eq!(program.read(&format!("{path}deploys/")).await, json!([deploy]));
    assert_eq!(program.read("/organizations/default/releases/").await, json!([release]));
    let of_project = program.read("/projects/default/shop/releases/").await;
    assert_eq!(of_project, json!([release]));
    let encoded = "/projects/default/shop/releases/shop%401.2.3-rc.1%2B77/";
    assert_eq!(program.read(encoded).await, release);
}

#[tokio::test]
async fn what_cannot_be_used_is_refused_with_the_reason() {
    let app = server().await;
    app.create_project("Shop").await;
    let program = builder(&app).await;
    let organization = "/organizations/default/releases/";
    let good = json!({"version": "shop@1", "projects": ["shop"]});
    post(&program, organization, good).await;
    for (path, body, field) in [
        (organization, json!({"projects": ["shop"]}), "version"),
        (organization, json!({"version": "a/b", "projects": ["shop"]}), "version"),
        (organization, json!({"version": "latest", "projects": ["shop"]}), "version"),
        (organization, json!({"version": "shop@2"}), "projects"),
        (organization, json!({"version": "shop@2", "projects": ["blog"]}), "projects"),
        (
            organization,
            json!({"version": "shop@1", "projects": ["shop"], "url": "javascript:1"}),
            "url",
        ),
        (
            organization,
            json!({"version": "shop@1", "projects": ["shop"], "commits": [{"id": ""}]}),
            "commits",
        ),
        (
            "/organizations/default/releases/shop@1/deploys/",
            json!({"environment": "a/b"}),
            "environment",
        ),
        (
            "/organizations/default/releases/shop@1/deploys/",
            json!({"environment": " "}),
            "environment",
        ),
    ] {
        let answer = program.ask(Method::POST, path, Some(&body)).await;
        assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
        assert!(answer.body[field].is_array(), "{body}: {}", answer.body);
    }
    for path in ["shop@9/", "shop@9/commits/", "shop@9/deploys/", "shop@9/commitfiles/"] {
        let answer = program.get(&format!("{organization}{path}")).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(
        program.read(&format!("{organization}shop@9/previous-with-commits/")).await,
        json!({})
    );
    let sorted = program.get(&format!("{organization}?sort=luck")).await;
    assert_eq!(sorted.status, StatusCode::BAD_REQUEST);
    // Of another organization's numbers there is nothing to see, and a release belongs to whom it was made for.
    app.create_project("Blog").await;
    let other = program.get("/projects/default/blog/releases/shop@1/").await;
    assert_eq!(other.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_release_is_made_by_its_first_event_or_session_and_comes_back_after_it_was_deleted() {
    let app = server().await;
    let project = app.create_project("Shop").await;
    let program = builder(&app).await;
    let event = |release: &str| error_with("KeyError", &json!({"release": release}));
    send(&app, &project, &[event("shop@1.0"), event("shop@1.0")]).await;
    app.app.clock.advance(TimeDelta::minutes(2));
    send(&app, &project, &[event("shop@1.0")]).await;
    sessions(&app, &project, "shop@1.1", 0, json!({"exited": 1})).await;

    let releases = program.read("/organizations/default/releases/").await;
    assert_eq!(column(&releases, "version"), ["shop@1.1", "shop@1.0"]);
    assert_eq!(column(&releases, "newGroups"), ["0", "1"]);
    assert_eq!(releases[0]["projects"][0]["hasHealthData"], true);
    assert_eq!(releases[0]["firstEvent"], Value::Null);
    assert_eq!(releases[1]["projects"][0]["hasHealthData"], false);
    let time = |text: &Value| text.as_str().unwrap().parse::<picket::base::Timestamp>().unwrap();
    let span = time(&releases[1]["lastEvent"]) - time(&releases[1]["firstEvent"]);
    assert_eq!(span.num_minutes(), 2);
    assert_eq!(releases[1]["dateCreated"], releases[1]["firstEvent"]);

    let path = "/organizations/default/releases/shop@1.0/";
    let answer = program.ask(Method::DELETE, path, None).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT);
    assert_eq!(program.get(path).await.status, StatusCode::NOT_FOUND);
    app.app.clock.advance(TimeDelta::minutes(2));
    send(&app, &project, &[event("shop@1.0")]).await;
    assert_eq!(program.read(path).await["newGroups"], 1);
}

#[tokio::test]
async fn lists_are_cut_by_page_and_filtered_by_name_and_environment() {
    let app = server().await;
    let project = app.create_project("Shop").await;
    let program = builder(&app).await;
    for number in 1..=5 {
        app.app.clock.advance(TimeDelta::minutes(1));
        let body = json!({"version": format!("shop@{number}")});
        post(&program, "/projects/default/shop/releases/", body).await;
    }
    let event = json!({"release": "shop@3", "environment": "staging"});
    send(&app, &project, &[error_with("KeyError", &event)]).await;
    let organization = "/organizations/default/releases/";
    let page = program.get(&format!("{organization}?per_page=2")).await;
    assert_eq!(page.column("version"), ["shop@5", "shop@4"]);
    let (next, has_rows) = page.link("next");
    assert!(has_rows);
    let page = program.get(&format!("{organization}?per_page=2&cursor={next}")).await;
    assert_eq!(page.column("version"), ["shop@3", "shop@2"]);
    let (previous, _) = page.link("previous");
    let page = program.get(&format!("{organization}?per_page=2&cursor={previous}")).await;
    assert_eq!(page.column("version"), ["shop@5", "shop@4"]);
    let found = program.read(&format!("{organization}?query=HOP@4")).await;
    assert_eq!(column(&found, "version"), ["shop@4"]);
    let found = program.read(&format!("{organization}?environment=staging")).await;
    assert_eq!(column(&found, "version"), ["shop@3"]);
    let nothing = program.read(&format!("{organization}?environment=live&project=shop")).await;
    assert_eq!(nothing, json!([]));
}

#[tokio::test]
async fn health_is_told_with_shares_of_the_project_and_where_the_release_is_on_its_way() {
    let app = server().await;
    let project = app.create_project("Shop").await;
    let program = builder(&app).await;
    sessions(&app, &project, "shop@1.0", 49, json!({"exited": 90, "did": "ada"})).await;
    sessions(&app, &project, "shop@1.0", 1, json!({"exited": 4})).await;
    let fresh = json!({"exited": 80, "errored": 10, "crashed": 5, "did": "ada"});
    sessions(&app, &project, "shop@1.1", 2, fresh).await;
    sessions(&app, &project, "shop@1.2", 1, json!({"exited": 1})).await;

    let path = "/organizations/default/releases/?health=1&summaryStatsPeriod=7d";
    let releases = program.read(path).await;
    assert_json_snapshot!("releases_with_health", releases);
    let stage = |release: &Value| release["adoptionStages"]["shop"]["stage"].clone();
    let stages: Vec<Value> = releases.as_array().unwrap().iter().map(stage).collect();
    assert_eq!(column(&releases, "version"), ["shop@1.2", "shop@1.1", "shop@1.0"]);
    assert_eq!(stages, ["low_adoption", "adopted", "replaced"]);
    let elsewhere = program.read(&format!("{path}&environment=staging")).await;
    assert_eq!(elsewhere, json!([]));
}

#[tokio::test]
async fn the_release_before_another_is_found_by_its_version_and_not_by_its_time() {
    let app = server().await;
    let project = app.create_project("Shop").await;
    let program = builder(&app).await;
    // A repair of the old line is made after the new line began.
    for version in ["shop@1.9.0", "shop@2.0.0", "shop@1.9.1", "shop@2.0.1", "worker@2.0.0"] {
        app.app.clock.advance(TimeDelta::minutes(1));
        post(&program, "/projects/default/shop/releases/", json!({"version": version})).await;
    }
    let mut db = app.app.db.acquire().await.unwrap();
    let mut previous = Vec::new();
    for version in ["shop@1.9.0", "shop@1.9.1", "shop@2.0.0", "shop@2.0.1", "worker@2.0.0"] {
        let release = releases::find(&mut db, app.organization, version).await.unwrap().unwrap();
        let found = releases::find_previous(&mut db, &release, project.id, None).await.unwrap();
        previous.push(found.map(|release| release.version).unwrap_or_default());
    }
    assert_eq!(previous, ["", "shop@1.9.0", "shop@1.9.1", "shop@2.0.0", ""]);
    assert!(app.app.clock.now() > start_time());
}
