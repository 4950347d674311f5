//! Counts against limits: pure, the caller brings the time and the lock.

use super::window::Window;
use super::{Group, Limits};
use crate::base::Timestamp;
use crate::protocol::category::DataCategory;

/// What one item takes of each group, in the order of [`Group::ALL`].
pub type Charges = [u64; Group::ALL.len()];

/// What a quantity of a category takes of each group.
pub fn charges(category: DataCategory, quantity: u64) -> Charges {
    Group::ALL.map(|group| if group.counts(category) { quantity } else { 0 })
}

/// Adds up.
pub fn add(sums: &mut Charges, charges: Charges) {
    for (sum, charge) in sums.iter_mut().zip(charges) {
        *sum = sum.saturating_add(charge);
    }
}

/// What was let through in the present window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    start: Timestamp,
    used: u64,
    /// Whether something was refused in it.
    is_hit: bool,
}

/// A limit that refused something, and when it lets things through again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Items of these.
    pub group: Group,
    /// Its window.
    pub window: Window,
    /// The end of that window.
    pub until: Timestamp,
}

/// The counts of one holder of limits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Meter([[Count; Window::ALL.len()]; Group::ALL.len()]);

impl Meter {
    /// The limit that an item would pass, if any; of several the one that lasts longest.
    pub fn refusal(&mut self, limits: &Limits, charges: Charges, now: Timestamp) -> Option<Hit> {
        let passed = limits.iter().filter(|(group, window, limit)| {
            let quantity = charges[*group as usize];
            let used = self.turned(*group, *window, now).used;
            quantity > 0 && used.saturating_add(quantity) > *limit
        });
        let passed: Vec<(Group, Window)> =
            passed.map(|(group, window, _)| (group, window)).collect();
        for (group, window) in &passed {
            self.0[*group as usize][*window as usize].is_hit = true;
        }
        let hit = |(group, window): (Group, Window)| self.hit(group, window);
        passed.into_iter().map(hit).max_by_key(|hit| hit.until)
    }

    /// Counts an item that is let through.
    pub fn charge(&mut self, charges: Charges, now: Timestamp) {
        for group in Group::ALL {
            for window in Window::ALL {
                let count = self.turned(group, window, now);
                count.used = count.used.saturating_add(charges[group as usize]);
            }
        }
    }

    /// Learns what is stored: in the window that began at `start`, at least `stored` were let through by
    /// all processes together.
    pub fn raise(&mut self, group: Group, window: Window, start: Timestamp, stored: u64) {
        let count = self.turned(group, window, start);
        if count.start == start {
            count.used = count.used.max(stored);
        }
    }

    /// The limits that refused something in a window that still lasts.
    pub fn hits(&self, limits: &Limits, now: Timestamp) -> impl Iterator<Item = Hit> {
        limits
            .iter()
            .filter(|(group, window, _)| self.0[*group as usize][*window as usize].is_hit)
            .map(|(group, window, _)| self.hit(group, window))
            .filter(move |hit| now < hit.until)
    }

    fn hit(&self, group: Group, window: Window) -> Hit {
        let until = window.end(self.0[group as usize][window as usize].start);
        Hit { group, window, until }
    }

