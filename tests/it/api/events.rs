//! Single events: which one, what is around it, and what is left of it.

use picket::infra::compression::{self, Dictionary, FIRST_ID, compress, decompress};
use serde_json::{Value, json};

use super::program::{PUBLIC_URL, Program, column, error, error_with, send, server, start_time};
use crate::support::{TestApp, TestProject};

fn at(text: &str, changes: &Value) -> Value {
    let mut event = error_with("A", changes);
    event["timestamp"] = json!(text);
    event
}

/// Five events of one issue. Two happened in the same moment; the first arrived forty days late.
async fn five() -> (TestApp, TestProject) {
    let app = server().await;
    let project = app.create_project("Shop").await;
    let events = [
        at(
            "2026-11-22T14:00:00Z",
            &json!({"environment": "production", "release": "shop@1", "event_id": "c".repeat(32)}),
        ),
        at(
            "2026-11-22T14:30:00Z",
            &json!({"level": "warning", "user": {"email": "ada@example.com"}, "event_id": "d".repeat(32)}),
        ),
        at(
            "2026-11-22T14:00:00Z",
            &json!({"transaction": "/pay", "environment": "staging", "event_id": "b".repeat(32)}),
        ),
        at("2026-10-13T14:00:00Z", &json!({"event_id": "a".repeat(32)})),
        at("2026-11-22T14:45:00Z", &json!({"event_id": "e".repeat(32)})),
    ];
    send(&app, &project, &events).await;
    (app, project)
}

#[tokio::test]
async fn an_event_knows_its_neighbours_in_the_order_they_happened() {
    let (app, _project) = five().await;
    let program = Program::reading(&app).await;
    let mut chain = String::new();
    let mut event = program.read("/issues/SHOP-1/events/oldest/").await;
    assert_eq!(event["previousEventID"], Value::Null);
    loop {
        let id = event["id"].as_str().unwrap().to_owned();
        chain.push_str(&id[..1]);
        let Some(next) = event["nextEventID"].as_str() else { break };
        event = program.read(&format!("/issues/SHOP-1/events/{next}/")).await;
        assert_eq!(event["previousEventID"], json!(id));
    }
    assert_eq!(chain, "abcde");
    assert_eq!(event, program.read("/issues/SHOP-1/events/latest/").await);
    let ids = column(&program.read("/issues/SHOP-1/events/").await, "id");
    assert_eq!(ids.iter().map(|id| &id[..1]).collect::<String>(), "edcba");
}

#[tokio::test]
async fn events_are_found_by_what_lies_beside_their_payload() {
    let (app, _project) = five().await;
    let program = Program::reading(&app).await;
    for (parameters, expected) in [
        ("", "edcba"),
        ("query=environment:production", "c"),
        ("query=!has:environment", "eda"),
        ("query=release:shop@*", "c"),
        ("query=level:warning", "d"),
        ("query=level:[warning,error]", "edcba"),
        ("query=user.email:*@example.com", "d"),
        ("query=transaction:/pay", "b"),
        ("query=happened", "edcba"),
        ("query=title:nothing", ""),
        ("query=!transaction:/pay%20level:error", "eca"),
        ("query=transaction:/pay%20OR%20level:warning", "db"),
        ("query=timestamp:-24h", "edcb"),
        ("query=timestamp:%3C2026-11-01", "a"),
        (&format!("query={}", "c".repeat(32)), "c"),
        (&format!("query=id:{}", "b".repeat(32)), "b"),
        ("environment=staging", "b"),
        ("environment=staging&environment=production", "cb"),
        ("environment=", "eda"),
        ("statsPeriod=20m", "e"),
        ("start=2026-11-22T14:00:00&end=2026-11-22T14:30:00", "cb"),
        ("sort=-timestamp&per_page=2", "ed"),
    ] {
        let rows = program.read(&format!("/issues/SHOP-1/events/?{parameters}")).await;
        let found: String = column(&rows, "id").iter().map(|id| &id[..1]).collect();
        assert_eq!(found, expected, "{parameters}");
    }
    for (parameters, problem) in [
        ("query=browser:Chrome", "`browser` cannot be searched among single events"),
        ("query=is:unresolved", "`is` cannot be searched among single events"),
        ("query=tags[level]:a", "`level` cannot be searched among single events"),
        ("query=(", "both sides"),
        ("query=level:loud", "not `loud`"),
    ] {
        let answer = program.get(&format!("/issues/SHOP-1/events/?{parameters}")).await;
        assert_eq!(answer.status, 400, "{parameters}");
        assert!(answer.body["detail"].as_str().unwrap().contains(problem), "{}", answer.body);
    }
    assert_eq!(program.get("/issues/SHOP-1/events/?sort=title").await.status, 400);
}

