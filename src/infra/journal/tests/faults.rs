//! What the journal makes of a disk that refuses.

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};

use proptest::prelude::*;

use super::super::writer::SegmentFile;
use super::*;

/// What the disk does at the next call of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// Takes this many bytes of a write, then says that it is full.
    Full { after: usize },
    /// Fails to sync; what was written may be there or not.
    Sync,
    /// Fails to cut a file.
    Cut,
    /// Fails to open a new file.
    Open,
}

/// A disk with faults to come; clones share them.
#[derive(Clone, Default)]
struct Faulty(Arc<Mutex<Plan>>);

#[derive(Default)]
struct Plan {
    faults: VecDeque<Fault>,
    /// How much of each file a power cut leaves for certain.
    synced: HashMap<PathBuf, u64>,
    /// Says that a sync has begun, then waits for leave to go on.
    stop_at_sync: Option<(Sender<()>, std::sync::mpsc::Receiver<()>)>,
}

impl Faulty {
    fn plan(&self, faults: &[Fault]) {
        self.0.lock().unwrap().faults.extend(faults);
    }

    /// The next fault, if it is of this kind.
    fn take(&self, is_due: impl Fn(Fault) -> bool) -> Option<Fault> {
        let faults = &mut self.0.lock().unwrap().faults;
        let due = faults.front().is_some_and(|fault| is_due(*fault));
        due.then(|| faults.pop_front()).flatten()
    }

    fn forget(&self) {
        self.0.lock().unwrap().faults.clear();
    }

    /// Takes away what was never synced, but for a part that made it to the disk by chance.
    fn cut_power(&self, luck: u64) {
        for (path, synced) in &self.0.lock().unwrap().synced {
            let Ok(file) = File::options().write(true).open(path) else { continue };
            let length = file.metadata().unwrap().len();
            file.set_len(length.min(synced + luck)).unwrap();
        }
    }
}

struct FaultyFile(File, PathBuf, Faulty);

impl Storage for Faulty {
    fn open(&self, path: &Path, is_fresh: bool) -> io::Result<Box<dyn SegmentFile>> {
        if is_fresh && self.take(|fault| fault == Fault::Open).is_some() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let file = segment::open_for_writing(path, is_fresh)?;
        let length = file.metadata()?.len();
        self.0.lock().unwrap().synced.insert(path.to_owned(), length);
        Ok(Box::new(FaultyFile(file, path.to_owned(), self.clone())))
    }
}

impl SegmentFile for FaultyFile {
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        match self.2.take(|fault| matches!(fault, Fault::Full { .. })) {
            Some(Fault::Full { after }) => {
                SegmentFile::write_all_at(&self.0, &bytes[..after.min(bytes.len())], offset)?;
                Err(io::ErrorKind::StorageFull.into())
            }
            _ => SegmentFile::write_all_at(&self.0, bytes, offset),
        }
    }

    fn sync_data(&self) -> io::Result<()> {
        if self.2.take(|fault| fault == Fault::Sync).is_some() {
            return Err(io::Error::other("the disk is gone"));
        }
        let mut plan = self.2.0.lock().unwrap();
        if let Some((begun, leave)) = plan.stop_at_sync.take() {
            begun.send(()).unwrap();
            leave.recv().unwrap();
        }
        plan.synced.insert(self.1.clone(), self.0.metadata()?.len());
        SegmentFile::sync_data(&self.0)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        match self.2.take(|fault| fault == Fault::Cut) {
            Some(_) => Err(io::Error::other("the disk is gone")),
            None => SegmentFile::set_len(&self.0, length),
        }
    }
}

fn open(bench: &Bench, disk: &Faulty) -> Journal {
    let storage = Box::new(disk.clone());
    Journal::open_on(storage, &bench.directory(), bench.options.clone()).unwrap()
}

