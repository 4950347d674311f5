//! What the journal makes of files that are not as it wrote them.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;

use proptest::prelude::*;

use super::*;

/// The bytes of a record on disk, as a range of positions.
type Span = std::ops::Range<u64>;

/// Appends the bodies, one group each, and closes; returns where each record is.
async fn fill(bench: &Bench, bodies: &[Vec<u8>]) -> Vec<Span> {
    let journal = bench.open();
    let mut spans = Vec::new();
    for body in bodies {
        let end = journal.append(body.clone()).await.unwrap().0;
        spans.push(end - segment::framed_bytes(body)..end);
    }
    spans
}

/// The file that holds a position, and the offset in it.
fn locate(bench: &Bench, position: u64) -> (fs::File, u64) {
    let (start, _) = *bench.segments().iter().rfind(|(start, _)| *start <= position).unwrap();
    let path = segment::path(&bench.directory(), start);
    (OpenOptions::new().read(true).write(true).open(path).unwrap(), position - start)
}

/// The bytes that are there now; none where the file is too short.
fn bytes_at(bench: &Bench, span: &Span) -> Option<Vec<u8>> {
    let (file, offset) = locate(bench, span.start);
    let mut bytes = vec![0; usize::try_from(span.end - span.start).unwrap()];
    file.read_exact_at(&mut bytes, offset).ok().map(|()| bytes)
}

fn flip(bench: &Bench, position: u64, bit: u8) {
    let (file, offset) = locate(bench, position);
    let mut byte = [0];
    file.read_exact_at(&mut byte, offset).unwrap();
    file.write_all_at(&[byte[0] ^ (1 << bit)], offset).unwrap();
}

#[tokio::test]
async fn an_unfinished_write_is_cut_off_and_appends_go_on_in_its_place() {
    for missing in [1, 10, 30] {
        let bench = Bench::new();
        let spans = fill(&bench, &[body(0), body(1)]).await;
        let (file, offset) = locate(&bench, spans[1].start);
        file.set_len(offset + (spans[1].end - spans[1].start) - missing).unwrap();

        let journal = bench.reopen();
        assert_eq!(journal.stats().durable_end, Position(spans[1].start));
        assert_eq!(bench.segments(), [(0, spans[1].start)], "nothing of it is left");
        assert_eq!(journal.append(body(2)).await.unwrap(), Position(spans[1].end));
        assert_eq!(drain(journal, Position(0)).await, [body(0), body(2)]);
        assert!(bench.set_aside().is_empty(), "nothing was acknowledged, nothing is lost");
    }
}

#[tokio::test]
async fn damage_in_the_middle_is_set_aside_and_everything_behind_it_is_read() {
    // A broken body is stepped over by its length, a broken length by looking for the next record.
    for (name, offset) in
        [("body", segment::HEADER_BYTES as u64 + 3), ("length", 2), ("checksum", 13)]
    {
        let bench = Bench::new();
        let spans = fill(&bench, &(0..12).map(body).collect::<Vec<_>>()).await;
        flip(&bench, spans[5].start + offset, 4);
        let broken = bytes_at(&bench, &spans[5]).unwrap();

        let journal = bench.reopen();
        let shared = journal.shared.clone();
        let expected: Vec<_> = (0..12).filter(|number| *number != 5).map(body).collect();
        assert_eq!(drain(journal, Position(0)).await, expected, "{name}");
        assert_eq!(shared.stats(0).damaged_bytes, broken.len() as u64, "{name}");
        let copies = bench.set_aside();
        assert_eq!(copies.len(), 1, "{name}");
        assert_eq!(fs::read(&copies[0]).unwrap(), broken, "{name}");
    }
}

#[tokio::test]
async fn damage_at_the_very_end_is_set_aside_before_it_is_cut() {
    let bench = Bench::new();
    let spans = fill(&bench, &[body(0), body(1)]).await;
    flip(&bench, spans[1].end - 1, 0);

    let journal = bench.reopen();
    assert_eq!(bench.set_aside().len(), 1);
    assert_eq!(journal.stats().durable_end, Position(spans[1].start));
    assert_eq!(drain(journal, Position(0)).await, [body(0)]);
}

