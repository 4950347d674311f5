//! What real clients sent, sent again: everything is taken, in the encoding it came in.

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::door::{Door, answer};
use super::encodings::compressed;
use crate::support::TestApp;

/// One scenario of `tests/fixtures/corpus`.
#[derive(Debug, Deserialize)]
struct Scenario {
    requests: Vec<Captured>,
}

/// A request as a client sent it.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Captured {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    content_encoding: Option<String>,
    body: Option<String>,
    body_encoding: String,
}

impl Captured {
    /// The body before compression.
    pub(crate) fn body(&self) -> Vec<u8> {
        let body = self.body.clone().unwrap_or_default();
        match self.body_encoding.as_str() {
            "base64" => STANDARD.decode(body).unwrap(),
            _ => body.into_bytes(),
        }
    }

    /// Whether it is an envelope.
    pub(crate) fn is_envelope(&self) -> bool {
        self.path.ends_with("/envelope/")
    }

    /// The encoding that the client chose.
    pub(crate) fn encoding(&self) -> &str {
        self.content_encoding.as_deref().unwrap_or_default()
    }

    /// `GET` or `POST`.
    pub(crate) fn method(&self) -> reqwest::Method {
        self.method.parse().unwrap()
    }

    /// Path and query.
    pub(crate) fn target(&self) -> String {
        match self.query.as_str() {
            "" => self.path.clone(),
            query => format!("{}?{query}", self.path),
        }
    }

    /// The headers that matter; the client's own, also where they are empty.
    pub(crate) fn headers(&self) -> &[(String, String)] {
        &self.headers
    }
}

/// Every request for this part of the product, with the name of its scenario.
pub(crate) fn corpus() -> Vec<(String, Captured)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/corpus");
    let mut files: Vec<PathBuf> = Vec::new();
    for folder in fs::read_dir(root).unwrap() {
        for file in fs::read_dir(folder.unwrap().path()).unwrap() {
            files.push(file.unwrap().path());
        }
    }
    files.sort();
    let mut requests = Vec::new();
    for file in files {
        let name = file.file_stem().unwrap().to_string_lossy().into_owned();
        requests.extend(requests_of(&file).map(|request| (name.clone(), request)));
    }
    requests
}

/// The requests of one scenario, `family/name`, for this part of the product.
pub(crate) fn scenario(name: &str) -> Vec<Captured> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/corpus");
    requests_of(&root.join(format!("{name}.json"))).collect()
}

/// All requests of one scenario, `family/name`, wherever they went.
pub(crate) fn recorded(name: &str) -> Vec<Captured> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/corpus");
    read(&root.join(format!("{name}.json"))).requests
}

fn read(file: &Path) -> Scenario {
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

fn requests_of(file: &Path) -> impl Iterator<Item = Captured> {
    let scenario = read(file);
    let is_ours = |path: &str| path.ends_with("/envelope/") || path.ends_with("/store/");
    scenario.requests.into_iter().filter(move |request| is_ours(&request.path))
}

/// Sends a request as it was captured: path, query, headers and encoding.
pub(crate) async fn replay(app: &TestApp, captured: &Captured) {
    let url = format!("{}{}", app.url, captured.target());
    let mut request = app.http.request(captured.method(), url);
    for (name, value) in captured.headers() {
        request = request.header(name, value);
    }
    let wire = compressed(captured.encoding(), &captured.body());
    let answer = request.body(wire).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
}

#[tokio::test]
async fn everything_that_real_clients_send_is_taken() {
    let door = Door::open().await;
    let corpus = corpus();
    assert!(corpus.len() > 300, "{} requests", corpus.len());
    for (name, captured) in &corpus {
        let mut request = door.http.post(format!("{}{}", door.url, captured.target()));
        for (header, value) in captured.headers() {
            request = request.header(header, value);
        }
        let wire = compressed(captured.encoding(), &captured.body());
        let answer = answer(request.body(wire)).await;
        assert_eq!(answer.status, 200, "{name}: {answer:?}");
    }
    let kept = door.kept().await;
    assert_eq!(kept.len(), corpus.len());
    for ((name, captured), kept) in corpus.iter().zip(&kept) {
        if captured.path.ends_with("/envelope/") {
            assert!(kept.body == captured.body(), "{name} is kept as it was sent");
        }
        assert!(kept.client.is_some(), "{name} says which client it is from");
    }
}
