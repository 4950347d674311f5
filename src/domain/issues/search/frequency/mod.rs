//! The most frequent issues of a period or of some environments.
//!
//! To count every issue's events in the period would read most of `issue_hours`. But no issue counts more in
//! a part than altogether, so issues are taken by their total, most first, until those not yet taken cannot
//! reach the page any more. Traffic is uneven: a few hundred are nearly always enough. The first round tells what
//! it takes to be on the page, the second takes all that may have it.

mod store;

use sqlx::PgConnection;

use self::store::{Counted, count_frequent};
use super::IssueFilter;
use super::store::{Place, Within};
use crate::base::IssueId;

/// How many times the issues of a round the next may count: what the page takes is nearly known after the first.
const GROWTH: i64 = 30;

/// The most issues that are counted at once.
const MAX_ROUND: i64 = 5_000;

/// Which issues to count, those with the most events of all time first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Round {
    /// Of so many events of all time.
    at_least: i64,
    /// Behind this total and issue, the last of the round before.
    behind: Option<(i64, IssueId)>,
    limit: i64,
}

/// The issues of a page, in the order of reading.
pub(super) async fn find_places(
    db: &mut PgConnection,
    within: &Within,
    filter: &IssueFilter,
) -> sqlx::Result<Vec<Place>> {
    let mut counted: Vec<Counted> = Vec::new();
    let mut round = Round::first(filter);
    loop {
        let more = count_frequent(db, within, filter, round).await?;
        let is_full = i64::try_from(more.len()).is_ok_and(|count| count == round.limit);
        counted.extend(more);
        match after(&counted, is_full, round, filter) {
            Ok(places) => return Ok(places),
            Err(next) => round = next,
        }
    }
}

impl Round {
    fn first(filter: &IssueFilter) -> Self {
        Self { at_least: 0, behind: None, limit: 2 * filter.page.fetch_size() }
    }
}

/// The page after a round, or the round that it takes.
fn after(
    counted: &[Counted],
    is_full: bool,
    round: Round,
    filter: &IssueFilter,
) -> Result<Vec<Place>, Round> {
    // What was not counted has no more than the last that was, or less than was asked for.
    let bound = match counted.last() {
        Some(last) if is_full => Some(last.lifetime),
        _ if round.at_least > 0 => Some(round.at_least - 1),
        _ => None,
    };
    page_of(counted, filter, bound).ok_or_else(|| Round {
        at_least: least_on_page(counted, filter),
        behind: counted.last().map(|last| (last.lifetime, last.id)),
        limit: (round.limit * GROWTH).min(MAX_ROUND),
    })
}

/// How many events of all time an issue must have to be on the page, as far as is known; 0 if it needs none.
fn least_on_page(counted: &[Counted], filter: &IssueFilter) -> i64 {
    let page = page_of(counted, filter, None).unwrap_or_default();
    let wanted = usize::try_from(filter.page.fetch_size()).unwrap_or(usize::MAX);
    let cursor = filter.page.place().map(|(key, _)| key);
    match cursor {
        // Upwards from a place, the nearest to it are looked for.
        Some(key) if filter.page.is_backward() => key,
        _ if page.len() < wanted => 0,
        _ => page.last().map_or(0, |last| last.sort_key),
    }
}

