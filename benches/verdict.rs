//! How often the verdict about a release errs: releases that are made up, judged with the usual thresholds. Prints the tables
//! of `docs/release-health.md`; `cargo bench --bench verdict`.

#![expect(clippy::print_stdout, reason = "the answer of the program")]

use picket::domain::releases::verdict::simulation::{Dice, Pair, alarms};

/// Releases per cell.
const ROUNDS: u32 = 20_000;

/// Sessions of each release.
const SESSIONS: [i64; 6] = [200, 500, 1_000, 2_500, 5_000, 10_000];

/// Shares of sessions that crash.
const CRASHES: [f64; 5] = [0.002, 0.005, 0.01, 0.02, 0.05];

fn main() {
    let mut dice = Dice::new(2026);
    for (title, times) in [("one kind", 1.0), ("crashes doubled", 2.0), ("crashes tripled", 3.0)] {
        println!("\n{title}: releases called degraded or broken, % of {ROUNDS}\n");
        let heads: Vec<String> = SESSIONS.iter().map(|n| format!("{n:>8}")).collect();
        println!("crashes before | sessions each: {}", heads.join(" "));
        for crashes in CRASHES {
            let cells = SESSIONS.map(|sessions| {
                let pair = Pair {
                    new_sessions: sessions,
                    old_sessions: sessions,
                    crashes,
                    errors: 0.03,
                    times,
                };
                format!("{:>8.2}", alarms(&mut dice, pair, ROUNDS) * 100.0)
            });
            println!("{:>13.1}% |                {}", crashes * 100.0, cells.join(" "));
        }
    }
}
