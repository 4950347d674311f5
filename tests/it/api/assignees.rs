//! Whose issues are, for programs.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::program::{Program, create_user, error_with, send, send_corpus, server};

#[tokio::test]
async fn issues_are_assigned_as_clients_say_it() {
    let app = server().await;
    let user = create_user(&app).await;
    let project = app.create_project("Shop").await;
    send_corpus(&app, &project, "python/py_chained").await;
    let program = Program::acting(&app, Some(user), "event:read,event:write").await;
    let path = "/issues/SHOP-1/";
    let team = json!({"type": "team", "id": "1", "name": "default"});
    let ada =
        json!({"type": "user", "id": user.to_string(), "name": "Ada", "email": "ada@example.com"});
    for (named, expected) in [
        (json!("team:1"), &team),
        (json!("me"), &ada),
        (json!("#default"), &team),
        (json!(format!("user:{user}")), &ada),
        (json!(""), &Value::Null),
        (json!("ada@example.com"), &ada),
        (Value::Null, &Value::Null),
        (json!("Ada"), &ada),
    ] {
        let answer = program.put(path, &json!({"assignedTo": named})).await;
        assert_eq!(answer.status, StatusCode::OK, "{named}: {:?}", answer.body);
        assert_eq!(&answer.body["assignedTo"], expected, "{named}");
        let listed = program.get("/organizations/default/issues/?query=").await.body;
        assert_eq!(&listed[0]["assignedTo"], expected, "{named}");
    }
    let kept = program.put(path, &json!({"status": "resolved"})).await;
    assert_eq!(kept.body["assignedTo"], ada, "what is not said stays");
    for wrong in [json!("team:77"), json!("#gone"), json!("nobody"), json!(7)] {
        let refused = program.put(path, &json!({"assignedTo": wrong})).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{wrong}");
        assert!(refused.body.get("assignedTo").is_some(), "{wrong}");
    }
    let bulk = program
        .put("/organizations/default/issues/?query=assigned:me", &json!({"assignedTo": "#default"}))
        .await;
    assert_eq!(bulk.body["assignedTo"], team);
    let found = program.get("/organizations/default/issues/?query=assigned:my_teams").await.body;
    assert_eq!(found.as_array().unwrap().len(), 1);
    let activity = program.get("/issues/SHOP-1/activities/").await.body;
    let newest = &activity["activity"][0];
    assert_eq!(
        (&newest["type"], &newest["data"]["assigneeType"]),
        (&json!("assigned"), &json!("team"))
    );
    app.stop().await;
}

#[tokio::test]
async fn who_may_know_about_issues_is_told_when_it_is_asked_for() {
    let app = server().await;
    let user = create_user(&app).await;
    let shop = app.create_project("Shop").await;
    let blog = app.create_project("Blog").await;
    let program = Program::of_organization(
        &app,
        "project:read,project:write,project:releases,event:read,org:read",
    )
    .await;
    let release = json!({"version": "shop@2.0", "projects": ["shop"], "commits": [
        {"id": "a".repeat(40), "author_email": "Ada@example.com", "patch_set": [
            {"path": "services/Paid.py", "type": "M"}]},
        {"id": "b".repeat(40), "author_email": "stranger@example.com", "patch_set": [
            {"path": "services/Lost.py", "type": "M"}]},
    ]});
    let path = "/organizations/default/releases/";
    assert!(program.ask(Method::POST, path, Some(&release)).await.status.is_success());
    let rules = json!({
        "raw": "path:*.py #default ada@example.com\ncodeowners:Kept.py ada@example.com",
        "autoAssignment": "Turn off Auto-Assignment",
    });
    let path = "/projects/default/shop/ownership/";
    assert_eq!(program.put(path, &rules).await.status, StatusCode::OK);
    let of_release = json!({"release": "shop@2.0"});
    for title in ["Paid", "Lost", "Kept"] {
        send(&app, &shop, &[error_with(title, &of_release)]).await;
    }
    send(&app, &blog, &[error_with("Paid", &json!({"release": "blog@1.0"}))]).await;

    let ada = format!("user:{user}");
    let expected = [
        ("SHOP-1", vec![("suspectCommit", ada.as_str()), ("ownershipRule", "team:1")]),
        ("SHOP-2", vec![("ownershipRule", "team:1"), ("ownershipRule", &ada)]),
        ("SHOP-3", vec![("codeowners", &ada)]),
        ("BLOG-1", vec![]),
    ];
    let list =
        program.read("/organizations/default/issues/?query=&expand=owners&expand=inbox").await;
    for (short_id, expected) in expected {
        let detail = program.read(&format!("/issues/{short_id}/?expand=owners")).await;
        let listed = list.as_array().unwrap().iter().find(|issue| issue["shortId"] == short_id);
        for issue in [listed.unwrap(), &detail] {
            let owners = issue["owners"].as_array().map(Vec::as_slice).unwrap_or_default();
            let told: Vec<(&str, &str)> = owners
                .iter()
                .map(|one| (one["type"].as_str().unwrap(), one["owner"].as_str().unwrap()))
                .collect();
            assert_eq!(told, expected, "{short_id}");
            assert_eq!(issue["owners"].is_null(), expected.is_empty(), "{short_id}");
            assert!(owners.iter().all(|one| one["date_added"] == issue["firstSeen"]));
        }
    }
    let plain = program.read("/issues/SHOP-1/").await;
    assert!(plain.get("owners").is_none(), "nobody asked");
    app.stop().await;
}

