//! Fields in the texts of a scene: `%{name}`, or `"%{#name}"` for a number without quotes.
//!
//! | field | what it becomes |
//! |---|---|
//! | `iso`, `epoch` | when it happened, as text or in seconds; `iso-2.5` is that many seconds earlier |
//! | `event_id`, `trace_id`, `span_id`, `hex` | hex digits: 32, 32, 16 and 12 |
//! | `release`, `environment`, `server` | where it happened |
//! | `user.id`, `user.name`, `user.email`, `user.ip`, `user.agent` | whom it happened to |
//! | `verb`, `noun`, `error` | which rare error it is |
//! | anything else | one of the scene's `values` |
//!
//! A field has one value in an event, wherever it stands.

use anyhow::{Context, Result, bail};
use chrono::TimeDelta;

use crate::base::Timestamp;

use super::chance::Chance;
use super::people::Person;
use super::scene::{Scene, Values};
use super::timeline;

/// A field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Iso { earlier: TimeDelta },
    Epoch { earlier: TimeDelta },
    EventId,
    Hex { digits: usize },
    Release,
    Environment,
    Server,
    User(UserPart),
    Word(usize),
    Value(String),
}

/// What is said about a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UserPart {
    Id,
    Name,
    Email,
    Address,
    Agent,
}

/// The words that make a rare error another one, in this order.
pub(super) const WORDS: [&str; 3] = ["verb", "noun", "error"];

/// One event as it is made up.
#[derive(Debug)]
pub(super) struct Draw<'a> {
    pub(super) scene: &'a Scene,
    pub(super) end: Timestamp,
    pub(super) at: Timestamp,
    /// The day with whose release the error came into the world.
    pub(super) since: f64,
    pub(super) event_id: String,
    pub(super) environment: &'a str,
    pub(super) person: Person,
    pub(super) words: &'a [String],
    pub(super) chance: Chance,
}

impl Field {
    pub(super) fn parse(name: &str, scene: &Scene) -> Result<Self> {
        let time = |prefix| name.strip_prefix(prefix).and_then(earlier);
        let user = |part| Self::User(part);
        if let Some(earlier) = time("iso") {
            return Ok(Self::Iso { earlier });
        }
        if let Some(earlier) = time("epoch") {
            return Ok(Self::Epoch { earlier });
        }
        Ok(match name {
            "event_id" => Self::EventId,
            "trace_id" => Self::Hex { digits: 32 },
            "span_id" => Self::Hex { digits: 16 },
            "hex" => Self::Hex { digits: 12 },
            "release" => Self::Release,
            "environment" => Self::Environment,
            "server" => Self::Server,
            "user.id" => user(UserPart::Id),
            "user.name" => user(UserPart::Name),
            "user.email" => user(UserPart::Email),
            "user.ip" => user(UserPart::Address),
            "user.agent" => user(UserPart::Agent),
            _ => match WORDS.iter().position(|word| *word == name) {
                Some(index) => Self::Word(index),
                None if scene.values.contains_key(name) => Self::Value(name.to_owned()),
                None => bail!("there is no field `{name}`"),
            },
        })
    }

    /// Its text in an event.
    pub(super) fn draw(&self, draw: &mut Draw<'_>) -> String {
        match self {
            Self::Iso { earlier } => {
                (draw.at - *earlier).format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
            }
            Self::Epoch { earlier } => {
                let at = (draw.at - *earlier).timestamp_millis();
                format!("{}.{:03}", at / 1000, at % 1000)
            }
            Self::EventId => draw.event_id.clone(),
            Self::Hex { digits } => {
                let mut text = format!("{:016x}{:016x}", draw.chance.next(), draw.chance.next());
                text.truncate(*digits);
                text
            }
            Self::Release => draw.release().to_owned(),
            Self::Environment => draw.environment.to_owned(),
            Self::Server => pick(&draw.scene.servers, &mut draw.chance),
            Self::User(part) => draw.person.part(*part).to_owned(),
            Self::Word(index) => draw.words.get(*index).cloned().unwrap_or_default(),
            Self::Value(name) => match &draw.scene.values[name] {
                Values::List(values) => pick(values, &mut draw.chance),
                Values::Range { from, to } => draw.chance.between(*from, *to).to_string(),
            },
        }
    }
}

