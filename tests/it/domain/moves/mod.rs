//! Merging, taking apart and undoing, in any order, against a model that only knows which event is whose.

mod acts;

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use picket::base::{IssueId, PartId, ProjectId};
use picket::domain::Error;
use picket::domain::issues::batch::{Arrival, Counting, Subject};
use picket::domain::issues::moves::{self, Act, Actor, Followed, Link, RulesApplied};
use picket::domain::issues::{self, Issue, Scope};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};
use uuid::Uuid;

use crate::support::TestApp;
use crate::support::batch::{arrival, now, store};

/// What happens next. Numbers choose among what there is, wrapped around.
#[derive(Clone, Debug)]
enum Step {
    /// A batch of events: first hash, perhaps a second one, user, release.
    Events(Vec<(u8, Option<u8>, u8, Option<u8>)>),
    Merge(Vec<usize>),
    TakeOut(usize, usize),
    Split(usize, Vec<usize>),
    Move(usize, usize, usize),
    /// A part goes where another is, a first hash that is new leads to that, too, and so does one that is known.
    Rules(usize, usize, u8, usize),
    Undo(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let event = (0..7_u8, proptest::option::of(0..4_u8), 0..5_u8, proptest::option::of(0..3_u8));
    let any = any::<usize>;
    prop_oneof![
        4 => proptest::collection::vec(event, 1..6).prop_map(Step::Events),
        3 => proptest::collection::vec(any(), 2..4).prop_map(Step::Merge),
        2 => (any(), any()).prop_map(|(issue, home)| Step::TakeOut(issue, home)),
        2 => (any(), proptest::collection::vec(any(), 1..3))
            .prop_map(|(issue, parts)| Step::Split(issue, parts)),
        2 => (any(), any(), any()).prop_map(|(issue, part, to)| Step::Move(issue, part, to)),
        2 => (any(), any(), 0..9_u8, any())
            .prop_map(|(part, leader, link, relink)| Step::Rules(part, leader, link, relink)),
        3 => any().prop_map(Step::Undo),
    ]
}

/// Where a part is, and where it returns to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    issue: IssueId,
    home: IssueId,
}

/// A part, where it was, and where it went.
type Moved = (PartId, Place, Place);

/// Which event is in which part, and whose the parts are.
#[derive(Default)]
struct Model {
    events: Vec<(PartId, Arrival)>,
    places: BTreeMap<PartId, Place>,
    /// Hash to part.
    hashes: BTreeMap<String, PartId>,
    acts: Vec<Done>,
}

/// What was done.
#[derive(Clone)]
struct Done {
    act: Uuid,
    moved: Vec<Moved>,
    /// Hashes that lead somewhere by it.
    links: Vec<String>,
    /// Hashes that lead elsewhere by it: from where to where.
    relinks: Vec<(String, PartId, PartId)>,
}

impl Model {
    fn issues(&self) -> Vec<IssueId> {
        let issues: BTreeSet<IssueId> = self.places.values().map(|place| place.issue).collect();
        issues.into_iter().collect()
    }

    fn parts(&self, issue: IssueId) -> Vec<PartId> {
        let of_issue = self.places.iter().filter(|(_, place)| place.issue == issue);
        of_issue.map(|(part, _)| *part).collect()
    }

    fn events(&self, issue: IssueId) -> Vec<&Arrival> {
        let is_in = |part: &PartId| self.places[part].issue == issue;
        self.events.iter().filter(|(part, _)| is_in(part)).map(|(_, event)| event).collect()
    }

    /// Notes an act that put parts elsewhere.
    fn moved(&mut self, act: &Act, moves: Vec<(PartId, Place)>) {
        let noted = moves.iter().map(|(part, to)| (*part, self.places[part], *to)).collect();
        self.places.extend(moves);
        self.acts.push(Done { act: act.id, moved: noted, links: vec![], relinks: vec![] });
    }
}

struct World<'a> {
    app: &'a TestApp,
    scope: Scope,
    project: ProjectId,
    model: Model,
    /// Every event at a moment of its own.
    clock: TimeDelta,
}

fn pick<T: Copy>(list: &[T], number: usize) -> Option<T> {
    (!list.is_empty()).then(|| list[number % list.len()])
}