#[tokio::test]
async fn a_projects_events_are_listed_over_all_its_issues() {
    let (app, project) = five().await;
    let program = Program::reading(&app).await;
    app.app.clock.advance(chrono::TimeDelta::days(2));
    let f = json!({"timestamp": "2026-11-22T14:15:00Z", "event_id": "f".repeat(32)});
    let other = json!({"timestamp": "2026-11-24T14:59:00Z", "event_id": "0".repeat(32)});
    send(&app, &project, &[error_with("B", &f), error_with("C", &other)]).await;
    let found = async |parameters: &str| -> String {
        let rows = program.read(&format!("/projects/default/shop/events/?{parameters}")).await;
        column(&rows, "id").iter().map(|id| &id[..1]).collect()
    };

    for (parameters, expected) in [
        ("", "0edfcba"),
        ("statsPeriod=1h", "0"),
        ("start=2026-11-22T14:00:00&end=2026-11-22T14:30:00", "fcb"),
        ("start=2026-11-22T14:15:00&end=2026-11-22T14:30:00", "f"),
        ("environment=production&environment=staging", "cb"),
        ("query=title:B*", "f"),
        ("query=nothing", ""),
    ] {
        assert_eq!(found(parameters).await, expected, "{parameters}");
    }
    let page = async |cursor: &str| {
        program.get(&format!("/projects/default/shop/events/?per_page=3&cursor={cursor}")).await
    };
    let first = page("").await;
    let second = page(&first.link("next").0).await;
    let third = page(&second.link("next").0).await;
    let ids = [&first, &second, &third].map(|page| page.column("id").len());
    assert_eq!((ids, third.link("next").1), ([3, 3, 1], false));
    assert_eq!(page(&third.link("previous").0).await.body, second.body);
    assert_eq!(page(&second.link("previous").0).await.body, first.body);
}

#[tokio::test]
async fn an_event_whose_payload_was_sampled_away_says_so() {
    let app = TestApp::start_at(picket::base::Clock::fixed(start_time()), |config| {
        config.server.public_url = PUBLIC_URL.to_owned();
        config.ingest.payloads_per_issue_and_day = 2;
    })
    .await;
    let project = app.create_project("Shop").await;
    let events: Vec<Value> = (1..=4)
        .map(|minute| {
            let id = minute.to_string().repeat(32);
            at(
                &format!("2026-11-22T14:0{minute}:00Z"),
                &json!({"event_id": id, "environment": "production"}),
            )
        })
        .collect();
    send(&app, &project, &events).await;
    let program = Program::reading(&app).await;

    let latest = program.read("/issues/SHOP-1/events/latest/").await;
    assert_eq!(latest["id"], json!("4".repeat(32)));
    assert_eq!(latest["title"], "A: A happened");
    assert_eq!(latest["metadata"]["type"], "A");
    assert_eq!(
        (&latest["entries"], &latest["size"], &latest["contexts"]),
        (&json!([]), &Value::Null, &json!({}))
    );
    assert_eq!(latest["errors"][0]["type"], "payload_sampled_away");
    assert_eq!(
        latest["tags"],
        json!([{"key": "environment", "value": "production"}, {"key": "level", "value": "error"}])
    );
    let recommended = program.read("/issues/SHOP-1/events/recommended/").await;
    assert_eq!(recommended["id"], json!("2".repeat(32)));
    assert_eq!(recommended["entries"][0]["type"], "exception");
    let rows = program.read("/issues/SHOP-1/events/").await;
    assert_eq!(rows.as_array().unwrap().len(), 4);
    let stored =
        program.get(&format!("/projects/default/shop/events/{}/json/", "4".repeat(32))).await;
    assert_eq!(stored.status, 404);
    assert!(stored.body["detail"].as_str().unwrap().contains("not kept"), "{}", stored.body);
}

