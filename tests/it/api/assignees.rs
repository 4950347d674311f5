//! Whose issues are, for programs.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::program::{Program, create_user, send_corpus, server};

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
