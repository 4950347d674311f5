//! Replaces what changes from event to event in a text by the name of its kind (`grouping.md` §9.2–9.5):
//! `order 17 of bob@example.com` is `order <int> of <email>`.
//!
//! One pass from left to right. Where several patterns match, the one that stands first in the list of
//! §9.3 wins, however short; where none matches, the next character is tried. The patterns are written out
//! in code: most look at what stands before and behind them, and a text of prose costs a table look-up per
//! byte.
//!
//! # Adding a pattern
//! A function in the file of its kind, its place in `at_word` or `at_sign`, and a higher [`VERSION`]:
//! every text that it matches gets another hash.

mod dates;
mod ids;
mod network;
mod numbers;
mod scan;
#[cfg(test)]
mod tests;

use network::{Emails, Urls};
use scan::{Scan, Word};

/// The version of the patterns; stored with every hash.
pub(super) const VERSION: &str = "parameters:2026-08.1";

/// Longer texts are data, not messages, and stay as they are; in characters.
const MAX_CHARS: usize = 8192;

/// The text with placeholders; `None` if it has nothing to replace.
pub(super) fn parameterize(text: &str) -> Option<String> {
    if !may_match(text.as_bytes()) || is_too_long(text) {
        return None;
    }
    let mut out = String::new();
    let mut copied = 0;
    let mut at = 0;
    let mut matcher = Matcher::new(text);
    while at < text.len() {
        match matcher.match_at(at) {
            Some((placeholder, end)) => {
                out.push_str(&text[copied..at]);
                out.push_str(placeholder);
                (copied, at) = (end, end);
            }
            None => at += 1,
        }
    }
    if copied == 0 {
        return None;
    }
    out.push_str(&text[copied..]);
    Some(out)
}

fn is_too_long(text: &str) -> bool {
    text.len() > MAX_CHARS && text.chars().count() > MAX_CHARS
}

/// Whether any pattern can match at all. Each needs a digit, one of a few signs, or the letters of a long
/// hexadecimal number.
fn may_match(text: &[u8]) -> bool {
    const SHORTEST_HEX: u32 = 8;
    let mut hex_letters = 0;
    text.iter().any(|byte| match byte {
        b'0'..=b'9' | b'@' | b':' | b'=' | b'.' => true,
        b'a'..=b'f' | b'A'..=b'F' => {
            hex_letters += 1;
            hex_letters >= SHORTEST_HEX
        }
        _ => {
            hex_letters = 0;
            false
        }
    })
}

/// A match: what is put in its place, and where it ends.
type Match = (&'static str, usize);

struct Matcher<'t> {
    text: &'t [u8],
    emails: Emails<'t>,
    urls: Urls<'t>,
}

impl<'t> Matcher<'t> {
    fn new(text: &'t str) -> Self {
        Self { text: text.as_bytes(), emails: Emails::new(text), urls: Urls::new(text) }
    }

    /// The first pattern of the list that matches at `at`.
    fn match_at(&mut self, at: usize) -> Option<Match> {
        let scan = Scan { text: self.text, at };
        let next = scan.peek()?;
        if let Some(end) = self.emails.end_at(at) {
            return Some(("<email>", end));
        }
        if let Some(end) = self.urls.end_at(at) {
            return Some(("<url>", end));
        }
        match next {
            // Everything below wants to stand apart from letters and digits before it.
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' if !scan.follows(u8::is_ascii_alphanumeric) => {
                at_word(scan)
            }
            b'-' | b':' | b'"' | b'\'' => at_sign(scan, next),
            _ => None,
        }
    }
}

/// The patterns that begin with a letter or digit.
fn at_word(scan: Scan<'_>) -> Option<Match> {
    let word = Word::at(scan);
    let named = |placeholder, found: Option<Scan<'_>>| found.map(|end| (placeholder, end.at));
    if scan.follows(|byte| *byte == b'_') {
        return named("<random_id>", ids::random(word))
            .or_else(|| named("<random_id>", ids::multi_part_random(scan)))
            .or_else(|| named("<float>", numbers::float(scan)))
            .or_else(|| named("<int>", numbers::int(scan)));
    }
    named("<hostname>", network::hostname(scan, word))
        .or_else(|| named("<traceparent>", ids::traceparent(scan, word)))
        .or_else(|| named("<uuid>", ids::uuid(scan, word)))
        .or_else(|| named("<sha1>", ids::hash(word, 40)))
        .or_else(|| named("<md5>", ids::hash(word, 32)))
        .or_else(|| named("<date>", dates::date(scan, word)))
        .or_else(|| named("<duration>", numbers::duration(scan)))
        .or_else(|| named("<mac_addr>", network::mac_address(scan, word)))
        .or_else(|| named("<ip>", network::ip(scan, word)))
        .or_else(|| named("<swift_txn_id>", ids::swift_transaction(scan, word)))
        .or_else(|| named("<hex>", ids::hex(word)))
        .or_else(|| named("<git_sha>", ids::git_sha(word)))
        .or_else(|| named("<random_id>", ids::random(word)))
        .or_else(|| named("<random_id>", ids::multi_part_random(scan)))
        .or_else(|| named("<float>", numbers::float(scan)))
        .or_else(|| named("<int>", numbers::int(scan)))
        .or_else(|| named("<bool>", numbers::boolean(scan, word)))
}

/// The patterns that begin with a sign.
fn at_sign(scan: Scan<'_>, sign: u8) -> Option<Match> {
    let named = |placeholder, found: Option<Scan<'_>>| found.map(|end| (placeholder, end.at));
    match sign {
        b'"' | b'\'' => named("<quoted_str>", numbers::quoted(scan, sign)),
        // A minus between words is a dash.
        _ if scan.follows(scan::is_word) => None,
        b':' => named("<ip>", network::ipv6(scan)),
        _ => {
            let number = scan.skip(1);
            if !number.peek()?.is_ascii_alphanumeric() {
                return None;
            }
            named("<hex>", ids::hex(Word::at(number)))
                .or_else(|| named("<float>", numbers::float(number)))
                .or_else(|| named("<int>", numbers::int(number)))
        }
    }
}
