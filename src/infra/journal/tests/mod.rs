//! The rules of the journal, one by one. What it survives is in `damage` and `faults`.

mod damage;
mod faults;

use chrono::TimeDelta;
use futures_util::future::join_all;
use tempfile::TempDir;

use crate::base::ProjectId;

use super::*;

/// A small journal in a directory of its own.
struct Bench {
    root: TempDir,
    options: Options,
}

impl Bench {
    fn new() -> Self {
        Self::with_budget(1 << 20)
    }

    fn with_budget(max_bytes: u64) -> Self {
        // In memory where that is possible: these tests sync thousands of times, and what a real
        // disk adds is in `tests/it/infra/journal.rs`.
        let root = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        let quarantine = root.path().join("quarantine");
        let clock = Clock::fixed("2026-11-22T10:00:00Z".parse().unwrap());
        let options = Options { segment_bytes: 256, ..Options::new(max_bytes, quarantine, clock) };
        Self { root, options }
    }

    fn directory(&self) -> std::path::PathBuf {
        self.root.path().join("lane-0")
    }

    fn open(&self) -> Journal {
        Journal::open(&self.directory(), self.options.clone()).unwrap()
    }

    /// The bytes of a process that starts: nothing is counted yet.
    fn reopen(&self) -> Journal {
        let budget = Budget::new(self.options.budget.max());
        Journal::open(&self.directory(), Options { budget, ..self.options.clone() }).unwrap()
    }

    fn segments(&self) -> Vec<(u64, u64)> {
        segment::list(&self.directory()).unwrap()
    }

    fn set_aside(&self) -> Vec<std::path::PathBuf> {
        std::fs::read_dir(&self.options.quarantine)
            .map(|entries| entries.map(|entry| entry.unwrap().path()).collect())
            .unwrap_or_default()
    }
}

/// Closes the journal and reads everything that is in it.
async fn drain(journal: Journal, from: Position) -> Vec<Vec<u8>> {
    let mut reader = journal.reader(from);
    drop(journal);
    let mut bodies = Vec::new();
    loop {
        let records = reader.next(3, 1000).await.unwrap();
        if records.is_empty() {
            return bodies;
        }
        bodies.extend(records.into_iter().map(|record| record.bytes));
    }
}

fn body(number: usize) -> Vec<u8> {
    format!("record number {number:04}").into_bytes()
}

#[tokio::test]
async fn what_was_appended_is_read_in_order_also_by_the_next_run() {
    let bench = Bench::new();
    let journal = bench.open();
    let mut reader = journal.reader(Position(0));
    let expected: Vec<_> = (0..50).map(body).collect();
    for (number, body) in expected.iter().enumerate() {
        let end = journal.append(body.clone()).await.unwrap();
        let read = reader.next(1, 1).await.unwrap();
        assert_eq!(read, [Record { end, bytes: body.clone() }], "record {number}");
    }
    assert!(bench.segments().len() > 5, "several segments take part");
    drop(journal);

    assert_eq!(drain(bench.reopen(), Position(0)).await, expected);
}

