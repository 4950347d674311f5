//! The most frequent issues of a period or of some environments.
//!
//! To count every issue's events in the period would read most of `issue_hours`. But no issue counts more in
//! a part than altogether, so issues are taken by their total, most first, until those not yet taken cannot
//! reach the page any more. Traffic is uneven: a few hundred are nearly always enough.

use sqlx::PgConnection;

use super::IssueFilter;
use super::store::{self, Counted, Place, Within};
use crate::base::Timestamp;

/// How many counters (an hour of an issue each) are read at first, about; it is a few milliseconds. Each
/// further round looks at four times as many issues.
const FIRST_ROUND: i64 = 20_000;

/// The issues of a page, in the order of reading.
pub(super) async fn find_places(
    db: &mut PgConnection,
    within: &Within,
    filter: &IssueFilter,
    now: Timestamp,
) -> sqlx::Result<Vec<Place>> {
    let mut limit = first_round(filter, now);
    loop {
        let counted = store::count_frequent(db, within, filter, limit).await?;
        let is_all = i64::try_from(counted.len()).is_ok_and(|count| count < limit);
        let bound = if is_all { None } else { counted.last().map(|last| last.lifetime) };
        if let Some(places) = page_of(counted, filter, bound) {
            return Ok(places);
        }
        limit = limit.saturating_mul(4);
    }
}

/// How many issues to count at first: the longer the period, the more each of them costs.
fn first_round(filter: &IssueFilter, now: Timestamp) -> i64 {
    let hours = match (filter.period.since, filter.period.until) {
        (Some(since), until) => (until.unwrap_or(now) - since).num_hours().max(1),
        // Without a beginning; the environments' own counters, when there is no end either, are one each.
        (None, Some(_)) => 24 * 90,
        (None, None) => 1,
    };
    (FIRST_ROUND / hours).max(2 * filter.page.fetch_size())
}

/// The page, if the issues that were not counted cannot be on it: they count `bound` at most.
fn page_of(counted: Vec<Counted>, filter: &IssueFilter, bound: Option<i64>) -> Option<Vec<Place>> {
    let page = &filter.page;
    let wanted = usize::try_from(page.fetch_size()).unwrap_or(usize::MAX);
    let cursor = page.place().map(|(key, tie)| (key, i64::try_from(tie).unwrap_or(i64::MAX)));
    let is_beyond = |place: &Place| match cursor {
        None => true,
        Some(cursor) if page.is_backward() => (place.sort_key, place.id.0) > cursor,
        Some(cursor) => (place.sort_key, place.id.0) < cursor,
    };
    let mut places: Vec<Place> = counted
        .into_iter()
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
        // Upwards from a place: whatever counts more than the bound is known.
        (Some(bound), Some((key, _))) if page.is_backward() => key >= bound,
        (Some(bound), _) => {
            places.len() == wanted && places.last().is_some_and(|last| last.sort_key > bound)
        }
    };
    is_certain.then_some(places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Cursor, IssueId, PageRequest};
    use crate::domain::issues::Sort;

    fn filter(cursor: Option<(i64, u128, bool)>, size: u16) -> IssueFilter {
        let cursor = cursor.map(|(key, tie, is_backward)| Cursor { key, tie, is_backward });
        IssueFilter {
            sort: Sort::Freq,
            page: PageRequest::new(cursor, size),
            ..IssueFilter::default()
        }
    }

    /// Issues as `(id, lifetime, count)`.
    fn page(
        issues: &[(i64, i64, i64)],
        filter: &IssueFilter,
        bound: Option<i64>,
    ) -> Option<Vec<i64>> {
        let counted = issues.iter().map(|(id, lifetime, event_count)| Counted {
            id: IssueId(*id),
            lifetime: *lifetime,
            event_count: *event_count,
        });
        let places = page_of(counted.collect(), filter, bound)?;
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
        assert_eq!(page(ISSUES, &filter(Some((50, 3, true)), 1), Some(50)), Some(vec![2]));
        assert_eq!(page(ISSUES, &filter(Some((49, 9, true)), 1), Some(50)), None);
    }
}