/// What stands behind `iso` or `epoch`: nothing, or how many seconds earlier.
fn earlier(rest: &str) -> Option<TimeDelta> {
    if rest.is_empty() {
        return Some(TimeDelta::zero());
    }
    let (seconds, millis) = rest.strip_prefix('-')?.split_once('.').unwrap_or((&rest[1..], "0"));
    let millis: i64 = format!("{millis:0<3}").parse().ok()?;
    Some(TimeDelta::milliseconds(seconds.parse::<i64>().ok()? * 1000 + millis))
}

fn pick(values: &[String], chance: &mut Chance) -> String {
    values.get(chance.skewed(values.len().max(1))).cloned().unwrap_or_default()
}

impl Draw<'_> {
    /// The release that ran where and when it happened. Staging has each a day and a half earlier, and
    /// a rollout takes some hours; but what a release has broken does not happen without it.
    fn release(&mut self) -> &str {
        let lead = if self.environment == "production" { 0.0 } else { 1.5 };
        let lag = TimeDelta::minutes(self.chance.between(0, 240));
        let is_out = |day: f64| timeline::day(self.end, (day - lead).max(0.0)) <= self.at - lag;
        let ran = |day: f64| day <= self.since || is_out(day);
        let releases = &self.scene.releases;
        let latest = releases.iter().rfind(|release| ran(release.day)).or(releases.first());
        latest.map_or("", |release| &release.version)
    }
}

impl Person {
    fn part(&self, part: UserPart) -> &str {
        match part {
            UserPart::Id => &self.id,
            UserPart::Name => &self.name,
            UserPart::Email => &self.email,
            UserPart::Address => &self.address,
            UserPart::Agent => self.agent,
        }
    }
}

/// Text with fields: event JSON, cut up once and filled in often.
#[derive(Debug)]
pub(super) struct Template {
    /// What stands before each field, the field's index, and how it is written.
    pieces: Vec<(String, usize)>,
    rest: String,
    fields: Vec<Field>,
}

impl Template {
    /// Cuts up JSON.
    pub(super) fn parse(json: &str, scene: &Scene) -> Result<Self> {
        let mut template = Self { pieces: Vec::new(), rest: String::new(), fields: Vec::new() };
        let mut rest = json;
        while let Some((before, behind)) = rest.split_once("%{") {
            let (name, behind) = behind.split_once('}').context("a `%{` without its `}`")?;
            let (before, name, behind) = match name.strip_prefix('#') {
                None => (before, name, behind),
                // The quotes of the JSON text around it go.
                Some(name) => {
                    let inner = before.strip_suffix('"').zip(behind.strip_prefix('"'));
                    let (before, behind) = inner
                        .with_context(|| format!("`%{{#{name}}}` does not stand by itself"))?;
                    (before, name, behind)
                }
            };
            let field = Field::parse(name, scene)?;
            let index = template.fields.iter().position(|known| *known == field);
            let index = index.unwrap_or_else(|| {
                template.fields.push(field);
                template.fields.len() - 1
            });
            template.pieces.push((before.to_owned(), index));
            rest = behind;
        }
        rest.clone_into(&mut template.rest);
        Ok(template)
    }

    /// The text of one event.
    pub(super) fn fill(&self, draw: &mut Draw<'_>) -> String {
        let values: Vec<String> =
            self.fields.iter().map(|field| escaped(&field.draw(draw))).collect();
        let mut text = String::with_capacity(16 * 1024);
        for (before, index) in &self.pieces {
            text.push_str(before);
            text.push_str(&values[*index]);
        }
        text.push_str(&self.rest);
        text
    }
}

/// As it stands between the quotes of a JSON text.
fn escaped(text: &str) -> String {
    if text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
        return text.to_owned();
    }
    let quoted = serde_json::Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}
