//! Users who wait beside the sketches of a bucket until there are enough of them to be worth a new sketch.
//!
//! A sketch of many users is 3 KB that must be written whole, and in each batch a busy bucket grows by a few users: written
//! each time, they were by far the most of what sessions cost on disk. So a bucket's row holds the latest users as
//! they are, in the same transaction as its counts, and every hundred of them become part of the sketches. Whoever reads a
//! sketch adds those who wait: a set is the same in whatever parts it came.

use std::collections::BTreeMap;

use super::UserSketch;

/// The sets of users of a bucket: all, those in trouble, and by trouble.
pub(super) const SETS: usize = 5;

/// As many wait at most. With their nine bytes each, and the row's other columns, they stay inside the row.
pub(super) const MOST: usize = 96;

/// The bytes of one: its hash, and in which sets it is.
const BYTES: usize = 9;

/// Bytes that are no users.
#[derive(Debug, thiserror::Error)]
#[error("stored users cannot be read: {0} bytes")]
pub struct Damaged(usize);

/// Users, each with bits of the sets that it is in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Waiting(BTreeMap<i64, u8>);

impl Waiting {
    /// Those that are stored.
    pub(super) fn read(stored: &[u8]) -> Result<Self, Damaged> {
        let mut waiting = Self::default();
        let mut rest = stored;
        while let Some(([hash @ .., sets], behind)) = rest.split_first_chunk::<BYTES>() {
            let mut bytes = [0; 8];
            bytes.copy_from_slice(hash);
            waiting.add(i64::from_be_bytes(bytes), *sets);
            rest = behind;
        }
        if rest.is_empty() { Ok(waiting) } else { Err(Damaged(stored.len())) }
    }

    /// As they are stored.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let bytes = |(user, sets): (&i64, &u8)| {
            let mut bytes = [*sets; BYTES];
            bytes[..8].copy_from_slice(&user.to_be_bytes());
            bytes
        };
        self.0.iter().flat_map(bytes).collect()
    }

    /// Adds a user to the sets of these bits.
    pub(super) fn add(&mut self, user: i64, sets: u8) {
        *self.0.entry(user).or_default() |= sets;
    }

    /// Adds others.
    pub(super) fn join(&mut self, others: &Self) {
        others.0.iter().for_each(|(user, sets)| self.add(*user, *sets));
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds those of a set to its sketch; whether there are any.
    pub(super) fn fill(&self, set: usize, sketch: &mut UserSketch) -> bool {
        let users = self.0.iter().filter(|(_, sets)| *sets & (1 << set) != 0);
        users.inspect(|(user, _)| sketch.insert(**user)).count() > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_read_as_they_were_stored() {
        let mut waiting = Waiting::default();
        for (user, sets) in [(7, 1), (-9, 0b10001), (7, 0b10), (i64::MIN, 0b11111)] {
            waiting.add(user, sets);
        }
        assert_eq!(waiting.len(), 3);
        let stored = waiting.to_bytes();
        assert_eq!(stored.len(), 27);
        assert_eq!(Waiting::read(&stored).unwrap(), waiting);
        assert!(Waiting::read(&stored[1..]).is_err());
        assert!(Waiting::read(&[]).unwrap().is_empty());
    }

    #[test]
    fn a_user_is_in_the_sets_of_its_bits() {
        let mut waiting = Waiting::default();
        waiting.add(1, 0b00001);
        waiting.add(2, 0b10011);
        let counts: Vec<u64> = (0..SETS)
            .map(|set| {
                let mut sketch = UserSketch::default();
                let is_any = waiting.fill(set, &mut sketch);
                assert_eq!(is_any, sketch.count() > 0);
                sketch.count()
            })
            .collect();
        assert_eq!(counts, [2, 1, 0, 0, 1]);
    }
}
