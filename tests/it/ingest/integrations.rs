//! Telemetry of others (`protocol.md` §1.8, §4.15, §4.17): from the front door to what became of it.

use picket::base::Clock;
use reqwest::Response;
use serde_json::{Value, json};

use super::corpus::recorded;
use super::door::{Door, KEY, credentials, event};
use super::encodings::compressed;
use crate::api::program::Program;
use crate::support::{TestApp, TestProject};

const TRACES: &str = "integration/otlp/v1/traces";
const LOGS: &str = "integration/otlp/v1/logs/";
const JSON: &str = "application/json";
const PROTOBUF: &str = "application/x-protobuf";

async fn start() -> (TestApp, TestProject) {
    let clock = Clock::fixed("2026-11-22T15:00:00Z".parse().unwrap());
    let app = TestApp::start_at(clock, |_| {}).await;
    let project = app.create_corpus_project().await;
    (app, project)
}

async fn send(app: &TestApp, path: &str, kind: &str, body: impl Into<reqwest::Body>) -> Response {
    let request = app.http.post(format!("{}/api/42/{path}", app.url)).body(body);
    let request = request.header("X-Sentry-Auth", credentials(KEY));
    request.header("Content-Type", kind).send().await.unwrap()
}

async fn outcomes(app: &TestApp) -> Vec<String> {
    app.settle().await;
    let outcomes = app.outcome_lines().await;
    outcomes.into_iter().filter(|line| !line.contains("_byte")).collect()
}

#[tokio::test]
async fn what_pythons_exporter_sent_is_taken_and_counted() {
    let (app, _) = start().await;
    for captured in recorded("otlp/otlp_python") {
        let mut request = app.http.post(format!("{}{}", app.url, captured.target()));
        for (name, value) in captured.headers() {
            request = request.header(name, value);
        }
        let wire = compressed(captured.encoding(), &captured.body());
        let answer = request.body(wire).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], PROTOBUF);
        assert_eq!(answer.bytes().await.unwrap().len(), 0);
    }
    let counted = ["log_item", "span", "span_indexed"].map(|category| {
        let n = if category == "log_item" { 1 } else { 4 };
        format!("{category} unsupported not_yet_supported {n}")
    });
    assert_eq!(outcomes(&app).await, counted);
    app.stop().await;
}

#[tokio::test]
async fn json_is_answered_in_json() {
    let (app, _) = start().await;
    let logs = json!({"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": "hi"}}]}]}]});
    let answer = send(&app, LOGS, "application/json; charset=utf-8", logs.to_string()).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.json::<Value>().await.unwrap(), json!({}));
    assert_eq!(send(&app, TRACES, PROTOBUF, "no message").await.status(), 200);
    assert_eq!(send(&app, TRACES, PROTOBUF, "").await.status(), 200, "a message without fields");
    let counted = [
        "log_item unsupported not_yet_supported 1",
        "span invalid invalid_proto 1",
        "span_indexed invalid invalid_proto 1",
    ];
    assert_eq!(outcomes(&app).await, counted);
    app.stop().await;
}

#[tokio::test]
async fn a_refusal_is_in_the_exporters_own_words() {
    let door = Door::open().await;
    let send = |kind: &'static str, key: Option<&str>| {
        let mut request = door.http.post(format!("{}/api/42/{TRACES}", door.url)).body("{}");
        if let Some(key) = key {
            request = request.header("X-Sentry-Auth", credentials(key));
        }
        request.header("Content-Type", kind).send()
    };
    let answer = send(JSON, None).await.unwrap();
    assert_eq!(answer.status(), 401);
    let said = json!({"code": 16, "message": "missing authorization information"});
    assert_eq!(answer.json::<Value>().await.unwrap(), said);
    let answer = send(PROTOBUF, None).await.unwrap();
    assert_eq!(answer.headers()["content-type"], PROTOBUF);
    assert_eq!(&answer.bytes().await.unwrap()[..4], b"\x08\x10\x12\x21");
    let answer = send("text/plain", Some(KEY)).await.unwrap();
    assert_eq!(answer.status(), 415);
    assert_eq!(answer.headers()["access-control-allow-origin"], "*");
    assert_eq!(door.kept().await.len(), 0);
}

