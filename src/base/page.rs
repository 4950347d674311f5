//! Pages of long lists: where one ends and the next begins.
//!
//! Lists are cut by key, not by offset: a page begins behind the last row of the one before, so rows
//! that arrive meanwhile neither repeat nor hide others.

use std::fmt;
use std::str::FromStr;

/// A place between two rows of a list, and the direction to go from there.
///
/// Written `key:tie:backward` (`web-api.md` §1.6); clients hand it back without looking inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// What the list is sorted by, of the row at the place: a moment in microseconds, a count.
    pub key: i64,
    /// What orders rows of the same key: their id.
    pub tie: u128,
    /// Whether the page ends here instead of beginning here.
    pub is_backward: bool,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.key, self.tie, u8::from(self.is_backward))
    }
}

/// A text is no cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Invalid cursor parameter.")]
pub struct InvalidCursor;

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let mut parts = text.split(':');
        let mut next = || parts.next().ok_or(InvalidCursor);
        let cursor = Self {
            key: next()?.parse().map_err(|_| InvalidCursor)?,
            tie: next()?.parse().map_err(|_| InvalidCursor)?,
            is_backward: match next()? {
                "0" => false,
                "1" => true,
                _ => return Err(InvalidCursor),
            },
        };
        if parts.next().is_some() { Err(InvalidCursor) } else { Ok(cursor) }
    }
}

/// The most rows of a page.
pub const MAX_PAGE_SIZE: u16 = 100;

/// Which page is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// Where it begins or ends; none is the first page.
    pub cursor: Option<Cursor>,
    /// How many rows it has at most.
    size: u16,
}

impl Default for PageRequest {
    fn default() -> Self {
        Self { cursor: None, size: MAX_PAGE_SIZE }
    }
}

impl PageRequest {
    /// A page of `size` rows, brought between 1 and [`MAX_PAGE_SIZE`].
    pub fn new(cursor: Option<Cursor>, size: u16) -> Self {
        Self { cursor, size: size.clamp(1, MAX_PAGE_SIZE) }
    }

    /// How many rows the page has at most.
    pub fn size(&self) -> usize {
        usize::from(self.size)
    }

    /// How many rows to ask for: one more than the page has tells whether another page follows.
    pub fn fetch_size(&self) -> i64 {
        i64::from(self.size) + 1
    }

    /// Whether the rows must be read from the end of the list towards its beginning.
    pub fn is_backward(&self) -> bool {
        self.cursor.is_some_and(|cursor| cursor.is_backward)
    }

    /// The cursor's place as `(key, tie)`.
    pub fn place(&self) -> Option<(i64, u128)> {
        self.cursor.map(|cursor| (cursor.key, cursor.tie))
    }
}

/// One end of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Edge {
    /// What to ask for to go on there.
    pub cursor: Cursor,
    /// Whether rows are known to be there.
    pub has_rows: bool,
}

/// How many rows a list has, counted up to a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Total {
    /// The number of rows, at most [`MAX_TOTAL`].
    pub count: i64,
    /// Whether there may be more.
    pub is_capped: bool,
}

/// Counting stops here: nobody pages further, and a count must not cost more than the page.
pub const MAX_TOTAL: i64 = 1000;

impl Total {
    /// The total of a count that was made up to one more than [`MAX_TOTAL`].
    pub fn of(count: i64) -> Self {
        Self { count: count.min(MAX_TOTAL), is_capped: count > MAX_TOTAL }
    }
}

/// A part of a list.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    /// The rows, in the list's order.
    pub items: Vec<T>,
    /// Towards the beginning of the list.
    pub previous: Edge,
    /// Towards its end.
    pub next: Edge,
    /// How many rows the list has, where somebody counted.
    pub total: Option<Total>,
}

impl<T> Page<T> {
    /// Makes a page of what was read for `request`: up to [`PageRequest::fetch_size`] rows in the order of
    /// reading, which is against the list's order when the request [is backward](PageRequest::is_backward).
    pub fn of(mut rows: Vec<T>, request: &PageRequest, place: impl Fn(&T) -> (i64, u128)) -> Self {
        let has_more = rows.len() > request.size();
        rows.truncate(request.size());
        if request.is_backward() {
            rows.reverse();
        }
        // Who goes backward came from a following page; who goes forward from a place came from a previous one.
        let (has_previous, has_next) = match request.cursor {
            Some(cursor) if cursor.is_backward => (has_more, true),
            cursor => (cursor.is_some(), has_more),
        };
        let (first, last) = match (rows.first(), rows.last()) {
            (Some(first), Some(last)) => (place(first), place(last)),
            _ => empty_places(request),
        };
        let edge = |(key, tie), is_backward, has_rows| Edge {
            cursor: Cursor { key, tie, is_backward },
            has_rows,
        };
        Self {
            items: rows,
            previous: edge(first, true, has_previous),
            next: edge(last, false, has_next),
            total: None,
        }
    }

