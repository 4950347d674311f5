//! The ids of everything that is stored.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Declares a number that names one kind of thing and cannot be mistaken for another.
macro_rules! id {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, sqlx::Type,
        )]
        #[serde(transparent)]
        #[sqlx(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = std::num::ParseIntError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )+};
}

id! {
    /// An organization: the owner of projects and the circle of members.
    OrganizationId;
    /// A team: who looks after projects and issues.
    TeamId;
    /// A project: where a DSN points.
    ProjectId;
    /// A person who can sign in.
    UserId;
    /// A signed-in browser.
    SessionId;
    /// A bearer token for `/api/0`.
    ApiTokenId;
    /// An issue, unique in the installation. Made of the project and the issue's number in it,
    /// so it needs no sequence of its own and says where to look: see [`IssueId::new`].
    IssueId;
    /// A release of an organization, unique in the installation.
    ReleaseId;
    /// The running number of an issue within its project; people see it in base 32.
    IssueNumber;
    /// A part of an issue: what moves as a whole when issues are merged or taken apart. See [`PartId::new`].
    PartId;
}

/// How many low bits of an [`IssueId`] hold the issue's number.
///
/// 32 leaves 21 for the project before the id outgrows what JavaScript counts exactly (2^53).
const ISSUE_NUMBER_BITS: u32 = 32;

/// The digits of a short id: no `I`, `L`, `O`, `U`, which are misread (`web-api.md` §3.1).
const BASE32: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

impl IssueId {
    /// The id of issue `number` of `project`.
    pub fn new(project: ProjectId, number: IssueNumber) -> Self {
        Self((project.0 << ISSUE_NUMBER_BITS) | number.0)
    }

    /// Ids as columns of a query, each with the project that it says: rows are always looked up by both.
    pub fn columns(ids: &[Self]) -> (Vec<i64>, Vec<i64>) {
        ids.iter().map(|id| (id.project().0, id.0)).unzip()
    }

    /// The project this issue belongs to.
    pub fn project(self) -> ProjectId {
        ProjectId(self.0 >> ISSUE_NUMBER_BITS)
    }

    /// The issue's number in its project.
    pub fn number(self) -> IssueNumber {
        IssueNumber(self.0 & ((1 << ISSUE_NUMBER_BITS) - 1))
    }

    /// What people call the issue: `CHECKOUT-2F`.
    pub fn short(self, project_slug: &str) -> String {
        let mut digits = Vec::new();
        let mut rest = self.number().0.unsigned_abs();
        loop {
            digits.push(char::from(BASE32[(rest % 32) as usize]));
            rest /= 32;
            if rest == 0 {
                break;
            }
        }
        let number: String = digits.into_iter().rev().collect();
        format!("{}-{number}", project_slug.to_uppercase())
    }
}

/// Set in the ids of parts that did not open an issue, so that they never meet an issue's number.
const LATER_PART: i64 = 1 << (ISSUE_NUMBER_BITS - 1);

impl PartId {
    /// The id of the further part `number` of `project`. The part that opens an issue is called like the issue.
    pub fn new(project: ProjectId, number: i64) -> Self {
        Self((project.0 << ISSUE_NUMBER_BITS) | LATER_PART | number)
    }

    /// The project it belongs to.
    pub fn project(self) -> ProjectId {
        ProjectId(self.0 >> ISSUE_NUMBER_BITS)
    }
}

impl From<IssueId> for PartId {
    /// The part that opened the issue.
    fn from(issue: IssueId) -> Self {
        Self(issue.0)
    }
}

impl IssueNumber {
    /// Reads the part of a short id after its last dash; `O`, `I` and `L` are read as 0, 1, 1.
    pub fn from_base32(text: &str) -> Option<Self> {
        if text.is_empty() || text.len() > 7 {
            return None;
        }
        text.bytes()
            .try_fold(0_i64, |sum, byte| {
                let digit = match byte.to_ascii_uppercase() {
                    b'O' => b'0',
                    b'I' | b'L' => b'1',
                    other => other,
                };
                let value = BASE32.iter().position(|known| *known == digit)?;
                Some(sum * 32 + i64::try_from(value).ok()?)
            })
            .filter(|number| *number < LATER_PART)
            .map(Self)
    }
}

/// The id of an event: 128 bits chosen by the client, written as 32 lower-case hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, sqlx::Type)]
#[sqlx(transparent)]
pub struct EventId(pub Uuid);

impl EventId {
    /// A new random id, for events whose client sent none.
    pub fn random() -> Self {
        Self(Uuid::new_v4())
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.simple().fmt(f)
    }
}

impl FromStr for EventId {
    type Err = uuid::Error;

    /// Accepts 32 hex digits or the dashed form, in any case, and nothing else (`protocol.md` §5.2).
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.len() {
            32 | 36 => Uuid::try_parse(text).map(Self),
            // Braced and URN forms are not event ids; parsing the empty text gives the error.
            _ => Uuid::try_parse("").map(Self),
        }
    }
}

impl Serialize for EventId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for EventId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issue_id_says_its_project_and_number() {
        let id = IssueId::new(ProjectId(7), IssueNumber(79));
        assert_eq!(id.project(), ProjectId(7));
        assert_eq!(id.number(), IssueNumber(79));
        assert!(id.0 < 1 << 53, "JavaScript must be able to count it");
    }

    #[test]
    fn short_ids_are_written_and_read_in_base_32() {
        let id = IssueId::new(ProjectId(7), IssueNumber(79));
        assert_eq!(id.short("check-out"), "CHECK-OUT-2F");
        assert_eq!(IssueNumber::from_base32("2f"), Some(IssueNumber(79)));
        assert_eq!(IssueNumber::from_base32("O"), Some(IssueNumber(0)));
        assert_eq!(IssueNumber::from_base32("iL"), Some(IssueNumber(33)));
        assert_eq!(IssueNumber::from_base32("U"), None);
        assert_eq!(IssueNumber::from_base32(""), None);
        assert_eq!(IssueNumber::from_base32("3ZZZZZZ"), None);
        assert_eq!(IssueNumber::from_base32("1ZZZZZZ"), Some(IssueNumber((1 << 31) - 1)));
        assert_eq!(IssueNumber::from_base32("2000000"), None, "those are parts");
    }

    #[test]
    fn event_ids_are_read_with_and_without_dashes_in_any_case() {
        let plain: EventId = "fc6d8c0c43fc4630ad850ee518f1b9d0".parse().unwrap();
        let dashed: EventId = "FC6D8C0C-43FC-4630-AD85-0EE518F1B9D0".parse().unwrap();
        assert_eq!(plain, dashed);
        assert_eq!(plain.to_string(), "fc6d8c0c43fc4630ad850ee518f1b9d0");
        for bad in
            ["", "xx", "fc6d8c0c43fc4630ad850ee518f1b9d", "{fc6d8c0c-43fc-4630-ad85-0ee518f1b9d0}"]
        {
            assert!(bad.parse::<EventId>().is_err(), "{bad}");
        }
    }
}
