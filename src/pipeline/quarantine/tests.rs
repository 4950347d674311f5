//! What goes in comes out again, and nothing else.

use std::os::unix::fs::MetadataExt;

use uuid::Uuid;

use super::*;

fn envelope(body: &'static str) -> AcceptedEnvelope<'static> {
    AcceptedEnvelope {
        project_id: ProjectId(7),
        public_key: "a".repeat(32),
        received_at: at(0),
        client_address: Some("203.0.113.7".parse().unwrap()),
        user_agent: Some("sentry.python/2".to_owned()),
        client: Some("sentry.python/2".to_owned()),
        origin: None,
        event_id: Some(EventId(Uuid::from_u128(1))),
        set_aside_in: None,
        dropped: Vec::new(),
        body: Cow::Borrowed(body.as_bytes()),
    }
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
}

fn lane() -> LaneKey {
    LaneKey { node: Uuid::nil(), lane: 0 }
}

#[test]
fn what_is_set_aside_can_go_back_into_the_journal_as_it_was() {
    let data_dir = tempfile::tempdir().unwrap();
    let quarantine = Quarantine::of(data_dir.path());
    assert_eq!(quarantine.list().unwrap(), []);
    let record = envelope("{}\n").encode();

    quarantine.keep(lane(), 12, &record, "it panicked", at(5)).unwrap();

    let entries = quarantine.list().unwrap();
    let entry = &entries[0];
    assert_eq!((entries.len(), entry.name.as_str()), (1, "lane-0-00000000000000000012"));
    assert_eq!((entry.about.reason.as_str(), entry.bytes), ("it panicked", Some(3)));
    assert_eq!(entry.about.set_aside_at, Some(at(5)));
    assert_eq!(quarantine.read(entry).unwrap().as_deref(), Some(b"{}\n".as_slice()));
    let (project_id, again) = quarantine.record(entry).unwrap().unwrap();
    let again = AcceptedEnvelope::decode(&again).unwrap();
    let counted_in = Some(hour_of(at(0)));
    assert_eq!(project_id, ProjectId(7));
    assert_eq!(again, AcceptedEnvelope { set_aside_in: counted_in, ..envelope("{}\n") });
    let mode = fs::metadata(data_dir.path().join("quarantine")).unwrap().mode();
    assert_eq!(mode & 0o777, 0o700, "it holds users' data");

    quarantine.remove(entry).unwrap();
    assert_eq!(quarantine.list().unwrap(), []);
    assert_eq!(fs::read_dir(Quarantine::directory(data_dir.path())).unwrap().count(), 0);
    quarantine.remove(entry).unwrap();
}

#[test]
fn a_record_that_nobody_can_read_goes_back_byte_for_byte() {
    let data_dir = tempfile::tempdir().unwrap();
    let quarantine = Quarantine::of(data_dir.path());

    quarantine.keep(lane(), 1, b"from the future", "version 9", at(0)).unwrap();

    let entry = quarantine.list().unwrap().remove(0);
    assert_eq!(entry.about.project_id, None);
    assert_eq!(
        quarantine.record(&entry).unwrap(),
        Some((ProjectId(0), b"from the future".to_vec()))
    );
}

#[test]
fn the_latest_comes_first_and_other_files_are_no_entries() {
    let data_dir = tempfile::tempdir().unwrap();
    let quarantine = Quarantine::of(data_dir.path());
    for (position, seconds) in [(1, 10), (2, 30), (3, 20)] {
        quarantine.keep(lane(), position, b"x", "no", at(seconds)).unwrap();
    }
    let directory = Quarantine::directory(data_dir.path());
    fs::write(directory.join("notes.txt"), "mine").unwrap();
    fs::write(directory.join("journal-lane-0-1-2.damaged"), "????").unwrap();
    fs::write(directory.join("lane-0-4.json"), "half a li").unwrap();

    let entries = quarantine.list().unwrap();

    let positions: Vec<&str> = entries
        .iter()
        .filter_map(|entry| entry.name.strip_prefix("lane-0-0000000000000000000"))
        .collect();
    assert_eq!(positions, ["2", "3", "1"]);
    let damaged = entries.iter().find(|entry| !entry.is_envelope).unwrap();
    assert_eq!(damaged.bytes, Some(4));
    assert_eq!(quarantine.record(damaged).unwrap(), None, "it never was a record");
    let broken = entries.iter().find(|entry| entry.name == "lane-0-4").unwrap();
    assert_eq!((broken.about.reason.as_str(), broken.bytes), ("half a li", None));
    assert_eq!(quarantine.record(broken).unwrap(), None, "there is nothing to try");
    assert_eq!(entries.len(), 5);
}

#[test]
fn of_what_is_no_json_a_hundred_are_kept_and_none_goes_back() {
    let data_dir = tempfile::tempdir().unwrap();
    let quarantine = Quarantine::of(data_dir.path());
    let record = envelope("{}\n").encode();
    for position in 0..=MAX_UNREADABLE as u64 {
        quarantine.keep_unreadable(lane(), position, &record, at(5)).unwrap();
    }
    let entries = quarantine.list().unwrap();
    assert_eq!(entries.len(), MAX_UNREADABLE);
    assert_eq!(quarantine.record(&entries[0]).unwrap(), None);
    quarantine.keep(lane(), 1000, &record, "it panicked", at(6)).unwrap();
    assert_eq!(quarantine.list().unwrap().len(), MAX_UNREADABLE + 1, "faults are kept besides");
}
