//! Whether runs of a program went well: single steps of sessions, and counted sessions
//! (`protocol.md` §8).

use serde::{Deserialize, Deserializer};
use uuid::Uuid;

use super::strict::{self, ReadError, Text, loose, optional_rfc3339, rfc3339};
use crate::base::Timestamp;

/// One step in the life of a session.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct SessionUpdate<'a> {
    /// The session.
    #[serde(default)]
    pub sid: Option<Uuid>,
    /// The user; the nil UUID is none.
    #[serde(borrow, default, deserialize_with = "distinct_user")]
    pub did: Option<Text<'a>>,
    /// Orders the steps.
    #[serde(default)]
    pub seq: Option<u64>,
    /// Whether it is the first step.
    #[serde(default, deserialize_with = "flag")]
    pub init: bool,
    /// When the session began.
    #[serde(deserialize_with = "rfc3339")]
    pub started: Timestamp,
    /// When this step was; when it was received if it does not say.
    #[serde(default, deserialize_with = "optional_rfc3339")]
    pub timestamp: Option<Timestamp>,
    /// How it stands.
    #[serde(default)]
    pub status: SessionStatus,
    /// How many errors there were so far.
    #[serde(default)]
    pub errors: Option<u64>,
    /// How it stopped to answer.
    #[serde(borrow, default, deserialize_with = "loose")]
    pub abnormal_mechanism: Option<Text<'a>>,
    /// Whose session it is.
    #[serde(borrow)]
    pub attrs: SessionAttributes<'a>,
}

/// Counted sessions.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct SessionAggregates<'a> {
    /// The counts, each of one minute.
    #[serde(borrow)]
    pub aggregates: Vec<SessionBucket<'a>>,
    /// Whose sessions they are.
    #[serde(borrow)]
    pub attrs: SessionAttributes<'a>,
}

/// The sessions that began in one minute.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct SessionBucket<'a> {
    /// The minute.
    #[serde(deserialize_with = "rfc3339")]
    pub started: Timestamp,
    /// The user, if they are all of one; the nil UUID is none.
    #[serde(borrow, default, deserialize_with = "distinct_user")]
    pub did: Option<Text<'a>>,
    /// Those that went well.
    #[serde(default)]
    pub exited: u32,
    /// Those with errors that were handled.
    #[serde(default)]
    pub errored: u32,
    /// Those that stopped to answer.
    #[serde(default)]
    pub abnormal: u32,
    /// Those with an error that nobody handled.
    #[serde(default)]
    pub unhandled: u32,
    /// Those that crashed.
    #[serde(default)]
    pub crashed: u32,
}

/// Whose sessions they are.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct SessionAttributes<'a> {
    /// The release.
    #[serde(borrow)]
    pub release: Text<'a>,
    /// The environment.
    #[serde(borrow, default)]
    pub environment: Option<Text<'a>>,
    /// The address, or `{{auto}}`.
    #[serde(borrow, default, deserialize_with = "loose")]
    pub ip_address: Option<Text<'a>>,
    /// The browser.
    #[serde(borrow, default, deserialize_with = "loose")]
    pub user_agent: Option<Text<'a>>,
}

/// How a session stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SessionStatus {
    /// It goes on.
    #[default]
    Ok,
    /// It ended well.
    Exited,
    /// It ended in a crash.
    Crashed,
    /// It stopped to answer.
    Abnormal,
    /// It had errors.
    Errored,
    /// It had an error that nobody handled, and goes on.
    Unhandled,
    /// A word that nobody knows.
    Other,
}

impl<'de> Deserialize<'de> for SessionStatus {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(match &*Text::deserialize(from)? {
            "ok" => Self::Ok,
            "exited" => Self::Exited,
            "crashed" => Self::Crashed,
            "abnormal" => Self::Abnormal,
            "errored" => Self::Errored,
            "unhandled" => Self::Unhandled,
            _ => Self::Other,
        })
    }
}

impl<'a> SessionUpdate<'a> {
    /// Reads a step.
    ///
    /// # Errors
    /// When it is none; nothing of it counts then.
    pub fn read(text: &'a str) -> Result<Self, ReadError> {
        strict::object(text)
    }
}

