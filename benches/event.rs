//! What an event costs between its bytes and its grouping: reading, normalising, writing.
//!
//! Over every event of `tests/fixtures/corpus`, in turns and in the same run:
//! - `tree`: parsing into a `serde_json::Value`, which is what the typed reader replaces;
//! - `read`: the typed, lenient reader;
//! - `normalise`: bringing what was read into the canonical form;
//! - `filter`: deciding whether it stays, with every filter on and ten patterns of each kind;
//! - `scrub`: taking out what must not be stored;
//! - `describe`: title, culprit and the rest;
//! - `write`: the JSON that is compressed and stored.
//!
//! The last line is the clean event of each family that has most in its frames, with 30 of them:
//! nothing is found in it, which is the usual case, and what scrubbing costs then has a budget.
//!
//! `cargo bench --bench event [-- ROUNDS]` prints the median of the rounds in µs an event.

#![expect(clippy::print_stdout, reason = "a benchmark reports on standard output")]
#![expect(clippy::unwrap_used, reason = "a benchmark fails by panicking")]

#[path = "../tests/it/support/corpus.rs"]
mod corpus;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use corpus::CorpusEvent;
use picket::domain::filters::{FilterSettings, LEGACY_CHOICES};
use picket::pipeline::stages::{
    FilterConfig, ScrubConfig, SentBy, describe, filter, normalize, scrub,
};
use picket::protocol::event::Event;
use picket::protocol::lenient::Problems;
use serde_json::Value;

/// How often an event is processed in a round: enough for a clock, few enough to take turns.
const REPEATS: u32 = 20;

/// What the steps cost in one round, in µs an event.
#[derive(Clone, Copy, Default)]
struct Round {
    tree: f64,
    read: f64,
    normalise: f64,
    filter: f64,
    scrub: f64,
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
        "{:8} {:>6} {:>8} {:>8} {:>8} {:>10} {:>8} {:>8} {:>9} {:>8} {:>10} {:>11}",
        "",
        "events",
        "bytes",
        "tree",
        "read",
        "normalise",
        "filter",
        "scrub",
        "describe",
        "write",
        "read/tree",
        "scrub/read"
    );
    for family in families {
        let events: Vec<_> = events.iter().filter(|event| event.family == family).collect();
        report(family, &events, rounds);
    }
    report("all", &events.iter().collect::<Vec<_>>(), rounds);
    let clean = clean_of_30_frames(&events);
    report("clean 30", &clean.iter().collect::<Vec<_>>(), rounds);
}

/// Of each family the event without secrets that has most in its frames, those repeated up to 30.
fn clean_of_30_frames(events: &[CorpusEvent]) -> Vec<CorpusEvent> {
    let mut best: BTreeMap<&str, (usize, CorpusEvent)> = BTreeMap::new();
    for sent in events {
        let Some(long) = with_30_frames(sent).filter(is_clean) else { continue };
        let size = long.bytes.len();
        if best.get(sent.family.as_str()).is_none_or(|(known, _)| size > *known) {
            best.insert(&sent.family, (size, long));
        }
    }
    best.into_values().map(|(_, event)| event).collect()
}

fn with_30_frames(sent: &CorpusEvent) -> Option<CorpusEvent> {
    let mut tree: Value = serde_json::from_slice(&sent.bytes).ok()?;
    let exception = tree.get_mut("exception")?;
    let values = if exception.is_array() { exception } else { exception.get_mut("values")? };
    let list = values.as_array_mut()?;
    list.drain(..list.len().saturating_sub(1));
    let frames = list.last_mut()?.get_mut("stacktrace")?.get_mut("frames")?.as_array_mut()?;
    *frames = frames.iter().cycle().take(30).cloned().collect();
    (frames.len() == 30)
        .then(|| CorpusEvent { bytes: tree.to_string().into_bytes(), ..sent.clone() })
}

/// Whether scrubbing leaves the event as it is.
fn is_clean(sent: &CorpusEvent) -> bool {
    let problems = Problems::default();
    let Ok(Some(mut event)) = Event::read(&sent.bytes, &problems) else { return false };
    normalize(&mut event, &sent.facts, problems).expect(&sent.name);
    let before = event.clone();
    scrub(&mut event, &ScrubConfig::default());
    event == before
}

fn report(name: &str, events: &[&CorpusEvent], rounds: u32) {
    let measured: Vec<_> = (0..rounds).map(|_| measure(events)).collect();
    let Round { tree, read, normalise, filter, scrub, describe, write } = median(&measured);
    let bytes = events.iter().map(|event| event.bytes.len()).sum::<usize>() / events.len();
    println!(
        "{name:8} {:>6} {bytes:>8} {tree:>8.1} {read:>8.1} {normalise:>10.1} {filter:>8.2} {scrub:>8.1} \
         {describe:>9.2} {write:>8.1} {:>10.2} {:>11.2}",
        events.len(),
        read / tree,
        scrub / read
    );
}

fn measure(events: &[&CorpusEvent]) -> Round {
    let mut round = Round::default();
    for event in events {
        let one = measure_one(event);
        round.tree += one.tree;
        round.read += one.read;
        round.normalise += one.normalise;
        round.filter += one.filter;
        round.scrub += one.scrub;
        round.describe += one.describe;
        round.write += one.write;
    }
    #[expect(clippy::cast_precision_loss, reason = "a few hundred events")]
    let share = 1.0 / events.len() as f64;
    Round {
        tree: round.tree * share,
        read: round.read * share,
        normalise: round.normalise * share,
        filter: round.filter * share,
        scrub: round.scrub * share,
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
    let filters = all_filters();
    let (first, sent_by) = (&normalised[0], SentBy::of(&sent.facts));
    let filter = time(|| {
        let _ = black_box(filter(first, sent_by, &filters));
    });
    let config = ScrubConfig::default();
    let clock = Instant::now();
    for event in &mut normalised {
        scrub(event, &config);
    }
    let scrub = micros(clock.elapsed());
    let event = &normalised[0];
    Round {
        tree: time(|| drop(black_box(serde_json::from_slice::<serde_json::Value>(&sent.bytes)))),
        read: time(|| drop(black_box(read()))),
        normalise,
        filter,
        scrub,
        describe: time(|| drop(black_box(describe(event, None)))),
        write: time(|| drop(black_box(serde_json::to_vec(event)))),
    }
}

/// Every filter a project can have; the patterns match nothing.
fn all_filters() -> FilterConfig {
    let patterns = |pattern: &str| (0..10).map(|number| format!("*{pattern}{number}*")).collect();
    FilterConfig::new(&FilterSettings {
        browser_extensions: true,
        localhost: true,
        web_crawlers: true,
        legacy_browsers: LEGACY_CHOICES.iter().map(|choice| choice.id.to_owned()).collect(),
        error_messages: patterns("no such error"),
        releases: patterns("no-such-release"),
        ip_addresses: (0..10).map(|number| format!("198.51.100.{number}")).collect(),
        ..FilterSettings::default()
    })
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
        filter: middle(|round| round.filter),
        scrub: middle(|round| round.scrub),
        describe: middle(|round| round.describe),
        write: middle(|round| round.write),
    }
}
