//! Signs of life of scheduled jobs (`protocol.md` §9).

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::strict::{self, Text, loose};
use super::trace::TraceId;

/// The most characters of a monitor's name; more are cut.
const MAX_SLUG_CHARS: usize = 50;

/// The most characters of an environment.
const MAX_ENVIRONMENT_CHARS: usize = 64;

/// The longest margin and run of a monitor, in minutes: four weeks.
const MAX_MINUTES: u32 = 40_320;

/// The most failures or successes in a row that can be asked for.
const MAX_THRESHOLD: u32 = 720;

/// A sign of life.
#[derive(Clone, Debug, Deserialize)]
pub struct CheckIn<'a> {
    /// The run; nil means the latest one that is under way.
    #[serde(default, deserialize_with = "id")]
    pub check_in_id: Uuid,
    /// The job.
    #[serde(borrow)]
    pub monitor_slug: Text<'a>,
    /// How it stands.
    pub status: CheckInStatus,
    /// Where it runs; production if it does not say.
    #[serde(borrow, default)]
    pub environment: Option<Text<'a>>,
    /// How long it took, in seconds.
    #[serde(default)]
    pub duration: Option<f64>,
    /// How the job ought to run.
    #[serde(borrow, default)]
    monitor_config: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "loose")]
    contexts: Option<Contexts<'a>>,
}

#[derive(Clone, Debug, Deserialize)]
struct Contexts<'a> {
    #[serde(borrow, default, deserialize_with = "loose")]
    trace: Option<Trace<'a>>,
}

#[derive(Clone, Debug, Deserialize)]
struct Trace<'a> {
    #[serde(borrow, default, deserialize_with = "loose")]
    trace_id: Option<Text<'a>>,
}

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckInStatus {
    /// It ended well.
    Ok,
    /// It failed.
    Error,
    /// It has begun.
    InProgress,
    /// A word that says nothing; `missed` among them, which only the server can know.
    Unknown,
}

impl CheckInStatus {
    /// The status of that name.
    pub fn from_name(name: &str) -> Self {
        match name {
            "ok" => Self::Ok,
            "error" => Self::Error,
            "in_progress" => Self::InProgress,
            _ => Self::Unknown,
        }
    }
}

impl<'de> Deserialize<'de> for CheckInStatus {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Text::deserialize(from).map(|name| Self::from_name(&name))
    }
}

/// Why a sign of life counts for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckInError {
    /// No JSON, or fields of other types.
    #[error("invalid JSON")]
    Json,
    /// It names no job, or an environment that cannot be.
    #[error("no check-in")]
    Invalid,
}

impl CheckInError {
    /// The reason as outcomes count it.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Json => "invalid_json",
            Self::Invalid => "invalid_check_in",
        }
    }
}

impl<'a> CheckIn<'a> {
    /// Reads a sign of life.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(text: &'a str) -> Result<Self, CheckInError> {
        let check_in: Self = strict::object(text).map_err(|_| CheckInError::Json)?;
        let is_long = |text: &Text<'_>| text.chars().count() > MAX_ENVIRONMENT_CHARS;
        if check_in.slug().is_empty() || check_in.environment.as_ref().is_some_and(is_long) {
            return Err(CheckInError::Invalid);
        }
        Ok(check_in)
    }

    /// The job, as long as its name may be.
    pub fn slug(&self) -> &str {
        let slug = self.monitor_slug.trim();
        let end = slug.char_indices().nth(MAX_SLUG_CHARS).map_or(slug.len(), |(at, _)| at);
        &slug[..end]
    }

    /// The trace that the run belongs to.
    pub fn trace_id(&self) -> Option<TraceId> {
        TraceId::parse(self.contexts.as_ref()?.trace.as_ref()?.trace_id.as_ref()?)
    }

    /// How the job ought to run, if the client says so.
    ///
    /// # Errors
    /// When what it says cannot be followed; the sign of life may count all the same.
    pub fn monitor_config(&self) -> Result<Option<MonitorConfig<'a>>, ConfigError> {
        let Some(raw) = self.monitor_config else { return Ok(None) };
        let config: MonitorConfig<'a> = strict::object(raw.get()).map_err(|_| ConfigError)?;
        if config.can_be_followed() { Ok(Some(config)) } else { Err(ConfigError) }
    }
}

/// A configuration that cannot be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid monitor configuration")]
pub struct ConfigError;

/// How a job ought to run.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct MonitorConfig<'a> {
    /// When.
    #[serde(borrow)]
    pub schedule: Schedule<'a>,
    /// How many minutes late it may begin.
    #[serde(default)]
    pub checkin_margin: Option<u32>,
    /// How many minutes it may take.
    #[serde(default)]
    pub max_runtime: Option<u32>,
    /// Where the clock hangs.
    #[serde(borrow, default)]
    pub timezone: Option<Text<'a>>,
    /// After how many failures in a row there is an issue.
    #[serde(default)]
    pub failure_issue_threshold: Option<u32>,
    /// After how many successes in a row it is resolved.
    #[serde(default)]
    pub recovery_threshold: Option<u32>,
    /// Who looks after it: `user:<id>`, `team:<id>`.
    #[serde(borrow, default, deserialize_with = "loose")]
    pub owner: Option<Text<'a>>,
}

