//! Text that a value is compared with.

/// What a text has to look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// One of these, exactly.
    Is(Vec<String>),
    /// Matches this pattern of SQL's `ILIKE`: written with `*`, anchored at both ends.
    Like(String),
}

impl Pattern {
    /// The pattern of a value: `*` stands for anything, `\*` for a star.
    pub fn of(value: &str) -> Self {
        let (like, is_wildcard) = to_like(value);
        if is_wildcard { Self::Like(like) } else { Self::Is(vec![value.replace("\\*", "*")]) }
    }

    /// Whether it was written with `*`.
    pub fn is_wildcard(&self) -> bool {
        matches!(self, Self::Like(_))
    }

    /// The pattern that finds `text` anywhere, `*` standing for anything.
    pub fn containing(text: &str) -> Self {
        Self::Like(format!("%{}%", to_like(text).0))
    }

    /// The pattern as one of SQL's `LIKE`; of a list of texts, that of the first.
    pub fn into_like(self) -> String {
        match self {
            Self::Like(like) => like,
            Self::Is(values) => escape(values.first().map_or("", String::as_str)),
        }
    }

    /// The same pattern with `prefix` before it.
    #[must_use]
    pub fn prefixed(self, prefix: &str) -> Self {
        match self {
            Self::Is(values) => {
                Self::Is(values.into_iter().map(|value| format!("{prefix}{value}")).collect())
            }
            Self::Like(like) => Self::Like(format!("{}{like}", escape(prefix))),
        }
    }

    /// Whether a text looks like it, as the database decides it.
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Is(values) => values.iter().any(|value| value == text),
            Self::Like(like) => is_like(&text.to_lowercase(), &like.to_lowercase()),
        }
    }

    /// Whether the only thing it matches is the empty text: `key:""`.
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Is(values) if values.iter().all(String::is_empty))
    }
}

/// A value as an SQL pattern, and whether it had a wildcard.
fn to_like(value: &str) -> (String, bool) {
    let mut like = String::with_capacity(value.len() + 2);
    let mut is_wildcard = false;
    let mut rest = value.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\\' if rest.peek() == Some(&'*') => {
                rest.next();
                like.push('*');
            }
            '*' => {
                is_wildcard = true;
                like.push('%');
            }
            c => push_escaped(&mut like, c),
        }
    }
    (like, is_wildcard)
}

/// Whether a text matches a pattern of SQL's `LIKE`: at what does not fit, the last `%` takes one character more.
fn is_like(text: &str, like: &str) -> bool {
    let (text, like): (Vec<char>, Vec<char>) = (text.chars().collect(), like.chars().collect());
    let (mut at, mut place) = (0, 0);
    let mut retry = None;
    while at < text.len() {
        let (sign, length) = match like.get(place..) {
            Some(['\\', literal, ..]) => (Some(*literal), 2),
            Some(['%', ..]) => {
                place += 1;
                retry = Some((at, place));
                continue;
            }
            Some(['_', ..]) => (Some(text[at]), 1),
            Some([literal, ..]) => (Some(*literal), 1),
            _ => (None, 0),
        };
        if sign == Some(text[at]) {
            (at, place) = (at + 1, place + length);
            continue;
        }
        let Some((from, behind)) = retry else { return false };
        (at, place) = (from + 1, behind);
        retry = Some((at, behind));
    }
    like[place..].iter().all(|sign| *sign == '%')
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    text.chars().for_each(|c| push_escaped(&mut escaped, c));
    escaped
}

fn push_escaped(like: &mut String, c: char) {
    if matches!(c, '%' | '_' | '\\') {
        like.push('\\');
    }
    like.push(c);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_matches_as_in_the_database() {
        for (pattern, text, expected) in [
            ("shop", "shop", true),
            ("shop", "Shop", false),
            ("sh*", "SHOP", true),
            ("*o*", "shop", true),
            ("*op", "shopop", true),
            ("*ab*c", "xabyabzc", true),
            ("s*x", "shop", false),
            ("*", "", true),
            ("*_*", "shop", false),
            ("*50%*", "is 50% off", true),
            ("*50%*", "is 500 off", false),
            ("a\\b*", "a\\bc", true),
        ] {
            assert_eq!(Pattern::of(pattern).matches(text), expected, "{pattern} {text}");
        }
        assert!(Pattern::Like("_%".to_owned()).matches("x"));
        assert!(!Pattern::Like("_%".to_owned()).matches(""));
        assert!(Pattern::Is(vec!["a".to_owned(), "b".to_owned()]).matches("b"));
    }
}
