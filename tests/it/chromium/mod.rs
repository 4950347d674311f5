//! A fresh installation in headless Chromium: what its first person sees.

use std::path::{Path, PathBuf};

use insta::assert_json_snapshot;
use picket::domain::organizations::first_run;
use tokio::process::Command;

use crate::support::{TestApp, requirement};

/// Where Chromium and the program that drives it are.
pub(crate) struct Browser {
    pub(crate) chromium: PathBuf,
    pub(crate) modules: PathBuf,
}

/// Both, or the test is skipped.
pub(crate) fn browser() -> Option<Browser> {
    #[expect(clippy::disallowed_methods, reason = "tells the tests about the machine")]
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let modules = PathBuf::from(variable("PICKET_TEST_NODE_MODULES"));
    if !modules.join("playwright-core").is_dir() {
        requirement::skip("browser", "no `playwright-core`; PICKET_TEST_NODE_MODULES names where");
        return None;
    }
    let paths = variable("PATH");
    let known = ["chromium", "chromium-browser", "google-chrome"];
    let chromium = std::env::split_paths(&paths)
        .flat_map(|directory| known.map(|name| directory.join(name)))
        .find(|path| path.is_file());
    if chromium.is_none() {
        requirement::skip("browser", "no Chromium on the PATH");
    }
    Some(Browser { chromium: chromium?, modules })
}

/// The envelope of an error that a real Python client sent.
fn envelope() -> Vec<u8> {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/corpus/python/py_chained.json");
    let scenario: serde_json::Value =
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    scenario["requests"][0]["body"].as_str().unwrap().as_bytes().to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_person_gets_from_the_link_to_a_resolved_issue() {
    let Some(browser) = browser() else { return };
    let app = TestApp::start().await;
    let link = first_run::link(&app.app).await.unwrap().unwrap();
    let event = app.data_dir().join("event.envelope");
    std::fs::write(&event, envelope()).unwrap();

    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new("node")
        .arg(root.join("tests/sdk/first_run.mjs"))
        .arg(link)
        .arg(event)
        .arg(&browser.chromium)
        .env("PICKET_TEST_NODE_MODULES", &browser.modules)
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let saw: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();

    assert_json_snapshot!(saw, { ".numbers" => "[redacted: times]" });
    app.stop().await;
}
