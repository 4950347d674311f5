//! Releases of the demo: what builds tell of them, and the sessions of who uses them.
//!
//! A release takes its time: pages in browsers stay open, servers are replaced within hours. The one before keeps the rest.

use std::collections::BTreeMap;

use anyhow::Result;
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::app::Essentials;
use crate::base::{OrganizationId, ProjectId, Timestamp};
use crate::domain::releases::commits::{ChangedFile, FileChange, NewCommit};
use crate::domain::releases::deploys::{self, NewDeploy};
use crate::domain::releases::{self, Change};

use super::chance::Chance;
use super::people::Person;
use super::plan::Plan;
use super::scene::{Release, Scene};
use super::timeline::DAYS;

/// Sessions for each event: most of what people do goes well.
const SESSIONS_PER_EVENT: u64 = 4;

/// Of a thousand sessions, those with errors that were handled, and with some that were not.
const ERRORED: u64 = 26;
const UNHANDLED: u64 = 6;

/// Hours until two of three have a new release: in browsers, and on servers.
const BROWSER_HOURS: f64 = 14.0;
const SERVER_HOURS: f64 = 2.0;

/// The mean of a rhythm's weights, in percent.
const MEAN_WEIGHT: u64 = 55;

/// Sets the chances of commits and sessions apart from all others.
const COMMITS: u64 = 0x636f_6d6d_6974;
const SESSIONS: u64 = 0x7365_7373_696f;

/// What commits say.
const SUBJECTS: [&str; 18] = [
    "Retry the payment gateway once before giving up",
    "Cache prices for a minute",
    "Show taxes in the cart",
    "Drop the legacy discount table",
    "Log the order's number with every message",
    "Bump dependencies",
    "Make the address form work with a keyboard alone",
    "Read the stock from the replica",
    "Handle empty carts in the summary",
    "Split the checkout into steps",
    "Tune the pool of connections",
    "Remove the feature switch of the new search",
    "Translate the shipping page",
    "Validate coupons on the server",
    "Resize pictures in a queue",
    "Fix rounding of partial refunds",
    "Give every job an idempotency key",
    "Shorten timeouts of internal calls",
];

/// When a release of the plan comes out; may be before the demo begins.
pub(super) fn comes_at(plan: &Plan, release: &Release) -> Timestamp {
    #[expect(clippy::cast_possible_truncation, reason = "days of two weeks")]
    let minutes = (release.day * 1440.0) as i64;
    plan.end() - TimeDelta::days(DAYS.into()) + TimeDelta::minutes(minutes)
}

/// Tells of a release as its build would: commits, that it is out, where it went.
pub(super) async fn tell(
    app: &Essentials,
    (organization, project): (OrganizationId, ProjectId),
    (plan, scene, number): (&Plan, &Scene, usize),
) -> Result<()> {
    let release = &scene.releases[number];
    let at = comes_at(plan, release);
    let change = Change {
        projects: vec![project],
        commits: Some(commits(plan, scene, number, at)),
        released_at: Some(at),
        ..Change::default()
    };
    let (made, _) = releases::create(app, organization, &release.version, &change).await?;
    let environments = [("staging", at - TimeDelta::minutes(95)), ("production", at)];
    for (environment, finished_at) in environments {
        let deploy = NewDeploy {
            environment: environment.to_owned(),
            finished_at: Some(finished_at),
            ..NewDeploy::default()
        };
        deploys::create(app, &made, &deploy).await?;
    }
    Ok(())
}

