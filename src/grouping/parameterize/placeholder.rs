//! The kinds of changing parts, and which of them a project has replaced.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

/// A kind of changing part, named as its placeholder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Placeholder {
    /// An e-mail address.
    Email,
    /// A URL.
    Url,
    /// The name of a host.
    Hostname,
    /// The id of a trace.
    Traceparent,
    /// A UUID.
    Uuid,
    /// 40 hexadecimal digits.
    Sha1,
    /// 32 hexadecimal digits.
    Md5,
    /// A date, a time, or both.
    Date,
    /// A time span with its unit.
    Duration,
    /// A hardware address.
    MacAddr,
    /// An IP address.
    Ip,
    /// A transaction of `OpenStack` Swift.
    SwiftTxnId,
    /// A hexadecimal number, or a decimal one of eight digits or more.
    Hex,
    /// A short commit hash.
    GitSha,
    /// Letters and digits at random.
    RandomId,
    /// A number with decimals.
    Float,
    /// A number of up to seven digits.
    Int,
    /// A text in quotes behind an equals sign.
    QuotedStr,
    /// `true` or `false` behind an equals sign.
    Bool,
}

impl Placeholder {
    /// All of them, in the order in which they are tried.
    pub const ALL: [Self; 19] = [
        Self::Email,
        Self::Url,
        Self::Hostname,
        Self::Traceparent,
        Self::Uuid,
        Self::Sha1,
        Self::Md5,
        Self::Date,
        Self::Duration,
        Self::MacAddr,
        Self::Ip,
        Self::SwiftTxnId,
        Self::Hex,
        Self::GitSha,
        Self::RandomId,
        Self::Float,
        Self::Int,
        Self::QuotedStr,
        Self::Bool,
    ];

    /// What is put in the place of such a part.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "<email>",
            Self::Url => "<url>",
            Self::Hostname => "<hostname>",
            Self::Traceparent => "<traceparent>",
            Self::Uuid => "<uuid>",
            Self::Sha1 => "<sha1>",
            Self::Md5 => "<md5>",
            Self::Date => "<date>",
            Self::Duration => "<duration>",
            Self::MacAddr => "<mac_addr>",
            Self::Ip => "<ip>",
            Self::SwiftTxnId => "<swift_txn_id>",
            Self::Hex => "<hex>",
            Self::GitSha => "<git_sha>",
            Self::RandomId => "<random_id>",
            Self::Float => "<float>",
            Self::Int => "<int>",
            Self::QuotedStr => "<quoted_str>",
            Self::Bool => "<bool>",
        }
    }
}

/// What is replaced in texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::grouping) struct Replaced {
    /// A bit for each kind that stays.
    kept: u32,
    pub(super) keeps_status_codes: bool,
}

impl Replaced {
    pub(in crate::grouping) fn new(kept: &BTreeSet<Placeholder>, keeps_status_codes: bool) -> Self {
        let kept = kept.iter().fold(0, |bits, kind| bits | 1 << *kind as u32);
        Self { kept, keeps_status_codes }
    }

    pub(super) fn keeps(self, kind: Placeholder) -> bool {
        self.kept >> kind as u32 & 1 == 1
    }
}

/// Everything.
impl Default for Replaced {
    fn default() -> Self {
        Self::new(&BTreeSet::new(), false)
    }
}