#[tokio::test]
async fn log_drains_are_counted() {
    let (app, _) = start().await;
    let drain = "integration/vercel/logs";
    assert_eq!(send(&app, drain, JSON, r#"[{"id":"1"},{"id":"2"}]"#).await.status(), 202);
    assert_eq!(send(&app, drain, "application/x-ndjson", "{}\n{}\n").await.status(), 202);
    assert_eq!(send(&app, drain, PROTOBUF, "x").await.status(), 415);
    assert_eq!(send(&app, drain, JSON, "nonsense").await.status(), 202);
    let counted = [
        "log_item invalid invalid_json 1",
        "log_item unsupported not_yet_supported 4",
        "unknown invalid content_type 1",
    ];
    assert_eq!(outcomes(&app).await[..2], counted[..2]);
    app.stop().await;
}

/// Four that say something and one that does not.
fn network_reports() -> Value {
    let report = |age: u64, body: Value| {
        json!({"age": age, "type": "network-error", "url": "https://shop.example/cart?a=b",
            "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            "body": body})
    };
    let failed = |status| {
        let referrer = "https://shop.example/";
        json!({"type": "http.error", "phase": "application", "method": "POST", "protocol": "h2",
            "status_code": status, "elapsed_time": 823, "referrer": referrer})
    };
    json!([
        report(60_000, failed(503)),
        report(0, failed(503)),
        report(0, failed(502)),
        report(0, json!({"type": "dns.unreachable", "phase": "dns"})),
        {"type": "network-error", "body": {}},
    ])
}

#[tokio::test]
async fn reports_about_the_network_become_issues_by_what_happened() {
    let (app, _) = start().await;
    let reports = network_reports();
    let url = format!("{}/api/42/nel/?sentry_key={KEY}&sentry_release=shop%401", app.url);
    for (kind, status) in [("application/reports+json", 200), ("text/plain", 415)] {
        let request = app.http.post(&url).header("Content-Type", kind).body(reports.to_string());
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), status);
        assert_eq!(answer.text().await.unwrap().is_empty(), status == 200);
    }
    let counted = [
        "security accepted  4",
        "security invalid security_report 1",
        "unknown invalid content_type 1",
    ];
    assert_eq!(outcomes(&app).await[..2], counted[..2]);
    let issues: Vec<(String, i64)> = sqlx::query_as(
        "SELECT title || '/' || level, event_count FROM issues ORDER BY event_count DESC, title",
    )
    .fetch_all(&app.app.db)
    .await
    .unwrap();
    let expected = [
        ("The server answered with 503 Service Unavailable for 'shop.example'/30", 2),
        ("No DNS server could be reached for 'shop.example'/30", 1),
        ("The server answered with 502 Bad Gateway for 'shop.example'/30", 1),
    ];
    assert_eq!(issues, expected.map(|(title, count)| (title.to_owned(), count)));

    let program = Program::reading(&app).await;
    let event = program.read("/organizations/default/issues/?query=503").await;
    let event =
        program.read(&format!("/issues/{}/events/oldest/", event[0]["id"].as_str().unwrap())).await;
    assert_eq!(event["dateCreated"], "2026-11-22T14:59:00Z", "a minute before it was sent");
    assert_eq!(event["contexts"]["nel"]["elapsed_time"], 823);
    assert_eq!(event["contexts"]["browser"]["name"], "Firefox");
    let tags = event["tags"].as_array().unwrap();
    for (key, value) in [
        ("hostname", "shop.example"),
        ("nel.type", "http.error"),
        ("nel.status_code", "503"),
        ("release", "shop@1"),
        ("url", "https://shop.example/cart"),
    ] {
        let is_tag = |tag: &&Value| tag["key"] == key && tag["value"] == value;
        assert!(tags.iter().any(|tag| is_tag(&tag)), "{key}: {tags:?}");
    }
    app.stop().await;
}

#[tokio::test]
async fn clients_may_not_send_what_only_the_door_makes() {
    let door = Door::open().await;
    let item =
        "{\"type\":\"integration\",\"content_type\":\"application/vnd.picket.vercel+json\"}\n[]";
    let answer = door.send(format!("{}\n{item}", event())).await;
    assert_eq!((answer.status, door.kept().await.len()), (400, 0));
}

#[tokio::test]
async fn uploads_in_pieces_are_refused_so_that_clients_give_up_on_that_one_file() {
    let door = Door::open().await;
    let create = door.http.post(format!("{}/api/42/upload/", door.url));
    let create = create.header("Tus-Resumable", "1.0.0").header("Upload-Length", "1073741824");
    assert_eq!(create.send().await.unwrap().status(), 404);
    let go_on = door.http.patch(format!("{}/api/42/upload/abc/", door.url));
    assert_eq!(go_on.send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn who_looked_after_a_relay_finds_its_probes() {
    let (app, _) = start().await;
    for probe in ["live", "ready"] {
        let answer = app.http.get(format!("{}/api/relay/healthcheck/{probe}/", app.url));
        let answer = answer.send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.json::<Value>().await.unwrap(), json!({"is_healthy": true}));
    }
    app.stop().await;
}
