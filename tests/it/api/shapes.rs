//! Every shape, field by field, made of what a real client sent.

use insta::assert_json_snapshot;
use picket::domain::limits::{self, Limits, Windows};
use serde_json::Value;

use super::program::{Program, create_user, send_corpus, server};
use crate::support::{TestApp, TestProject};

async fn shop() -> (TestApp, TestProject) {
    let app = server().await;
    let project = app.create_project("Shop").await;
    send_corpus(&app, &project, "python/py_chained").await;
    (app, project)
}

/// The path of the only issue.
async fn only_issue(program: &Program<'_>) -> String {
    let issues = program.read("/organizations/default/issues/?query=").await;
    assert_eq!(issues.as_array().unwrap().len(), 1);
    format!("/organizations/default/issues/{}", issues[0]["id"].as_str().unwrap())
}

#[tokio::test]
async fn the_server_and_who_is_asking() {
    let app = server().await;
    let user = create_user(&app).await;
    let of_user = Program::acting(&app, Some(user), "event:read,org:ci").await;
    let of_organization = Program::of_organization(&app, "org:ci").await;

    assert_json_snapshot!("root_of_nobody", Program::anonymous(&app).read("/").await);
    assert_json_snapshot!("root_of_an_organization", of_organization.read("/").await);
    assert_json_snapshot!("root_of_a_person", of_user.read("/").await);
    assert_eq!(of_user.read("/auth/").await, of_user.read("/").await["user"]);
    assert_eq!(of_user.read("/users/me/").await, of_user.read("/").await["user"]);
    assert_json_snapshot!("regions", of_user.read("/users/me/regions/").await);
}

#[tokio::test]
async fn organizations_and_teams() {
    let (app, _project) = shop().await;
    let user = create_user(&app).await;
    let program = Program::acting(&app, Some(user), "org:read,team:read,project:read").await;

    assert_json_snapshot!("organizations", program.read("/organizations/").await);
    assert_json_snapshot!("organization", program.read("/organizations/default/").await);
    let bare = program.read("/organizations/default/?detailed=0").await;
    assert!(bare.get("projects").is_none() && bare.get("teams").is_none());
    assert_json_snapshot!("teams", program.read("/organizations/default/teams/").await);
    let team = program.read("/teams/default/default/").await;
    assert_eq!(team, program.read("/organizations/default/teams/").await[0]);
    assert_eq!(team, program.read("/projects/default/shop/teams/").await[0]);
    let projects = program.read("/teams/default/default/projects/").await;
    assert_eq!(projects, program.read("/organizations/default/projects/").await);
}

#[tokio::test]
async fn projects_and_keys() {
    let (app, project) = shop().await;
    let program = Program::reading(&app).await;

    assert_json_snapshot!("projects", program.read("/projects/").await);
    let by_organization = program.read("/organizations/default/projects/").await;
    assert_eq!(by_organization, program.read("/projects/").await);
    assert_json_snapshot!("project", program.read("/projects/default/shop/").await);
    let by_id = program.read(&format!("/projects/{}/{}/", app.organization, project.id)).await;
    assert_eq!(by_id, program.read("/projects/default/shop/").await);

    let keys = program.read("/projects/default/shop/keys/").await;
    let hidden = keys.to_string().replace(&project.key, "{public key}");
    assert_json_snapshot!("keys", serde_json::from_str::<Value>(&hidden).unwrap());
    assert_eq!(keys, program.read("/organizations/default/project-keys/").await);
    let key = program.read(&format!("/projects/default/shop/keys/{}/", project.key)).await;
    assert_eq!(key, keys[0]);
    let inactive = program.read("/projects/default/shop/keys/?status=inactive").await;
    assert_eq!(inactive, serde_json::json!([]));

    let errors = Windows { hour: Some(1_000), month: Some(9_000), ..Windows::default() };
    let limits = Limits { errors, ..Limits::default() };
    limits::set_of_key(&app.app, project.id, &project.key, limits).await.unwrap();
    let key = program.read(&format!("/projects/default/shop/keys/{}/", project.key)).await;
    assert_eq!(key["rateLimit"], serde_json::json!({"window": 3600, "count": 1000}));
}

