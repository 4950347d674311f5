//! How long a text may be (`protocol.md` §5.3, §5.18).

use super::at::{At, Change};
use crate::protocol::lenient::Pairs;

/// What stands at the end of a text that was cut.
const DOTS: &str = "...";

/// The longest name of a header, cookie or query parameter.
const NAME: Limit = Limit::of(200);

/// A text's limit in characters. Up to `allowance` more are let through uncut, so that a cut always
/// takes away more than the dots put back.
#[derive(Clone, Copy)]
pub(super) struct Limit {
    max: usize,
    allowance: usize,
}

impl Limit {
    /// A limit without allowance.
    pub(super) const fn of(max: usize) -> Self {
        Self { max, allowance: 0 }
    }

    /// A limit with an allowance.
    pub(super) const fn with(max: usize, allowance: usize) -> Self {
        Self { max, allowance }
    }

    /// The longest text that is let through.
    fn reach(self) -> usize {
        self.max + self.allowance
    }

    /// Cuts `text`; what happened, or `None` if it is short enough.
    pub(super) fn cut(self, text: &mut String) -> Option<Change> {
        if text.len() <= self.reach() {
            return None;
        }
        let length = text.chars().count();
        if length <= self.reach() {
            return None;
        }
        let start = self.max - DOTS.len();
        let keep = text.char_indices().nth(start).map_or(text.len(), |(at, _)| at);
        text.truncate(keep);
        text.push_str(DOTS);
        Some(Change::Cut { length, start, end: self.max })
    }

    /// Cuts the text in field `name`.
    pub(super) fn apply(self, text: &mut Option<String>, name: &str, at: At<'_>) {
        if let Some(change) = text.as_mut().and_then(|text| self.cut(text)) {
            at.field(name).mark(change);
        }
    }
}

/// Cuts pairs to `bytes` in all: the value that does not fit is cut, those behind it are dropped.
pub(super) fn limit_pairs(pairs: &mut Pairs, bytes: usize, at: At<'_>) {
    let mut room = bytes;
    for index in 0..pairs.0.len() {
        let (name, value) = &mut pairs.0[index];
        NAME.cut(name);
        let Some(left) = room.checked_sub(name.len()).filter(|left| *left > DOTS.len()) else {
            at.mark(Change::Shortened { length: pairs.0.len() });
            pairs.0.truncate(index);
            return;
        };
        if value.len() > left {
            let keep = value.floor_char_boundary(left - DOTS.len());
            let length = value.chars().count();
            value.truncate(keep);
            let start = value.chars().count();
            value.push_str(DOTS);
            let change = Change::Cut { length, start, end: start + DOTS.len() };
            at.element(index).element(1).mark(change);
        }
        room = left - value.len();
    }
}

#[cfg(test)]
mod tests {
    use super::super::at::testing::noted;
    use super::*;

    #[test]
    fn a_text_is_cut_only_past_its_allowance() {
        let cut = |text: &str| {
            let mut text = text.to_owned();
            let change = Limit::with(10, 2).cut(&mut text);
            (text, change)
        };
        assert_eq!(cut("äöüäöüäöüäöü"), ("äöüäöüäöüäöü".to_owned(), None));
        let change = Change::Cut { length: 13, start: 7, end: 10 };
        assert_eq!(cut("äöüäöüäöüäöüß"), ("äöüäöüä...".to_owned(), Some(change)));
    }

    #[test]
    fn pairs_share_their_room() {
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let mut pairs = Pairs(vec![pair("a", "12345678"), pair("b", "123456789"), pair("c", "1")]);
        let (_, marks) = noted(|at| limit_pairs(&mut pairs, 17, at));
        assert_eq!(pairs.0, [pair("a", "12345678"), pair("b", "1234...")]);
        assert_eq!(marks.len(), 2);
        let before = pairs.clone();
        assert_eq!(noted(|at| limit_pairs(&mut pairs, 17, at)).1, []);
        assert_eq!(pairs, before);
    }
}