    /// The count of the window in which `now` lies. A clock that was set back goes on with the window
    /// that it was in.
    fn turned(&mut self, group: Group, window: Window, now: Timestamp) -> &mut Count {
        let count = &mut self.0[group as usize][window as usize];
        let start = window.start(now);
        if start > count.start {
            *count = Count { start, ..Count::default() };
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::super::Windows;
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    const NOW: &str = "2026-11-22T10:00:10Z";

    fn errors(minute: Option<u64>, hour: Option<u64>, month: Option<u64>) -> Limits {
        Limits { errors: Windows { minute, hour, month }, ..Limits::default() }
    }

    fn send(meter: &mut Meter, limits: &Limits, charges: Charges, now: &str) -> Option<Window> {
        let hit = meter.refusal(limits, charges, at(now));
        if hit.is_none() {
            meter.charge(charges, at(now));
        }
        hit.map(|hit| hit.window)
    }

    #[test]
    fn the_last_one_that_fits_passes_and_the_next_is_refused_in_every_window() {
        let cases = [
            (Window::Minute, errors(Some(3), None, None), "2026-11-22T10:01:00Z"),
            (Window::Hour, errors(None, Some(3), None), "2026-11-22T11:00:00Z"),
            (Window::Month, errors(None, None, Some(3)), "2026-12-01T00:00:00Z"),
        ];
        for (window, limits, next) in cases {
            let mut meter = Meter::default();
            for _ in 0..3 {
                assert_eq!(send(&mut meter, &limits, [1, 0, 1], NOW), None);
            }
            assert_eq!(send(&mut meter, &limits, [1, 0, 1], NOW), Some(window));
            assert_eq!(send(&mut meter, &limits, [0, 0, 1], NOW), None, "other items go on");
            let hits: Vec<_> = meter.hits(&limits, at(NOW)).collect();
            assert_eq!(hits, [Hit { group: Group::Errors, window, until: at(next) }]);
            assert_eq!(meter.hits(&limits, at(next)).count(), 0);
            assert_eq!(send(&mut meter, &limits, [1, 0, 1], next), None, "a new window");
            assert_eq!(meter.hits(&limits, at(next)).count(), 0);
        }
    }

    #[test]
    fn bytes_fit_up_to_the_last_one() {
        let minute = Some(1_000);
        let attachments = Windows { minute, ..Windows::default() };
        let limits = Limits { attachments, ..Limits::default() };
        let mut meter = Meter::default();
        assert_eq!(send(&mut meter, &limits, [0, 1_001, 1], NOW), Some(Window::Minute));
        assert_eq!(send(&mut meter, &limits, [0, 999, 1], NOW), None, "nothing was charged");
        assert_eq!(send(&mut meter, &limits, [0, 1, 1], NOW), None);
        assert_eq!(send(&mut meter, &limits, [0, 1, 1], NOW), Some(Window::Minute));
        assert_eq!(send(&mut meter, &limits, [0, u64::MAX, 1], NOW), Some(Window::Minute));
    }

    #[test]
    fn of_two_limits_the_one_that_lasts_longer_is_named() {
        let limits = errors(Some(1), Some(1), None);
        let mut meter = Meter::default();
        assert_eq!(send(&mut meter, &limits, [1, 0, 1], NOW), None);
        assert_eq!(send(&mut meter, &limits, [1, 0, 1], NOW), Some(Window::Hour));
        assert_eq!(meter.hits(&limits, at(NOW)).count(), 2);
    }

    #[test]
    fn what_is_stored_raises_the_count_and_never_lowers_it() {
        let limits = errors(None, Some(5), None);
        let hour = Window::Hour.start(at(NOW));
        let mut meter = Meter::default();
        meter.raise(Group::Errors, Window::Hour, hour, 4);
        assert_eq!(send(&mut meter, &limits, [1, 0, 1], NOW), None);
        meter.raise(Group::Errors, Window::Hour, hour, 2);
        assert_eq!(send(&mut meter, &limits, [1, 0, 1], NOW), Some(Window::Hour));
        let earlier = hour - chrono::TimeDelta::hours(1);
        let next = "2026-11-22T11:00:00Z";
        assert_eq!(send(&mut meter, &limits, [1, 0, 1], next), None);
        meter.raise(Group::Errors, Window::Hour, earlier, 100);
        assert_eq!(send(&mut meter, &limits, [1, 0, 1], next), None, "that was another hour");
    }

    #[test]
    fn a_clock_that_is_set_back_grants_nothing_anew() {
        let limits = errors(Some(1), None, None);
        let mut meter = Meter::default();
        assert_eq!(send(&mut meter, &limits, [1, 0, 1], NOW), None);
        assert_eq!(
            send(&mut meter, &limits, [1, 0, 1], "2026-11-22T09:00:00Z"),
            Some(Window::Minute)
        );
    }

    #[test]
    fn a_limit_of_nothing_refuses_everything_of_its_group() {
        let limits = errors(None, None, Some(0));
        assert_eq!(send(&mut Meter::default(), &limits, [1, 0, 1], NOW), Some(Window::Month));
        assert_eq!(send(&mut Meter::default(), &limits, [0, 5, 1], NOW), None);
    }
}
