//! Globs as regular expressions: `*`, `?`, `[a-z]`, `[!a-z]`, `\` before any of them, and `{a,b}` where that is one.

/// What the signs of a glob stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Glob {
    /// The expression of `*`.
    pub(super) any: &'static str,
    /// The expression of `?`.
    pub(super) one: &'static str,
    /// Whether `{a,b}` is a choice, and not these signs.
    pub(super) has_choices: bool,
}

impl Glob {
    /// The expression of a pattern, without anchors.
    ///
    /// # Errors
    /// With what is wrong with it, in words that go on from the pattern.
    pub(super) fn source(self, pattern: &str) -> Result<String, &'static str> {
        let mut source = String::new();
        let mut rest = pattern.chars();
        let mut is_open = false;
        while let Some(c) = rest.next() {
            match c {
                '*' => {
                    // Several say no more than one, and would compile to more.
                    rest = rest.as_str().trim_start_matches('*').chars();
                    source.push_str(self.any);
                }
                '?' => source.push_str(self.one),
                '\\' => push_literal(&mut source, rest.next().unwrap_or('\\')),
                '[' => {
                    let (set, behind) =
                        rest.as_str().split_once(']').ok_or("has a [ without its ]")?;
                    push_set(&mut source, set)?;
                    rest = behind.chars();
                }
                '{' if is_open => return Err("has { inside of {…}"),
                '{' if self.has_choices => {
                    is_open = true;
                    source.push_str("(?:");
                }
                ',' if is_open => source.push('|'),
                '}' if is_open => {
                    is_open = false;
                    source.push(')');
                }
                literal => push_literal(&mut source, literal),
            }
        }
        if is_open { Err("has a { without its }") } else { Ok(source) }
    }
}

fn push_literal(source: &mut String, literal: char) {
    source.push_str(&regex::escape(literal.encode_utf8(&mut [0; 4])));
}

/// `a-z`, `!a-z`: ranges and single characters.
fn push_set(source: &mut String, set: &str) -> Result<(), &'static str> {
    let (negation, set) = match set.strip_prefix(['!', '^']) {
        Some(set) => ("^", set),
        None => ("", set),
    };
    if set.is_empty() {
        return Err("has an empty []");
    }
    source.push('[');
    source.push_str(negation);
    for c in set.chars() {
        if c == '-' { source.push('-') } else { push_literal(source, c) }
    }
    source.push(']');
    Ok(())
}
