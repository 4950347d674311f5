//! How fast the journal keeps records, against what the same disk does without it.
//!
//! Three ways to make 8 KiB records durable, in turns, in the same directory and for the same time:
//! - `journal`: 64 tasks that each append and wait for their own record;
//! - `one by one`: a plain file, one write and one fdatasync per record;
//! - `groups`: a plain file, records in groups as large as the journal's were, one write and one
//!   fdatasync per group, and nobody who waits. That is the ceiling.
//!
//! `cargo bench --bench journal [-- SECONDS ROUNDS]`; the directory is a temporary one, `TMPDIR`
//! decides on which disk. Prints medians.

#![expect(clippy::print_stdout, reason = "a benchmark reports on standard output")]

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use picket::base::Clock;
use picket::infra::journal::{Journal, Options};

const RECORD_BYTES: usize = 8 << 10;
const WAITERS: usize = 64;

/// What one way achieved in one round.
#[derive(Clone, Copy, Default)]
struct Round {
    records_per_second: f64,
    records_per_sync: f64,
    p50_ms: f64,
    p99_ms: f64,
}

fn main() {
    // `cargo bench` passes `--bench`.
    let arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with('-'));
    let numbers: Vec<u32> = arguments.filter_map(|argument| argument.parse().ok()).collect();
    let duration = Duration::from_secs(numbers.first().copied().unwrap_or(3).into());
    let rounds = numbers.get(1).copied().unwrap_or(5);

    let [mut journal, mut one_by_one, mut groups] = [const { Vec::new() }; 3];
    for _ in 0..rounds {
        let directory = tempfile::tempdir().expect("a temporary directory can be made");
        journal.push(append_to_journal(directory.path(), duration));
        let group = journal.last().map_or(1.0, |round| round.records_per_sync);
        one_by_one.push(write_plainly(&directory.path().join("plain"), duration, 1.0));
        groups.push(write_plainly(&directory.path().join("groups"), duration, group));
    }
    let (journal, one_by_one, groups) = (median(&journal), median(&one_by_one), median(&groups));
    println!("8 KiB records, {WAITERS} waiters, median of {rounds} rounds of {duration:?}");
    println!("{:12} {:>10} {:>9} {:>8} {:>8}", "", "records/s", "rec/sync", "p50 ms", "p99 ms");
    for (name, round) in [("journal", journal), ("one by one", one_by_one), ("groups", groups)] {
        let Round { records_per_second, records_per_sync, p50_ms, p99_ms } = round;
        println!(
            "{name:12} {records_per_second:>10.0} {records_per_sync:>9.1} {p50_ms:>8.2} {p99_ms:>8.2}"
        );
    }
    let rate = journal.records_per_second;
    println!("journal / one by one  {:.2}", rate / one_by_one.records_per_second);
    println!("journal / groups      {:.2}", rate / groups.records_per_second);
}

/// Each figure by itself.
fn median(rounds: &[Round]) -> Round {
    let middle = |figure: fn(&Round) -> f64| {
        let mut figures: Vec<_> = rounds.iter().map(figure).collect();
        figures.sort_unstable_by(f64::total_cmp);
        figures[figures.len() / 2]
    };
    Round {
        records_per_second: middle(|round| round.records_per_second),
        records_per_sync: middle(|round| round.records_per_sync),
        p50_ms: middle(|round| round.p50_ms),
        p99_ms: middle(|round| round.p99_ms),
    }
}

fn append_to_journal(directory: &Path, duration: Duration) -> Round {
    let options = Options::new(u64::MAX, directory.join("quarantine"), Clock::system());
    let journal = Journal::open(&directory.join("lane-0"), options).expect("the journal opens");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime starts");
    let start = Instant::now();
    let work = (0..WAITERS).map(|waiter| {
        let journal = &journal;
        async move {
            let mut times = Vec::new();
            while start.elapsed() < duration {
                let record = vec![u8::try_from(waiter).unwrap_or(0); RECORD_BYTES];
                let begun = Instant::now();
                journal.append(record).await.expect("the disk takes it");
                times.push(begun.elapsed());
            }
            times
        }
    });
    let times = runtime.block_on(futures_util::future::join_all(work)).concat();
    #[expect(clippy::cast_precision_loss, reason = "a count of groups in a few seconds")]
    let groups = journal.stats().written_groups as f64;
    measure(times, groups, start.elapsed())
}

fn write_plainly(path: &Path, duration: Duration, records_per_sync: f64) -> Round {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and 64")]
    let records = records_per_sync.round() as usize;
    let group = vec![b'x'; RECORD_BYTES * records];
    let mut file = File::create(path).expect("a file can be made");
    let (mut times, mut syncs, start) = (Vec::new(), 0.0, Instant::now());
    while start.elapsed() < duration {
        let begun = Instant::now();
        file.write_all(&group).expect("the disk takes it");
        file.sync_data().expect("the disk syncs");
        times.extend(std::iter::repeat_n(begun.elapsed(), records));
        syncs += 1.0;
    }
    measure(times, syncs, start.elapsed())
}

fn measure(mut times: Vec<Duration>, syncs: f64, took: Duration) -> Round {
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1000.0;
    #[expect(clippy::cast_precision_loss, reason = "a count of records in a few seconds")]
    let records = times.len() as f64;
    Round {
        records_per_second: records / took.as_secs_f64(),
        records_per_sync: records / syncs,
        p50_ms: at(50),
        p99_ms: at(99),
    }
}
