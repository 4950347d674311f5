//! What an event costs between its bytes and its grouping: reading, normalising, writing.
//!
//! Over every event of `tests/fixtures/corpus`, in turns and in the same run:
//! - `tree`: parsing into a `serde_json::Value`, which is what the typed reader replaces;
//! - `read`: the typed, lenient reader;
//! - `normalise`: bringing what was read into the canonical form;
//! - `describe`: title, culprit and the rest;
//! - `write`: the JSON that is compressed and stored.
//!
//! `cargo bench --bench event [-- ROUNDS]` prints the median of the rounds in µs an event.

#![expect(clippy::print_stdout, reason = "a benchmark reports on standard output")]
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

#[path = "../tests/it/support/corpus.rs"]
mod corpus;

use std::hint::black_box;
use std::time::{Duration, Instant};

use corpus::CorpusEvent;
use picket::pipeline::stages::{describe, normalize};
use picket::protocol::event::Event;
use picket::protocol::lenient::Problems;

/// How often an event is processed in a round: enough for a clock, few enough to take turns.
const REPEATS: u32 = 20;

/// What the steps cost in one round, in µs an event.
#[derive(Clone, Copy, Default)]
struct Round {
    tree: f64,
    read: f64,
    normalise: f64,
    describe: f64,
    write: f64,
}

fn main() {
    // `cargo bench` passes `--bench`.
    let mut arguments = std::env::args().skip(1).filter(|argument| !argument.starts_with('-'));
    let rounds = arguments.find_map(|argument| argument.parse().ok()).unwrap_or(15);
    let events = corpus::events();
    let mut families: Vec<&str> = events.iter().map(|event| event.family.as_str()).collect();
    families.dedup();
    println!(
        "{:8} {:>6} {:>8} {:>8} {:>8} {:>10} {:>9} {:>8} {:>10}",
        "", "events", "bytes", "tree", "read", "normalise", "describe", "write", "read/tree"
    );
    for family in families {
        let events: Vec<_> = events.iter().filter(|event| event.family == family).collect();
        report(family, &events, rounds);
    }
    report("all", &events.iter().collect::<Vec<_>>(), rounds);
}

fn report(name: &str, events: &[&CorpusEvent], rounds: u32) {
    let measured: Vec<_> = (0..rounds).map(|_| measure(events)).collect();
    let Round { tree, read, normalise, describe, write } = median(&measured);
    let bytes = events.iter().map(|event| event.bytes.len()).sum::<usize>() / events.len();
    println!(
        "{name:8} {:>6} {bytes:>8} {tree:>8.1} {read:>8.1} {normalise:>10.1} {describe:>9.2} \
         {write:>8.1} {:>10.2}",
        events.len(),
        read / tree
    );
}

fn measure(events: &[&CorpusEvent]) -> Round {
    let mut round = Round::default();
    for event in events {
        let one = measure_one(event);
        round.tree += one.tree;
        round.read += one.read;
        round.normalise += one.normalise;
        round.describe += one.describe;
        round.write += one.write;
    }
    #[expect(clippy::cast_precision_loss, reason = "a few hundred events")]
    let share = 1.0 / events.len() as f64;
    Round {
        tree: round.tree * share,
        read: round.read * share,
        normalise: round.normalise * share,
        describe: round.describe * share,
        write: round.write * share,
    }
}

fn measure_one(sent: &CorpusEvent) -> Round {
    let read = || {
        let problems = Problems::default();
        let event = Event::read(&sent.bytes, &problems).expect(&sent.name);
        (event.expect(&sent.name), problems)
    };
    let fresh: Vec<_> = (0..REPEATS).map(|_| read()).collect();
    let mut normalised = Vec::with_capacity(fresh.len());
    let clock = Instant::now();
    for (mut event, problems) in fresh {
        normalize(&mut event, &sent.facts, problems).expect(&sent.name);
        normalised.push(event);
    }
    let normalise = micros(clock.elapsed());
    let event = &normalised[0];
    Round {
        tree: time(|| drop(black_box(serde_json::from_slice::<serde_json::Value>(&sent.bytes)))),
        read: time(|| drop(black_box(read()))),
        normalise,
        describe: time(|| drop(black_box(describe(event, None)))),
        write: time(|| drop(black_box(serde_json::to_vec(event)))),
    }
}

/// The mean of several repeats, in µs.
fn time(mut step: impl FnMut()) -> f64 {
    let clock = Instant::now();
    for _ in 0..REPEATS {
        step();
    }
    micros(clock.elapsed())
}

fn micros(elapsed: Duration) -> f64 {
    elapsed.as_secs_f64() * 1e6 / f64::from(REPEATS)
}

/// Each figure by itself.
fn median(rounds: &[Round]) -> Round {
    let middle = |figure: fn(&Round) -> f64| {
        let mut figures: Vec<_> = rounds.iter().map(figure).collect();
        figures.sort_unstable_by(f64::total_cmp);
        figures[figures.len() / 2]
    };
    Round {
        tree: middle(|round| round.tree),
        read: middle(|round| round.read),
        normalise: middle(|round| round.normalise),
        describe: middle(|round| round.describe),
        write: middle(|round| round.write),
    }
}
