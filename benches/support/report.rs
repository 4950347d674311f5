//! What a run achieved, and how it is printed.

use std::time::Duration;

use crate::program::Disk;

/// What one run achieved.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Run {
    /// Answers per second.
    pub(crate) accepted: f64,
    /// Events per second until all were committed.
    pub(crate) committed: f64,
    /// Under full load.
    pub(crate) full: Latencies,
    /// At half the rate.
    pub(crate) paced: Latencies,
    /// CPU of the server per event.
    pub(crate) server_micros: f64,
    /// CPU of Postgres per event.
    pub(crate) postgres_micros: f64,
    /// The most memory the server took.
    pub(crate) peak_mebibytes: f64,
    /// What events take.
    pub(crate) disk: Disk,
}

/// How long answers took, in milliseconds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Latencies {
    p50: f64,
    p95: f64,
    p99: f64,
}

impl Latencies {
    pub(crate) fn of(mut all: Vec<Duration>) -> Self {
        all.sort_unstable();
        let at = |percent: usize| all[(all.len() - 1) * percent / 100].as_secs_f64() * 1e3;
        Self { p50: at(50), p95: at(95), p99: at(99) }
    }
}

/// Prints the medians of both, and what Picket is to the floor.
pub(crate) fn print(case: &str, floors: &[Run], pickets: &[Run]) {
    println!(
        "\n{case:12} {:>10} {:>11} {:>22} {:>22} {:>9} {:>9} {:>8} {:>9} {:>9}",
        "accepted/s",
        "committed/s",
        "full p50/p95/p99 ms",
        "paced p50/p95/p99 ms",
        "server us",
        "PG us",
        "peak MB",
        "disk B",
        "payload B",
    );
    for (who, runs) in [("floor", floors), ("picket", pickets)] {
        let latencies = |get: fn(&Run) -> Latencies| {
            let at = |part: fn(&Latencies) -> f64| {
                median(runs.iter().map(|run| part(&get(run))).collect())
            };
            format!("{:.1} / {:.1} / {:.1}", at(|l| l.p50), at(|l| l.p95), at(|l| l.p99))
        };
        let of = |get: fn(&Run) -> f64| median(runs.iter().map(get).collect());
        println!(
            "{who:12} {:>10.0} {:>11.0} {:>22} {:>22} {:>9.0} {:>9.0} {:>8.0} {:>9.0} {:>9.0}",
            of(|run| run.accepted),
            of(|run| run.committed),
            latencies(|run| run.full),
            latencies(|run| run.paced),
            of(|run| run.server_micros),
            of(|run| run.postgres_micros),
            of(|run| run.peak_mebibytes),
            of(|run| run.disk.per_event),
            of(|run| run.disk.payload),
        );
    }
    // Rounds ran in turns: the ratio of neighbours is steadier than that of the medians.
    let ratio = |get: fn(&Run) -> f64| {
        median(floors.iter().zip(pickets).map(|(floor, picket)| get(picket) / get(floor)).collect())
    };
    println!("{case}: committed / floor {:.2}", ratio(|run| run.committed));
    println!(
        "{case}: CPU / floor       {:.2}",
        ratio(|run| run.server_micros + run.postgres_micros)
    );
    let burst = median(pickets.iter().map(|run| run.accepted / run.committed).collect());
    println!("{case}: accepted / committed {burst:.2}\n");
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