/// The assignee's address and the last line of the history of an issue.
async fn assigned(program: &Program<'_>, issue: &str) -> (Value, Value) {
    let issue_path = format!("/issues/{issue}/");
    let owner = program.get(&issue_path).await.body["assignedTo"]["email"].clone();
    let activity = program.get(&format!("{issue_path}activities/")).await.body;
    (owner, activity["activity"][0]["type"].clone())
}

/// An error in the file of its name.
fn error_in(title: &str, release: &str) -> Value {
    let file = format!("srv/{title}.py");
    let frames = json!([{"filename": file, "function": "run", "in_app": true, "lineno": 1}]);
    error_with(
        title,
        &json!({"release": release, "exception": {"values": [
        {"type": title, "value": "x", "stacktrace": {"frames": frames}}]}}),
    )
}

#[tokio::test]
async fn commits_that_are_told_later_assign_what_nobody_had_and_nothing_else() {
    let app = server().await;
    create_user(&app).await;
    let shop = app.create_project("Shop").await;
    let blog = app.create_project("Blog").await;
    let program = Program::of_organization(
        &app,
        "project:read,project:write,project:releases,event:read,event:write,org:read",
    )
    .await;
    let by_commits = json!({"autoAssignment": "Auto Assign to Suspect Commits"});
    assert!(
        program.put("/projects/default/shop/ownership/", &by_commits).await.status.is_success()
    );
    let titles = ["Open", "Taken", "GivenBack", "Resolved", "Elsewhere"];
    for title in titles {
        send(&app, &shop, &[error_in(title, "shop@2.0")]).await;
    }
    send(&app, &shop, &[error_in("Older", "shop@1.0")]).await;
    send(&app, &blog, &[error_in("Open", "shop@2.0")]).await;
    let change = async |issue: &str, body: Value| {
        let answer = program.put(&format!("/issues/{issue}/"), &body).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    };
    change("SHOP-2", json!({"assignedTo": "#default"})).await;
    change("SHOP-3", json!({"assignedTo": "#default"})).await;
    change("SHOP-3", json!({"assignedTo": ""})).await;
    change("SHOP-4", json!({"status": "resolved"})).await;
    let files: Vec<Value> = ["Open", "Taken", "GivenBack", "Resolved", "Older"]
        .iter()
        .map(|title| json!({"path": format!("srv/{title}.py"), "type": "M"}))
        .collect();
    let told = json!({"commits": [
        {"id": "a".repeat(40), "author_email": "Ada@example.com", "patch_set": files}]});
    let path = "/organizations/default/releases/shop@2.0/";
    assert_eq!(program.put(path, &told).await.status, StatusCode::OK);
    let (owner, last) = assigned(&program, "SHOP-1").await;
    assert_eq!((owner, last), (json!("ada@example.com"), json!("assigned")));
    for (issue, what) in [
        ("SHOP-2", "somebody has it"),
        ("SHOP-3", "somebody gave it back"),
        ("SHOP-4", "it is resolved"),
        ("SHOP-5", "no commit touched its file"),
        ("SHOP-6", "it began with a release that has no commits"),
        ("BLOG-1", "its project assigns by rules"),
    ] {
        assert_eq!(assigned(&program, issue).await.0, Value::Null, "{issue}: {what}");
    }
    change("SHOP-1", json!({"assignedTo": ""})).await;
    assert_eq!(program.put(path, &told).await.status, StatusCode::OK);
    assert_eq!(assigned(&program, "SHOP-1").await.0, Value::Null, "what people did stays");
    app.stop().await;
}
