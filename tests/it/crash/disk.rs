//! A full disk under everything: the journal, and the private Postgres.

use std::sync::atomic::Ordering;

use super::{Load, assert_nothing_lost};
use crate::support::process::Installation;
use crate::support::tiny_disk::TinyDisk;

#[tokio::test(flavor = "multi_thread")]
async fn no_acknowledged_event_is_lost_or_doubled_when_the_disk_is_full() {
    let Some(disk) = TinyDisk::mount("160m") else { return };
    let installation = Installation::on(disk.path());
    let process = installation.start().await;
    let project = installation.json(&["project", "create", "Crash", "--json"]).await;

    let load = Load::start(&process, &project);
    load.reach(200).await;
    let ballast = disk.fill();
    load.be_refused(200).await;
    assert!(
        reqwest::get(format!("{}/health/live", process.url)).await.unwrap().status().is_success()
    );
    ballast.remove();
    let before = load.acknowledged.load(Ordering::SeqCst);
    load.reach(before + 200).await;
    let acknowledged = load.stop().await;

    assert_nothing_lost(&installation, &acknowledged).await;
    process.stop().await;
}
