//! `picket release verify`, as the gate of a pipeline.

use chrono::{TimeDelta, Utc};
use picket::protocol::dsn::Dsn;
use serde_json::{Value, json};

use crate::support::process::{Installation, Process};

/// Sends counted sessions that began some hours ago.
async fn sessions(server: &Process, dsn: &Dsn, release: &str, hours_ago: i64, counts: Value) {
    #[expect(clippy::disallowed_methods, reason = "the server in the other process has this clock")]
    let started = Utc::now() - TimeDelta::hours(hours_ago);
    let mut bucket = counts;
    bucket["started"] = json!(started);
    let payload = json!({
        "aggregates": [bucket], "attrs": {"release": release, "environment": "live"}});
    let url =
        format!("{}/api/{}/envelope/?sentry_key={}", server.url, dsn.project_id, dsn.public_key);
    let body = format!("{{}}\n{{\"type\":\"sessions\"}}\n{payload}\n");
    let answer = reqwest::Client::new().post(url).body(body).send().await.unwrap();
    assert!(answer.status().is_success());
}

/// The exit code and what was said.
async fn verify(installation: &Installation, arguments: &[&str]) -> (i32, String) {
    let arguments = [&["release", "verify"], arguments].concat();
    let output = installation.command(&arguments).output().await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap(), text(&output.stdout) + &text(&output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exit_code_tells_a_pipeline_whether_to_go_on() {
    let installation = Installation::new();
    let server = installation.start().await;
    let project = installation.json(&["project", "create", "Shop", "--json"]).await;
    let dsn: Dsn = project["dsn"].as_str().unwrap().parse().unwrap();

    let (code, said) = verify(&installation, &["shop@1"]).await;
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("could not judge the release `shop@1`"), "{said}");

    // What ran before is compared with when nothing is known of an older release's own hours.
    sessions(&server, &dsn, "shop@1", 30, json!({"exited": 995, "crashed": 5})).await;
    sessions(&server, &dsn, "shop@2", 0, json!({"exited": 995, "crashed": 5})).await;
    let healthy = ["shop@2", "--environment", "live", "--wait", "2s"];
    let (code, said) = verify(&installation, &healthy).await;
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("`shop@2` is healthy in `live`: nothing got worse."), "{said}");
    let (code, said) = verify(&installation, &["shop@2", "--environment", "elsewhere"]).await;
    assert_eq!(code, 4, "{said}");

    sessions(&server, &dsn, "shop@3", 0, json!({"exited": 500, "crashed": 500})).await;
    let broken = async || verify(&installation, &["shop@3", "--wait", "1h", "--json"]).await;
    // Ends long before the hour.
    let (code, said) =
        tokio::time::timeout(std::time::Duration::from_mins(2), broken()).await.unwrap();
    assert_eq!(code, 3, "{said}");
    let answer: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(answer["answer"], "broken");
    server.stop().await;
}
