//! What a project of the demo is made of: the shape of the files in `scenes/`.
//!
//! A scene is one project. `event` is what all its events have; each of `issues` lays its own on top
//! and adds a stack trace, whose frames point into `sources`, so that context and line numbers are
//! those of real code. Texts may hold `%{fields}`, see [`super::field`].

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::timeline::{Rhythm, Story};

/// The scenes, in the order in which their projects are made.
const SCENES: [(&str, &str); 6] = [
    ("storefront", include_str!("scenes/storefront.toml")),
    ("web-shop", include_str!("scenes/web_shop.toml")),
    ("orders-api", include_str!("scenes/orders_api.toml")),
    ("inventory", include_str!("scenes/inventory.toml")),
    ("edge-gateway", include_str!("scenes/edge_gateway.toml")),
    ("media-worker", include_str!("scenes/media_worker.toml")),
];

/// A project.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scene {
    pub(super) name: String,
    /// What the project is created as.
    pub(super) platform: String,
    /// The library that sends, as `name/version`.
    pub(super) client: String,
    /// Its share of all events.
    pub(super) weight: u64,
    pub(super) rhythm: Rhythm,
    /// How many people use it.
    pub(super) users: usize,
    pub(super) environments: BTreeMap<String, u64>,
    pub(super) servers: Vec<String>,
    pub(super) releases: Vec<Release>,
    #[serde(default)]
    pub(super) values: BTreeMap<String, Values>,
    pub(super) event: Map<String, Value>,
    pub(super) sources: BTreeMap<String, Source>,
    /// Frames of libraries that many stack traces begin with.
    #[serde(default)]
    pub(super) stacks: BTreeMap<String, Vec<Frame>>,
    pub(super) issues: Vec<Issue>,
    /// What rare errors look like; there are as many of them as are wanted.
    pub(super) rare: Rare,
}

/// A release and when it came out, in days from the beginning; may lie before it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Release {
    pub(super) version: String,
    pub(super) day: f64,
    /// Of a thousand sessions, how many crash.
    #[serde(default = "usual_crashes")]
    pub(super) crashes: u64,
}

fn usual_crashes() -> u64 {
    4
}

/// What a field of this name may be.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Values {
    /// One of these, the first ones more often.
    List(Vec<String>),
    /// A whole number.
    Range { from: i64, to: i64 },
}

/// A file of the project, or the part of it that is seen.
#[derive(Debug, Deserialize)]
pub(super) struct Source {
    pub(super) first_line: u64,
    pub(super) code: String,
    /// Whether the client sends columns.
    #[serde(default)]
    pub(super) columns: bool,
    /// How many lines of context the client sends on each side; 0 for none at all.
    pub(super) context: usize,
    /// What every frame in the file has: `filename`, `module`, `in_app` …
    #[serde(flatten)]
    pub(super) common: Map<String, Value>,
}

/// A frame: in one of the sources, at the line that contains `at`, or all by itself.
#[derive(Debug, Deserialize)]
pub(super) struct Frame {
    pub(super) source: Option<String>,
    pub(super) at: Option<String>,
    #[serde(flatten)]
    pub(super) other: Map<String, Value>,
}

/// An exception of a chain.
#[derive(Debug, Deserialize)]
pub(super) struct Exception {
    /// The library frames before its own.
    pub(super) stack: Option<String>,
    #[serde(default)]
    pub(super) frames: Vec<Frame>,
    #[serde(flatten)]
    pub(super) other: Map<String, Value>,
}

/// Something that is broken.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Issue {
    /// How often, against the other issues of the project.
    pub(super) weight: u64,
    #[serde(default)]
    pub(super) story: Story,
    /// What it does not have of the scene's event.
    #[serde(default)]
    pub(super) without: Vec<String>,
    #[serde(default)]
    pub(super) event: Map<String, Value>,
    #[serde(default)]
    pub(super) exceptions: Vec<Exception>,
}

/// A pattern for many issues: `%{verb}`, `%{noun}` and `%{error}` make each of them another one.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rare {
    pub(super) verbs: Vec<String>,
    pub(super) nouns: Vec<String>,
    pub(super) errors: Vec<String>,
    pub(super) pattern: Issue,
}

/// Reads all scenes.
pub(super) fn load_all() -> Result<Vec<Scene>> {
    SCENES.iter().map(|(name, text)| load(name, text)).collect()
}

fn load(name: &str, text: &str) -> Result<Scene> {
    toml::from_str(text).with_context(|| format!("the scene `{name}` cannot be read"))
}
