//! Teams, members and ownership rules for programs.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::program::{Program, create_user, server};

const EVERYTHING: &str = "org:read,project:read,project:write,project:admin,team:read,team:write,team:admin,\
                          member:read,member:write,event:read";

#[tokio::test]
async fn teams_own_projects_and_have_members() {
    let app = server().await;
    let user = create_user(&app).await;
    app.create_project("Shop").await;
    let program = Program::acting(&app, Some(user), EVERYTHING).await;
    let post = async |path: &str, body: &Value| program.ask(Method::POST, path, Some(body)).await;
    let delete = async |path: &str| program.ask(Method::DELETE, path, None).await;

    let team = post("/organizations/default/teams/", &json!({"name": "Payments"})).await;
    assert_eq!(team.status, StatusCode::CREATED);
    assert_eq!((&team.body["slug"], &team.body["memberCount"]), (&json!("payments"), &json!(0)));
    assert_eq!(team.body["isMember"], false);
    let wrong = json!({"name": "Payments", "slug": "money"});
    let refused = post("/organizations/default/teams/", &wrong).await;
    assert_eq!(refused.status, StatusCode::BAD_REQUEST);

    let join = format!("/organizations/default/members/{user}/teams/payments/");
    let joined = post(&join, &json!({})).await;
    assert_eq!((joined.status, &joined.body["memberCount"]), (StatusCode::CREATED, &json!(1)));
    assert_eq!(joined.body["isMember"], true);
    let members = program.get("/organizations/default/members/").await.body;
    assert_eq!(members[0]["teams"], json!(["default", "payments"]));
    assert_eq!(members[0]["role"], "owner");
    let me = program.get("/organizations/default/members/me/").await.body;
    assert_eq!(me, members[0]);
    assert_eq!(program.get("/teams/default/payments/members/").await.body, members);

    let created = json!({"name": "Billing", "platform": "python"});
    let project = post("/teams/default/payments/projects/", &created).await;
    assert_eq!(project.status, StatusCode::CREATED);
    assert_eq!(project.body["team"]["slug"], "payments");
    let names = async |path: &str| {
        let list = program.get(path).await.body;
        list.as_array().unwrap().iter().map(|row| row["slug"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(names("/teams/default/payments/projects/").await, ["billing"]);
    assert_eq!(names("/teams/default/default/projects/").await, ["shop"]);
    let given = post("/projects/default/shop/teams/payments/", &json!({})).await;
    assert_eq!(given.body["teams"][0]["slug"], "payments");
    assert_eq!(names("/projects/default/shop/teams/").await, ["payments"]);
    let kept = delete("/projects/default/shop/teams/payments/").await;
    assert_eq!(kept.status, StatusCode::BAD_REQUEST, "{:?}", kept.body);

    let renamed = program.put("/teams/default/payments/", &json!({"name": "Money"})).await;
    assert_eq!(
        (&renamed.body["name"], &renamed.body["slug"]),
        (&json!("Money"), &json!("payments"))
    );
    assert_eq!(delete("/teams/default/payments/").await.status, StatusCode::CONFLICT);
    let left = delete(&join).await;
    assert_eq!(left.body["memberCount"], 0);
    assert_eq!(delete("/teams/default/default/").await.status, StatusCode::NO_CONTENT);
    assert_eq!(names("/organizations/default/teams/").await, ["payments"]);
    app.stop().await;
}

#[tokio::test]
async fn ownership_rules_are_read_and_set_as_clients_know_them() {
    let app = server().await;
    create_user(&app).await;
    app.create_project("Shop").await;
    let program = Program::of_organization(&app, EVERYTHING).await;
    let path = "/projects/default/shop/ownership/";
    let before = program.get(path).await.body;
    assert_eq!(before["schema"], Value::Null);
    assert_eq!(before["autoAssignment"], "Auto Assign to Issue Owner");

    let raw = "path:src/* #default\ntags.tenant:acme ada@example.com";
    let wanted =
        json!({"raw": raw, "autoAssignment": "Turn off Auto-Assignment", "fallthrough": true});
    let set = program.put(path, &wanted).await;
    assert_eq!(set.status, StatusCode::OK, "{:?}", set.body);
    assert_eq!(set.body["raw"], raw);
    assert_eq!(set.body["autoAssignment"], "Turn off Auto-Assignment");
    let rules = &set.body["schema"]["rules"];
    assert_eq!(rules[0]["matcher"], json!({"type": "path", "pattern": "src/*"}));
    assert_eq!(rules[0]["owners"], json!([{"type": "team", "name": "default", "id": "1"}]));
    assert_eq!(rules[1]["matcher"]["type"], "tags.tenant");
    assert_eq!(rules[1]["owners"][0]["type"], "user");
    assert_eq!(program.get("/projects/default/shop/ownership").await.body, set.body);
    let partly = program.put(path, &json!({"autoAssignment": "Auto Assign to Issue Owner"})).await;
    assert_eq!(partly.body["raw"], raw, "what is not said stays");
    let by_commits = json!({"autoAssignment": "Auto Assign to Suspect Commits"});
    assert_eq!(
        program.put(path, &by_commits).await.body["autoAssignment"],
        by_commits["autoAssignment"]
    );
    assert_eq!(program.get(path).await.body["autoAssignment"], by_commits["autoAssignment"]);

    for (wrong, field) in [
        (json!({"raw": "path:a #gone"}), "raw"),
        (json!({"raw": "x"}), "raw"),
        (json!({"autoAssignment": "Auto Assign to Anybody"}), "autoAssignment"),
        (json!({"fallthrough": false}), "fallthrough"),
        (json!({"codeownersAutoSync": true}), "codeownersAutoSync"),
    ] {
        let refused = program.put(path, &wrong).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{wrong}");
        assert!(refused.body.get(field).is_some(), "{wrong}: {:?}", refused.body);
    }
    app.stop().await;
}