impl World<'_> {
    fn actor(&self) -> Actor<'_> {
        Actor { scope: &self.scope, user: None }
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Events(events) => self.send(&events).await,
            Step::Merge(numbers) => self.merge(&numbers).await,
            Step::TakeOut(issue, home) => self.take_out(issue, home).await,
            Step::Split(issue, parts) => self.split(issue, &parts).await,
            Step::Move(issue, part, to) => self.move_part(issue, part, to).await,
            Step::Rules(part, leader, link, relink) => {
                self.apply_rules(part, leader, link, relink).await;
            }
            Step::Undo(number) => self.undo(number).await,
        }
    }

    async fn send(&mut self, events: &[(u8, Option<u8>, u8, Option<u8>)]) {
        let mut arrivals = Vec::new();
        for (first, second, user, release) in events {
            // Not in order: some happen before those that were sent earlier.
            self.clock += TimeDelta::seconds(if user % 2 == 0 { 20 } else { -3 });
            let first = format!("first{first}");
            let second = second.map(|number| format!("second{number}"));
            let hashes: Vec<&str> =
                std::iter::once(first.as_str()).chain(second.as_deref()).collect();
            let place = (self.model.events.len() + arrivals.len()).to_string();
            arrivals.push(Arrival {
                occurred_at: now() + self.clock + TimeDelta::microseconds(place.parse().unwrap()),
                subject: Subject { title: place, ..Subject::default() },
                environment: (user % 2 == 0).then(|| "production".to_owned()),
                release: release.map(|number| format!("shop@{number}")),
                user_hash: Some(i64::from(*user)),
                tags: vec![("user".to_owned(), user.to_string())],
                ..arrival(self.project, &hashes)
            });
        }
        let owners = store(self.app, &arrivals, Counting::Now).await;
        for (arrival, owner) in arrivals.into_iter().zip(owners) {
            let known = arrival.hashes.iter().find_map(|hash| self.model.hashes.get(&hash.hash));
            if let Some(issue) = known.map(|part| self.model.places[part].issue) {
                assert_eq!(owner.issue, issue, "the first hash that is known decides");
            }
            let first = &arrival.hashes[0].hash;
            if let Some(part) = self.model.hashes.get(first) {
                assert_eq!(owner.part, *part, "an event is in the part of its first hash");
            }
            let place = Place { issue: owner.issue, home: owner.issue };
            self.model.places.entry(owner.part).or_insert(place);
            for hash in &arrival.hashes {
                self.model.hashes.entry(hash.hash.clone()).or_insert(owner.part);
            }
            self.model.events.push((owner.part, arrival));
        }
    }

    async fn merge(&mut self, numbers: &[usize]) {
        let issues = self.model.issues();
        let chosen: BTreeSet<IssueId> = numbers.iter().filter_map(|n| pick(&issues, *n)).collect();
        let chosen: Vec<IssueId> = chosen.into_iter().collect();
        let result = moves::merge(&self.app.app, self.actor(), &chosen, None).await;
        if chosen.len() < 2 {
            assert!(matches!(result, Err(Error::Invalid { .. })));
            return;
        }
        let act = result.unwrap();
        let count = |issue: &IssueId| (self.model.events(*issue).len(), std::cmp::Reverse(*issue));
        assert_eq!(act.issue, chosen.iter().copied().max_by_key(count).unwrap());
        let all = chosen.iter().filter(|id| **id != act.issue).flat_map(|id| self.model.parts(*id));
        let to = |part: PartId| Place { issue: act.issue, ..self.model.places[&part] };
        let moves = all.map(|part| (part, to(part))).collect();
        self.model.moved(&act, moves);
    }

    async fn take_out(&mut self, issue: usize, home: usize) {
        let Some(issue) = pick(&self.model.issues(), issue) else { return };
        let parts = self.model.parts(issue);
        let homes: BTreeSet<IssueId> =
            parts.iter().map(|part| self.model.places[part].home).collect();
        let homes: Vec<IssueId> = homes.into_iter().collect();
        let Some(home) = pick(&homes, home) else { return };
        let result = moves::take_out(&self.app.app, self.actor(), issue, &[home]).await;
        let going: Vec<PartId> =
            parts.iter().copied().filter(|part| self.model.places[part].home == home).collect();
        if home == issue || going.len() == parts.len() {
            assert!(result.is_err());
            return;
        }
        let act = result.unwrap();
        assert_eq!(act.others, [home]);
        let moves = going.into_iter().map(|part| (part, Place { issue: home, home })).collect();
        self.model.moved(&act, moves);
        let mut db = self.app.app.db.acquire().await.unwrap();
        assert!(moves::are_kept_apart(&mut db, issue, home).await.unwrap());
    }

    async fn split(&mut self, issue: usize, numbers: &[usize]) {
        let Some(issue) = pick(&self.model.issues(), issue) else { return };
        let parts = self.model.parts(issue);
        let going: BTreeSet<PartId> = numbers.iter().filter_map(|n| pick(&parts, *n)).collect();
        let going: Vec<PartId> = going.into_iter().collect();
        let result = moves::split(&self.app.app, self.actor(), issue, &going).await;
        if going.len() == parts.len() {
            assert!(matches!(result, Err(Error::Invalid { .. })));
            return;
        }
        let act = result.unwrap();
        let new = act.others[0];
        let moves = going.into_iter().map(|part| (part, Place { issue: new, home: new })).collect();
        self.model.moved(&act, moves);
    }

    async fn move_part(&mut self, issue: usize, part: usize, to: usize) {
        let issues = self.model.issues();
        let (Some(issue), Some(to)) = (pick(&issues, issue), pick(&issues, to)) else { return };
        let Some(part) = pick(&self.model.parts(issue), part) else { return };
        let result = moves::move_parts(&self.app.app, self.actor(), issue, &[part], to).await;
        if issue == to {
            assert!(matches!(result, Err(Error::Invalid { .. })));
            return;
        }
        let place = Place { issue: to, ..self.model.places[&part] };
        self.model.moved(&result.unwrap(), vec![(part, place)]);
    }

    async fn apply_rules(&mut self, part: usize, leader: usize, link: u8, relink: usize) {
        let parts: Vec<PartId> = self.model.places.keys().copied().collect();
        let (Some(part), Some(leader)) = (pick(&parts, part), pick(&parts, leader)) else { return };
        let (from, to) = (self.model.places[&part], self.model.places[&leader]);
        let new = format!("first{link}");
        let known: Vec<&String> = self.model.hashes.keys().collect();
        let known = pick(&known, relink).unwrap().clone();
        let rules = RulesApplied {
            moves: vec![(part, leader)],
            links: vec![Link {
                hash: new.clone(),
                variant: "app".to_owned(),
                part: leader,
                config: "test".to_owned(),
                explanation: vec![],
            }],
            relinks: vec![(known.clone(), leader)],
        };
        let act = Uuid::now_v7();
        let apply =
            || moves::apply_rules(&self.app.app, self.actor(), self.project, act, rules.clone());
        let done = apply().await.unwrap();
        assert_eq!(apply().await.unwrap(), Followed::default(), "an act is done once");
        let mut db = self.app.app.db.acquire().await.unwrap();
        let is_moved = from.issue != to.issue
            && !moves::are_kept_apart(&mut db, from.issue, to.issue).await.unwrap();
        drop(db);
        let mut noted = Done { act, moved: vec![], links: vec![], relinks: vec![] };
        if is_moved {
            let place = Place { issue: to.issue, ..from };
            noted.moved.push((part, from, place));
            self.model.places.insert(part, place);
        }
        if !self.model.hashes.contains_key(&new) {
            self.model.hashes.insert(new.clone(), leader);
            noted.links.push(new);
        }
        let before = self.model.hashes.insert(known.clone(), leader).unwrap();
        if before != leader {
            noted.relinks.push((known, before, leader));
        }
        let linked = noted.links.len() + noted.relinks.len();
        assert_eq!(done, Followed { moved: noted.moved.len(), linked });
        if done != Followed::default() {
            self.model.acts.push(noted);
        }
    }

    async fn undo(&mut self, number: usize) {
        if self.model.acts.is_empty() {
            return;
        }
        let place = number % self.model.acts.len();
        let Done { act, moved, links, relinks } = self.model.acts[place].clone();
        let result = moves::undo(&self.app.app, self.actor(), self.project, act).await;
        let back: Vec<(PartId, Place)> = moved
            .iter()
            .filter(|(part, _, to)| self.model.places[part].issue == to.issue)
            .map(|(part, from, _)| (*part, *from))
            .collect();
        if back.is_empty() && links.is_empty() && relinks.is_empty() {
            assert!(matches!(result, Err(Error::Conflict(_))));
            return;
        }
        result.unwrap();
        self.model.acts.remove(place);
        self.model.places.extend(back);
        self.model.hashes.retain(|hash, _| !links.contains(hash));
        for (hash, from, to) in relinks {
            self.model.hashes.entry(hash).and_modify(|part| {
                // Unless it was led on since.
                *part = if *part == to { from } else { *part };
            });
        }
        let again = moves::undo(&self.app.app, self.actor(), self.project, act).await;
        assert!(matches!(again, Err(Error::Conflict(_))), "an act is undone once");
    }

    /// Compares every issue with what its events make of it.
    async fn check(&self) {
        let mut db = self.app.app.db.acquire().await.unwrap();
        let filter = issues::IssueFilter::default();
        let most = (1000, self.app.app.clock.now());
        let listed = issues::search_ids(&mut db, &self.scope, &filter, most).await.unwrap();
        assert_eq!(listed, self.model.issues(), "searches find the issues that have events");
        for id in listed {
            let issue = issues::find(&mut db, id).await.unwrap().unwrap();
            let expected = Facts::of_events(&self.model.events(id));
            assert_eq!(Facts::of_issue(&mut db, &issue).await, expected, "{id}");
            let parts = moves::parts(&mut db, &issue).await.unwrap();
            let found: BTreeSet<PartId> = parts.iter().map(|part| part.id).collect();
            assert_eq!(found, self.model.parts(id).into_iter().collect::<BTreeSet<_>>());
            for part in parts {
                assert_eq!(part.home, self.model.places[&part.id].home);
                let own = |(of, _): &&(PartId, Arrival)| *of == part.id;
                let count = self.model.events.iter().filter(own).count();
                assert_eq!(part.event_count, i64::try_from(count).unwrap());
            }
            for hash in issues::hashes(&mut db, id).await.unwrap() {
                let part = self.model.hashes[&hash.hash];
                assert_eq!(self.model.places[&part].issue, id, "hashes go with their parts");
            }
        }
    }
}

