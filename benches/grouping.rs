//! What grouping costs, beside reading the same events.
//!
//! Every error event of the corpus, one client after the other: µs per event for `Event::read`, for
//! `prepare` and `group`, and how much of the reading the grouping is. Grouping is meant to stay cheaper.
//!
//! Then stacks of 30 frames, with the built-in rules and 200 of a project's own, so more than 500: each line is one
//! language; `prepare` and `group` are measured together and `group` alone, as a preview runs it.
//!
//! `cargo bench --bench grouping [-- MILLISECONDS]`, for each client and each of the two. Prints medians of
//! nine rounds.

#![expect(clippy::print_stdout, reason = "a benchmark reports on standard output")]

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use picket::grouping::{Config, group, prepare};
use picket::protocol::bare_event::unpack;
use picket::protocol::envelope::Envelope;
use picket::protocol::event::Event;
use picket::protocol::lenient::Problems;
use serde_json::Value;

const ROUNDS: usize = 9;

/// The largest body that is read.
const MAX_BODY_BYTES: usize = 1 << 20;

fn main() {
    let millis = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(50);
    let budget = Duration::from_millis(millis);
    let config = Config::default();
    println!(
        "{:<8} {:>6} {:>7} {:>10} {:>10} {:>7}",
        "client", "events", "bytes", "read µs", "group µs", "ratio"
    );
    let mut all = Vec::new();
    for client in ["browser", "node", "python", "ruby", "go", "rust", "native"] {
        let events = events_of(client);
        report(client, &events, &config, budget);
        all.extend(events);
    }
    report("all", &all, &config, budget);
    println!("\n30 frames, over 500 rules");
    let config = many_rules();
    for platform in ["python", "javascript", "java", "native"] {
        report_long(platform, &[long_event(platform)], &config, budget);
    }
}

/// The built-in rules and 200 of a project's own, of the kinds that projects write.
fn many_rules() -> Config {
    let rules = (0..50).map(|n| {
        format!(
            "stack.module:acme.legacy{n}.* -app\nstack.function:helper_{n}* -group\n\
             stack.abs_path:**/generated_{n}/** -app -group\n\
             error.type:Retry{n}* stack.function:run_{n} v-group"
        )
    });
    Config::new(&rules.collect::<Vec<_>>().join("\n"), "").expect("the rules are ours")
}

/// An error with 30 frames, half of them the program's own.
fn long_event(platform: &str) -> Vec<u8> {
    let frame = |n: usize| {
        let (function, module, path) = match platform {
            "python" => (
                format!("handle_{n}"),
                Some(format!("shop.part{n}.views")),
                format!("/srv/shop/part{n}/views.py"),
            ),
            "java" => (
                format!("handle{n}"),
                Some(format!("com.acme.part{n}.Handler")),
                format!("Handler{n}.java"),
            ),
            "native" => (
                format!("shop::part{n}::Handler<int>::handle(std::string const&)"),
                None,
                format!("/build/src/part{n}.cpp"),
            ),
            _ => {
                (format!("Part{n}.handle"), None, format!("https://shop.example/assets/part{n}.js"))
            }
        };
        serde_json::json!({
            "function": function, "module": module, "abs_path": path, "filename": path, "lineno": n + 1,
            "context_line": format!("    return self.next_{n}(request, order)"), "in_app": n.is_multiple_of(2),
        })
    };
    let frames: Vec<_> = (0..30).map(frame).collect();
    let event = serde_json::json!({"platform": platform, "exception": {"values": [
        {"type": "PaymentDeclined", "value": "order 99871 of bob@shop.example was declined after 120ms",
         "stacktrace": {"frames": frames}}]}});
    event.to_string().into_bytes()
}

