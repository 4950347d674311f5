//! Small steps through a text, each of which may fail.

/// A place in a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scan<'t> {
    pub(super) text: &'t [u8],
    pub(super) at: usize,
}

/// Letters, digits and the underscore. Other alphabets do not count: in `订单12` the number stands apart.
pub(super) fn is_word(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || *byte == b'_'
}

impl<'t> Scan<'t> {
    /// The next byte.
    pub(super) fn peek(self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// What is left.
    pub(super) fn rest(self) -> &'t [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Behind `count` more bytes.
    pub(super) fn skip(self, count: usize) -> Self {
        Self { at: self.at + count, ..self }
    }

    /// Whether the byte before is like that.
    pub(super) fn follows(self, is_like: impl Fn(&u8) -> bool) -> bool {
        self.at > 0 && is_like(&self.text[self.at - 1])
    }

    /// Stays, if the next byte is not like that.
    pub(super) fn unless(self, is_like: impl Fn(&u8) -> bool) -> Option<Self> {
        (!self.peek().is_some_and(|byte| is_like(&byte))).then_some(self)
    }

    /// Stays, if this is no place inside a word.
    pub(super) fn at_word_end(self) -> Option<Self> {
        self.unless(is_word)
    }

    /// Behind one byte of a set.
    pub(super) fn one_of(self, set: &[u8]) -> Option<Self> {
        self.peek().filter(|byte| set.contains(byte)).map(|_| self.skip(1))
    }

    /// Behind a text.
    pub(super) fn literal(self, text: &str) -> Option<Self> {
        self.rest().starts_with(text.as_bytes()).then(|| self.skip(text.len()))
    }

    /// Behind the first of several texts that comes next.
    pub(super) fn any_of(self, texts: &[&str]) -> Option<Self> {
        texts.iter().find_map(|text| self.literal(text))
    }

    /// Behind all bytes like that, `least` to `most` of them. More than `most` is a failure.
    pub(super) fn run(
        self,
        least: usize,
        most: usize,
        is_like: impl Fn(&u8) -> bool,
    ) -> Option<Self> {
        let count = self.rest().iter().take(most + 1).take_while(|byte| is_like(byte)).count();
        (least..=most).contains(&count).then(|| self.skip(count))
    }

    /// Behind a number of `least` to `most` digits.
    pub(super) fn digits(self, least: usize, most: usize) -> Option<Self> {
        self.run(least, most, u8::is_ascii_digit)
    }

    /// Behind exactly two digits, the first of a set.
    pub(super) fn two_digits(self, first: &[u8]) -> Option<Self> {
        self.one_of(first)?.one_of(b"0123456789")
    }

    /// Behind one or more spaces.
    pub(super) fn spaces(self) -> Option<Self> {
        self.run(1, 16, u8::is_ascii_whitespace)
    }

    /// Behind a text, if it comes next.
    pub(super) fn maybe_literal(self, text: &str) -> Self {
        self.literal(text).unwrap_or(self)
    }

    /// Behind `step` if it succeeds, else here.
    pub(super) fn maybe(self, step: impl Fn(Self) -> Option<Self>) -> Self {
        step(self).unwrap_or(self)
    }
}

/// What the letters and digits at a place are like.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word<'t> {
    pub(super) start: Scan<'t>,
    pub(super) end: Scan<'t>,
    pub(super) has_digit: bool,
    pub(super) has_lower: bool,
    pub(super) has_upper: bool,
    pub(super) is_hex: bool,
    /// How often a letter follows a digit or a digit a letter.
    pub(super) changes: usize,
}

impl<'t> Word<'t> {
    /// The letters and digits from `start` on.
    pub(super) fn at(start: Scan<'t>) -> Self {
        let mut word = Self {
            start,
            end: start,
            has_digit: false,
            has_lower: false,
            has_upper: false,
            is_hex: true,
            changes: 0,
        };
        let mut was_digit = None;
        for byte in start.rest().iter().take_while(|byte| byte.is_ascii_alphanumeric()) {
            let is_digit = byte.is_ascii_digit();
            word.has_digit |= is_digit;
            word.has_lower |= byte.is_ascii_lowercase();
            word.has_upper |= byte.is_ascii_uppercase();
            word.is_hex &= byte.is_ascii_hexdigit();
            word.changes += usize::from(was_digit.is_some_and(|was| was != is_digit));
            was_digit = Some(is_digit);
            word.end.at += 1;
        }
        word
    }

    /// How many letters and digits.
    pub(super) fn len(&self) -> usize {
        self.end.at - self.start.at
    }

    /// The letters and digits.
    pub(super) fn bytes(&self) -> &'t [u8] {
        &self.start.text[self.start.at..self.end.at]
    }

    /// What comes behind.
    pub(super) fn next(&self) -> Option<u8> {
        self.end.peek()
    }

    /// Whether it has a letter.
    pub(super) fn has_letter(&self) -> bool {
        self.has_lower || self.has_upper
    }
}
