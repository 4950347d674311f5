//! Releases that are made up, to see how often the judge errs. `cargo run --example verdict` prints the table.

use super::judge::{Answer, Figures, Thresholds, judge};
use crate::domain::sessions::SessionCounts;
use crate::domain::sessions::health::Health;

/// Chance that can be repeated.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice that fall the same way every time.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number from 0 to 1, without 0 (`SplitMix64`).
    fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        #[expect(clippy::cast_precision_loss, reason = "53 bits are chosen")]
        let number = ((bits ^ (bits >> 31)) >> 11) as f64;
        (number + 1.0) / 2_f64.powi(53)
    }

    /// How many of `whole` it happens to, each with the chance `share`: from case to case in one step.
    fn cases(&mut self, whole: i64, share: f64) -> i64 {
        if share <= 0.0 {
            return 0;
        }
        let (mut cases, mut at) = (0, 0.0);
        let failing = (1.0 - share).ln();
        loop {
            at += 1.0 + (self.roll().ln() / failing).floor();
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            let is_behind = at > whole as f64;
            if is_behind {
                return cases;
            }
            cases += 1;
        }
    }

    fn release(&mut self, sessions: i64, crashes: f64, errors: f64) -> Health {
        let crashed = self.cases(sessions, crashes);
        let errored = self.cases(sessions - crashed, errors);
        let sessions =
            SessionCounts { total: sessions, crashed, errored, ..SessionCounts::default() };
        Health { sessions, ..Health::default() }
    }
}

/// A pair of releases: sessions of each, and what share of them crashes and has errors.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    /// Sessions of the new one.
    pub new_sessions: i64,
    /// Sessions of the old one.
    pub old_sessions: i64,
    /// The old one's crashes, as a share.
    pub crashes: f64,
    /// The old one's sessions with errors, as a share.
    pub errors: f64,
    /// How many times as many crashes the new one has.
    pub times: f64,
}

/// The share of `rounds` in which the new release of the pair is called degraded or broken with the usual thresholds.
pub fn alarms(dice: &mut Dice, pair: Pair, rounds: u32) -> f64 {
    let thresholds = Thresholds::default();
    let alarms = (0..rounds).filter(|_| {
        let figures = Figures {
            new: dice.release(pair.new_sessions, pair.crashes * pair.times, pair.errors),
            old: dice.release(pair.old_sessions, pair.crashes, pair.errors),
            ..Figures::default()
        };
        judge(&figures, &thresholds).0 >= Answer::Degraded
    });
    f64::from(u32::try_from(alarms.count()).unwrap_or(u32::MAX)) / f64::from(rounds)
}