#[tokio::test]
async fn issues() {
    let (app, _project) = shop().await;
    let program = Program::reading(&app).await;
    let path = only_issue(&program).await;

    let list = program.read("/organizations/default/issues/").await;
    assert_json_snapshot!("issues", list);
    assert_eq!(list, program.read("/projects/default/shop/issues/").await);
    let collapsed = "collapse=stats&collapse=lifetime&collapse=filtered&collapse=unhandled";
    let short = program.read(&format!("/organizations/default/issues/?{collapsed}")).await;
    for part in ["stats", "lifetime", "filtered", "isUnhandled"] {
        assert!(list[0].get(part).is_some() && short[0].get(part).is_none(), "{part}");
    }
    let expanded = program
        .read("/organizations/default/issues/?expand=inbox&expand=owners&expand=sessions")
        .await;
    for part in ["inbox", "owners", "sessionCount"] {
        assert!(list[0].get(part).is_none() && expanded[0].get(part).is_some(), "{part}");
    }

    let detail = program.read(&format!("{path}/")).await;
    assert_json_snapshot!("issue", detail, { ".activity[].id" => "{id}" });
    let id = detail["id"].as_str().unwrap();
    for other in [
        format!("/issues/{id}/"),
        "/organizations/default/issues/SHOP-1/".to_owned(),
        "/organizations/default/issues/shop-i/".to_owned(),
        "/issues/SHOP-1/".to_owned(),
    ] {
        assert_eq!(program.read(&other).await, detail, "{other}");
    }
    let looked_up = program.read("/organizations/default/shortids/SHOP-1/").await;
    assert_eq!(looked_up["group"], detail);
    assert_json_snapshot!("short_id", looked_up, { ".group" => "{issue}" });
    let activities = program.read(&format!("{path}/activities/")).await;
    assert_eq!(activities["activity"], detail["activity"]);
}

#[tokio::test]
async fn tags_hashes_and_environments() {
    let (app, _project) = shop().await;
    let program = Program::reading(&app).await;
    let path = only_issue(&program).await;

    let tags = program.read(&format!("{path}/tags/")).await;
    assert_json_snapshot!("issue_tags", tags);
    let runtime = program.read(&format!("{path}/tags/runtime/")).await;
    assert!(tags.as_array().unwrap().contains(&runtime));
    let values = program.read(&format!("{path}/tags/runtime/values/")).await;
    assert_eq!(values, runtime["topValues"]);
    assert_eq!(program.get(&format!("{path}/tags/nothing/")).await.status, 404);
    assert_json_snapshot!("organization_tags", program.read("/organizations/default/tags/").await);
    let of_project = program.read("/projects/default/shop/tags/").await;
    assert_eq!(of_project, program.read("/organizations/default/tags/").await);
    let of_project = program.read("/projects/default/shop/tags/runtime/values/").await;
    assert_eq!(of_project, program.read("/organizations/default/tags/runtime/values/").await);
    assert_eq!(of_project, values);
    let environments = program.read("/organizations/default/environments/").await;
    assert_json_snapshot!("organization_environments", environments);
    let environments = program.read("/projects/default/shop/environments/").await;
    assert_json_snapshot!("project_environments", environments);
    let hashes = program.read(&format!("{path}/hashes/")).await;
    assert_json_snapshot!("hashes", hashes, { "[].latestEvent" => "{event}" });
    let latest = program.read(&format!("{path}/events/latest/")).await;
    assert_eq!(hashes[0]["latestEvent"], latest);
}

#[tokio::test]
async fn events() {
    let (app, _project) = shop().await;
    let program = Program::reading(&app).await;
    let path = only_issue(&program).await;

    let list = program.read(&format!("{path}/events/")).await;
    assert_json_snapshot!("events", list);
    assert_eq!(list, program.read("/projects/default/shop/events/").await);
    let event = program.read(&format!("{path}/events/latest/")).await;
    assert_json_snapshot!("event", event, { ".size" => "{bytes}" });
    let id = event["id"].as_str().unwrap();
    for other in [
        format!("{path}/events/oldest/"),
        format!("{path}/events/recommended/"),
        format!("{path}/events/{id}/"),
        format!("{path}/events/{}/", id.to_uppercase()),
        format!("/projects/default/shop/events/{id}/"),
    ] {
        assert_eq!(program.read(&other).await, event, "{other}");
    }
    assert_eq!(program.read(&format!("{path}/events/?full=1")).await[0], event);
    let looked_up = program.read(&format!("/organizations/default/eventids/{id}/")).await;
    assert_eq!(looked_up["event"], event);
    assert_json_snapshot!("event_id", looked_up, { ".event" => "{event}" });
    let stored = program.read(&format!("/projects/default/shop/events/{id}/json/")).await;
    assert_eq!(
        stored["exception"]["values"][0]["type"],
        event["entries"][0]["data"]["values"][0]["type"]
    );
    assert_eq!(stored["event_id"], event["id"]);
}

#[tokio::test]
async fn events_of_other_clients() {
    let app = server().await;
    let project = app.create_project("Shop").await;
    for file in ["browser/browser_breadcrumbs", "node/node_message", "native/native_crash_inproc"] {
        send_corpus(&app, &project, file).await;
    }
    let program = Program::reading(&app).await;
    let events = program.read("/projects/default/shop/events/?full=1").await;
    let events = events.as_array().unwrap();
    assert_eq!(events.len(), 3);
    for event in events {
        let platform = event["platform"].as_str().unwrap();
        assert_json_snapshot!(format!("event_of_{platform}"), event, { ".size" => "{bytes}" });
    }
}
