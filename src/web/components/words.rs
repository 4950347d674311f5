//! Sentences of ours in which backticks mark what is code.

/// The parts of a sentence in order, each with whether it is code. A backtick without its partner stays text.
pub fn parts(sentence: &str) -> Vec<(bool, &str)> {
    let mut parts = Vec::new();
    let mut rest = sentence;
    while let Some((before, code, after)) = next_code(rest) {
        parts.push((false, before));
        parts.push((true, code));
        rest = after;
    }
    parts.push((false, rest));
    parts.retain(|(_, text)| !text.is_empty());
    parts
}

fn next_code(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('`')?;
    let (code, after) = rest.split_once('`')?;
    Some((before, code, after))
}

/// `a quote is not closed` as a sentence.
pub fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first: String = letters.next().into_iter().flat_map(char::to_uppercase).collect();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backticks_mark_code() {
        assert_eq!(
            parts("the type `KeyError` and `x`"),
            [(false, "the type "), (true, "KeyError"), (false, " and "), (true, "x")]
        );
        assert_eq!(parts("it's 5 o`clock"), [(false, "it's 5 o`clock")]);
        assert_eq!(parts(""), []);
    }
}