#[tokio::test]
async fn a_sound_record_in_the_wrong_place_does_not_pass() {
    let bench = Bench::new();
    let spans = fill(&bench, &[body(0), body(1), body(2)]).await;
    let first = bytes_at(&bench, &spans[0]).unwrap();
    let (file, offset) = locate(&bench, spans[1].start);
    file.write_all_at(&first, offset).unwrap();

    assert_eq!(drain(bench.reopen(), Position(0)).await, [body(0), body(2)]);
}

#[tokio::test]
async fn a_missing_segment_is_a_gap_and_not_the_end() {
    let bench = Bench::new();
    let spans = fill(&bench, &(0..30).map(body).collect::<Vec<_>>()).await;
    let (start, length) = bench.segments()[1];
    fs::remove_file(segment::path(&bench.directory(), start)).unwrap();

    let lost = |span: &Span| (start..start + length).contains(&span.start);
    let expected: Vec<_> = (0..30).filter(|at| !lost(&spans[*at])).map(body).collect();
    assert_eq!(drain(bench.reopen(), Position(0)).await, expected);
}

#[tokio::test]
async fn other_files_in_the_directory_are_left_alone() {
    let bench = Bench::new();
    fill(&bench, &[body(0)]).await;
    for name in ["notes.txt", "x.journal", ".journal", "00000000000000000000.journal.bak"] {
        fs::write(bench.directory().join(name), "mine").unwrap();
    }
    assert_eq!(drain(bench.reopen(), Position(0)).await, [body(0)]);
}

/// What happens to the files between two runs.
#[derive(Clone, Debug)]
enum Harm {
    Flip { at: prop::sample::Index, bit: u8 },
    Zero { at: prop::sample::Index, length: u64 },
    Truncate { at: prop::sample::Index },
    Grow { bytes: Vec<u8> },
}

fn harm() -> impl Strategy<Value = Harm> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        (at(), 0..8_u8).prop_map(|(at, bit)| Harm::Flip { at, bit }),
        (at(), 1..120_u64).prop_map(|(at, length)| Harm::Zero { at, length }),
        at().prop_map(|at| Harm::Truncate { at }),
        prop::collection::vec(any::<u8>(), 1..100).prop_map(|bytes| Harm::Grow { bytes }),
    ]
}

fn inflict(bench: &Bench, harm: &Harm) {
    let segments = bench.segments();
    let (last_start, last_length) = *segments.last().unwrap();
    let end = usize::try_from(last_start + last_length).unwrap();
    if end == 0 {
        return;
    }
    match harm {
        Harm::Flip { at, bit } => flip(bench, at.index(end) as u64, *bit),
        Harm::Zero { at, length } => {
            let (file, offset) = locate(bench, at.index(end) as u64);
            let length = (file.metadata().unwrap().len() - offset).min(*length);
            file.write_all_at(&vec![0; usize::try_from(length).unwrap()], offset).unwrap();
        }
        Harm::Truncate { at } => {
            let keep = last_length.min(at.index(200) as u64);
            locate(bench, last_start).0.set_len(keep).unwrap();
        }
        Harm::Grow { bytes } => {
            locate(bench, last_start).0.write_all_at(bytes, last_length).unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(192) })]

    /// Whatever happens to the files: undamaged records are read, in order, and nothing else.
    #[test]
    fn every_undamaged_record_survives_and_nothing_is_invented(
        bodies in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..90), 1..30),
        harms in prop::collection::vec(harm(), 1..4),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let bench = Bench::new();
            let spans = fill(&bench, &bodies).await;
            let bytes = || spans.iter().map(|span| bytes_at(&bench, span)).collect::<Vec<_>>();
            let before = bytes();
            for harm in &harms {
                inflict(&bench, harm);
            }
            let is_intact = before.iter().zip(bytes()).map(|(before, after)| *before == after);
            let intact = bodies.iter().zip(is_intact).filter(|(_, is_intact)| *is_intact);
            let afterwards = b"afterwards".to_vec();
            let expected: Vec<_> = intact.map(|(body, _)| body).chain([&afterwards]).collect();

            let journal = bench.reopen();
            journal.append(afterwards.clone()).await.unwrap();
            let found = drain(journal, Position(0)).await;
            prop_assert!(found.iter().eq(expected), "found {found:?}");
            Ok(())
        })?;
    }
}
