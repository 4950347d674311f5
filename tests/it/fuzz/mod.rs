//! Random changes to what real clients sent, for as long as there is time: everything that reads bytes from
//! the network must survive all of them.
//!
//! `PICKET_FUZZ_SECONDS` is the time of each target: a second unless it is set, and then other inputs each time.
//! A failure names the seed and the file with the input; `PICKET_FUZZ_SEED` begins there. An input that once did harm goes into
//! `tests/fixtures/fuzz/TARGET/`, which every run begins with.

pub(crate) mod mutate;
mod pages;
mod targets;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use mutate::Chance;

/// Longer than this no input may take, in a debug build on a busy machine.
const LONGEST: Duration = Duration::from_secs(10);

/// Runs `target` on the inputs that `make` derives from seeds, until time is up.
fn fuzz(name: &str, make: impl Fn(&mut Chance) -> Vec<u8>, target: impl Fn(&[u8])) {
    for (path, input) in known(name) {
        check(&path.display().to_string(), name, &input, &target);
    }
    let seconds = number("PICKET_FUZZ_SECONDS");
    // Among all the other tests the same inputs every time: what is found is found on purpose.
    let usual = || seconds.map_or(0, |_| of_the_clock());
    let first = number("PICKET_FUZZ_SEED").unwrap_or_else(usual);
    let end = Instant::now() + Duration::from_secs(seconds.unwrap_or(1));
    let mut seed = first;
    while Instant::now() < end {
        let input = make(&mut Chance::of(seed));
        check(&format!("PICKET_FUZZ_SEED={seed}"), name, &input, &target);
        seed = seed.wrapping_add(1);
    }
    eprintln!("{name}: {} inputs from seed {first} on", seed.wrapping_sub(first));
    assert_ne!(seed, first, "there was time for one");
}

/// One input; a failure is reported with what leads to it again.
fn check(whence: &str, name: &str, input: &[u8], target: &impl Fn(&[u8])) {
    let started = Instant::now();
    let result = catch_unwind(AssertUnwindSafe(|| target(input)));
    let took = started.elapsed();
    if result.is_ok() && took < LONGEST {
        return;
    }
    let path = std::env::temp_dir().join(format!("picket-fuzz-{name}-{}", input.len()));
    std::fs::write(&path, input).unwrap();
    panic!("{name} fails after {took:.1?}: {whence}, the input is in {}", path.display());
}

/// Inputs that once did harm.
fn known(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/fuzz").join(name);
    let Ok(files) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = files.map(|file| file.unwrap().path());
    paths.map(|path| (path.clone(), std::fs::read(path).unwrap())).collect()
}

#[expect(clippy::disallowed_methods, reason = "how long to fuzz is no setting of Picket")]
fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// Another beginning for each run.
fn of_the_clock() -> u64 {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    now.as_secs() << 24
}
