//! Addresses: mail, web, hosts, IP and hardware.

use std::net::Ipv6Addr;

use super::numbers::{is_before_dot_and_number, is_behind_number_and_dot};
use super::scan::{Scan, Word};

/// The longest part of a mail address before the `@`.
const MAX_LOCAL_PART: usize = 254;

/// The longest scheme of a URL behind its first letter.
const MAX_SCHEME: usize = 32;

/// The longest host and the longest label of one.
const MAX_HOST: usize = 255;
const MAX_LABEL: usize = 63;

/// The last labels that make dotted words a host (`grouping.md` §9.4), sorted.
#[rustfmt::skip]
const TOP_LEVEL: [&str; 98] = [
    "ae", "al", "app", "ar", "at", "au", "be", "bg", "biz", "br", "by", "ca", "cat", "cc", "cf", "ch", "cl",
    "club", "cn", "co", "com", "cz", "de", "dk", "edu", "ee", "es", "eu", "fi", "fm", "fr", "ga", "gov", "gq",
    "gr", "hk", "hr", "hu", "id", "ie", "il", "in", "info", "io", "ir", "is", "it", "jobs", "jp", "kr", "kz",
    "link", "lt", "lv", "ly", "me", "mobi", "ms", "mx", "my", "net", "news", "ng", "nl", "no", "nz", "online",
    "org", "pe", "ph", "pl", "pro", "pt", "ro", "rs", "ru", "sa", "se", "sg", "si", "site", "sk", "th", "tips",
    "tk", "to", "tr", "tv", "tw", "ua", "ug", "uk", "us", "vn", "wiki", "xxx", "xyz", "za",
];

/// The mail addresses of a text, found from their `@`.
pub(super) struct Emails<'t> {
    text: &'t str,
    /// The next address: where it may begin, its `@` and its end.
    next: Option<(usize, usize, usize)>,
}

impl<'t> Emails<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let mut this = Self { text, next: None };
        this.find_from(0);
        this
    }

    /// The end of the address that begins at `at`.
    pub(super) fn end_at(&mut self, at: usize) -> Option<usize> {
        while self.next?.1 <= at {
            self.find_from(self.next?.1 + 1);
        }
        let (start, _, end) = self.next?;
        (start <= at).then_some(end)
    }

    fn find_from(&mut self, mut from: usize) {
        let bytes = self.text.as_bytes();
        self.next = None;
        while let Some(sign) = bytes[from..].iter().position(|byte| *byte == b'@') {
            let sign = from + sign;
            let local = bytes[..sign].iter().rev().take(MAX_LOCAL_PART);
            let length = local.take_while(|byte| is_local_part(**byte)).count();
            let domain = domain_end(Scan { text: bytes, at: sign + 1 });
            if let (true, Some(end)) = (length > 0, domain) {
                self.next = Some((sign - length, sign, end.at));
                return;
            }
            from = sign + 1;
        }
    }
}

fn is_local_part(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte)
}

/// Behind dot-separated labels.
fn domain_end(scan: Scan<'_>) -> Option<Scan<'_>> {
    let mut end = label_end(scan)?;
    while let Some(next) = end.literal(".").and_then(label_end) {
        end = next;
    }
    Some(end)
}

fn label_end(scan: Scan<'_>) -> Option<Scan<'_>> {
    scan.run(1, usize::MAX - 1, |byte| byte.is_ascii_alphanumeric() || *byte == b'-')
}

/// The URLs of a text, found from their `://`.
pub(super) struct Urls<'t> {
    text: &'t str,
    /// The next URL: where its scheme may begin, where that ends, and its own end.
    next: Option<(usize, usize, usize)>,
}

impl<'t> Urls<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let mut this = Self { text, next: None };
        this.find_from(0);
        this
    }

    /// The end of the URL that begins at `at`.
    pub(super) fn end_at(&mut self, at: usize) -> Option<usize> {
        while self.next?.1 <= at {
            self.find_from(self.next?.1 + 1);
        }
        let (start, _, end) = self.next?;
        (start <= at && self.text.as_bytes()[at].is_ascii_alphabetic()).then_some(end)
    }

    fn find_from(&mut self, mut from: usize) {
        self.next = None;
        while let Some(colon) = self.text[from..].find("://") {
            let colon = from + colon;
            let before = self.text.as_bytes()[..colon].iter().rev().take(MAX_SCHEME + 1);
            let length = before.take_while(|byte| is_scheme(**byte)).count();
            if let (true, Some(end)) = (length > 0, url_end(self.text, colon + "://".len())) {
                self.next = Some((colon - length, colon, end));
                return;
            }
            from = colon + 1;
        }
    }
}

fn is_scheme(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)
}

/// The end of what follows `://`; `None` if nothing does.
fn url_end(text: &str, start: usize) -> Option<usize> {
    let ends = |c: char| c.is_whitespace() || "\"'`\\<>{}|^".contains(c);
    let rest = &text[start..];
    if rest.starts_with(['$', '.', '?', '#']) {
        return None;
    }
    let url = &rest[..rest.find(ends).unwrap_or(rest.len())];
    // Punctuation at the end belongs to the sentence.
    let url = url.trim_end_matches(['.', ',', ';']);
    (!url.is_empty()).then_some(start + url.len())
}

