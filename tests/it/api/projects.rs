//! What a project says of itself.

use serde_json::{Value, json};

use super::program::{Program, error_with, send, server};

#[tokio::test]
async fn a_project_says_what_there_is_of_it_besides_issues() {
    let app = server().await;
    let (shop, blog) = (app.create_project("Shop").await, app.create_project("Blog").await);
    let program = Program::reading(&app).await;
    let said = async |slug: &str| -> Vec<Value> {
        let project = program.read(&format!("/projects/default/{slug}/")).await;
        ["hasSessions", "hasFeedbacks", "hasUserReports", "latestRelease"]
            .map(|key| project[key].clone())
            .to_vec()
    };
    assert_eq!(said("shop").await, [json!(false), json!(false), json!(false), Value::Null]);

    for release in ["shop@1.10.0", "shop@1.9.0"] {
        send(&app, &shop, &[error_with("A", &json!({ "release": release }))]).await;
    }
    let session = json!({
        "sid": "8333339f-5675-4f89-a9a0-1c935255ab58", "init": true, "status": "ok",
        "started": "2026-11-22T14:55:00Z", "timestamp": "2026-11-22T14:55:01Z",
        "attrs": {"release": "shop@1.10.0", "environment": "production"},
    });
    let feedback = json!({"contexts": {"feedback": {"message": "It is slow."}}});
    for (kind, body) in [("session", session), ("feedback", feedback)] {
        let envelope = format!("{{}}\n{{\"type\":\"{kind}\"}}\n{body}\n");
        assert_eq!(app.send_envelope(&shop, envelope).await.status(), 200, "{kind}");
    }
    app.settle().await;
    let latest = json!({ "version": "shop@1.10.0" });
    assert_eq!(said("shop").await, [json!(true), json!(true), json!(true), latest.clone()]);

    send(&app, &blog, &[error_with("B", &json!({}))]).await;
    let listed = program.read("/organizations/default/projects/").await;
    let of = |slug: &str| {
        listed.as_array().unwrap().iter().find(|row| row["slug"] == slug).unwrap().clone()
    };
    assert_eq!((&of("shop")["hasSessions"], &of("shop")["latestRelease"]), (&json!(true), &latest));
    assert_eq!(
        (&of("blog")["hasSessions"], &of("blog")["latestRelease"]),
        (&json!(false), &Value::Null)
    );
    app.stop().await;
}
