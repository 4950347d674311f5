//! The word that somebody probably meant.

/// The candidate that takes the fewest edits, if they are few enough to be a slip.
pub(super) fn nearest<'a>(
    word: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let few = (word.len() / 3).max(2);
    candidates
        .into_iter()
        // A beginning is more likely meant than a rhyme.
        .map(|candidate| {
            let is_beginning = !word.is_empty() && candidate.starts_with(word);
            (if is_beginning { 1 } else { edits(word, candidate) }, candidate)
        })
        .filter(|(edits, _)| *edits <= few)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

/// How many letters to insert, delete or replace to get from one word to the other.
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (index, letter) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = index + 1;
        for (column, other) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        assert_eq!(edits("listen", "listen"), 0);
        assert_eq!(edits("listne", "listen"), 2);
        assert_eq!(edits("", "listen"), 6);
        assert_eq!(edits("kitten", "sitting"), 3);
    }

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let known = ["server.listen", "server.public_url", "data_dir"];
        assert_eq!(nearest("server.lisen", known), Some("server.listen"));
        assert_eq!(nearest("datadir", known), Some("data_dir"));
        assert_eq!(nearest("server.public", known), Some("server.public_url"));
        assert_eq!(nearest("smtp.host", known), None);
    }
}