#[tokio::test]
async fn payloads_are_read_with_the_dictionary_they_were_packed_with() {
    let app = server().await;
    let project = app.create_project("Shop").await;
    let mut event = error("A");
    event["event_id"] = json!("a".repeat(32));
    send(&app, &project, &[event]).await;
    let program = Program::reading(&app).await;
    let path = format!("/projects/default/shop/events/{}/", "a".repeat(32));
    let before = program.read(&path).await;

    let samples: Vec<String> =
        (0..500).map(|n| json!({"exception": n, "platform": "python"}).to_string()).collect();
    let bytes = compression::train(&samples, FIRST_ID).unwrap();
    let dictionary = Dictionary::new(&bytes).unwrap();
    let mut db = app.app.db.acquire().await.unwrap();
    let frame: Vec<u8> =
        sqlx::query_scalar("SELECT payload FROM events").fetch_one(&mut *db).await.unwrap();
    let packed = compress(&decompress(&frame, None).unwrap(), Some(&dictionary));
    assert_ne!(frame, packed);
    sqlx::query("UPDATE events SET payload = $1").bind(&packed).execute(&mut *db).await.unwrap();

    let missing = program.get(&path).await;
    assert_eq!((missing.status.as_u16(), &missing.body["detail"]), (500, &json!("Internal Error")));
    assert_eq!(missing.body["errorId"].as_str().unwrap().len(), 32);

    sqlx::query(
        "INSERT INTO dictionaries (id, family, bytes, created_at) VALUES ($1, 'python', $2, now())",
    )
    .bind(i32::try_from(dictionary.id()).unwrap())
    .bind(&bytes)
    .execute(&mut *db)
    .await
    .unwrap();
    let mut after = program.read(&path).await;
    assert_eq!(after["size"], json!(packed.len()));
    after["size"] = before["size"].clone();
    assert_eq!(after, before);
    sqlx::query("DELETE FROM dictionaries").execute(&mut *db).await.unwrap();
    assert_eq!(program.read(&path).await["entries"], before["entries"], "it is remembered");
    let list = program.read("/projects/default/shop/events/").await;
    assert_eq!(list[0]["id"], before["id"]);
}

#[tokio::test]
async fn what_clients_scrubbed_and_got_wrong_is_shown() {
    let app = server().await;
    let project = app.create_project("Shop").await;
    let event = error_with(
        "A",
        &json!({
            "release": 17.5,
            "breadcrumbs": "nonsense",
            "user": {"id": "1", "email": "[Filtered]"},
            "contexts": {"odd": "text", "mine": {"answer": 42}},
            "extra": {"cart": [1, 2], "secret": "[Filtered]"},
            "_meta": {"extra": {"secret": {"": {"rem": [["!config", "s", 0, 10]]}}}},
        }),
    );
    send(&app, &project, &[event]).await;
    let program = Program::reading(&app).await;
    let event = program.read("/issues/SHOP-1/events/latest/").await;

    let error = &event["errors"][0];
    assert_eq!(
        (&error["type"], &error["data"]["name"]),
        (&json!("invalid_data"), &json!("breadcrumbs"))
    );
    assert_eq!(error["message"], "Discarded invalid value");
    assert_eq!(event["_meta"]["context"]["secret"][""]["rem"][0][0], "!config");
    assert_eq!(event["context"]["cart"], json!([1, 2]));
    assert_eq!(event["contexts"]["mine"], json!({"answer": 42, "type": "mine"}));
    assert!(event["contexts"].get("odd").is_none(), "clients refuse a context that is no object");
    let user = event["tags"].as_array().unwrap().iter().find(|tag| tag["key"] == "user").unwrap();
    assert_eq!(user["query"], "user.id:\"1\"");
}