impl<'a> SessionAggregates<'a> {
    /// Reads counted sessions.
    ///
    /// # Errors
    /// When they are none.
    pub fn read(text: &'a str) -> Result<Self, ReadError> {
        strict::object(text)
    }
}

impl SessionBucket<'_> {
    /// How many sessions it counts.
    pub fn total(&self) -> u64 {
        let counts = [self.exited, self.errored, self.abnormal, self.unhandled, self.crashed];
        counts.into_iter().map(u64::from).sum()
    }
}

/// A user; the nil UUID, which clients send who know none, is none.
fn distinct_user<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Text<'de>>, D::Error> {
    let user = Option::<Text<'de>>::deserialize(from)?;
    Ok(user.filter(|user| !user.is_empty() && Uuid::try_parse(user).ok() != Some(Uuid::nil())))
}

fn flag<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::recorded::payloads;

    #[test]
    fn what_browsers_sent_is_the_life_of_a_session() {
        let payloads = payloads("browser/browser_session", "session");
        let steps: Vec<_> =
            payloads.iter().map(|payload| SessionUpdate::read(payload).unwrap()).collect();
        let life: Vec<_> = steps.iter().map(|step| (step.init, step.status, step.errors)).collect();
        assert_eq!(
            life,
            [
                (true, SessionStatus::Ok, Some(0)),
                (false, SessionStatus::Ok, Some(1)),
                (false, SessionStatus::Unhandled, Some(1)),
            ]
        );
        assert!(steps.iter().all(|step| step.sid == steps[0].sid && step.sid.is_some()));
        assert_eq!(&*steps[0].attrs.release, "browser-session@1.4.0+corpus");
    }

    #[test]
    fn what_rust_sent_has_no_user_and_nanoseconds() {
        for payload in payloads("rust/rust_session", "session") {
            let step = SessionUpdate::read(&payload).unwrap();
            assert_eq!(step.did, None, "{payload}");
        }
    }

    #[test]
    fn what_ruby_and_python_counted_is_read() {
        for (name, total) in [("ruby/ruby_rack", 5), ("python/py_sessions_wsgi", 8)] {
            let payload = payloads(name, "sessions").remove(0);
            let counted = SessionAggregates::read(&payload).unwrap();
            assert_eq!(counted.aggregates.iter().map(SessionBucket::total).sum::<u64>(), total);
        }
    }

    /// A step with one field replaced.
    fn step(field: &str, value: &str) -> Result<String, ReadError> {
        let mut step = serde_json::json!({
            "sid": "9b5a6b9e-8f5c-4f39-9a3d-000000000001", "did": "ada", "seq": 1, "init": true, "status": "ok",
            "started": "2026-11-22T12:00:00Z", "errors": 0, "attrs": {"release": "shop@1"}});
        step[field] = serde_json::from_str(value).unwrap();
        let text = step.to_string();
        SessionUpdate::read(&text).map(|step| step.did.unwrap_or_default().to_string())
    }

    #[test]
    fn one_wrong_field_drops_the_step() {
        for (field, value) in [
            ("started", "1700000000"),
            ("started", "\"yesterday\""),
            ("errors", "-1"),
            ("seq", "\"x\""),
            ("did", "42"),
            ("attrs", "{}"),
            ("attrs", "null"),
        ] {
            assert_eq!(step(field, value), Err(ReadError::Json), "{field} {value}");
        }
        assert_eq!(step("status", "\"dozing\"").as_deref(), Ok("ada"));
        assert_eq!(step("abnormal_mechanism", "7").as_deref(), Ok("ada"));
        let nil = "\"00000000-0000-0000-0000-000000000000\"";
        assert_eq!(step("did", nil).as_deref(), Ok(""));
    }

    #[test]
    fn a_count_that_no_32_bits_hold_drops_the_counts() {
        let counts = |exited: u64| {
            format!(
                r#"{{"aggregates":[{{"started":"2026-11-22T12:00:00Z","exited":{exited},"crashed":2}}],"attrs":{{"release":"a"}}}}"#
            )
        };
        assert_eq!(SessionAggregates::read(&counts(9)).unwrap().aggregates[0].total(), 11);
        assert!(SessionAggregates::read(&counts(1 << 32)).is_err());
    }
}
