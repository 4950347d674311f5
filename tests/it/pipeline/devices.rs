//! Phones are shown under the name they are sold under, and told apart by how able they are.

use serde_json::{Value, json};

use crate::api::program::Program;
use crate::support::TestApp;
use crate::support::page_text::page_text;
use crate::web::browser::{Browser, create_user};

const ADA: &str = "ada@example.com";

/// An error as the Android client sends it, as far as its device is concerned.
fn error() -> Value {
    json!({
        "platform": "java",
        "exception": {"values": [{"type": "OutOfMemoryError", "value": "Failed to allocate 8 MB"}]},
        "contexts": {
            "os": {"type": "os", "name": "Android", "version": "14", "rooted": false},
            "device": {
                "type": "device", "manufacturer": "samsung", "brand": "samsung", "family": "SM-G991B",
                "model": "SM-G991B", "model_id": "UP1A.231005.007", "memory_size": 7_616_483_328_i64,
                "processor_count": 8, "processor_frequency": 2900.0,
            },
        },
    })
}

#[tokio::test]
async fn an_android_device_has_the_name_that_the_operators_list_says_and_a_class() {
    let directory = tempfile::tempdir().unwrap();
    let list = directory.path().join("supported_devices.csv");
    let lines =
        "Retail Branding,Marketing Name,Device,Model\r\nSamsung,Galaxy S21 5G,o1s,SM-G991B\r\n";
    let utf16: Vec<u8> = lines.encode_utf16().flat_map(u16::to_le_bytes).collect();
    std::fs::write(&list, [b"\xff\xfe".as_slice(), &utf16].concat()).unwrap();
    let app = TestApp::start_with(|config| config.ingest.device_names = Some(list)).await;
    let project = app.create_project("shop").await;
    create_user(&app, ADA).await;
    let envelope = format!("{{}}\n{{\"type\":\"event\"}}\n{}\n", error());
    assert_eq!(app.send_envelope(&project, envelope).await.status(), 200);
    app.settle().await;

    let program = Program::reading(&app).await;
    let issues = program.read("/projects/default/shop/issues/?query=device.class:3").await;
    let [issue] = issues.as_array().unwrap().as_slice() else { panic!("{issues}") };
    let mut browser = Browser::signed_in(&app, ADA).await;
    let path = format!("/default/issues/{}", issue["shortId"].as_str().unwrap());
    let page = page_text(browser.get(&path).await.expect_page());
    assert!(page.contains("Galaxy S21 5G") && page.contains("SM-G991B"), "{page}");
    assert!(page.contains("device.class 3"), "{page}");
    app.stop().await;
}