fn report_long(platform: &str, events: &[Vec<u8>], config: &Config, budget: Duration) {
    let mut reading = Vec::new();
    let mut both = Vec::new();
    let mut grouping = Vec::new();
    let mut prepared: Vec<Event> = events.iter().map(|json| read(json)).collect();
    let parsed = prepared.clone();
    prepared.iter_mut().for_each(|event| prepare(event, config));
    for _ in 0..ROUNDS {
        reading.push(round(budget, events.len(), || events, |events| black_box(read(&events[0]))));
        both.push(round(
            budget,
            events.len(),
            || parsed.clone(),
            |mut events| {
                prepare(&mut events[0], config);
                (group(&events[0], config), events)
            },
        ));
        grouping.push(round(budget, events.len(), || (), |()| group(&prepared[0], config)));
    }
    let (read_us, both_us, group_us) =
        (median(&mut reading), median(&mut both), median(&mut grouping));
    println!(
        "{platform:<10} read {read_us:>6.1} µs, prepare and group {both_us:>6.1} µs ({:.2} of reading), \
         group alone {group_us:>6.1} µs ({:.2})",
        both_us / read_us,
        group_us / read_us
    );
}

fn report(client: &str, events: &[Vec<u8>], config: &Config, budget: Duration) {
    let mut reading = Vec::new();
    let mut grouping = Vec::new();
    // In turns, so that a busy machine slows both down.
    for _ in 0..ROUNDS {
        reading.push(round(
            budget,
            events.len(),
            || events,
            |events| {
                for json in events {
                    black_box(read(json));
                }
            },
        ));
        let parsed: Vec<Event> = events.iter().map(|json| read(json)).collect();
        grouping.push(round(
            budget,
            events.len(),
            || parsed.clone(),
            |mut events| {
                for event in &mut events {
                    prepare(event, config);
                    black_box(group(event, config));
                }
                events
            },
        ));
    }
    let (read_us, group_us) = (median(&mut reading), median(&mut grouping));
    let bytes: usize = events.iter().map(Vec::len).sum();
    println!(
        "{client:<8} {:>6} {:>7} {read_us:>10.1} {group_us:>10.1} {:>7.2}",
        events.len(),
        bytes / events.len(),
        group_us / read_us
    );
}

/// µs per event, without what `make` costs. What `run` returns is dropped outside of the measure.
fn round<I, O>(budget: Duration, events: usize, make: impl Fn() -> I, run: impl Fn(I) -> O) -> f64 {
    let mut spent = Duration::ZERO;
    let mut passes = 0;
    while spent < budget {
        let input = make();
        let start = Instant::now();
        let output = run(input);
        spent += start.elapsed();
        drop(output);
        passes += 1;
    }
    let micros = spent.as_secs_f64() * 1e6;
    micros / f64::from(passes) / f64::from(u32::try_from(events).expect("few"))
}

fn median(rounds: &mut [f64]) -> f64 {
    rounds.sort_by(f64::total_cmp);
    rounds[rounds.len() / 2]
}

fn read(json: &[u8]) -> Event {
    Event::read(json, &Problems::default()).expect("JSON").expect("an object")
}

/// The error events that one client sent.
fn events_of(client: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/corpus").join(client);
    let mut files: Vec<_> = fs::read_dir(folder)
        .expect("the corpus")
        .map(|file| file.expect("a file").path())
        .collect();
    files.sort();
    let mut events = Vec::new();
    for file in files {
        let scenario: Value =
            serde_json::from_slice(&fs::read(file).expect("a file")).expect("a scenario");
        for request in scenario["requests"].as_array().into_iter().flatten() {
            events.extend(events_in(request));
        }
    }
    events
}

fn events_in(request: &Value) -> Vec<Vec<u8>> {
    let path = request["path"].as_str().unwrap_or_default();
    let body = request["body"].as_str().unwrap_or_default().as_bytes();
    if request["body_encoding"] != "utf-8" {
        return Vec::new();
    }
    if path.ends_with("/store/") {
        return unpack(body.to_vec(), MAX_BODY_BYTES).into_iter().collect();
    }
    if !path.ends_with("/envelope/") {
        return Vec::new();
    }
    let envelope = Envelope::parse(body).expect("an envelope");
    let errors = envelope.items.iter().filter(|item| item.header.item_type.as_str() == "event");
    errors.map(|item| item.payload.to_vec()).collect()
}
