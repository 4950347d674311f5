//! Several Pickets and one data directory.

use std::time::Duration;

use picket::infra::data_dir::{Claim, Role};
use picket::infra::db::Purpose;

use super::helpers::{
    count_kept, create_kept, insert_kept, open, postmaster, processes, refusal, serve,
    used_data_dir,
};
use super::owner::Owner;

#[tokio::test]
async fn a_second_server_says_who_has_the_directory_and_disturbs_nobody() {
    let data_dir = used_data_dir();
    let owner = Owner::start(data_dir.path());
    let before = postmaster(data_dir.path());

    let message = refusal(data_dir.path()).await;

    assert!(message.contains("another Picket (process "), "{message}");
    assert!(message.contains("PICKET__DATA_DIR"), "{message}");
    assert_eq!(postmaster(data_dir.path()), before);
    owner.stop();
}

#[tokio::test]
async fn a_command_works_beside_a_server_and_leaves_it_running() {
    let data_dir = used_data_dir();
    let server = serve(data_dir.path()).await;
    create_kept(&server.pool).await;

    let command = open(data_dir.path(), Purpose::Command).await.unwrap();
    insert_kept(&command.pool, 1).await.unwrap();
    command.close().await;

    assert_eq!(count_kept(&server.pool).await, 1);
    server.close().await;
}

#[tokio::test]
async fn a_command_alone_starts_postgres_for_itself_and_stops_it() {
    let data_dir = used_data_dir();

    let command = open(data_dir.path(), Purpose::Command).await.unwrap();
    create_kept(&command.pool).await;
    command.close().await;

    assert_eq!(processes(data_dir.path()), []);
}

#[tokio::test]
async fn two_commands_at_once_take_turns() {
    let data_dir = used_data_dir();
    let commands = (0..3).map(|_| async {
        let command = open(data_dir.path(), Purpose::Command).await.unwrap();
        let _: i32 = sqlx::query_scalar("SELECT 1").fetch_one(&command.pool).await.unwrap();
        command.close().await;
    });

    futures_util::future::join_all(commands).await;

    assert_eq!(processes(data_dir.path()), []);
}

#[tokio::test]
async fn a_server_waits_for_a_command_to_end() {
    let data_dir = used_data_dir();
    let command = Claim::take(data_dir.path(), Role::Command).unwrap().unwrap();
    let server = open(data_dir.path(), Purpose::Serve);
    tokio::pin!(server);

    let early = tokio::time::timeout(Duration::from_millis(300), &mut server).await;
    assert!(early.is_err(), "it neither starts nor gives up");
    drop(command);

    server.await.unwrap().close().await;
}

#[tokio::test]
async fn a_server_that_was_only_dropped_still_stops() {
    let data_dir = used_data_dir();
    drop(serve(data_dir.path()).await);
    super::helpers::eventually("Postgres stops", || processes(data_dir.path()).is_empty());
}
