//! What a release's name says: package, version, build; and which of two releases is the newer one.
//!
//! A name is `package@version` or a version alone; the package may itself begin with `@`, as scopes of npm do. A version
//! is one of three things:
//!
//! | version | read as |
//! |---|---|
//! | `1.2.3`, `v1.2`, `1.2.3.4-rc.1+77`, `1.0b2` | numbers, up to four; a pre-release; a build |
//! | 12, 16, 20, 32, 40 or 64 hexadecimal digits | the hash of a commit or a build |
//! | anything else | free text |
//!
//! Which of two is newer ([`compare`]):
//!
//! 1. Both have numbers and the same package: the greater numbers win, missing ones being zero; a pre-release comes before
//!    its version; then pre-releases and builds are compared piece by piece, digits as numbers, no build before any build.
//! 2. Otherwise, and where that finds no difference: the one that was released later, or created later if it was not.
//!
//! So a hotfix `1.9.5` that is made after `2.0.0` is not newer than it, and hashes go by time. A project that changes from
//! one kind to the other is compared by time across the change.

#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::iter::Peekable;
use std::str::Chars;

use crate::base::Timestamp;

/// Lengths of hashes (`protocol.md` §5.6).
const HASH_LENGTHS: [usize; 6] = [12, 16, 20, 32, 40, 64];

/// The digits of a hash that people read.
const SHORT_HASH_CHARS: usize = 12;

/// The name of a release, taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Name<'a> {
    /// The package, if it names one.
    pub package: Option<&'a str>,
    /// What is behind it.
    pub raw: &'a str,
    /// What that is.
    pub version: Version<'a>,
}

/// What a version is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version<'a> {
    /// Numbers, which have an order.
    Numbered(Numbers<'a>),
    /// A hash, which has none.
    Hash(&'a str),
    /// Words, which have none that can be relied on.
    Text,
}

/// A version that has numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Numbers<'a> {
    /// Major, minor, patch, revision; missing ones are zero.
    pub parts: [u64; 4],
    /// How many were written.
    pub components: usize,
    /// What comes before the version, without its dash.
    pub pre: Option<&'a str>,
    /// Which build it is.
    pub build: Option<&'a str>,
}

impl<'a> Name<'a> {
    /// Takes a name apart; every text is the name of something.
    pub fn parse(release: &'a str) -> Self {
        let (package, raw) = match release.char_indices().skip(1).find(|(_, c)| *c == '@') {
            Some((at, _)) if at + 1 < release.len() => (Some(&release[..at]), &release[at + 1..]),
            _ => (None, release),
        };
        let version = if is_hash(raw) {
            Version::Hash(raw)
        } else {
            Numbers::parse(raw).map_or(Version::Text, Version::Numbered)
        };
        Self { package, raw, version }
    }

    /// The version without its package; of a hash the first digits.
    pub fn short(&self) -> &'a str {
        match self.version {
            Version::Hash(hash) if hash.len() == 40 => &hash[..SHORT_HASH_CHARS],
            _ => self.raw,
        }
    }
}

impl<'a> Numbers<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let text = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let (text, build) = match text.split_once('+') {
            Some((text, build)) => (text, Some(build)),
            None => (text, None),
        };
        let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
        let (numbers, pre) = text.split_at(end);
        let pre = match pre.strip_prefix('-') {
            Some(pre) => Some(pre),
            // `1.0b2`: what is written without a dash begins with a letter.
            None => (!pre.is_empty()).then_some(pre),
        };
        let is_plain = |text: &str| {
            !text.is_empty()
                && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b))
        };
        if !pre.is_none_or(is_plain) || !build.is_none_or(is_plain) {
            return None;
        }
        let mut parts = [0; 4];
        let mut components = 0;
        for part in numbers.split('.') {
            *parts.get_mut(components)? = part.parse().ok()?;
            components += 1;
        }
        Some(Self { parts, components, pre, build })
    }

    /// Which of two versions comes behind the other, whatever their packages.
    pub fn order(&self, other: &Self) -> Ordering {
        let pre = match (self.pre, other.pre) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(own), Some(other)) => natural(own, other),
        };
        let build = match (self.build, other.build) {
            (Some(own), Some(other)) => natural(own, other),
            (own, other) => own.is_some().cmp(&other.is_some()),
        };
        self.parts.cmp(&other.parts).then(pre).then(build)
    }
}

fn is_hash(version: &str) -> bool {
    HASH_LENGTHS.contains(&version.len()) && version.bytes().all(|b| b.is_ascii_hexdigit())
}

/// A piece of a text: digits are compared as a number and come before words.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Piece {
    Number(u128),
    Word(String),
}

/// Compares texts as people do: `rc10` comes behind `rc9`.
fn natural(one: &str, other: &str) -> Ordering {
    pieces(one).cmp(pieces(other))
}

fn pieces(text: &str) -> impl Iterator<Item = Piece> {
    let mut chars = text.chars().peekable();
    std::iter::from_fn(move || {
        while chars.next_if(|c| !c.is_ascii_alphanumeric()).is_some() {}
        let is_number = chars.peek()?.is_ascii_digit();
        let run = run(&mut chars, |c| c.is_ascii_alphanumeric() && c.is_ascii_digit() == is_number);
        // More digits than a number holds are all the same to us.
        Some(if is_number {
            Piece::Number(run.parse().unwrap_or(u128::MAX))
        } else {
            Piece::Word(run)
        })
    })
}

fn run(chars: &mut Peekable<Chars<'_>>, belongs: impl Fn(char) -> bool) -> String {
    std::iter::from_fn(|| chars.next_if(|c| belongs(*c))).collect()
}

/// A release and when it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dated<'a> {
    /// Its whole name.
    pub release: &'a str,
    /// When it was released, or created if it was not.
    pub at: Timestamp,
}

/// Which of two releases is newer; see the module's table. Releases of the same name are equal.
pub fn compare(one: Dated<'_>, other: Dated<'_>) -> Ordering {
    if one.release == other.release {
        return Ordering::Equal;
    }
    let (own, others) = (Name::parse(one.release), Name::parse(other.release));
    let by_version = match (own.version, others.version) {
        (Version::Numbered(own_numbers), Version::Numbered(other_numbers))
            if own.package == others.package =>
        {
            own_numbers.order(&other_numbers)
        }
        _ => Ordering::Equal,
    };
    by_version.then(one.at.cmp(&other.at))
}