#[tokio::test]
async fn nobody_hears_of_a_record_before_it_is_synced() {
    let (bench, disk) = (Bench::new(), Faulty::default());
    let journal = open(&bench, &disk);
    let mut reader = journal.reader(Position(0));
    let ((begun, has_begun), (leave, may_leave)) = (channel(), channel());
    disk.0.lock().unwrap().stop_at_sync = Some((begun, may_leave));

    let mut append = std::pin::pin!(journal.append(body(0)));
    assert!(futures_util::poll!(append.as_mut()).is_pending());
    has_begun.recv().unwrap();
    assert!(!bench.segments().is_empty(), "it is written");
    assert!(futures_util::poll!(append.as_mut()).is_pending(), "and not acknowledged");
    assert!(futures_util::poll!(std::pin::pin!(reader.next(1, 1))).is_pending(), "nor shown");
    leave.send(()).unwrap();
    append.await.unwrap();
    assert_eq!(reader.next(1, 1).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_full_disk_refuses_the_group_and_takes_the_next() {
    let (bench, disk) = (Bench::new(), Faulty::default());
    let journal = open(&bench, &disk);
    let first = journal.append(body(0)).await.unwrap();

    disk.plan(&[Fault::Full { after: 33 }]);
    let refused = journal.append(body(1)).await.unwrap_err();
    assert!(
        matches!(&refused, AppendError::Io(error) if error.kind() == io::ErrorKind::StorageFull)
    );
    assert_eq!(bench.segments(), [(0, first.0)], "the half-written record is cut off again");
    assert_eq!(bench.options.budget.used(), first.0);

    journal.append(body(2)).await.unwrap();
    assert_eq!(drain(journal, Position(0)).await, [body(0), body(2)]);
    assert!(bench.set_aside().is_empty());
}

#[tokio::test]
async fn everyone_who_waited_for_a_failed_sync_hears_of_it_and_the_file_is_left_for_good() {
    let (bench, disk) = (Bench::new(), Faulty::default());
    let journal = open(&bench, &disk);
    let first = journal.append(body(0)).await.unwrap();

    disk.plan(&[Fault::Sync]);
    let answers = join_all((1..4).map(|number| journal.append(body(number)))).await;
    // The thread may have taken one before the others came: those are a group of their own.
    let failed = answers.iter().filter(|answer| answer.is_err()).count() as u64;
    assert!(failed > 0);
    let next = journal.append(body(9)).await.unwrap();
    let size = segment::framed_bytes(&body(0));
    assert_eq!(next.0, first.0 + 4 * size, "the positions of the failed group are not used again");
    let (start, _) = *bench.segments().last().unwrap();
    assert_eq!(start, first.0 + failed * size, "writing goes on in a new segment");

    let expected: Vec<_> = (1..4).filter(|at| answers[at - 1].is_ok()).map(body).collect();
    let expected = [vec![body(0)], expected, vec![body(9)]].concat();
    assert_eq!(drain(journal, Position(0)).await, expected);
    assert_eq!(drain(bench.reopen(), Position(0)).await, expected);
}

#[tokio::test]
async fn a_segment_that_cannot_be_made_is_made_at_the_next_append() {
    let (bench, disk) = (Bench::new(), Faulty::default());
    disk.plan(&[Fault::Open, Fault::Sync, Fault::Open]);
    let journal = open(&bench, &disk);
    for _ in 0..3 {
        assert!(matches!(journal.append(body(0)).await, Err(AppendError::Io(_))));
        assert!(bench.segments().iter().all(|(_, length)| *length == 0), "no trace is left");
    }
    journal.append(body(1)).await.unwrap();
    assert_eq!(drain(journal, Position(0)).await, [body(1)]);
}

#[tokio::test]
async fn an_outage_costs_no_budget() {
    let (bench, disk) = (Bench::new(), Faulty::default());
    let journal = open(&bench, &disk);
    for fault in [Fault::Open, Fault::Full { after: 5 }, Fault::Sync] {
        disk.plan(&[fault]);
        journal.append(body(0)).await.unwrap_err();
        assert_eq!(bench.options.budget.used(), 0, "{fault:?}");
    }
}

/// A step of a run: appends that are in flight together, and what goes wrong meanwhile.
type Step = (usize, Vec<Fault>);

fn step() -> impl Strategy<Value = Step> {
    let fault = prop_oneof![
        (0..200_usize).prop_map(|after| Fault::Full { after }),
        Just(Fault::Sync),
        Just(Fault::Cut),
        Just(Fault::Open),
    ];
    (1..6_usize, prop::collection::vec(fault, 0..4))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(192) })]

    /// Through any sequence of faults: what was acknowledged is read, in order; a reader that is
    /// there sees nothing else; the next run may see refused records, but nothing that was never
    /// submitted.
    #[test]
    fn acknowledged_records_survive_every_fault_and_a_power_cut(
        steps in prop::collection::vec(step(), 1..12),
        luck in 0..100_u64,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (bench, disk) = (Bench::new(), Faulty::default());
            let journal = open(&bench, &disk);
            let mut live = journal.reader(Position(0));
            let (mut acknowledged, mut submitted) = (Vec::new(), 0);
            for (appends, faults) in steps {
                disk.plan(&faults);
                let numbers = submitted..submitted + appends;
                submitted += appends;
                let answers = join_all(numbers.clone().map(|at| journal.append(body(at)))).await;
                acknowledged.extend(numbers.zip(answers).filter(|(_, answer)| answer.is_ok()));
                disk.forget();
            }
            assert_eq!(journal.stats().unreleased_bytes, bench.options.budget.used());
            drop(journal);

            let acknowledged: Vec<_> = acknowledged.into_iter().map(|(at, _)| body(at)).collect();
            let mut seen = Vec::new();
            loop {
                let records = live.next(4, 1000).await.unwrap();
                if records.is_empty() {
                    break;
                }
                seen.extend(records.into_iter().map(|record| record.bytes));
            }
            assert_eq!(seen, acknowledged);

            disk.cut_power(luck);
            let found = drain(bench.reopen(), Position(0)).await;
            let kept: Vec<_> = found.iter().filter(|body| acknowledged.contains(body)).collect();
            assert!(kept.into_iter().eq(&acknowledged));
            let mut all = (0..submitted).map(body);
            assert!(found.iter().all(|found| all.any(|body| body == *found)), "in order, all real");
        });
    }
}
