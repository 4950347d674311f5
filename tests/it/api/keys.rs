//! Keys that programs make, change and delete.

use picket::domain::limits::{self, Limits, Windows};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::program::{Program, server};
use crate::support::{TestApp, TestProject};

const KEYS: &str = "/projects/default/shop/keys/";

async fn shop() -> (TestApp, TestProject) {
    let app = server().await;
    let project = app.create_project("Shop").await;
    (app, project)
}

async fn administrator(app: &TestApp) -> Program<'_> {
    Program::of_organization(app, "project:admin").await
}

/// Makes a key and answers it.
async fn create(program: &Program<'_>, body: Value) -> Value {
    let answer = program.ask(Method::POST, KEYS, Some(&body)).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{body}: {}", answer.body);
    answer.body
}

fn path_of(key: &Value) -> String {
    format!("{KEYS}{}/", key["id"].as_str().unwrap())
}

#[tokio::test]
async fn what_is_written_is_what_is_read() {
    let (app, _) = shop().await;
    let program = administrator(&app).await;
    for (wish, name, limit, is_active) in [
        (json!({}), "Default", Value::Null, true),
        (json!({"name": " ci "}), "ci", Value::Null, true),
        (
            json!({"name": "app", "rateLimit": {"window": 60, "count": 9}, "isActive": false}),
            "app",
            json!({"window": 60, "count": 9}),
            false,
        ),
        (
            json!({"name": "a", "rateLimit": {"window": 3600, "count": 1000},
                "browserSdkVersion": "latest", "dynamicSdkLoaderOptions": {"hasReplay": false}}),
            "a",
            json!({"window": 3600, "count": 1000}),
            true,
        ),
        (json!({"name": "a", "rateLimit": null}), "a", Value::Null, true),
        (json!({"name": "a", "rateLimit": {"window": 0, "count": 0}}), "a", Value::Null, true),
    ] {
        let key = create(&program, wish.clone()).await;
        let found = (&key["name"], &key["label"], &key["rateLimit"], &key["isActive"]);
        assert_eq!(found, (&json!(name), &json!(name), &limit, &json!(is_active)), "{wish}");
        assert_eq!(program.read(&path_of(&key)).await, key, "{wish}");
        assert_eq!(program.put(&path_of(&key), &wish).await.body, key, "{wish}");
    }
    assert_eq!(program.read(KEYS).await.as_array().unwrap().len(), 7, "the first one included");
}

#[tokio::test]
async fn a_change_leaves_alone_what_it_does_not_name() {
    let (app, project) = shop().await;
    let program = administrator(&app).await;
    let key = create(&program, json!({"name": "app"})).await;
    let public_key = key["public"].as_str().unwrap();
    let attachments = Windows { month: Some(5_000), ..Windows::default() };
    let errors = Windows { minute: Some(3), hour: Some(4), month: Some(5) };
    let own = Limits { attachments, errors, ..Limits::default() };
    limits::set_of_key(&app.app, project.id, public_key, own).await.unwrap();

    let changed = program.put(&path_of(&key), &json!({"name": "web"})).await.body;
    assert_eq!(changed["rateLimit"], json!({"window": 60, "count": 3}));
    let changed = program.put(&path_of(&key), &json!({"isActive": false})).await.body;
    assert_eq!((&changed["name"], &changed["isActive"]), (&json!("web"), &json!(false)));
    let hour = json!({"rateLimit": {"window": 3600, "count": 7}});
    let changed = program.put(&path_of(&key), &hour).await.body;
    assert_eq!(
        changed["rateLimit"],
        json!({"window": 3600, "count": 7}),
        "and no longer by minute"
    );

    let mut db = app.app.db.acquire().await.unwrap();
    let stored = picket::domain::projects::store::find_key(&mut db, public_key).await.unwrap();
    let errors = Windows { minute: None, hour: Some(7), month: Some(5) };
    assert_eq!(stored.unwrap().limits, Limits { errors, ..own }, "what the wire has no words for");
}

