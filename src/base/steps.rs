//! Time in steps: whole hours that divide a day, or whole days.

use chrono::TimeDelta;

use super::Timestamp;

/// What is said of any other step.
pub const UNEVEN: &str = "Choose whole hours that divide a day, or whole days: `1h`, `6h`, `1d`.";

/// Whether steps of this length begin where hours and days do.
pub fn are_even(step: TimeDelta) -> bool {
    let hours = step.num_hours();
    let is_whole = hours > 0 && TimeDelta::hours(hours) == step;
    is_whole && if hours < 24 { 24 % hours == 0 } else { hours % 24 == 0 }
}

/// When each step begins.
pub fn starts(from: Timestamp, until: Timestamp, step: TimeDelta) -> Vec<Timestamp> {
    let next = |at: &Timestamp| at.checked_add_signed(step);
    std::iter::successors(Some(from), next).take_while(|at| *at < until).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_whole_hours_that_divide_a_day_or_whole_days() {
        for hours in [1, 2, 3, 4, 6, 8, 12, 24, 48, 24 * 7] {
            assert!(are_even(TimeDelta::hours(hours)), "{hours}");
        }
        for step in [
            TimeDelta::zero(),
            TimeDelta::hours(-1),
            TimeDelta::minutes(30),
            TimeDelta::minutes(90),
            TimeDelta::hours(5),
            TimeDelta::hours(36),
            TimeDelta::hours(1) + TimeDelta::milliseconds(1),
            TimeDelta::MAX,
        ] {
            assert!(!are_even(step), "{step}");
        }
    }

    #[test]
    fn a_step_that_leads_out_of_time_is_the_last() {
        let from = Timestamp::UNIX_EPOCH;
        assert_eq!(starts(from, from + TimeDelta::hours(1), TimeDelta::MAX), [from]);
        assert!(starts(from, from, TimeDelta::hours(1)).is_empty());
        let hours = starts(from, from + TimeDelta::minutes(61), TimeDelta::hours(1));
        assert_eq!(hours, [from, from + TimeDelta::hours(1)]);
    }
}
