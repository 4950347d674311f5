//! The journal against a real kernel: killed in the middle of its work, and on a disk that is full.

use std::collections::{HashMap, HashSet};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use picket::base::{Clock, ProjectId};
use picket::infra::journal::{AppendError, Journal, Journals, Options, Position};

use crate::support::tiny_disk::TinyDisk;

/// The directory on which the child works.
const CHILD_DIRECTORY: &str = "PICKET_TEST_JOURNAL_CHILD";
const TASKS: u64 = 32;
const LANES: usize = 2;

fn options(directory: &Path) -> Options {
    let quarantine = directory.join("quarantine");
    // Small segments: a round goes through many of them.
    Options { segment_bytes: 64 << 10, ..Options::new(1 << 30, quarantine, Clock::system()) }
}

/// A record that says who it is and has an uneven size.
fn record(task: u64, number: u64) -> Vec<u8> {
    let mut record = format!("{task} {number} ").into_bytes();
    record.resize(record.len() + usize::try_from(number % 3000).unwrap(), b'x');
    record
}

fn parse(record: &[u8]) -> (u64, u64) {
    let mut words = std::str::from_utf8(record).unwrap().split(' ');
    let mut number = || words.next().unwrap().parse().unwrap();
    let (task, number) = (number(), number());
    assert_eq!(record, self::record(task, number), "not what was appended");
    (task, number)
}

/// Appends without end, and says on standard output what was acknowledged. It is killed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "the child of `no_acknowledged_record_is_lost_to_kill_9`"]
async fn child_that_appends_until_it_is_killed() {
    let Some(directory) = std::env::var_os(CHILD_DIRECTORY).map(PathBuf::from) else { return };
    let start: u64 = std::fs::read_to_string(directory.join("start")).unwrap().parse().unwrap();
    let journals = Journals::open(&directory, LANES, &options(&directory)).unwrap();
    let journals = Arc::new(journals);
    let work = (0..TASKS).map(|task| {
        let journals = journals.clone();
        async move {
            for number in start.. {
                let project = ProjectId(i64::try_from(task).unwrap());
                journals.append(project, record(task, number)).await.unwrap();
                // One write each: a line is in the pipe whole or not at all.
                io::stdout().write_all(format!("ack {task} {number}\n").as_bytes()).unwrap();
            }
        }
    });
    futures_util::future::join_all(work).await;
}

/// Runs the child, kills it after some hundred acknowledgements; returns all it made.
fn run_until_killed(directory: &Path, acknowledgements: usize) -> HashSet<(u64, u64)> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "--nocapture"])
        .arg("infra::journal::child_that_appends_until_it_is_killed")
        .env(CHILD_DIRECTORY, directory)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut acknowledged = HashSet::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        // The harness writes its own lines, the first acknowledgement may stand behind one of them.
        let Some((_, words)) = line.split_once("ack ") else { continue };
        let (task, number) = words.split_once(' ').unwrap();
        acknowledged.insert((task.parse().unwrap(), number.parse().unwrap()));
        if acknowledged.len() == acknowledgements {
            child.kill().unwrap();
        }
    }
    assert!(!child.wait().unwrap().success(), "the child ends by being killed");
    acknowledged
}

/// Reads a lane to its end and closes it; returns its records and the last position.
async fn drain(journal: Arc<Journal>, from: Position) -> (Vec<(u64, u64)>, Position) {
    let (mut reader, mut position) = (journal.reader(from), from);
    drop(Arc::into_inner(journal).expect("nobody else holds it"));
    let mut found = Vec::new();
    loop {
        let records = reader.next(100, 1 << 20).await.unwrap();
        let Some(last) = records.last() else { return (found, position) };
        position = last.end;
        found.extend(records.iter().map(|record| parse(&record.bytes)));
    }
}

#[tokio::test]
async fn no_acknowledged_record_is_lost_to_kill_9() {
    let directory = tempfile::tempdir().unwrap();
    let mut positions = HashMap::new();
    let mut start = 0;
    for round in 0..6 {
        std::fs::write(directory.path().join("start"), start.to_string()).unwrap();
        let acknowledged = run_until_killed(directory.path(), 200 + 331 * round);

        let journals = Journals::open(directory.path(), LANES, &options(directory.path())).unwrap();
        let lanes: Vec<_> = journals.lanes().to_vec();
        drop(journals);
        let mut found = Vec::new();
        for lane in lanes {
            let position = positions.entry(lane.number).or_default();
            let (records, end) = drain(lane.journal, *position).await;
            *position = end;
            found.extend(records);
        }
        let mut next = HashMap::new();
        for (task, number) in &found {
            let expected = next.entry(*task).or_insert(start);
            assert_eq!(
                number, expected,
                "task {task} waits for each append: no gap, no repetition"
            );
            *expected += 1;
        }
        let kept: HashSet<_> = found.into_iter().collect();
        let lost: Vec<_> = acknowledged.difference(&kept).collect();
        assert!(lost.is_empty(), "round {round}: {lost:?} were acknowledged");
        start = next.values().copied().max().unwrap();
    }
    assert!(!directory.path().join("quarantine").exists(), "a kill damages nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_appends_until_there_is_space_and_keeps_what_it_took() {
    let Some(disk) = TinyDisk::mount("900k") else { return };
    let ballast = disk.path().join("ballast");
    std::fs::write(&ballast, vec![0; 300 << 10]).unwrap();
    let journals = Journals::open(disk.path(), 1, &options(disk.path())).unwrap();
    let (taken, refused) = (AtomicU64::new(0), AtomicU64::new(0));
    let append_until_refused = async |task: u64, start: u64| {
        for number in start.. {
            match journals.append(ProjectId(1), record(task, number)).await {
                Ok(_) => taken.fetch_add(1, Ordering::Relaxed),
                Err(AppendError::Io(error)) => {
                    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
                    refused.fetch_add(1, Ordering::Relaxed);
                    return number;
                }
                Err(other) => panic!("{other}"),
            };
        }
        unreachable!("a tiny disk holds only so much");
    };
    let mut kept = HashMap::new();
    let ends = (0..8).map(|task| append_until_refused(task, 0));
    for (task, end) in (0..).zip(futures_util::future::join_all(ends).await) {
        kept.insert(task, end);
    }
    assert!(refused.load(Ordering::Relaxed) == 8 && taken.load(Ordering::Relaxed) > 8);

    std::fs::remove_file(&ballast).unwrap();
    kept.insert(8, append_until_refused(8, 0).await);
    assert!(kept[&8] > 0, "with space again, appends work again");

    let lane = journals.lanes()[0].journal.clone();
    assert_eq!(lane.stats().appended_records, taken.load(Ordering::Relaxed));
    assert_eq!(lane.stats().damaged_bytes, 0);
    drop((lane, journals));
    let journals = Journals::open(disk.path(), 1, &options(disk.path())).unwrap();
    let lane = journals.lanes()[0].journal.clone();
    drop(journals);
    let (found, _) = drain(lane, Position(0)).await;
    for (task, end) in kept {
        let numbers: Vec<_> = found.iter().filter(|found| found.0 == task).collect();
        assert!(numbers.iter().map(|found| found.1).eq(0..end), "task {task} up to {end}");
    }
}