/// When a job ought to run.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub enum Schedule<'a> {
    /// As `cron` writes it.
    Crontab {
        /// Five fields or a macro.
        #[serde(borrow)]
        value: Text<'a>,
    },
    /// Again and again.
    Interval {
        /// How many units lie between.
        value: u32,
        /// Of what.
        unit: IntervalUnit,
    },
}

/// What intervals are measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names say it")]
pub enum IntervalUnit {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

impl MonitorConfig<'_> {
    fn can_be_followed(&self) -> bool {
        let fits = |value: Option<u32>, most| value.is_none_or(|value| (1..=most).contains(&value));
        let has_schedule = match &self.schedule {
            Schedule::Crontab { value } => {
                value.trim().starts_with('@') || value.split_whitespace().count() == 5
            }
            Schedule::Interval { value, .. } => *value > 0,
        };
        has_schedule
            && fits(self.checkin_margin, MAX_MINUTES)
            && fits(self.max_runtime, MAX_MINUTES)
            && fits(self.failure_issue_threshold, MAX_THRESHOLD)
            && fits(self.recovery_threshold, MAX_THRESHOLD)
    }
}

fn id<'de, D: Deserializer<'de>>(from: D) -> Result<Uuid, D::Error> {
    Ok(Option::deserialize(from)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::recorded::payloads;

    #[test]
    fn what_three_clients_sent_is_read() {
        for (name, count) in
            [("python/py_crons", 6), ("node/node_checkins", 6), ("cli/cli_monitors", 4)]
        {
            let payloads = payloads(name, "check_in");
            assert_eq!(payloads.len(), count, "{name}");
            for payload in &payloads {
                let check_in = CheckIn::read(payload).unwrap();
                assert_ne!(check_in.status, CheckInStatus::Unknown, "{payload}");
                assert!(check_in.monitor_config().is_ok(), "{payload}");
                assert!(!check_in.check_in_id.is_nil(), "{payload}");
            }
        }
    }

    #[test]
    fn a_job_says_how_it_ought_to_run() {
        let payload = payloads("node/node_checkins", "check_in").remove(0);
        let config = CheckIn::read(&payload).unwrap().monitor_config().unwrap().unwrap();
        let minutes = Schedule::Crontab { value: Text("*/5 * * * *".into()) };
        assert_eq!(config.schedule, minutes, "{payload}");
        let payload = payloads("python/py_crons", "check_in").remove(0);
        assert!(CheckIn::read(&payload).unwrap().trace_id().is_some(), "{payload}");
    }

    fn read(field: &str, value: &str) -> Result<CheckInStatus, CheckInError> {
        let mut check_in = serde_json::json!({"monitor_slug": "nightly", "status": "ok"});
        check_in[field] = serde_json::from_str(value).unwrap();
        CheckIn::read(&check_in.to_string()).map(|check_in| check_in.status)
    }

    #[test]
    fn what_is_no_sign_of_life_is_dropped_with_the_reason() {
        assert_eq!(read("monitor_slug", "\" \""), Err(CheckInError::Invalid));
        assert_eq!(
            read("environment", &format!("\"{}\"", "x".repeat(65))),
            Err(CheckInError::Invalid)
        );
        for (field, value) in [
            ("duration", "\"x\""),
            ("monitor_slug", "7"),
            ("status", "null"),
            ("check_in_id", "\"x\""),
        ] {
            assert_eq!(read(field, value), Err(CheckInError::Json), "{field}");
        }
        assert_eq!(read("status", "\"missed\""), Ok(CheckInStatus::Unknown));
        assert_eq!(read("environment", &format!("\"{}\"", "x".repeat(64))), Ok(CheckInStatus::Ok));
    }

    #[test]
    fn a_configuration_that_cannot_be_followed_is_none() {
        let config = |config: &str| {
            let text = format!(r#"{{"monitor_slug":"a","status":"ok","monitor_config":{config}}}"#);
            CheckIn::read(&text).unwrap().monitor_config().map(|config| config.is_some())
        };
        assert_eq!(config("null"), Ok(false));
        for good in [
            r#"{"schedule":{"type":"interval","value":2,"unit":"hour"}}"#,
            r#"{"schedule":{"type":"crontab","value":"@hourly"},"checkin_margin":null,"max_runtime":40320}"#,
        ] {
            assert_eq!(config(good), Ok(true), "{good}");
        }
        for bad in [
            "{}",
            "7",
            r#"{"schedule":{"type":"interval","value":0,"unit":"hour"}}"#,
            r#"{"schedule":{"type":"interval","value":1,"unit":"moon"}}"#,
            r#"{"schedule":{"type":"crontab","value":"* * * *"}}"#,
            r#"{"schedule":{"type":"crontab","value":"@daily"},"checkin_margin":0}"#,
            r#"{"schedule":{"type":"crontab","value":"@daily"},"recovery_threshold":721}"#,
        ] {
            assert_eq!(config(bad), Err(ConfigError), "{bad}");
        }
    }

    #[test]
    fn a_long_name_is_cut_between_characters() {
        let text = format!(r#"{{"monitor_slug":"{}","status":"ok"}}"#, "é".repeat(60));
        assert_eq!(CheckIn::read(&text).unwrap().slug(), "é".repeat(50));
    }
}
