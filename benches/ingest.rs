//! How many events a second Picket accepts, groups and commits, against the least that any server of
//! this stack must do.
//!
//! The *floor* is a handler that gunzips, parses typed, compresses with a dictionary and `COPY`s the same
//! bodies in groups, answers after the commit, and does nothing else: no credentials, no journal, no
//! grouping, no issues, no tags, no counters. Picket and the floor are processes of their own, each on a
//! private Postgres with full durability, under the same load in turns: 64 connections that are kept, and
//! prebuilt gzip bodies made of what real SDKs sent, each with an id of its own.
//!
//! `cargo bench --bench ingest [-- EVENTS ROUNDS]` prints medians of the rounds:
//! - rates from the first request until all are answered, and until all are committed;
//! - how long answers took, under full load, and at half the rate that was committed (`paced`);
//! - CPU per event of the server and of its Postgres (the load generator is in neither);
//! - the most memory the server ever took, and what an event takes on disk, indexes and issues included.
//!
//! Cases: `50 issues`, `5000 issues`, and `storm`: one issue past the sample of its payloads.

#![expect(clippy::print_stdout, reason = "a benchmark reports on standard output")]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a benchmark ends by panicking"
)]

#[path = "support/bodies.rs"]
mod bodies;
#[path = "support/floor.rs"]
mod floor;
#[path = "support/floor_process.rs"]
mod floor_process;
#[path = "support/load.rs"]
mod load;
#[path = "support/program.rs"]
mod program;
#[path = "support/report.rs"]
mod report;

use std::time::{Duration, Instant};

use bodies::Bodies;
use program::{Kind, Program};
use report::{Latencies, Run};

/// Sent before a round: connections, plans, dictionaries, and the thousand payloads of an issue and day
/// that are kept in full.
const WARM_UP: usize = 3000;

/// How long the load at half the rate goes on.
const PACED: Duration = Duration::from_secs(5);

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
    let numbers: Vec<usize> = arguments.iter().filter_map(|word| word.parse().ok()).collect();
    let events = numbers.first().copied().unwrap_or(20_000);
    let rounds = numbers.get(1).copied().unwrap_or(3);

    let homes = [Kind::Floor, Kind::Picket].map(|kind| (kind, tempfile::tempdir().unwrap()));
    for (case, distinct) in [("50 issues", 50), ("5000 issues", 5000), ("storm", 1)] {
        let [mut floors, mut pickets] = [const { Vec::new() }; 2];
        for round in 0..rounds {
            println!("# {case}, round {}: {events} events", round + 1);
            for (kind, home) in &homes {
                let program = Program::start(*kind, home.path()).await;
                let run = measure(program, events, distinct).await;
                match kind {
                    Kind::Floor => floors.push(run),
                    Kind::Picket => pickets.push(run),
                }
            }
        }
        report::print(case, &floors, &pickets);
    }
}

async fn measure(mut program: Program, events: usize, distinct: usize) -> Run {
    program.clear().await;
    let warm_up = Bodies::new(WARM_UP, distinct);
    load::send(&program.target(), &warm_up, None).await;
    program.wait_for(WARM_UP).await;
    // What the warm-up stored is what dictionaries are made of.
    program.restart().await;

    let bodies = Bodies::new(events, distinct);
    let cpu = program.cpu();
    let started = Instant::now();
    let full = load::send(&program.target(), &bodies, None).await;
    let answered = started.elapsed();
    program.wait_for(WARM_UP + events).await;
    let committed = started.elapsed();
    let used = program.cpu();

    let count = f64::from(u32::try_from(events).unwrap());
    let rate = count / committed.as_secs_f64();
    let half = PACED.as_secs_f64() * rate / 2.0;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some thousands")]
    let few = Bodies::new((half as usize).max(100), distinct);
    let paced = load::send(&program.target(), &few, Some(rate / 2.0)).await;
    program.wait_for(WARM_UP + events + few.len()).await;
    let disk = program.disk().await;
    let run = Run {
        accepted: count / answered.as_secs_f64(),
        committed: rate,
        full: Latencies::of(full),
        paced: Latencies::of(paced),
        server_micros: (used.server_micros - cpu.server_micros) / count,
        postgres_micros: (used.postgres_micros - cpu.postgres_micros) / count,
        peak_mebibytes: program.peak_mebibytes(),
        disk,
    };
    program.stop().await;
    run
}
