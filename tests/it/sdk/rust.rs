//! The Rust client, in a program of its own that is built here.

use std::path::PathBuf;

use insta::assert_snapshot;
use tokio::process::Command;

use super::outline::outline;
use super::{programs, run};
use crate::support::{TestApp, requirement};

/// Builds the program from crates that are on this machine; tests fetch nothing.
pub(super) async fn program() -> Option<PathBuf> {
    let manifest = programs().join("rust/Cargo.toml");
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("sdk-rust");
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--locked", "--offline", "--manifest-path"])
        .args([&manifest, &PathBuf::from("--target-dir"), &target])
        // What Cargo tells this test about Picket is not about that program.
        .env_remove("CARGO_TARGET_DIR")
        .output()
        .await
        .unwrap();
    if built.status.success() {
        return Some(target.join("debug/picket-test-client"));
    }
    eprintln!("{}", String::from_utf8_lossy(&built.stderr));
    requirement::skip(
        "sdk",
        "the crate `sentry` is not here; `cargo fetch --manifest-path tests/sdk/rust/Cargo.toml` gets it",
    );
    None
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_rust_client_reports_becomes_issues() {
    let Some(program) = program().await else { return };
    let app = TestApp::start().await;
    let project = app.create_project("Warehouse").await;

    run(program.to_str().unwrap(), &[&project.dsn]).await;
    app.settle().await;

    assert_snapshot!(outline(&app).await, @r#"
    error | StockError: stock level of SKU-17 is unreadable | picket_test_client::main | 1 events, 1 users
      tags aisle=north, environment=production, release=warehouse@3.1.0, user=id:u-77
      exception ParseIntError | invalid digit found in string | null, handled null
      exception StockError | stock level of SKU-17 is unreadable | null, handled null
      thread main
        picket_test_client::main main.rs:70 `` []
        main null:null `` []
        <unknown> null:null `` []
      breadcrumb info | stock | reading SKU-17 

    fatal | panic: index out of bounds: the len is 2 but the index is 9 | picket_test_client::reserve | unhandled, 1 events, 1 users
      tags aisle=north, environment=production, release=warehouse@3.1.0, user=id:u-77
      exception panic | index out of bounds: the len is 2 but the index is 9 | panic, handled false
        picket_test_client::reserve main.rs:32 `` []
        picket_test_client::main::{{closure}}::{{closure}} main.rs:73 `` []
        picket_test_client::main::{{closure}} main.rs:73 `` []
        <unknown> null:null `` []
      breadcrumb info | stock | reading SKU-17
    "#);
    app.stop().await;
}
