//! Which releases need not be written.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{PoisonError, RwLock};

use chrono::TimeDelta;

use super::{Seen, Sightings};
use crate::base::{ProjectId, Timestamp};

/// How long what was written holds.
const HOLDS_FOR: TimeDelta = TimeDelta::minutes(1);

/// The most releases that are remembered; with more of them at a time, some are written more often.
const MAX_KNOWN: usize = 50_000;

/// Releases that were written a moment ago, by a hash of their place: forty bytes each, and no allocation to ask. Two
/// places of one hash among fifty thousand are one chance in 10¹⁰; one of them would be written late.
#[derive(Debug, Default)]
pub struct KnownReleases(RwLock<HashMap<u64, Written>>);

/// Up to when something need not be written.
#[derive(Clone, Copy, Debug, Default)]
struct Written {
    events: Option<Timestamp>,
    sessions: Option<Timestamp>,
}

fn key(place: (ProjectId, &str, &str)) -> u64 {
    let mut hasher = DefaultHasher::new();
    place.hash(&mut hasher);
    hasher.finish()
}

impl KnownReleases {
    /// Whether this need not be written.
    pub(super) fn contains(&self, place: (ProjectId, &str, &str), seen: Seen) -> bool {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let Some(written) = known.get(&key(place)) else { return false };
        let (written, at) = match seen {
            Seen::Event(at) => (written.events, at),
            Seen::Session(at) => (written.sessions, at),
        };
        written.is_some_and(|written| at < written + HOLDS_FOR)
    }

    /// Remembers what was written and committed.
    pub fn remember(&self, sightings: &Sightings) {
        if sightings.0.is_empty() {
            return;
        }
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() + sightings.0.len() > MAX_KNOWN {
            known.clear();
        }
        for (place, received) in sightings.0.iter().take(MAX_KNOWN) {
            let key = key((place.project_id, &place.release, &place.environment));
            let written = known.entry(key).or_default();
            written.events = received.events.map(|(_, last)| last).or(written.events);
            written.sessions = received.sessions.map(|(_, last)| last).or(written.sessions);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_a_moment_ago_is_not_written_again() {
        let known = KnownReleases::default();
        let place = (ProjectId(1), "shop@1", "");
        let start = Timestamp::UNIX_EPOCH;
        let noted = |place, seen| {
            let mut sightings = Sightings::default();
            sightings.note(&known, place, seen);
            sightings
        };
        known.remember(&noted(place, Seen::Event(start)));
        let later = |seconds| start + TimeDelta::seconds(seconds);
        let is_noted = |place, seen| !noted(place, seen).0.is_empty();
        assert!(!is_noted(place, Seen::Event(later(59))));
        assert!(is_noted(place, Seen::Event(later(60))));
        assert!(is_noted(place, Seen::Session(start)), "the first session");
        assert!(is_noted((ProjectId(1), "shop@1", "live"), Seen::Event(start)));
        assert!(is_noted((ProjectId(2), "shop@1", ""), Seen::Event(start)));
    }

    #[test]
    fn no_more_is_remembered_than_there_is_room_for() {
        let known = KnownReleases::default();
        for round in 0..3 {
            let mut sightings = Sightings::default();
            for number in 0..MAX_KNOWN / 2 {
                let release = format!("{round}.{number}");
                let seen = Seen::Event(Timestamp::UNIX_EPOCH);
                sightings.note(&known, (ProjectId(1), &release, ""), seen);
            }
            known.remember(&sightings);
        }
        assert_eq!(known.0.read().unwrap().len(), MAX_KNOWN / 2);
    }
}
