//! Affected users get the place of their address.

use std::path::PathBuf;

use picket::infra::compression::decompress;
use serde_json::{Value, json};

use crate::support::TestApp;

/// The user of the one event there is, as `/api/0` and the page show it, after a browser sent it.
async fn user_of_an_event(geo_database: Option<&str>) -> (Value, String) {
    let path = geo_database.map(PathBuf::from);
    let app = TestApp::start_with(|config| {
        config.ingest.geo_database = path;
        config.server.trusted_proxies = 1;
    })
    .await;
    let project = app.create_project("shop").await;
    let event = json!({
        "platform": "javascript", "message": "hello", "user": {"ip_address": "{{auto}}"},
        "request": {"headers": {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0"}},
    });
    let id = "fc6d8c0c43fc4630ad850ee518f1b9d0";
    let body = format!("{{\"event_id\":\"{id}\"}}\n{{\"type\":\"event\"}}\n{event}\n");
    let url = format!("{}/api/{}/envelope/?sentry_key={}", app.url, project.id, project.key);
    let request = app.http.post(url).header("X-Forwarded-For", "192.0.2.7").body(body);
    assert_eq!(request.send().await.unwrap().status(), 200);
    app.settle().await;
    let stored = decompress(&payload(&app).await, None).unwrap();
    let stored: Value = serde_json::from_slice(&stored).unwrap();
    app.stop().await;
    (stored["user"].clone(), stored["contexts"]["browser"]["name"].as_str().unwrap().to_owned())
}

async fn payload(app: &TestApp) -> Vec<u8> {
    sqlx::query_scalar("SELECT payload FROM events").fetch_one(&app.app.db).await.unwrap()
}

#[tokio::test]
async fn an_address_has_the_place_that_the_operators_database_says() {
    let fixture = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/geo/places.mmdb");
    let (user, browser) = user_of_an_event(Some(fixture)).await;
    let geo = json!({
        "country_code": "FR", "region": "France", "subdivision": "Île-de-France", "city": "Paris",
    });
    assert_eq!(user, json!({"ip_address": "192.0.2.7", "geo": geo}));
    assert_eq!(browser, "Firefox");
}

#[tokio::test]
async fn without_a_usable_database_events_go_on_without_places() {
    for database in [None, Some("/nowhere/places.mmdb")] {
        let (user, _) = user_of_an_event(database).await;
        assert_eq!(user, json!({"ip_address": "192.0.2.7"}));
    }
}
