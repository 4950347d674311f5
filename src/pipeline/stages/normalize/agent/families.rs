//! The families of browsers and systems, told by the patterns of uap-core.
//!
//! They take 11 MB once compiled, so this is done when the first user agent comes: most servers that
//! report errors never see one. Searching all patterns takes ten microseconds or more, which is a
//! tenth of an event; a site's visitors share few user agents, so what was told is remembered.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use serde::Deserialize;
use ua_parser::{os, user_agent};

use super::Product;

const PATTERNS: &str = include_str!("uap-core/families.json");

/// Of a longer user agent only so much is looked at; real ones have 100 to 300 bytes.
const MAX_BYTES: usize = 512;

/// So many answers are remembered, twice: less than a megabyte.
const GENERATION: usize = 500;

/// A browser and a system.
pub(super) type Families = (Option<Product>, Option<Product>);

/// Tells the browser and the system that a user agent names.
pub(super) fn told(text: &str) -> Families {
    static KNOWN: LazyLock<Mutex<Known>> = LazyLock::new(Mutex::default);
    let text = &text[..text.floor_char_boundary(MAX_BYTES)];
    let lock = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let known = lock().find(text);
    known.unwrap_or_else(|| {
        // Not while others wait.
        let families = search(text);
        lock().remember(text, families.clone());
        families
    })
}

/// What was told lately: those asked for since the last turn, and those of the turn before.
#[derive(Default)]
struct Known {
    young: HashMap<Box<str>, Families>,
    old: HashMap<Box<str>, Families>,
}

impl Known {
    fn find(&mut self, text: &str) -> Option<Families> {
        if let Some(families) = self.young.get(text) {
            return Some(families.clone());
        }
        let families = self.old.remove(text)?;
        self.remember(text, families.clone());
        Some(families)
    }

    fn remember(&mut self, text: &str, families: Families) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(text.into(), families);
    }
}

struct Patterns {
    browsers: user_agent::Extractor<'static>,
    systems: os::Extractor<'static>,
}

#[derive(Deserialize)]
struct Source {
    user_agent_parsers: Vec<user_agent::Parser<'static>>,
    os_parsers: Vec<os::Parser<'static>>,
}

impl Patterns {
    fn compile() -> Result<Self, ua_parser::Error> {
        let Source { user_agent_parsers, os_parsers } =
            serde_json::from_str(PATTERNS).expect("the file is valid, a test reads it");
        Ok(Self {
            browsers: user_agent::Builder::new().push_all(user_agent_parsers)?.build()?,
            systems: os::Builder::new().push_all(os_parsers)?.build()?,
        })
    }
}

fn search(text: &str) -> Families {
    static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| {
        Patterns::compile().expect("the patterns are valid, a test compiles them")
    });
    (browser(&PATTERNS, text), system(&PATTERNS, text))
}

fn browser(patterns: &Patterns, text: &str) -> Option<Product> {
    let found = patterns.browsers.extract(text)?;
    let version = version([found.major, found.minor, found.patch]);
    (found.family != "Other").then(|| Product::new(found.family, version.as_deref()))
}

fn system(patterns: &Patterns, text: &str) -> Option<Product> {
    let found = patterns.systems.extract(text)?;
    let parts = [&found.major, &found.minor, &found.patch];
    let version = version(parts.map(Option::as_deref));
    let version = match (&*found.os, version.as_deref()) {
        // Browsers stopped counting here: it may be any later version.
        ("Windows", Some("10")) => Some(">=10"),
        ("Mac OS X", Some("10.15.7")) => Some(">=10.15.7"),
        (_, version) => version,
    };
    (found.os != "Other").then(|| Product::new(found.os.as_ref(), version))
}

/// Up to the first part that is missing, put together with dots.
fn version(parts: [Option<&str>; 3]) -> Option<String> {
    let known = parts.into_iter().map_while(|part| part.filter(|part| !part.is_empty()));
    let version = known.collect::<Vec<_>>().join(".");
    (!version.is_empty()).then_some(version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_lately_is_remembered_and_the_rest_is_forgotten() {
        let mut known = Known::default();
        let families = |name: &str| (Some(Product::new(name, None)), None);
        known.remember("kept", families("kept"));
        for round in 0..5 {
            for n in 0..GENERATION - 1 {
                known.remember(&format!("{round} {n}"), families("x"));
            }
            assert_eq!(known.find("kept"), Some(families("kept")), "{round}");
        }
        assert_eq!(known.find("0 0"), None);
        assert!(known.young.len() <= GENERATION && known.old.len() <= GENERATION);
    }

    #[test]
    fn a_user_agent_without_end_is_cut_and_does_no_harm() {
        for part in ["x", "Android ; ", "ü", "Mozilla/5.0 (", "Version/1."] {
            let text = part.repeat(10_000);
            assert_eq!(told(&text), told(&text[..text.floor_char_boundary(MAX_BYTES)]), "{part}");
        }
    }
}