#[tokio::test]
async fn a_key_of_a_program_takes_events_until_it_is_switched_off_or_deleted() {
    let (app, project) = shop().await;
    let program = administrator(&app).await;
    let send = async |key: &Value| {
        let project =
            TestProject { key: key["public"].as_str().unwrap().to_owned(), ..project.clone() };
        app.send_envelope(&project, "{}\n{\"type\":\"event\"}\n{\"message\":\"hi\"}\n")
            .await
            .status()
    };
    let used = create(&program, json!({"name": "app"})).await;
    assert_eq!(send(&used).await, 200);
    let off = create(&program, json!({"name": "old", "isActive": false})).await;
    assert_eq!(send(&off).await, 403);

    let deleted = program.ask(Method::DELETE, &path_of(&off), None).await;
    assert_eq!((deleted.status, deleted.body), (StatusCode::NO_CONTENT, Value::Null));
    assert_eq!(program.get(&path_of(&off)).await.status, StatusCode::NOT_FOUND);
    let again = program.ask(Method::DELETE, &path_of(&off), None).await;
    assert_eq!(again.status, StatusCode::NOT_FOUND);

    program.ask(Method::DELETE, &path_of(&used), None).await;
    let last = format!("{KEYS}{}/", project.key);
    let refused = program.ask(Method::DELETE, &last, None).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "the last one stays");
    assert!(refused.body["detail"].as_str().unwrap().contains("only key"));
}

#[tokio::test]
async fn what_cannot_be_kept_is_refused_by_its_name() {
    let (app, project) = shop().await;
    let program = administrator(&app).await;
    let key = format!("{KEYS}{}/", project.key);
    let before = program.read(&key).await;
    for (body, field) in [
        (json!({"name": ""}), "name"),
        (json!({"name": "x".repeat(101)}), "name"),
        (json!({"rateLimit": {"window": 86400, "count": 5}}), "rateLimit"),
        (json!({"rateLimit": {"window": 60, "count": 2_000_000_000_000_000_u64}}), "rateLimit"),
        (json!({"browserSdkVersion": "7.x"}), "browserSdkVersion"),
        (json!({"dynamicSdkLoaderOptions": {"hasReplay": true}}), "dynamicSdkLoaderOptions"),
    ] {
        for (method, path) in [(Method::POST, KEYS), (Method::PUT, key.as_str())] {
            let answer = program.ask(method, path, Some(&body)).await;
            assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{body}");
            assert!(answer.body[field][0].is_string(), "{body}: {}", answer.body);
        }
    }
    for body in [json!([]), json!({"isActive": "yes"}), json!({"rateLimit": {"count": -1}})] {
        assert_eq!(program.put(&key, &body).await.status, StatusCode::BAD_REQUEST, "{body}");
    }
    assert_eq!(program.read(&key).await, before);

    for _ in 1..picket::domain::projects::MAX_KEYS {
        create(&program, json!({})).await;
    }
    let full = program.ask(Method::POST, KEYS, Some(&json!({}))).await;
    assert_eq!(full.status, StatusCode::BAD_REQUEST);
    assert!(full.body["detail"].as_str().unwrap().contains("50 keys"));
}

#[tokio::test]
async fn a_key_is_changed_only_in_its_own_project_and_deleted_only_with_the_scope() {
    let (app, project) = shop().await;
    app.create_project("Other").await;
    let program = administrator(&app).await;
    create(&program, json!({})).await;
    let elsewhere = format!("/projects/default/other/keys/{}/", project.key);
    let answer = program.put(&elsewhere, &json!({"isActive": false})).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let answer = program.ask(Method::DELETE, &elsewhere, None).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);

    let writer = Program::of_organization(&app, "project:write").await;
    let own = format!("{KEYS}{}/", project.key);
    assert_eq!(writer.put(&own, &json!({"name": "n"})).await.status, StatusCode::OK);
    assert_eq!(writer.ask(Method::DELETE, &own, None).await.status, StatusCode::FORBIDDEN);
}