/// The page, if the issues that were not counted cannot be on it: they count `bound` at most.
fn page_of(counted: &[Counted], filter: &IssueFilter, bound: Option<i64>) -> Option<Vec<Place>> {
    let page = &filter.page;
    let wanted = usize::try_from(page.fetch_size()).unwrap_or(usize::MAX);
    let cursor = page.place().map(|(key, tie)| (key, i64::try_from(tie).unwrap_or(i64::MAX)));
    let is_beyond = |place: &Place| match cursor {
        None => true,
        Some(cursor) if page.is_backward() => (place.sort_key, place.id.0) > cursor,
        Some(cursor) => (place.sort_key, place.id.0) < cursor,
    };
    let mut places: Vec<Place> = counted
        .iter()
        .map(|issue| Place { id: issue.id, sort_key: issue.event_count })
        .filter(is_beyond)
        .collect();
    places.sort_unstable_by_key(|place| (place.sort_key, place.id));
    if !page.is_backward() {
        places.reverse();
    }
    places.truncate(wanted);
    let is_certain = match (bound, cursor) {
        (None, _) => true,
        // Upwards from a place: whatever counts as much is known.
        (Some(bound), Some((key, _))) if page.is_backward() => key > bound,
        (Some(bound), _) => {
            places.len() == wanted && places.last().is_some_and(|last| last.sort_key > bound)
        }
    };
    is_certain.then_some(places)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base::{Cursor, PageRequest};
    use crate::domain::issues::Sort;

    fn filter(cursor: Option<(i64, u128, bool)>, size: u16) -> IssueFilter {
        let cursor = cursor.map(|(key, tie, is_backward)| Cursor { key, tie, is_backward });
        IssueFilter {
            sort: Sort::Freq,
            page: PageRequest::new(cursor, size),
            ..IssueFilter::default()
        }
    }

    fn counted((id, lifetime, event_count): &(i64, i64, i64)) -> Counted {
        Counted { id: IssueId(*id), lifetime: *lifetime, event_count: *event_count }
    }

    /// Issues as `(id, lifetime, count)`.
    fn page(
        issues: &[(i64, i64, i64)],
        filter: &IssueFilter,
        bound: Option<i64>,
    ) -> Option<Vec<i64>> {
        let counted: Vec<_> = issues.iter().map(counted).collect();
        let places = page_of(&counted, filter, bound)?;
        Some(places.into_iter().map(|place| place.id.0).collect())
    }

    const ISSUES: &[(i64, i64, i64)] = &[(1, 90, 10), (2, 80, 70), (3, 50, 50), (4, 50, 10)];

    #[test]
    fn a_page_is_sorted_by_what_counts_in_the_period() {
        assert_eq!(page(ISSUES, &filter(None, 1), None), Some(vec![2, 3]));
        assert_eq!(page(ISSUES, &filter(None, 9), None), Some(vec![2, 3, 4, 1]));
        assert_eq!(page(ISSUES, &filter(Some((50, 3, false)), 9), None), Some(vec![4, 1]));
        assert_eq!(page(ISSUES, &filter(Some((10, 1, true)), 1), None), Some(vec![4, 3]));
    }

    #[test]
    fn a_page_is_certain_once_nobody_else_can_be_on_it() {
        // One more than the page is read, and it must be above what the others may count.
        assert_eq!(page(ISSUES, &filter(None, 1), Some(49)), Some(vec![2, 3]));
        assert_eq!(page(ISSUES, &filter(None, 1), Some(50)), None, "another may count 50, too");
        assert_eq!(page(ISSUES, &filter(None, 9), Some(1)), None, "the page is not full");
        assert_eq!(page(ISSUES, &filter(Some((50, 3, true)), 1), Some(49)), Some(vec![2]));
        let another = page(ISSUES, &filter(Some((50, 3, true)), 1), Some(50));
        assert_eq!(another, None, "another may count 50 and stand in between");
        assert_eq!(page(ISSUES, &filter(Some((49, 9, true)), 1), Some(50)), None);
    }

    #[test]
    fn the_next_round_takes_what_may_still_be_on_the_page() {
        let least = |filter: &IssueFilter| {
            let counted: Vec<_> = ISSUES.iter().map(counted).collect();
            least_on_page(&counted, filter)
        };
        // One more than the page is read.
        assert_eq!(least(&filter(None, 1)), 50);
        assert_eq!(least(&filter(None, 3)), 10);
        assert_eq!(least(&filter(None, 4)), 0, "the page is not full");
        assert_eq!(least(&filter(Some((50, 3, true)), 1)), 50);
    }

    /// All issues' `(lifetime, count)`, as rounds of at most `limit` would bring them.
    fn found(all: &[(i64, i64)], filter: &IssueFilter, limit: i64) -> Vec<(i64, i64)> {
        let mut all: Vec<Counted> = all
            .iter()
            .enumerate()
            .map(|(id, (lifetime, count))| {
                counted(&(i64::try_from(id).unwrap(), *lifetime, (*count).min(*lifetime)))
            })
            .collect();
        all.sort_by_key(|issue| std::cmp::Reverse((issue.lifetime, issue.id)));
        let mut round = Round { limit, ..Round::first(filter) };
        let mut known: Vec<Counted> = Vec::new();
        loop {
            let is_wanted = |issue: &&Counted| {
                issue.lifetime >= round.at_least
                    && round.behind.is_none_or(|last| (issue.lifetime, issue.id) < last)
            };
            let most = usize::try_from(round.limit).unwrap();
            let more: Vec<_> = all.iter().filter(is_wanted).take(most).cloned().collect();
            let is_full = more.len() == most;
            known.extend(more);
            match after(&known, is_full, round, filter) {
                Ok(places) => return places.iter().map(|it| (it.sort_key, it.id.0)).collect(),
                Err(next) => round = Round { limit, ..next },
            }
        }
    }

    proptest! {
        #[test]
        fn rounds_bring_what_counting_everything_would(
            all in proptest::collection::vec((0..12_i64, 0..12_i64), 0..40),
            size in 1..5_u16,
            limit in 1..6_i64,
            cursor in proptest::option::of((0..12_i64, 0..40_u128, any::<bool>())),
        ) {
            let filter = filter(cursor, size);
            let everything = i64::try_from(all.len()).unwrap() + 1;
            prop_assert_eq!(found(&all, &filter, limit), found(&all, &filter, everything));
        }
    }
}
