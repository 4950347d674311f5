//! What can be asked about sessions.

use crate::api::{Error, Result};
use crate::domain::sessions::health::{Health, Users, rate};

/// A figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// How many sessions.
    Sessions,
    /// How many users.
    Users,
    /// A share of sessions or users.
    Rate(Of, Case),
    /// How long sessions took, which no client tells any more.
    Duration(Figure),
}

/// Whose share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    /// Of the sessions.
    Sessions,
    /// Of the users.
    Users,
}

/// The share of what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Case {
    /// Of those that crashed.
    Crashed,
    /// Of those that did not.
    CrashFree,
    /// Of those that met an error that nobody handled.
    Unhandled,
    /// Of those that did not.
    UnhandledFree,
    /// Of those that stopped to answer.
    Abnormal,
}

/// A figure of lengths, by its place in [`FIELDS`].
type Figure = usize;

/// The names of the fields.
const FIELDS: [(&str, Field); 18] = [
    ("sum(session)", Field::Sessions),
    ("count_unique(user)", Field::Users),
    ("crash_rate(session)", Field::Rate(Of::Sessions, Case::Crashed)),
    ("crash_rate(user)", Field::Rate(Of::Users, Case::Crashed)),
    ("crash_free_rate(session)", Field::Rate(Of::Sessions, Case::CrashFree)),
    ("crash_free_rate(user)", Field::Rate(Of::Users, Case::CrashFree)),
    ("unhandled_rate(session)", Field::Rate(Of::Sessions, Case::Unhandled)),
    ("unhandled_rate(user)", Field::Rate(Of::Users, Case::Unhandled)),
    ("unhandled_free_rate(session)", Field::Rate(Of::Sessions, Case::UnhandledFree)),
    ("unhandled_free_rate(user)", Field::Rate(Of::Users, Case::UnhandledFree)),
    ("anr_rate()", Field::Rate(Of::Users, Case::Abnormal)),
    ("avg(session.duration)", Field::Duration(11)),
    ("p50(session.duration)", Field::Duration(12)),
    ("p75(session.duration)", Field::Duration(13)),
    ("p90(session.duration)", Field::Duration(14)),
    ("p95(session.duration)", Field::Duration(15)),
    ("p99(session.duration)", Field::Duration(16)),
    ("max(session.duration)", Field::Duration(17)),
];

/// How sessions end, when they are told apart by that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    Healthy,
    Errored,
    Unhandled,
    Abnormal,
    Crashed,
}

impl Ending {
    pub(super) const ALL: [Self; 5] =
        [Self::Abnormal, Self::Crashed, Self::Errored, Self::Healthy, Self::Unhandled];

    /// The word on the wire.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Errored => "errored",
            Self::Unhandled => "unhandled",
            Self::Abnormal => "abnormal",
            Self::Crashed => "crashed",
        }
    }

    fn sessions(self, health: &Health) -> i64 {
        let counts = &health.sessions;
        match self {
            Self::Healthy => counts.healthy(),
            Self::Errored => counts.errored,
            Self::Unhandled => counts.unhandled,
            Self::Abnormal => counts.abnormal,
            Self::Crashed => counts.crashed,
        }
    }

    /// Users with such a session, each under the worst but the healthy and errored ones.
    fn users(self, health: &Health) -> i64 {
        let users = &health.users;
        let worse = users.unhandled + users.abnormal + users.crashed;
        match self {
            Self::Healthy => (users.total - users.in_trouble).max(0),
            Self::Errored => (users.in_trouble - worse).max(0),
            Self::Unhandled => users.unhandled,
            Self::Abnormal => users.abnormal,
            Self::Crashed => users.crashed,
        }
    }
}

impl Field {
    /// The field of a name.
    pub(super) fn parse(name: &str) -> Result<Self> {
        let found = FIELDS.iter().find(|(known, _)| *known == name);
        found.map(|(_, field)| *field).ok_or_else(|| {
            let known: Vec<&str> = FIELDS.iter().map(|(name, _)| *name).collect();
            Error::invalid(
                "field",
                format!("There is no `{name}`; known are {}.", known.join(", ")),
            )
        })
    }

    /// Its name.
    pub(super) fn name(self) -> &'static str {
        FIELDS.iter().find(|(_, field)| *field == self).map_or("", |(name, _)| name)
    }

    /// Which users must be counted for it; told apart by how their sessions ended, all of them.
    pub(super) fn users(self, by_status: bool) -> Users {
        match self {
            Self::Users if by_status => Users::Counted,
            Self::Users | Self::Rate(Of::Users, Case::Crashed | Case::CrashFree) => Users::Crashes,
            Self::Rate(Of::Users, _) => Users::Counted,
            _ => Users::Ignored,
        }
    }

    /// Its value; of sessions that ended so, if they are told apart. Null where there is none.
    pub(super) fn value(self, health: &Health, ending: Option<Ending>) -> serde_json::Value {
        match (self, ending) {
            (Self::Sessions, None) => health.sessions.total.into(),
            (Self::Sessions, Some(ending)) => ending.sessions(health).into(),
            (Self::Users, None) => health.users.total.into(),
            (Self::Users, Some(ending)) => ending.users(health).into(),
            (Self::Rate(of, case), None) => share(health, of, case).into(),
            (Self::Rate(..), Some(_)) | (Self::Duration(_), _) => serde_json::Value::Null,
        }
    }
}

fn share(health: &Health, of: Of, case: Case) -> Option<f64> {
    let (total, unhandled, abnormal, crashed) = match of {
        Of::Sessions => {
            let counts = &health.sessions;
            (counts.total, counts.unhandled, counts.abnormal, counts.crashed)
        }
        Of::Users => {
            let counts = &health.users;
            (counts.total, counts.unhandled, counts.abnormal, counts.crashed)
        }
    };
    match case {
        Case::Crashed => rate(crashed, total),
        Case::CrashFree => rate(crashed, total).map(|share| 1.0 - share),
        Case::Unhandled => rate(unhandled, total),
        Case::UnhandledFree => rate(unhandled, total).map(|share| 1.0 - share),
        Case::Abnormal => rate(abnormal, total),
    }
}
