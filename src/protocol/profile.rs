//! Where a program spent its time (`protocol.md` §4.13): what a profile says about itself. The samples are
//! counted and timed, not gathered.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::strict::{self, Text, loose};
use super::trace::TraceId;

/// The longest profile of a transaction, in seconds.
const MAX_PROFILE_SECONDS: f64 = 30.0;

/// The longest piece of a continuous profile, in seconds.
const MAX_CHUNK_SECONDS: f64 = 66.0;

/// A profile of a transaction.
#[derive(Clone, Debug, Deserialize)]
pub struct Profile<'a> {
    /// Its id.
    #[serde(alias = "profile_id")]
    pub event_id: Uuid,
    /// Where it was taken.
    #[serde(borrow)]
    pub platform: Text<'a>,
    /// The release of the program.
    #[serde(borrow, default, deserialize_with = "loose")]
    pub release: Option<Text<'a>>,
    /// The environment of the program.
    #[serde(borrow, default, deserialize_with = "loose")]
    pub environment: Option<Text<'a>>,
    /// What was profiled.
    #[serde(borrow, default, deserialize_with = "loose")]
    transaction: Option<ProfiledTransaction<'a>>,
    /// The same in a list of one, as some clients send it.
    #[serde(borrow, default, deserialize_with = "loose")]
    transactions: Option<Vec<ProfiledTransaction<'a>>>,
    /// The samples.
    #[serde(borrow, default, rename = "profile")]
    samples: Option<&'a RawValue>,
    /// What old Android clients send instead, base64.
    #[serde(borrow, default, rename = "sampled_profile")]
    trace: Option<&'a RawValue>,
}

/// What was profiled.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct ProfiledTransaction<'a> {
    /// The transaction's event id.
    #[serde(default, deserialize_with = "loose")]
    pub id: Option<Uuid>,
    /// What it is called.
    #[serde(borrow, default, deserialize_with = "loose")]
    pub name: Option<Text<'a>>,
    /// Its trace.
    #[serde(default, deserialize_with = "loose")]
    pub trace_id: Option<TraceId>,
}

/// A piece of a continuous profile.
#[derive(Clone, Debug, Deserialize)]
pub struct ProfileChunk<'a> {
    /// The profile.
    pub profiler_id: Uuid,
    /// The piece.
    pub chunk_id: Uuid,
    /// Where it was taken.
    #[serde(borrow)]
    pub platform: Text<'a>,
    /// The release of the program.
    #[serde(borrow, default, deserialize_with = "loose")]
    pub release: Option<Text<'a>>,
    /// The environment of the program.
    #[serde(borrow, default, deserialize_with = "loose")]
    pub environment: Option<Text<'a>>,
    /// The samples; Perfetto's stand behind the JSON.
    #[serde(borrow, default, rename = "profile")]
    samples: Option<&'a RawValue>,
}

/// Why there is no profile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// No JSON, or without an id or platform.
    #[error("invalid JSON")]
    Json,
    /// Nothing was sampled.
    #[error("not enough samples")]
    NoSamples,
    /// It goes on for too long.
    #[error("the profile is too long")]
    TooLong,
}

impl ProfileError {
    /// The reason as outcomes count it.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Json => "profiling_invalid_json",
            Self::NoSamples => "profiling_not_enough_samples",
            Self::TooLong => "profiling_duration_too_long",
        }
    }
}

impl<'a> Profile<'a> {
    /// Reads a profile.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(text: &'a str) -> Result<Self, ProfileError> {
        let profile: Self = strict::object(text).map_err(|_| ProfileError::Json)?;
        match (profile.samples, profile.trace) {
            (Some(samples), _) => check(samples, MAX_PROFILE_SECONDS)?,
            (None, Some(_)) => {}
            (None, None) => return Err(ProfileError::NoSamples),
        }
        Ok(profile)
    }

    /// What was profiled.
    pub fn transaction(&self) -> Option<&ProfiledTransaction<'a>> {
        let listed = self.transactions.as_ref().and_then(|list| list.first());
        self.transaction.as_ref().or(listed)
    }

    /// Whether it is of a user interface and not of a server.
    pub fn is_ui(&self) -> bool {
        matches!(&*self.platform, "cocoa" | "android" | "javascript")
    }
}

impl<'a> ProfileChunk<'a> {
    /// Reads a piece.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(text: &'a str) -> Result<Self, ProfileError> {
        let chunk: Self = strict::object(text).map_err(|_| ProfileError::Json)?;
        check(chunk.samples.ok_or(ProfileError::NoSamples)?, MAX_CHUNK_SECONDS)?;
        Ok(chunk)
    }

    /// Reads what stands before the bytes of a Perfetto trace, `length` bytes of JSON.
    ///
    /// # Errors
    /// When it is no piece.
    pub fn read_before_trace(payload: &'a [u8], length: u64) -> Result<Self, ProfileError> {
        let length = usize::try_from(length).map_err(|_| ProfileError::Json)?;
        let (about, trace) = payload.split_at_checked(length).ok_or(ProfileError::Json)?;
        if trace.is_empty() {
            return Err(ProfileError::NoSamples);
        }
        let about = std::str::from_utf8(about).map_err(|_| ProfileError::Json)?;
        strict::object(about).map_err(|_| ProfileError::Json)
    }
}

