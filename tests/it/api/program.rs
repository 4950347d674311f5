//! A program with a token, and errors for it to look at.

use std::fmt::Write;

use chrono::TimeDelta;
use picket::base::{Clock, Timestamp, UserId};
use picket::domain::accounts::{NewUser, Scopes, tokens};
use picket::domain::organizations;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{TestApp, TestProject};

/// The public URL of the tests' server: its port differs from run to run, answers must not.
pub(crate) const PUBLIC_URL: &str = "https://picket.example.com";

/// Where the corpus was sent; some clients name it in the envelope, too.
const CORPUS_DSN: &str = "http://0123456789abcdef0123456789abcdef@127.0.0.1:9999/42";

/// When the tests begin: shortly after the corpus was recorded.
pub(crate) fn start_time() -> Timestamp {
    "2026-11-22T15:00:00Z".parse().unwrap()
}

/// A server that stands at [`start_time`] and knows its public URL.
pub(crate) async fn server() -> TestApp {
    let adjust = |config: &mut picket::config::Config| {
        config.server.public_url = PUBLIC_URL.to_owned();
    };
    TestApp::start_at(Clock::fixed(start_time()), adjust).await
}

/// A person of the organization.
pub(crate) async fn create_user(app: &TestApp) -> UserId {
    let new = NewUser::parse("ada@example.com", "Ada", "correct horse battery").unwrap();
    organizations::create_member(&app.app, new, None).await.unwrap().0.id
}

/// Something that asks the server.
pub(crate) struct Program<'a> {
    app: &'a TestApp,
    pub(crate) token: Option<String>,
}

/// What it is told.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    /// Null if there is no body.
    pub(crate) body: Value,
}

impl<'a> Program<'a> {
    /// One without a token.
    pub(crate) fn anonymous(app: &'a TestApp) -> Self {
        Self { app, token: None }
    }

    /// One with this token.
    pub(crate) fn with_token(app: &'a TestApp, token: &str) -> Self {
        Self { app, token: Some(token.to_owned()) }
    }

    /// One with a token of the organization.
    pub(crate) async fn of_organization(app: &'a TestApp, scopes: &str) -> Self {
        Self::acting(app, None, scopes).await
    }

    /// One with a token of a person.
    pub(crate) async fn acting(app: &'a TestApp, user: Option<UserId>, scopes: &str) -> Self {
        let mut db = app.app.db.acquire().await.unwrap();
        let organization =
            organizations::store::find(&mut db, app.organization).await.unwrap().unwrap();
        drop(db);
        let new = tokens::NewToken {
            organization_id: organization.id,
            organization_slug: &organization.slug,
            user_id: user,
            name: "test",
            scopes: Scopes::parse(scopes).unwrap(),
        };
        let (_, token) = tokens::create(&app.app, new).await.unwrap();
        Self { app, token: Some(token) }
    }

    /// One that may see everything.
    pub(crate) async fn reading(app: &'a TestApp) -> Self {
        Self::of_organization(app, "org:read,project:read,team:read,event:read").await
    }

    pub(crate) async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        // The limit of requests in a second is for others.
        self.app.app.clock.advance(TimeDelta::milliseconds(50));
        self.send(method, path, body).await
    }

    /// Asks while time stands still.
    pub(crate) async fn at_once(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let mut request = self.app.http.request(method, format!("{}/api/0{path}", self.app.url));
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let bytes = response.bytes().await.unwrap();
        let body = if bytes.is_empty() {
            Value::Null
        } else {
            assert_eq!(headers["content-type"], "application/json", "{path}");
            serde_json::from_slice(&bytes).unwrap()
        };
        Answer { status, headers, body }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, None).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.ask(Method::PUT, path, Some(body)).await
    }

    /// The body of what must succeed.
    pub(crate) async fn read(&self, path: &str) -> Value {
        let answer = self.get(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
        answer.body
    }
}

impl Answer {
    /// The cursor of `rel`, and whether rows are there.
    pub(crate) fn link(&self, rel: &str) -> (String, bool) {
        let header = self.headers["link"].to_str().unwrap();
        let part =
            header.split(", ").find(|part| part.contains(&format!("rel=\"{rel}\""))).unwrap();
        let value = |name: &str| {
            let start = part.find(&format!("; {name}=\"")).unwrap() + name.len() + 4;
            part[start..].split('"').next().unwrap().to_owned()
        };
        (value("cursor"), value("results") == "true")
    }

    /// One field of each row.
    pub(crate) fn column(&self, field: &str) -> Vec<String> {
        column(&self.body, field)
    }
}

/// One field of each row of a list.
pub(crate) fn column(rows: &Value, field: &str) -> Vec<String> {
    let text = |row: &Value| match &row[field] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    rows.as_array().unwrap().iter().map(text).collect()
}

/// An error to be sent: an exception of type `title` in one function of that name.
pub(crate) fn error(title: &str) -> Value {
    json!({
        "platform": "python",
        "level": "error",
        "exception": {"values": [{
            "type": title,
            "value": format!("{title} happened"),
            "stacktrace": {"frames": [
                {"function": title, "module": title, "filename": format!("{title}.py"), "lineno": 7, "in_app": true},
            ]},
        }]},
    })
}

/// `error` with `changes` on top.
pub(crate) fn error_with(title: &str, changes: &Value) -> Value {
    let mut event = error(title);
    for (key, value) in changes.as_object().unwrap() {
        event[key] = value.clone();
    }
    event
}

/// Sends counted sessions of a release in an environment, begun some hours ago.
pub(crate) async fn send_sessions(
    app: &TestApp,
    project: &TestProject,
    [release, environment]: [&str; 2],
    hours_ago: i64,
    mut counts: Value,
) {
    counts["started"] = json!(app.app.clock.now() - TimeDelta::hours(hours_ago));
    let attributes = json!({"release": release, "environment": environment});
    let payload = json!({"aggregates": [counts], "attrs": attributes});
    let body = format!("{{}}\n{{\"type\":\"sessions\"}}\n{payload}\n");
    assert_eq!(app.send_envelope(project, body).await.status(), 200);
    app.settle().await;
}

/// Sends events in envelopes of their own and waits until they are stored.
pub(crate) async fn send(app: &TestApp, project: &TestProject, events: &[Value]) {
    for event in events {
        let mut envelope = String::new();
        let header = match &event["event_id"] {
            Value::String(id) => json!({ "event_id": id }),
            _ => json!({}),
        };
        writeln!(envelope, "{header}\n{}\n{event}", json!({"type": "event"})).unwrap();
        let response = app.send_envelope(project, envelope).await;
        assert_eq!(response.status(), StatusCode::OK);
    }
    app.settle().await;
}

/// Sends the requests that a corpus file holds.
pub(crate) async fn send_corpus(app: &TestApp, project: &TestProject, file: &str) {
    let path = format!("{}/tests/fixtures/corpus/{file}.json", env!("CARGO_MANIFEST_DIR"));
    let recorded: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    for request in recorded["requests"].as_array().unwrap() {
        let body = request["body"].as_str().unwrap().replace(CORPUS_DSN, &project.dsn);
        let response = app.send_envelope(project, body).await;
        let status = response.status();
        assert_eq!(status, StatusCode::OK, "{file}: {}", response.text().await.unwrap());
    }
    app.settle().await;
}
