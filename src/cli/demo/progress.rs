//! How far it has come: a bar on a terminal, a line now and then elsewhere.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

const WIDTH: u64 = 30;

/// A bar is redrawn this often at most; faster only flickers.
const REDRAW: Duration = Duration::from_millis(80);

/// The progress of storing events.
#[derive(Debug)]
pub(super) struct Progress {
    total: u64,
    is_terminal: bool,
    started: Instant,
    drawn: Option<Instant>,
    /// Tenths that have been told, where there is no terminal.
    told: u64,
}

impl Progress {
    pub(super) fn new(total: u64) -> Self {
        let is_terminal = stderr().is_terminal();
        Self { total, is_terminal, started: Instant::now(), drawn: None, told: 0 }
    }

    /// Says that `done` events are stored.
    pub(super) fn show(&mut self, done: u64) {
        let text = if self.is_terminal { self.bar(done) } else { self.line(done) };
        // Nobody reads it: no reason to stop.
        let _ = stderr().write_all(text.unwrap_or_default().as_bytes());
    }

    fn bar(&mut self, done: u64) -> Option<String> {
        let is_done = done >= self.total;
        if !is_done && self.drawn.is_some_and(|drawn| drawn.elapsed() < REDRAW) {
            return None;
        }
        self.drawn = Some(Instant::now());
        let full = usize::try_from(done * WIDTH / self.total.max(1)).unwrap_or(0);
        let bar = "█".repeat(full) + &"░".repeat(usize::try_from(WIDTH).unwrap_or(0) - full);
        let rest =
            self.rest(done).map_or(String::new(), |rest| format!(", {}s left", rest.as_secs()));
        let end = if is_done { "\n" } else { "" };
        Some(format!("\r\x1b[2K{bar} {done} of {} events{rest}{end}", self.total))
    }

    fn line(&mut self, done: u64) -> Option<String> {
        let tenths = done * 10 / self.total.max(1);
        if tenths <= self.told {
            return None;
        }
        self.told = tenths;
        Some(format!("{done} of {} events\n", self.total))
    }

    /// How long it will take, once that can be said.
    fn rest(&self, done: u64) -> Option<Duration> {
        let took = self.started.elapsed();
        if done >= self.total || took < Duration::from_secs(2) {
            return None;
        }
        let factor = u32::try_from((self.total - done) * 1000 / done.max(1)).ok()?;
        took.checked_mul(factor).map(|rest| rest / 1000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn progress(is_terminal: bool) -> Progress {
        Progress { total: 200, is_terminal, started: Instant::now(), drawn: None, told: 0 }
    }

    #[test]
    fn lines_come_at_every_tenth_and_the_last_says_all() {
        let mut progress = progress(false);
        let lines: Vec<_> = (1..=200).filter_map(|done| progress.line(done)).collect();
        assert_eq!(lines.len(), 10);
        assert_eq!(lines[0], "20 of 200 events\n");
        assert_eq!(lines[9], "200 of 200 events\n");
    }

    #[test]
    fn a_bar_fills_up_and_ends_its_line() {
        let mut half = progress(true);
        let text = half.bar(100).unwrap();
        assert_eq!((text.matches('█').count(), text.matches('░').count()), (15, 15));
        assert_eq!(half.bar(101), None, "too soon");
        assert!(half.bar(200).unwrap().ends_with("200 of 200 events\n"));
    }
}
