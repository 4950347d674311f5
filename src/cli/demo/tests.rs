//! Unit tests of the demo; the command as a whole is tested in `tests/it/cli/demo.rs`.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write;

use chrono::TimeDelta;

use crate::base::{ProjectId, Timestamp};
use crate::domain::filters::FilterSettings;
use crate::infra::compression::Dictionaries;
use crate::infra::supplied::SuppliedFiles;
use crate::pipeline::prepared::PreparedEvent;
use crate::pipeline::stages::{FilterConfig, ScrubConfig};
use crate::pipeline::{Context, HotIssues, ProjectGrouping, process};
use crate::protocol::event::Event;
use crate::protocol::lenient::Problems;

use super::chance::Chance;
use super::fill::accepted;
use super::plan::Plan;
use super::timeline::{self, DAYS, Rhythm, Story};

fn end() -> Timestamp {
    "2026-11-20T12:34:56Z".parse().unwrap()
}

/// Takes an event of the plan through the pipeline.
fn prepare(plan: &Plan, number: usize) -> PreparedEvent {
    let accepted =
        accepted(plan, &plan.make(number), ProjectId(1), "0123456789abcdef0123456789abcdef");
    let context = Context {
        project_id: ProjectId(1),
        grouping: &ProjectGrouping::default(),
        ownership: None,
        filters: &FilterConfig::new(&FilterSettings::nothing()),
        scrubbing: &ScrubConfig::default(),
        supplied: &SuppliedFiles::default(),
        default_environment: None,
        hot: &HotIssues::default(),
        dictionaries: &Dictionaries::default(),
        retention_days: 90,
    };
    let mut processed = process(&context, &accepted);
    assert_eq!(processed.events.len(), 1, "nothing is dropped");
    processed.events.remove(0)
}

#[test]
fn clients_find_nothing_wrong_with_any_event() {
    let plan = Plan::new(1500, 1, end()).unwrap();
    let mut seen = HashSet::new();
    for (number, (_, error)) in plan.moments.iter().enumerate() {
        if !seen.insert(error) {
            continue;
        }
        let problems = Problems::default();
        let event = plan.make(number);
        Event::read(event.json.as_bytes(), &problems).unwrap().unwrap();
        let problems = problems.into_vec();
        assert!(problems.is_empty(), "{problems:?} in {}", event.json);
    }
    assert_eq!(seen.len(), plan.errors.len(), "each error occurs");
}

#[test]
fn each_error_is_an_issue_of_its_own_however_often_it_occurs() {
    let plan = Plan::new(1500, 7, end()).unwrap();
    let mut owners = HashMap::new();
    let mut hashes: BTreeMap<usize, HashSet<String>> = BTreeMap::new();
    for number in 0..plan.moments.len() {
        let error = plan.moments[number].1;
        let known = hashes.entry(error).or_default();
        if known.len() > 1 {
            continue;
        }
        let hash = prepare(&plan, number).arrival.hashes[0].hash.clone();
        let scene = plan.errors[error].scene;
        assert_eq!(*owners.entry((scene, hash.clone())).or_insert(error), error);
        known.insert(hash);
    }
    for (error, hashes) in hashes {
        let number = plan.moments.iter().position(|moment| moment.1 == error).unwrap();
        assert_eq!(hashes.len(), 1, "split: {}", plan.make(number).json);
    }
}

#[test]
fn what_a_visitor_sees_first_is_worth_seeing() {
    let plan = Plan::new(1500, 1, end()).unwrap();
    let mut first = BTreeMap::new();
    for (number, (_, error)) in plan.moments.iter().enumerate() {
        first.entry(*error).or_insert(number);
    }
    let mut list = String::new();
    for (error, number) in first {
        let subject = prepare(&plan, number).arrival.subject;
        let scene = &plan.scenes[plan.errors[error].scene].name;
        let title = subject.title.lines().next().unwrap_or_default();
        writeln!(list, "{scene} | {title} | {}", subject.culprit).unwrap();
    }
    insta::assert_snapshot!(list);
}