fn commits(plan: &Plan, scene: &Scene, number: usize, at: Timestamp) -> Vec<NewCommit> {
    let part = plan.scenes.iter().position(|other| other.name == scene.name).unwrap_or(0) * 100;
    let mut chance = Chance::of(plan.seed() ^ COMMITS, (part + number) as u64);
    let files: Vec<&str> =
        scene.sources.values().filter_map(|it| it.common.get("filename")?.as_str()).collect();
    let count = chance.between(2, 7);
    let commit = |age: i64| {
        let author = Person::new(chance.below(6) + 500);
        let subject = SUBJECTS[chance.skewed(SUBJECTS.len())];
        let path = files.get(chance.skewed(files.len().max(1))).copied();
        let file =
            path.map(|path| ChangedFile { path: path.to_owned(), change: FileChange::Modified });
        NewCommit {
            sha: format!(
                "{:016x}{:016x}{:08x}",
                chance.next(),
                chance.next(),
                chance.below(1 << 32)
            ),
            repository: "shop/shop".to_owned(),
            message: Some(subject.to_owned()),
            author_name: Some(author.name),
            author_email: Some(author.email),
            committed_at: Some(at - TimeDelta::minutes(100 + age * 340)),
            files: file.into_iter().collect(),
        }
    };
    (0..count).map(commit).collect()
}

/// The payloads of a project's sessions that began in an hour, one for each release and environment.
pub(super) fn sessions(plan: &Plan, index: usize, hour: Timestamp) -> Vec<String> {
    let scene = &plan.scenes[index];
    let hours = (hour - plan.start()).num_hours().max(0).cast_unsigned();
    let mut chance = Chance::of(plan.seed() ^ SESSIONS, hours * 64 + index as u64);
    let mut buckets: BTreeMap<(&str, &str), Vec<Value>> = BTreeMap::new();
    for _ in 0..count(plan, scene, hour, &mut chance) {
        let Some(release) = release_in_use(plan, scene, hour, &mut chance) else { continue };
        let environment = chance.weighted(scene.environments.values().copied());
        let environment = scene.environments.keys().nth(environment).map_or("", String::as_str);
        let outcome = match chance.below(1_000) {
            share if share < release.crashes => "crashed",
            share if share < release.crashes + UNHANDLED => "unhandled",
            share if share < release.crashes + UNHANDLED + ERRORED => "errored",
            _ => "exited",
        };
        let started = hour + TimeDelta::minutes(chance.between(0, 59));
        let mut bucket = json!({"started": started, outcome: 1});
        // A program without people has sessions, too, but nobody's.
        if scene.users > 1 {
            let person = Person::new(chance.skewed(scene.users) as u64);
            bucket["did"] = json!(person.id);
        }
        buckets.entry((&release.version, environment)).or_default().push(bucket);
    }
    let payload = |((release, environment), aggregates): ((&str, &str), Vec<Value>)| {
        json!({"aggregates": aggregates, "attrs": {"release": release, "environment": environment}})
            .to_string()
    };
    buckets.into_iter().map(payload).collect()
}

fn count(plan: &Plan, scene: &Scene, hour: Timestamp, chance: &mut Chance) -> u64 {
    let weights: u64 = plan.scenes.iter().map(|scene| scene.weight).sum();
    let all = plan.moments.len() as u64 * SESSIONS_PER_EVENT * scene.weight;
    let usual = all * u64::from(scene.rhythm.weight(hour)) / MEAN_WEIGHT;
    let hours = u64::from(DAYS) * 24 * weights;
    // What is left of a session is one now and then.
    usual / hours + u64::from(chance.below(hours) < usual % hours)
}

/// The newest release, or while that spreads the one before it.
fn release_in_use<'s>(
    plan: &Plan,
    scene: &'s Scene,
    hour: Timestamp,
    chance: &mut Chance,
) -> Option<&'s Release> {
    let out: Vec<&Release> =
        scene.releases.iter().filter(|release| comes_at(plan, release) <= hour).collect();
    let newest = out.last()?;
    let minutes = (hour - comes_at(plan, newest)).num_minutes();
    let age = f64::from(i32::try_from(minutes).unwrap_or(i32::MAX)) / 60.0;
    let spread =
        if scene.platform.starts_with("javascript") { BROWSER_HOURS } else { SERVER_HOURS };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1,000")]
    let share = (1_000.0 * (1.0 - (-age / spread).exp())) as u64;
    let back = usize::from(chance.below(1_000) >= share);
    out.get(out.len().checked_sub(1 + back)?).or(out.last()).copied()
}
