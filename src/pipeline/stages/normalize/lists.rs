//! Taking elements out of lists so that `_meta` still points at the right ones.

use super::at::{At, Change};

/// Past so many gaps the client's remarks about a list are given up.
const MAX_GAPS: usize = 50;

/// Keeps the elements that `keep` wants.
pub(super) fn retain<T>(values: &mut Vec<T>, at: At<'_>, keep: impl Fn(&T) -> bool) {
    let length = values.len();
    let gaps = gaps(values, &keep);
    if gaps.is_empty() {
        return;
    }
    if gaps.len() > MAX_GAPS {
        at.mark(Change::Removed { from: 0, to: length });
    } else {
        // From behind, so that the places of the others still hold.
        gaps.iter().rev().for_each(|(from, to)| at.mark(Change::Removed { from: *from, to: *to }));
    }
    values.retain(keep);
    at.mark(Change::Shortened { length });
}

/// The runs of elements that go.
fn gaps<T>(values: &[T], keep: impl Fn(&T) -> bool) -> Vec<(usize, usize)> {
    let mut gaps: Vec<(usize, usize)> = Vec::new();
    for index in (0..values.len()).filter(|index| !keep(&values[*index])) {
        match gaps.last_mut() {
            Some((_, to)) if *to == index => *to += 1,
            _ => gaps.push((index, index + 1)),
        }
    }
    gaps
}

/// Takes out elements `from..to`.
pub(super) fn remove<T>(values: &mut Vec<T>, from: usize, to: usize, at: At<'_>) {
    values.drain(from..to);
    at.mark(Change::Removed { from, to });
}

#[cfg(test)]
mod tests {
    use super::super::at::testing::noted;
    use super::*;

    #[test]
    fn what_is_taken_out_is_marked_from_behind() {
        let mut values = vec![1, -1, -2, 2, -3, 3];
        let (_, marks) = noted(|at| retain(&mut values, at, |value| *value > 0));
        assert_eq!(values, [1, 2, 3]);
        let changes: Vec<_> = marks.into_iter().map(|mark| mark.what).collect();
        let expected = [
            Change::Removed { from: 4, to: 5 },
            Change::Removed { from: 1, to: 3 },
            Change::Shortened { length: 6 },
        ];
        assert_eq!(changes, expected);
        assert_eq!(noted(|at| retain(&mut values, at, |_| true)).1, []);
    }

    #[test]
    fn a_list_full_of_gaps_is_cleaned_in_one_go() {
        let mut values: Vec<usize> = (0..100_000).collect();
        let (_, marks) = noted(|at| retain(&mut values, at, |value| value % 2 == 0));
        assert_eq!(values.len(), 50_000);
        let changes: Vec<_> = marks.into_iter().map(|mark| mark.what).collect();
        let all = Change::Removed { from: 0, to: 100_000 };
        assert_eq!(changes, [all, Change::Shortened { length: 100_000 }]);
    }
}