#[test]
fn what_a_release_has_broken_does_not_happen_before_it() {
    let plan = Plan::new(3000, 1, end()).unwrap();
    let (mut seen, mut before) = (0, Vec::new());
    for (number, (_, error)) in plan.moments.iter().enumerate() {
        // The first issue of the storefront came with 2026.47.0.
        if *error == 0 {
            let event: serde_json::Value = serde_json::from_str(&plan.make(number).json).unwrap();
            let release = event["release"].as_str().unwrap().to_owned();
            seen += 1;
            before.extend(Some(release).filter(|release| !release.contains("2026.47.")));
        }
    }
    assert!(seen > 20);
    assert_eq!(before, Vec::<String>::new());
}

#[test]
fn the_same_seed_size_and_moment_make_the_same_demo() {
    let make = |seed| {
        let plan = Plan::new(300, seed, end()).unwrap();
        (0..300).map(|number| plan.make(number).json).collect::<Vec<_>>()
    };
    assert_eq!(make(1), make(1));
    assert_ne!(make(1), make(2));
}

#[test]
fn there_are_as_many_events_as_were_asked_for_and_issues_in_proportion() {
    for (events, issues) in
        [(1, 1..2_usize), (100, 30..70), (20_000, 230..260), (200_000, 2000..2100)]
    {
        let plan = Plan::new(events, 1, end()).unwrap();
        assert_eq!(plan.moments.len() as u64, events);
        assert!(plan.moments.is_sorted());
        assert!(plan.moments.iter().all(|(at, _)| (plan.start()..=plan.end()).contains(at)));
        let occurring: HashSet<_> = plan.moments.iter().map(|(_, error)| error).collect();
        assert!(issues.contains(&occurring.len()), "{events} events: {}", occurring.len());
    }
}

/// How many events fall into each of the days.
fn by_day(rhythm: Rhythm, story: Story) -> Vec<usize> {
    let mut days = vec![0; DAYS as usize];
    for at in timeline::moments(rhythm, story, end(), 14_000, &mut Chance::of(1, 0)) {
        let day = (at - (end() - TimeDelta::days(DAYS.into()))).num_days();
        days[usize::try_from(day).unwrap()] += 1;
    }
    days
}

#[test]
fn stories_go_as_they_are_told() {
    let new = by_day(Rhythm::Machine, Story::New(9.0));
    assert_eq!(new[..9], [0; 9]);
    assert!(new[9] > new[12], "{new:?}");

    let resolved = by_day(Rhythm::Machine, Story::Resolved(6.0));
    assert!(resolved[5] > 0 && resolved[6..].iter().all(|count| *count == 0), "{resolved:?}");

    let regressed = by_day(Rhythm::Machine, Story::Regressed { resolved: 4.0, back: 10.0 });
    assert!(regressed[3] > 0 && regressed[4..10] == [0; 6] && regressed[10] > 0, "{regressed:?}");

    let spike = by_day(Rhythm::Machine, Story::Spike { day: 10.5, hours: 3.0, times: 50.0 });
    assert!(spike[10] > 5 * spike[9], "{spike:?}");

    let growing = by_day(Rhythm::Machine, Story::Growing);
    assert!(growing[12] > 3 * growing[2], "{growing:?}");
}

#[test]
fn people_sleep_at_night_and_leave_work_on_weekends() {
    // Day 8 of the demo is the weekend from Saturday to Sunday noon.
    let office = by_day(Rhythm::Office, Story::Steady);
    assert!(office[8] * 2 < office[11], "{office:?}");
    let hours =
        timeline::moments(Rhythm::Leisure, Story::Steady, end(), 10_000, &mut Chance::of(1, 0));
    let in_hour = |hour: u32| hours.iter().filter(|at| chrono::Timelike::hour(*at) == hour).count();
    assert!(in_hour(3) * 4 < in_hour(19));
}

#[test]
fn a_job_on_the_hour_fails_on_the_hour() {
    let moments =
        timeline::moments(Rhythm::Machine, Story::Hourly, end(), 500, &mut Chance::of(1, 0));
    let late = moments.iter().filter(|at| chrono::Timelike::minute(*at) > 3).count();
    // Only those that would lie before the beginning are moved to it.
    assert!(late < 10, "{late}");
}
