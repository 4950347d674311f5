//! How many session updates a second Picket takes over HTTP, and what they leave on disk.
//!
//! The *floor* is a handler that gunzips and parses the same bodies, writes each session's last state into one table by
//! `INSERT … ON CONFLICT` in groups, and answers after the commit: no credentials, no journal, no counting, no
//! users. Picket and the floor are processes of their own, each on a private Postgres with full durability,
//! under the same load in turns: 64 connections that are kept, every update an envelope of its own, as clients send them.
//!
//! `cargo bench --bench sessions [-- UPDATES]`, a million unless said: half as many sessions, each begun by one update and
//! ended by another; 20 releases in 3 environments, sessions of the last 24 hours, 50,000 users.

#![expect(clippy::print_stdout, reason = "a benchmark reports on standard output")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a benchmark ends by panicking"
)]

#[path = "support/session_bodies.rs"]
mod bodies;
#[path = "support/session_floor.rs"]
mod floor;
#[path = "support/floor_process.rs"]
mod floor_process;
#[path = "support/load.rs"]
mod load;
#[path = "support/program.rs"]
#[expect(dead_code, reason = "sessions need no dictionaries, and leave no events")]
mod program;

use std::path::Path;
use std::time::Instant;

use bodies::Bodies;
use picket::infra::db::embedded;
use program::{Kind, Program};
use sqlx::{Connection, PgConnection};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [mode, data_dir] = &arguments[..]
        && mode == floor_process::MODE
    {
        floor::serve(data_dir.as_ref());
        return;
    }
    // `cargo bench` passes `--bench`.
    let updates = arguments.iter().find_map(|word| word.parse().ok()).unwrap_or(1_000_000);
    let bodies = Bodies::new(updates);
    let mut rates = Vec::new();
    for kind in [Kind::Floor, Kind::Picket] {
        rates.push(measure(kind, &bodies).await);
    }
    println!("picket / floor: {:.2}", rates[1] / rates[0]);
}

/// Updates per second until all are committed.
async fn measure(kind: Kind, bodies: &Bodies) -> f64 {
    let home = tempfile::tempdir().unwrap();
    let program = Program::start(kind, home.path()).await;
    let before = program.cpu();
    let started = Instant::now();
    let mut answers = load::send(&program.target(), bodies, None).await;
    let answered = started.elapsed();
    if kind == Kind::Picket {
        program.wait_for(bodies.len()).await;
    }
    let committed = started.elapsed();
    let used = program.cpu();
    let count = f64::from(u32::try_from(bodies.len()).unwrap());
    answers.sort_unstable();
    println!(
        "{kind:?}: {count} updates, {:.0}/s answered, {:.0}/s committed, p95 of answers {:.1} ms, \
         server {:.0} µs and Postgres {:.0} µs of CPU each, at most {:.0} MiB",
        count / answered.as_secs_f64(),
        count / committed.as_secs_f64(),
        answers[answers.len() * 95 / 100].as_secs_f64() * 1e3,
        (used.server_micros - before.server_micros) / count,
        (used.postgres_micros - before.postgres_micros) / count,
        program.peak_mebibytes(),
    );
    if kind == Kind::Picket {
        println!("{}", disk(home.path()).await);
    }
    program.stop().await;
    count / committed.as_secs_f64()
}

/// What sessions take on disk, in words.
async fn disk(home: &Path) -> String {
    let options = embedded::running(&home.join("data")).unwrap().expect("its Postgres runs");
    let mut db = PgConnection::connect_with(&options).await.unwrap();
    let (buckets, live, bytes, states, state_bytes): (i64, i64, i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM session_buckets), \
                (SELECT sum(pg_column_size(buckets.*) \
                     + coalesce(octet_length(users), 0) + coalesce(octet_length(users_in_trouble), 0) \
                     + coalesce(octet_length(users_unhandled), 0) + coalesce(octet_length(users_abnormal), 0) \
                     + coalesce(octet_length(users_crashed), 0))::bigint FROM session_buckets AS buckets), \
                (SELECT sum(pg_total_relation_size(relid))::bigint \
                 FROM pg_partition_tree('session_buckets') WHERE isleaf), \
                (SELECT count(*) FROM session_states), \
                (SELECT sum(pg_total_relation_size(relid))::bigint \
                 FROM pg_partition_tree('session_states') WHERE isleaf)",
    )
    .fetch_one(&mut db)
    .await
    .unwrap();
    // What was rewritten is free for the next rows once Postgres has cleaned up, which it does every minute.
    format!(
        "{buckets} buckets of {} bytes with their users, in {} MiB of files that were written in one go; \
         {states} states of {} bytes",
        live / buckets.max(1),
        bytes >> 20,
        state_bytes / states.max(1)
    )
}
