//! Which events there will be, and what is decided about their issues: all drawn before the first is
//! made, so that they come in the order in which they would have been received.

use anyhow::Result;
use chrono::TimeDelta;

use crate::base::{EventId, Timestamp};

use super::chance::Chance;
use super::event;
use super::field::{Draw, Template};
use super::people::Person;
use super::scene::{self, Scene};
use super::timeline::{self, DAYS, Decision, Story};

/// Of a hundred events, how many are of rare errors.
const RARE_PERCENT: u64 = 20;

/// How many events there are for each issue, on the average.
const EVENTS_PER_ISSUE: u64 = 100;

/// Set the chances of times and events apart from those of errors.
const TIMES: u64 = 0x7469_6d65_7320;
const EVENTS: u64 = 0x6576_656e_7473;

/// The demo as it will be.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) scenes: Vec<Scene>,
    end: Timestamp,
    seed: u64,
    templates: Vec<Template>,
    pub(super) errors: Vec<PlannedError>,
    /// When each event happens and which error it is, in order.
    pub(super) moments: Vec<(Timestamp, usize)>,
    /// What is decided when, about which error, in order.
    pub(super) decisions: Vec<(Timestamp, usize, Decision)>,
}

/// An error that will become an issue.
#[derive(Debug)]
pub(super) struct PlannedError {
    pub(super) scene: usize,
    template: usize,
    /// What tells a rare error from others of its pattern.
    words: Vec<String>,
    story: Story,
    count: u64,
}

/// An event as a client would send it.
#[derive(Debug)]
pub(super) struct MadeEvent {
    pub(super) scene: usize,
    pub(super) id: EventId,
    pub(super) sent_at: Timestamp,
    pub(super) person: Person,
    pub(super) json: String,
}

impl Plan {
    /// Draws `events` events of the two weeks before `end`.
    pub(super) fn new(events: u64, seed: u64, end: Timestamp) -> Result<Self> {
        let scenes = scene::load_all()?;
        let mut plan = Self {
            scenes,
            end,
            seed,
            templates: Vec::new(),
            errors: Vec::new(),
            moments: Vec::new(),
            decisions: Vec::new(),
        };
        let total: u64 = plan.scenes.iter().map(|scene| scene.weight).sum();
        for index in 0..plan.scenes.len() {
            let share = (events * plan.scenes[index].weight).div_ceil(total);
            // Rounding up must not make more than was asked for.
            let dealt: u64 = plan.errors.iter().map(|error| error.count).sum();
            plan.add_scene(index, share.min(events - dealt))?;
        }
        plan.draw_moments();
        plan.draw_decisions();
        Ok(plan)
    }

    /// Adds the errors of a scene and deals its events out to them.
    fn add_scene(&mut self, index: usize, events: u64) -> Result<()> {
        let mut chance = Chance::of(self.seed, index as u64);
        let known = self.errors.len();
        let scene = &self.scenes[index];
        for issue in &scene.issues {
            self.templates.push(template(scene, issue)?);
            let (template, story) = (self.templates.len() - 1, issue.story);
            self.errors.push(PlannedError {
                scene: index,
                template,
                words: vec![],
                story,
                count: 0,
            });
        }
        let rare = self.errors.len();
        self.templates.push(template(scene, &scene.rare.pattern)?);
        let template = self.templates.len() - 1;
        for words in rare_words(scene, events / EVENTS_PER_ISSUE, &mut chance) {
            let story = rare_story(&mut chance);
            self.errors.push(PlannedError { scene: index, template, words, story, count: 0 });
        }
        let weights = scene.issues.iter().map(|issue| issue.weight);
        for event in 0..events {
            let rare_count = self.errors.len() - rare;
            // Each of the known ones first: they are what a visitor comes to see.
            let error = match usize::try_from(event) {
                Ok(event) if known + event < rare => known + event,
                _ if rare_count > 0 && chance.below(100) < RARE_PERCENT => {
                    rare + usize::try_from(chance.below(rare_count as u64)).unwrap_or(0)
                }
                _ => known + chance.weighted(weights.clone()),
            };
            self.errors[error].count += 1;
        }
        Ok(())
    }

