//! The disk with the journal is full.

use picket::base::Clock;
use reqwest::StatusCode;

use super::totals::{Totals, send};
use crate::support::tiny_disk::TinyDisk;
use crate::support::{TestApp, database};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_full_disk_senders_are_told_to_keep_their_events_and_it_goes_on_by_itself_with_room() {
    let Some(disk) = TinyDisk::mount("4m") else { return };
    let data_dir = disk.path().to_owned();
    let (database, wire) = database().await.through_a_wire().await;
    let app =
        TestApp::start_on(database, Clock::system(), |config| config.data_dir = data_dir).await;
    let project = app.create_project("Shop").await;
    assert_eq!(send(&app, &project, 0).await.status(), StatusCode::OK);
    app.settle().await;

    // Postgres is away as well: what was accepted has to wait on the full disk.
    wire.cut();
    for number in 0..50 {
        assert_eq!(send(&app, &project, number).await.status(), StatusCode::OK);
    }
    let ballast = disk.fill();
    let mut taken = 0;
    for number in 0..50 {
        // The rest of the journal's last block takes another one or two.
        let answer = send(&app, &project, number).await;
        if answer.status().is_success() {
            taken += 1;
            continue;
        }
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(answer.headers().contains_key("retry-after"), "{:?}", answer.headers());
        let body = answer.text().await.unwrap();
        assert!(body.contains("\"detail\""), "{body}");
    }
    assert!(taken < 5, "{taken}");
    let acknowledged = 1 + 50 + taken;

    // Without a byte of room, what waits is stored all the same.
    wire.mend();
    app.settle().await;
    assert_eq!(Totals::read(&app.app.db).await, Totals::of(acknowledged));

    ballast.remove();
    for number in 0..20 {
        assert_eq!(send(&app, &project, number).await.status(), StatusCode::OK);
    }
    app.settle().await;
    assert_eq!(Totals::read(&app.app.db).await, Totals::of(acknowledged + 20));
    app.stop().await;
}