/// What an issue says of its events.
#[derive(Debug, PartialEq, Eq)]
struct Facts {
    title: String,
    events: i64,
    users: i64,
    first: Option<picket::base::Timestamp>,
    last: Option<picket::base::Timestamp>,
    first_release: Option<String>,
    last_release: Option<String>,
    environments: BTreeMap<String, i64>,
    tags: BTreeMap<String, i64>,
}

impl Facts {
    fn of_events(events: &[&Arrival]) -> Self {
        let mut in_order = events.to_vec();
        in_order.sort_by_key(|event| event.occurred_at);
        let (first, last) = (in_order[0], in_order[in_order.len() - 1]);
        let users: BTreeSet<i64> = events.iter().filter_map(|event| event.user_hash).collect();
        let mut environments = BTreeMap::new();
        let mut tags = BTreeMap::new();
        for event in events {
            *environments.entry(event.environment.clone().unwrap_or_default()).or_insert(0) += 1;
            *tags.entry(event.tags[0].1.clone()).or_insert(0) += 1;
        }
        Self {
            title: last.subject.title.clone(),
            events: i64::try_from(events.len()).unwrap(),
            users: i64::try_from(users.len()).unwrap(),
            first: Some(first.occurred_at),
            last: Some(last.occurred_at),
            first_release: first.release.clone(),
            last_release: in_order.iter().rev().find_map(|event| event.release.clone()),
            environments,
            tags,
        }
    }

