//! Taking elements out of lists so that `_meta` still points at the right ones.

use super::at::{At, Change};

/// Keeps the elements that `keep` wants.
pub(super) fn retain<T>(values: &mut Vec<T>, at: At<'_>, keep: impl Fn(&T) -> bool) {
    let length = values.len();
    let mut end = length;
    while end > 0 {
        let Some(last) = values[..end].iter().rposition(|value| !keep(value)) else { break };
        let first = values[..last].iter().rposition(&keep).map_or(0, |kept| kept + 1);
        remove(values, first, last + 1, at);
        end = first;
    }
    if values.len() < length {
        at.mark(Change::Shortened { length });
    }
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
}