    fn draw_moments(&mut self) {
        for (index, error) in self.errors.iter().enumerate() {
            let mut chance = Chance::of(self.seed ^ TIMES, index as u64);
            let rhythm = self.scenes[error.scene].rhythm;
            let drawn = timeline::moments(rhythm, error.story, self.end, error.count, &mut chance);
            self.moments.extend(drawn.into_iter().map(|at| (at, index)));
        }
        self.moments.sort_unstable();
    }

    fn draw_decisions(&mut self) {
        for (index, error) in self.errors.iter().enumerate() {
            if let Some((day, decision)) = error.story.decision().filter(|_| error.count > 0) {
                self.decisions.push((timeline::day(self.end, day), index, decision));
            }
        }
        self.decisions.sort_unstable_by_key(|(at, index, _)| (*at, *index));
    }

    /// Makes the event of that number; the same one each time.
    pub(super) fn make(&self, number: usize) -> MadeEvent {
        let (at, error) = self.moments[number];
        let error = &self.errors[error];
        let scene = &self.scenes[error.scene];
        let mut chance = Chance::of(self.seed ^ EVENTS, number as u64);
        let id = uuid::Builder::from_random_bytes(
            (u128::from(chance.next()) << 64 | u128::from(chance.next())).to_be_bytes(),
        );
        let id = EventId(id.into_uuid());
        let environment = chance.weighted(scene.environments.values().copied());
        let user = chance.skewed(scene.users);
        let mut draw = Draw {
            scene,
            end: self.end,
            at,
            since: error.story.since(timeline::day_of(self.end, at)),
            event_id: id.to_string(),
            environment: scene.environments.keys().nth(environment).map_or("", String::as_str),
            person: Person::new(user as u64),
            words: &error.words,
            chance,
        };
        let json = self.templates[error.template].fill(&mut draw);
        MadeEvent { scene: error.scene, id, sent_at: at, person: draw.person, json }
    }

    /// What its chances are drawn from.
    pub(super) fn seed(&self) -> u64 {
        self.seed
    }

    /// When the demo ends: now.
    pub(super) fn end(&self) -> Timestamp {
        self.end
    }

    /// When the demo begins.
    pub(super) fn start(&self) -> Timestamp {
        self.end - TimeDelta::days(DAYS.into())
    }
}

fn template(scene: &Scene, issue: &scene::Issue) -> Result<Template> {
    Template::parse(&event::build(scene, issue)?.to_string(), scene)
}

/// The words of `count` rare errors, each combination once.
fn rare_words(scene: &Scene, count: u64, chance: &mut Chance) -> Vec<Vec<String>> {
    let rare = &scene.rare;
    let all = rare.verbs.len() * rare.nouns.len();
    let start = chance.below(all as u64);
    // A step that shares no divisor with the number of combinations visits each of them once.
    let step = (all / 2..all).find(|step| gcd(*step, all) == 1).unwrap_or(1) as u64;
    (0..count.min(all as u64))
        .map(|number| {
            let at = usize::try_from((start + number * step) % all as u64).unwrap_or(0);
            let error = chance.skewed(rare.errors.len());
            let (verb, noun) = (at % rare.verbs.len(), at / rare.verbs.len());
            vec![rare.verbs[verb].clone(), rare.nouns[noun].clone(), rare.errors[error].clone()]
        })
        .collect()
}

fn gcd(one: usize, other: usize) -> usize {
    if other == 0 { one } else { gcd(other, one % other) }
}

/// A rare error is mostly new, old, or gone by now.
fn rare_story(chance: &mut Chance) -> Story {
    let day = |chance: &mut Chance, from: i64, to: i64| {
        let hours = u32::try_from(chance.between(from * 24, to * 24)).unwrap_or(0);
        f64::from(hours) / 24.0
    };
    match chance.below(100) {
        0..30 => Story::Steady,
        30..70 => Story::New(day(chance, 0, 13)),
        70..88 => Story::Resolved(day(chance, 1, 12)),
        88..92 => {
            let resolved = day(chance, 1, 7);
            Story::Regressed { resolved, back: resolved + day(chance, 2, 6) }
        }
        _ => Story::Archived(day(chance, 1, 12)),
    }
}