/// Dotted words that end like a host.
pub(super) fn hostname<'t>(scan: Scan<'t>, word: Word<'t>) -> Option<Scan<'t>> {
    if !matches!(word.next(), Some(b'.' | b'-')) {
        return None;
    }
    // Longer chains of labels are no host, and reading each to its end would take forever.
    let near = &scan.text[..scan.text.len().min(scan.at + MAX_HOST + 1)];
    let end = Scan { text: scan.text, at: domain_end(Scan { text: near, ..scan })?.at };
    let host = std::str::from_utf8(&scan.text[scan.at..end.at]).ok()?;
    let labels = host.split('.');
    let last = labels.clone().next_back()?;
    let is_one_case = !(last.contains(|c: char| c.is_ascii_lowercase())
        && last.contains(|c: char| c.is_ascii_uppercase()));
    let is_host = host.len() <= MAX_HOST
        && host.contains('.')
        && is_one_case
        && TOP_LEVEL.binary_search(&&*last.to_ascii_lowercase()).is_ok()
        && labels.clone().all(is_host_label);
    if is_host { end.at_word_end() } else { None }
}

fn is_host_label(label: &str) -> bool {
    label.len() <= MAX_LABEL
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.contains(|c: char| c.is_ascii_alphabetic())
}

/// Six pairs of hexadecimal digits, or three groups of four.
pub(super) fn mac_address<'t>(scan: Scan<'t>, word: Word<'t>) -> Option<Scan<'t>> {
    let separator = [word.next()?];
    let hex = |scan: Scan<'t>, count| scan.run(count, count, u8::is_ascii_hexdigit);
    let (groups, length) = match (word.len(), separator[0]) {
        (2, b':' | b'-' | b' ' | b'\t' | b'\n' | b'\r') => (6, 2),
        (4, b'.') => (3, 4),
        _ => return None,
    };
    let end =
        (1..groups).try_fold(hex(scan, length)?, |scan, _| hex(scan.one_of(&separator)?, length));
    end?.at_word_end()
}

/// An address of either version.
pub(super) fn ip<'t>(scan: Scan<'t>, word: Word<'t>) -> Option<Scan<'t>> {
    match word.next()? {
        b'.' => ipv4(scan),
        b':' if word.is_hex => ipv6(scan),
        _ => None,
    }
}

fn ipv4(scan: Scan<'_>) -> Option<Scan<'_>> {
    if is_behind_number_and_dot(scan) {
        return None;
    }
    let number = |scan: Scan<'_>| {
        let end = scan.digits(1, 3)?;
        let digits = &scan.text[scan.at..end.at];
        let value = digits.iter().fold(0_u16, |sum, digit| sum * 10 + u16::from(digit - b'0'));
        (value <= 255).then_some(end.at)
    };
    let mut end = Scan { at: number(scan)?, ..scan };
    for _ in 0..3 {
        let next = end.literal(".")?;
        end = Scan { at: number(next)?, ..scan };
    }
    end.unless(u8::is_ascii_alphanumeric).filter(|end| !is_before_dot_and_number(*end))
}

/// An IPv6 address in any of its forms.
pub(super) fn ipv6(scan: Scan<'_>) -> Option<Scan<'_>> {
    // Colons and dots behind the address belong to the sentence, so the longest part that is one counts.
    (2..=longest_ipv6(scan.rest())).rev().find_map(|length| {
        let end = scan.skip(length).unless(u8::is_ascii_alphanumeric)?;
        let text = std::str::from_utf8(&scan.rest()[..length]).ok()?;
        with_zone(text.parse().ok()?, end).unless(u8::is_ascii_alphanumeric)
    })
}

/// How many bytes at the start may be an address: little is tried in texts of nothing but colons.
fn longest_ipv6(text: &[u8]) -> usize {
    const MAX_LENGTH: usize = 45;
    const MAX_COLONS: usize = 8;
    let (mut colons, mut pairs) = (0, 0);
    let is_part = |(index, byte): &(usize, &u8)| {
        if **byte == b':' {
            colons += 1;
            pairs += usize::from(*index > 0 && text[index - 1] == b':');
        }
        colons <= MAX_COLONS
            && pairs <= 1
            && (byte.is_ascii_hexdigit() || matches!(**byte, b':' | b'.'))
    };
    text.iter().take(MAX_LENGTH).enumerate().take_while(is_part).count()
}

/// Behind the zone of an address that is only valid in one.
fn with_zone(address: Ipv6Addr, end: Scan<'_>) -> Scan<'_> {
    if !address.is_unicast_link_local() {
        return end;
    }
    end.maybe(|scan| scan.literal("%")?.run(1, 64, u8::is_ascii_alphanumeric))
}
