//! How many events a second Picket accepts, groups and commits, against the least that any server of
//! this stack must do.
//!
//! The *floor* is a handler that gunzips, parses typed, compresses and `COPY`s the same bodies in groups,
//! answers after the commit, and does nothing else: no credentials, no journal, no grouping, no issues,
//! no tags, no counters. Both run in this process, one after the other, on the same private Postgres
//! with full durability, under the same load of 64 connections that send the corpus of real SDKs.
//!
//! `cargo bench --bench sustained [-- EVENTS ROUNDS]` prints medians: rates from the first request until
//! everything is committed, and the CPU of process and Postgres per event. The load generator is in the
//! process, in both figures alike. `storm` sends one event over and over: one issue, mostly sampled away.

#![expect(clippy::print_stdout, reason = "a benchmark reports on standard output")]
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a benchmark ends by panicking"
)]

#[path = "support/floor.rs"]
mod floor;
#[path = "support/load.rs"]
mod load;
#[path = "support/picket.rs"]
mod server;

use std::path::Path;
use std::time::{Duration, Instant};

use load::{Bodies, Target};

/// What one run achieved.
#[derive(Clone, Copy, Debug)]
struct Run {
    /// Answers per second.
    accepted: f64,
    /// Events per second until all were committed.
    committed: f64,
    /// Microseconds of CPU per event: this process and Postgres.
    cpu_micros: f64,
    p99_ms: f64,
}

#[tokio::main]
async fn main() {
    // `cargo bench` passes `--bench`.
    let arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with('-'));
    let numbers: Vec<usize> = arguments.filter_map(|argument| argument.parse().ok()).collect();
    let events = numbers.first().copied().unwrap_or(20_000);
    let rounds = numbers.get(1).copied().unwrap_or(3);

    let database = server::Cluster::start().await;
    for (name, distinct) in [("corpus", usize::MAX), ("storm", 1)] {
        let [mut floors, mut pickets] = [const { Vec::new() }; 2];
        for round in 0..rounds {
            let bodies = Bodies::corpus(events, distinct);
            println!("# {name}, round {round}: {events} events, {} kinds", bodies.kinds);
            floors.push(measure(&database, floor::start(&database).await, &bodies).await);
            pickets.push(measure(&database, server::start(&database).await, &bodies).await);
        }
        report(name, &floors, &pickets);
    }
    database.stop().await;
}

async fn measure(database: &server::Cluster, target: impl Target, bodies: &Bodies) -> Run {
    let cpu = cpu_time(database.data_dir());
    let started = Instant::now();
    let mut latencies = load::send(&target, bodies).await;
    let answered = started.elapsed();
    target.wait_for(bodies.len()).await;
    let committed = started.elapsed();
    let cpu = cpu_time(database.data_dir()).checked_sub(cpu).unwrap();
    target.stop().await;
    latencies.sort_unstable();
    let events = f64::from(u32::try_from(bodies.len()).unwrap());
    Run {
        accepted: events / answered.as_secs_f64(),
        committed: events / committed.as_secs_f64(),
        cpu_micros: cpu.as_secs_f64() * 1e6 / events,
        p99_ms: latencies[latencies.len() * 99 / 100].as_secs_f64() * 1e3,
    }
}

fn report(name: &str, floors: &[Run], pickets: &[Run]) {
    println!(
        "{name:8} {:>10} {:>11} {:>10} {:>8}",
        "accepted/s", "committed/s", "CPU us/ev", "p99 ms"
    );
    let median = |runs: &[Run], get: fn(&Run) -> f64| {
        let mut values: Vec<f64> = runs.iter().map(get).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    for (who, runs) in [("floor", floors), ("picket", pickets)] {
        println!(
            "{who:8} {:>10.0} {:>11.0} {:>10.0} {:>8.1}",
            median(runs, |run| run.accepted),
            median(runs, |run| run.committed),
            median(runs, |run| run.cpu_micros),
            median(runs, |run| run.p99_ms),
        );
    }
    let ratio = |get: fn(&Run) -> f64| median(pickets, get) / median(floors, get);
    println!("{name}: committed / floor {:.2}", ratio(|run| run.committed));
    println!("{name}: accepted / floor  {:.2}", ratio(|run| run.accepted));
    println!("{name}: CPU / floor       {:.2}", ratio(|run| run.cpu_micros));
}

/// CPU time so far: this process, and every process of the private Postgres.
fn cpu_time(data_dir: &Path) -> Duration {
    let pid = std::fs::read_to_string(data_dir.join("postgres/postmaster.pid")).unwrap();
    let postmaster: u32 = pid.lines().next().unwrap().trim().parse().unwrap();
    let mut ticks = 0;
    for entry in std::fs::read_dir("/proc").unwrap().flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
        // Behind the name, which may hold spaces: state, parent, …, user and system time, those of
        // children that have ended.
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        let number = |index: usize| fields[index].parse::<u64>().unwrap_or(0);
        let is_ours =
            id == std::process::id() || id == postmaster || number(1) == u64::from(postmaster);
        if is_ours {
            ticks += number(11) + number(12);
            if id == postmaster {
                ticks += number(13) + number(14);
            }
        }
    }
    // The kernel reports hundredths of a second whatever its own clock is.
    Duration::from_millis(ticks * 10)
}