#[tokio::test]
async fn reading_goes_on_behind_the_committed_position() {
    let bench = Bench::new();
    let journal = bench.open();
    let mut ends = Vec::new();
    for number in 0..20 {
        ends.push(journal.append(body(number)).await.unwrap());
    }
    drop(journal);

    let rest = drain(bench.reopen(), ends[6]).await;
    assert_eq!(rest, (7..20).map(body).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_restart_counts_only_what_is_not_committed() {
    let bench = Bench::new();
    let journal = bench.open();
    let committed = journal.append(body(0)).await.unwrap();
    journal.append(body(1)).await.unwrap();
    drop(journal);

    let journal = bench.reopen();
    assert_eq!(journal.stats().unreleased_bytes, 2 * committed.0, "nobody said so yet");
    journal.reader(committed);
    assert_eq!(journal.stats().unreleased_bytes, committed.0);
    assert_eq!(journal.shared.budget.used(), committed.0);
}

#[tokio::test]
async fn appends_that_wait_together_share_a_write() {
    let bench = Bench::new();
    let journal = bench.open();
    // On this runtime of one thread all of them are queued before the first is answered.
    let ends = join_all((0..64).map(|number| journal.append(body(number)))).await;
    let stats = journal.stats();
    assert_eq!(stats.appended_records, 64);
    assert!(stats.written_groups < 64, "{} groups", stats.written_groups);
    assert!(ends.windows(2).all(|pair| pair[0].as_ref().unwrap() < pair[1].as_ref().unwrap()));
}

#[tokio::test]
async fn a_reader_sleeps_until_there_is_something_and_hears_of_the_end() {
    let bench = Bench::new();
    let journal = bench.open();
    let mut reader = journal.reader(Position(0));
    {
        let next = std::pin::pin!(reader.next(10, 1000));
        assert!(futures_util::poll!(next).is_pending());
    }
    let (read, end) = tokio::join!(reader.next(10, 1000), journal.append(body(1)));
    assert_eq!(read.unwrap(), [Record { end: end.unwrap(), bytes: body(1) }]);

    drop(journal);
    assert_eq!(reader.next(10, 1000).await.unwrap(), []);
}

#[tokio::test]
async fn a_batch_ends_at_either_limit_but_has_at_least_one_record() {
    let bench = Bench::new();
    let journal = bench.open();
    for number in 0..5 {
        journal.append(body(number)).await.unwrap();
    }
    let bytes = body(0).len();
    let lengths = async |max_records, max_bytes| {
        journal.reader(Position(0)).next(max_records, max_bytes).await.unwrap().len()
    };
    assert_eq!(lengths(3, 1 << 20).await, 3);
    assert_eq!(lengths(100, 2 * bytes).await, 2);
    assert_eq!(lengths(100, 2 * bytes + 1).await, 3, "the last one may go past the bytes");
    assert_eq!(lengths(100, 0).await, 1);
    assert_eq!(lengths(0, 1 << 20).await, 1);
}

#[tokio::test]
async fn released_segments_are_deleted_and_the_position_outlives_them() {
    let bench = Bench::new();
    let journal = bench.open();
    let mut end = Position(0);
    for number in 0..50 {
        end = journal.append(body(number)).await.unwrap();
    }
    let before = bench.segments();
    let second = Position(before[1].0);

    journal.release(Position(second.0 - 1));
    assert_eq!(bench.segments(), before, "the first segment is not behind yet");
    journal.release(second);
    assert_eq!(bench.segments(), before[1..]);
    journal.release(end);
    assert_eq!(bench.segments(), before[before.len() - 1..], "the last one stays");
    assert_eq!((journal.stats().unreleased_bytes, bench.options.budget.used()), (0, 0));
    drop(journal);

    let journal = bench.reopen();
    let next = journal.append(body(50)).await.unwrap();
    assert_eq!(next.0, end.0 + segment::framed_bytes(&body(50)));
    assert_eq!(drain(journal, end).await, [body(50)]);
}

#[tokio::test]
async fn the_budget_is_used_to_the_last_byte_and_not_past_it() {
    let size = segment::framed_bytes(&body(0));
    let bench = Bench::with_budget(3 * size);
    let (one, other) = (bench.open(), {
        let directory = bench.root.path().join("lane-1");
        Journal::open(&directory, bench.options.clone()).unwrap()
    });
    one.append(body(0)).await.unwrap();
    let end = other.append(body(1)).await.unwrap();
    one.append(body(2)).await.unwrap();
    assert_eq!(bench.options.budget.used(), 3 * size);
    assert!(matches!(one.append(Vec::new()).await, Err(AppendError::Full)));
    assert!(matches!(other.append(body(3)).await, Err(AppendError::Full)));

    other.release(end);
    assert!(matches!(one.append([body(4), vec![0]].concat()).await, Err(AppendError::Full)));
    one.append(body(5)).await.unwrap();
    drop((one, other));

    let journal = bench.reopen();
    assert_eq!(journal.shared.budget.used(), 3 * size, "what an earlier run left counts");
    assert!(matches!(journal.append(Vec::new()).await, Err(AppendError::Full)));
    assert_eq!(drain(journal, Position(0)).await, [body(0), body(2), body(5)]);
}

#[tokio::test]
async fn records_of_every_length_up_to_the_largest_are_taken() {
    let bench = Bench::with_budget(u64::MAX);
    let journal = bench.open();
    let bodies = [0, 1, 255, 256, 70_000, 3 << 20].map(|length| vec![7; length]);
    for body in &bodies {
        journal.append(body.clone()).await.unwrap();
    }
    let error = journal.append(vec![0; MAX_RECORD_BYTES + 1]).await.unwrap_err();
    assert!(matches!(error, AppendError::TooLarge(length) if length == MAX_RECORD_BYTES + 1));
    assert_eq!(drain(journal, Position(0)).await, bodies);
}

#[tokio::test]
async fn an_append_that_nobody_waits_for_is_kept_and_counted_once() {
    let bench = Bench::new();
    let journal = bench.open();
    {
        // Queued by the first poll; whether it is also answered by then is a matter of luck.
        let append = std::pin::pin!(journal.append(body(0)));
        let _ = futures_util::poll!(append);
    }
    journal.append(body(1)).await.unwrap();
    assert_eq!(journal.stats().unreleased_bytes, bench.options.budget.used());
    assert_eq!(drain(journal, Position(0)).await, [body(0), body(1)]);
}

#[tokio::test]
async fn the_age_is_that_of_the_oldest_unreleased_record_also_after_a_restart() {
    let bench = Bench::new();
    let minutes = |minutes| std::time::Duration::from_mins(minutes);
    let journal = bench.open();
    assert_eq!(journal.stats().oldest_age, None);
    let first = journal.append(body(0)).await.unwrap();
    bench.options.clock.advance(TimeDelta::minutes(5));
    let second = journal.append(body(1)).await.unwrap();
    bench.options.clock.advance(TimeDelta::minutes(2));
    assert_eq!(journal.stats().oldest_age, Some(minutes(7)));
    journal.release(first);
    assert_eq!(journal.stats().oldest_age, Some(minutes(2)));
    drop(journal);

    let journal = bench.reopen();
    assert_eq!(journal.stats().oldest_age, Some(minutes(7)), "nobody has released anything yet");
    journal.release(second);
    assert_eq!(journal.stats().oldest_age, None);
}

#[tokio::test]
async fn a_database_ahead_of_the_journal_moves_it_forward_and_loses_nothing_new() {
    let bench = Bench::new();
    let journal = bench.open();
    let old = journal.append(body(0)).await.unwrap();
    drop(journal);

    let journal = bench.reopen();
    let mut reader = journal.reader(Position(5000));
    let end = journal.append(body(1)).await.unwrap();
    assert_eq!(end.0, 5000 + segment::framed_bytes(&body(1)));
    assert_eq!(reader.next(10, 1000).await.unwrap(), [Record { end, bytes: body(1) }]);
    drop(journal);

    let journal = bench.reopen();
    assert_eq!(drain(journal, Position(5000)).await, [body(1)]);
    assert_eq!(drain(bench.reopen(), old).await, [body(1)], "the gap is no damage");
    assert!(bench.set_aside().is_empty());
}

#[tokio::test]
async fn each_project_has_its_lane_and_lanes_of_earlier_runs_are_still_read() {
    let bench = Bench::new();
    let open = |lanes| Journals::open(bench.root.path(), lanes, &bench.options);
    let numbers = |journals: &Journals| -> Vec<_> {
        journals.lanes().iter().map(|lane| lane.number).collect()
    };
    let journals = open(4).unwrap();
    assert!(open(4).unwrap_err().to_string().contains("another Picket"));
    let lanes: Vec<_> = (1..=40).map(|id| journals.lane_for(ProjectId(id)).number).collect();
    let load = [0, 1, 2, 3].map(|lane| lanes.iter().filter(|taken| **taken == lane).count());
    assert!(load.iter().all(|count| (5..=15).contains(count)), "{load:?}");
    assert_eq!(lanes[..8], [1, 2, 0, 1, 3, 0, 2, 3], "where projects go must never change");

    let project = (1..=40).map(ProjectId).find(|id| journals.lane_for(*id).number == 3).unwrap();
    journals.append(project, body(0)).await.unwrap();
    let node = journals.node();
    drop(journals);

    let journals = open(2).unwrap();
    assert_eq!(journals.node(), node);
    assert_eq!(numbers(&journals), [0, 1, 3], "lane 2 was never used");
    assert!(journals.lane_for(project).number < 2);
    let mut reader = journals.lanes()[2].journal.reader(Position(0));
    assert_eq!(reader.next(10, 1000).await.unwrap()[0].bytes, body(0));
}

#[test]
fn a_node_id_that_cannot_be_read_is_not_replaced() {
    let bench = Bench::new();
    let id = node_id(bench.root.path()).unwrap();
    assert_eq!(node_id(bench.root.path()).unwrap(), id);
    std::fs::write(bench.root.path().join("node-id"), "nonsense").unwrap();
    let error = node_id(bench.root.path()).unwrap_err().to_string();
    assert!(error.contains("node-id"), "{error}");
}