/// Checks that something was sampled, and not for too long.
fn check(raw: &RawValue, most_seconds: f64) -> Result<(), ProfileError> {
    let sampled: Sampled = strict::object(raw.get()).map_err(|_| ProfileError::Json)?;
    let samples = sampled.samples;
    if samples.count == 0 || sampled.stacks.0 == 0 || sampled.frames.0 == 0 {
        return Err(ProfileError::NoSamples);
    }
    if samples.last - samples.first > most_seconds { Err(ProfileError::TooLong) } else { Ok(()) }
}

#[derive(Deserialize)]
struct Sampled {
    #[serde(default)]
    samples: Samples,
    #[serde(default)]
    stacks: Count,
    #[serde(default)]
    frames: Count,
}

/// How many entries a list has.
#[derive(Default)]
struct Count(usize);

/// How many samples there are, and the seconds of the first and the last.
#[derive(Default)]
struct Samples {
    count: usize,
    first: f64,
    last: f64,
}

/// When a sample was taken; some clients write numbers as text.
#[derive(Deserialize)]
struct Sample {
    #[serde(default, deserialize_with = "number")]
    elapsed_since_start_ns: Option<f64>,
    #[serde(default, deserialize_with = "number")]
    timestamp: Option<f64>,
}

impl Sample {
    fn seconds(&self) -> f64 {
        self.timestamp.or(self.elapsed_since_start_ns.map(|ns| ns / 1e9)).unwrap_or(0.0)
    }
}

fn number<'de, D: Deserializer<'de>>(from: D) -> Result<Option<f64>, D::Error> {
    let raw = <&'de RawValue>::deserialize(from)?;
    Ok(raw.get().trim_matches('"').parse().ok().filter(|number: &f64| number.is_finite()))
}

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct CountVisitor;
        impl<'de> Visitor<'de> for CountVisitor {
            type Value = Count;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Count, A::Error> {
                let mut count = 0;
                while seq.next_element::<IgnoredAny>()?.is_some() {
                    count += 1;
                }
                Ok(Count(count))
            }
        }
        from.deserialize_seq(CountVisitor)
    }
}

impl<'de> Deserialize<'de> for Samples {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct SamplesVisitor;
        impl<'de> Visitor<'de> for SamplesVisitor {
            type Value = Samples;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("samples")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Samples, A::Error> {
                let (first, last) = (f64::INFINITY, f64::NEG_INFINITY);
                let mut samples = Samples { count: 0, first, last };
                while let Some(sample) = seq.next_element::<Sample>()? {
                    samples.count += 1;
                    samples.first = samples.first.min(sample.seconds());
                    samples.last = samples.last.max(sample.seconds());
                }
                Ok(samples)
            }
        }
        from.deserialize_seq(SamplesVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::recorded::payloads;

    #[test]
    fn what_python_and_node_sampled_is_read() {
        let payload = payloads("python/py_profile", "profile").remove(0);
        let profile = Profile::read(&payload).unwrap();
        assert!(!profile.is_ui() && profile.transaction().unwrap().trace_id.is_some());
        for (name, platform) in
            [("python/py_profile_continuous", "python"), ("node/node_profile_continuous", "node")]
        {
            let payload = payloads(name, "profile_chunk").remove(0);
            assert_eq!(&*ProfileChunk::read(&payload).unwrap().platform, platform);
        }
    }

    fn profile(samples: &str) -> Result<bool, ProfileError> {
        let text = format!(
            r#"{{"profile_id":"93192133cabf47cfba29b60d9fbee745","platform":"cocoa",
                "profile":{{"samples":{samples},"stacks":[[0]],"frames":[{{}}]}}}}"#
        );
        Profile::read(&text).map(|profile| profile.is_ui())
    }

    #[test]
    fn a_profile_has_samples_and_an_end() {
        assert_eq!(
            profile(r#"[{"elapsed_since_start_ns":"0"},{"elapsed_since_start_ns":30000000000}]"#),
            Ok(true)
        );
        let long = r#"[{"elapsed_since_start_ns":0},{"elapsed_since_start_ns":"30000000001"}]"#;
        assert_eq!(profile(long), Err(ProfileError::TooLong));
        assert_eq!(profile("[]"), Err(ProfileError::NoSamples));
        assert_eq!(profile("7"), Err(ProfileError::Json));
        let android = r#"{"event_id":"93192133cabf47cfba29b60d9fbee745","platform":"android","sampled_profile":"AA"}"#;
        assert!(Profile::read(android).is_ok());
        let nameless = Profile::read(r#"{"platform":"python"}"#).unwrap_err();
        assert_eq!(nameless.reason(), "profiling_invalid_json");
    }

    #[test]
    fn a_perfetto_trace_stands_behind_what_is_known_about_it() {
        let about = r#"{"profiler_id":"93192133cabf47cfba29b60d9fbee745","chunk_id":"93192133cabf47cfba29b60d9fbee746","platform":"android"}"#;
        let payload = format!("{about}\n\x0aTRACE");
        let length = about.len() as u64;
        let read = |length| ProfileChunk::read_before_trace(payload.as_bytes(), length).map(drop);
        assert_eq!(read(length), Ok(()));
        assert_eq!(read(length - 1), Err(ProfileError::Json));
        assert_eq!(read(payload.len() as u64), Err(ProfileError::NoSamples));
        assert_eq!(read(u64::MAX), Err(ProfileError::Json));
    }
}