    async fn of_issue(db: &mut sqlx::PgConnection, issue: &Issue) -> Self {
        let environments = issues::environments(db, issue.id).await.unwrap();
        let tag = issues::tag_key(db, issue.id, "user").await.unwrap().unwrap();
        Self {
            title: issue.title.clone(),
            events: issue.event_count,
            users: issue.user_count,
            first: Some(issue.first_seen),
            last: Some(issue.last_seen),
            first_release: issue.first_release.clone(),
            last_release: issue.last_release.clone(),
            environments: environments
                .into_iter()
                .map(|seen| (seen.environment, seen.event_count))
                .collect(),
            tags: tag.top.into_iter().map(|value| (value.value, value.event_count)).collect(),
        }
    }
}

async fn world<'a>(app: &'a TestApp, name: &str) -> World<'a> {
    let project = app.create_project(name).await.id;
    let scope = Scope { projects: vec![project], ..Scope::organization(app.organization) };
    World { app, scope, project, model: Model::default(), clock: TimeDelta::zero() }
}

/// How many sequences are tried; `PICKET_TEST_ROUNDS` has it try more.
#[expect(clippy::disallowed_methods, reason = "how much to test is no setting of Picket")]
fn rounds() -> usize {
    std::env::var("PICKET_TEST_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(40)
}

#[tokio::test]
async fn counters_users_tags_times_and_releases_stay_exact_after_any_sequence_of_moves() {
    let app = TestApp::start().await;
    let mut runner = TestRunner::new(Config::default());
    let steps = proptest::collection::vec(step(), 5..25);
    for round in 0..rounds() {
        let steps = steps.new_tree(&mut runner).unwrap().current();
        println!("round {round}: {steps:?}");
        let mut world = world(&app, &format!("Round {round}")).await;
        for step in steps {
            world.take(step).await;
            world.check().await;
        }
    }
    app.stop().await;
}
