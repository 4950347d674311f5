//! What is answered about releases, and how often that is wrong.

use super::judge::{Answer, Figures, Measure, Thresholds, judge};
use super::simulation::{Dice, Pair, alarms};
use crate::domain::sessions::SessionCounts;
use crate::domain::sessions::health::{Health, UserCounts};

fn health(total: i64, crashed: i64, errored: i64) -> Health {
    let sessions = SessionCounts { total, errored, crashed, ..SessionCounts::default() };
    Health { sessions, ..Health::default() }
}

fn answer(new: Health, old: Health) -> Answer {
    judge(&Figures { new, old, ..Figures::default() }, &Thresholds::default()).0
}

#[test]
fn a_release_is_what_its_worst_share_says() {
    assert_eq!(answer(health(5_000, 50, 0), health(5_000, 50, 0)), Answer::Healthy);
    assert_eq!(answer(health(5_000, 20, 0), health(5_000, 50, 0)), Answer::Healthy, "better");
    assert_eq!(answer(health(5_000, 110, 0), health(5_000, 50, 0)), Answer::Degraded);
    assert_eq!(answer(health(5_000, 50, 400), health(5_000, 50, 200)), Answer::Degraded);
    assert_eq!(answer(health(300, 100, 0), health(300, 3, 0)), Answer::Broken);
    let rare = answer(health(1_000_000, 600, 0), health(1_000_000, 300, 0));
    assert_eq!(rare, Answer::Healthy, "a rise that nobody minds");
}

#[test]
fn few_sessions_say_nothing() {
    assert_eq!(answer(health(199, 199, 0), health(5_000, 0, 0)), Answer::NotEnoughData);
    assert_eq!(answer(health(5_000, 5_000, 0), health(199, 0, 0)), Answer::NotEnoughData);
    assert_eq!(answer(Health::default(), Health::default()), Answer::NotEnoughData);
}

#[test]
fn issues_that_came_back_speak_for_themselves() {
    let figures = |regressed, unhandled| Figures {
        new: health(5_000, 50, 0),
        old: health(5_000, 50, 0),
        regressed_issues: regressed,
        new_unhandled_issues: unhandled,
    };
    let answer = |figures| judge(&figures, &Thresholds::default()).0;
    assert_eq!(answer(figures(0, 3)), Answer::Healthy);
    assert_eq!(answer(figures(0, 4)), Answer::Degraded);
    assert_eq!(answer(figures(1, 0)), Answer::Degraded);
    let none = Figures { new: health(0, 0, 0), ..figures(1, 0) };
    assert_eq!(answer(none), Answer::Degraded, "without sessions, too");
}

#[test]
fn crashes_of_a_single_user_are_theirs() {
    let of = |users| {
        let mut new = health(2_000, 60, 0);
        new.users = users;
        let figures = Figures { new, old: health(2_000, 5, 0), ..Figures::default() };
        let (answer, findings) = judge(&figures, &Thresholds::default());
        assert_eq!(findings[0].measure, Measure::Crashes);
        (answer, findings[0].is_one_user)
    };
    let users = |total, crashed| UserCounts { total, crashed, ..UserCounts::default() };
    assert_eq!(of(users(900, 1)), (Answer::Healthy, true));
    assert_eq!(of(users(900, 40)), (Answer::Degraded, false));
    assert_eq!(of(users(0, 0)), (Answer::Degraded, false), "nobody says whose they are");
}

#[test]
fn thresholds_are_checked() {
    let usual = Thresholds::default();
    assert_eq!(usual.problem(), None);
    for bad in [
        Thresholds { tolerated_crashes: 1.5, ..usual },
        Thresholds { broken_crashes: f64::NAN, ..usual },
        Thresholds { tolerated_crashes: 0.5, ..usual },
        Thresholds { min_sessions: 3, ..usual },
        Thresholds { max_regressed_issues: -1, ..usual },
        Thresholds { hours: 0, ..usual },
    ] {
        assert!(bad.problem().is_some(), "{bad:?}");
    }
}

/// The promises of `docs/release-health.md`.
#[test]
fn of_releases_of_one_kind_fewer_than_one_in_a_hundred_are_called_worse() {
    let mut dice = Dice::new(7);
    for sessions in [(200, 200), (1_000, 20_000), (20_000, 1_000), (5_000, 5_000)] {
        for (crashes, errors) in [(0.001, 0.002), (0.01, 0.03), (0.05, 0.1), (0.3, 0.3)] {
            let (new_sessions, old_sessions) = sessions;
            let pair = Pair { new_sessions, old_sessions, crashes, errors, times: 1.0 };
            let share = alarms(&mut dice, pair, 2_000);
            assert!(share < 0.01, "{pair:?}: {share}");
        }
    }
}

#[test]
fn a_doubling_of_crashes_is_seen_in_nine_of_ten_releases_of_the_stated_size() {
    let mut dice = Dice::new(11);
    for (sessions, crashes) in [(10_000, 0.005), (5_000, 0.01), (2_500, 0.02), (1_000, 0.05)] {
        let pair = Pair {
            new_sessions: sessions,
            old_sessions: sessions,
            crashes,
            errors: 0.03,
            times: 2.0,
        };
        let share = alarms(&mut dice, pair, 1_000);
        assert!(share > 0.9, "{pair:?}: {share}");
    }
}