    /// The same page with other rows in it.
    pub fn with_items<U>(&self, items: Vec<U>) -> Page<U> {
        Page { items, previous: self.previous, next: self.next, total: self.total }
    }

    /// The same page of other things.
    pub fn map<U>(self, convert: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(convert).collect(),
            previous: self.previous,
            next: self.next,
            total: self.total,
        }
    }
}

/// Where the edges of an empty page lie, as `(first, last)`.
fn empty_places(request: &PageRequest) -> ((i64, u128), (i64, u128)) {
    match request.cursor {
        None => ((0, 0), (0, 0)),
        // The row at the cursor was the first of the page somebody came from: going forward must include
        // it, and going backward from just behind it must too.
        Some(cursor) if cursor.is_backward => {
            ((cursor.key, cursor.tie), (cursor.key, cursor.tie.saturating_add(1)))
        }
        Some(cursor) => ((cursor.key, cursor.tie.saturating_sub(1)), (cursor.key, cursor.tie)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A list of numbers, largest first, cut as a store would.
    fn cut(list: &[i64], request: PageRequest) -> Page<i64> {
        let fetch = usize::try_from(request.fetch_size()).unwrap();
        let beyond = |row: &&i64| match request.place() {
            None => true,
            Some(place) if request.is_backward() => (**row, 1) > place,
            Some(place) => (**row, 1) < place,
        };
        let mut sorted = list.to_vec();
        sorted.sort_unstable_by(|a, b| b.cmp(a));
        if request.is_backward() {
            sorted.reverse();
        }
        let rows = sorted.iter().filter(beyond).take(fetch).copied().collect();
        Page::of(rows, &request, |row| (*row, 1))
    }

    #[test]
    fn a_list_is_walked_to_its_end_and_back_while_rows_arrive() {
        let mut list: Vec<i64> = (1..=7).collect();
        let first = cut(&list, PageRequest::new(None, 3));
        assert_eq!(
            (first.items.as_slice(), first.previous.has_rows),
            ([7, 6, 5].as_slice(), false)
        );

        list.push(8);
        let second = cut(&list, PageRequest::new(Some(first.next.cursor), 3));
        assert_eq!(second.items, [4, 3, 2]);
        let third = cut(&list, PageRequest::new(Some(second.next.cursor), 3));
        assert_eq!((third.items.as_slice(), third.next.has_rows), ([1].as_slice(), false));

        let back = cut(&list, PageRequest::new(Some(third.previous.cursor), 3));
        assert_eq!(back.items, [4, 3, 2]);
        let back = cut(&list, PageRequest::new(Some(back.previous.cursor), 3));
        assert_eq!((back.items.as_slice(), back.previous.has_rows), ([7, 6, 5].as_slice(), true));
        let newest = cut(&list, PageRequest::new(Some(back.previous.cursor), 3));
        assert_eq!((newest.items.as_slice(), newest.previous.has_rows), ([8].as_slice(), false));
    }

    #[test]
    fn an_empty_page_leads_back_to_the_rows_it_lies_beside() {
        let list = [3, 2, 1];
        let first = cut(&list, PageRequest::new(None, 3));
        let before = cut(&list, PageRequest::new(Some(first.previous.cursor), 3));
        assert!(before.items.is_empty() && !before.previous.has_rows && before.next.has_rows);
        assert_eq!(cut(&list, PageRequest::new(Some(before.next.cursor), 3)).items, [3, 2, 1]);
        let behind = cut(&list, PageRequest::new(Some(first.next.cursor), 3));
        assert!(behind.items.is_empty() && !behind.next.has_rows && behind.previous.has_rows);
        assert_eq!(cut(&list, PageRequest::new(Some(behind.previous.cursor), 3)).items, [3, 2, 1]);
    }

    #[test]
    fn sizes_are_clamped() {
        assert_eq!(PageRequest::new(None, 10_000).size(), 100);
        assert_eq!(PageRequest::new(None, 0).size(), 1);
    }

    #[test]
    fn cursors_are_written_and_read() {
        let cursor = Cursor { key: -5, tie: u128::MAX, is_backward: true };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for bad in ["", "1", "1:2", "1:2:3", "1:-2:0", "a:0:0", "1:2:0:4"] {
            assert_eq!(bad.parse::<Cursor>(), Err(InvalidCursor), "{bad}");
        }
    }
}
