//! Chance that comes out the same for the same seed, on every machine and in every version of Rust.

/// A stream of pseudo-random numbers (SplitMix64): good enough for a stage set, not for secrets.
#[derive(Clone, Debug)]
pub(super) struct Chance(u64);

impl Chance {
    /// The stream for one part of the whole: parts do not shift each other.
    pub(super) fn of(seed: u64, part: u64) -> Self {
        Self(seed ^ part.wrapping_mul(0xD6E8_FEB8_6659_FD93))
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number less than `end`, which is not 0.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        let wide = u128::from(self.next()) * u128::from(end);
        u64::try_from(wide >> 64).expect("less than `end`")
    }

    /// A number from the range, both ends included.
    pub(super) fn between(&mut self, from: i64, to: i64) -> i64 {
        from + self.below(to.abs_diff(from) + 1).cast_signed()
    }

    /// An index below `length`, the first ones far more often: the way tags and users are spread.
    pub(super) fn skewed(&mut self, length: usize) -> usize {
        let draws =
            [self.below(length as u64), self.below(length as u64), self.below(length as u64)];
        draws.into_iter().min().and_then(|draw| usize::try_from(draw).ok()).unwrap_or(0)
    }

    /// The index of one of `weights`, each as often as it weighs.
    pub(super) fn weighted(&mut self, weights: impl Iterator<Item = u64> + Clone) -> usize {
        let mut rest = self.below(weights.clone().sum::<u64>().max(1));
        for (index, weight) in weights.enumerate() {
            if rest < weight {
                return index;
            }
            rest -= weight;
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers_for_ever() {
        let mut chance = Chance::of(1, 0);
        assert_eq!([chance.next(), chance.next()], [0x910A_2DEC_8902_5CC1, 0xBEEB_8DA1_658E_EC67]);
    }

    #[test]
    fn draws_stay_in_their_range_and_reach_both_ends() {
        let mut chance = Chance::of(7, 0);
        let draws: Vec<_> = (0..1000).map(|_| chance.between(-2, 2)).collect();
        assert!((-2..=2).all(|number| draws.contains(&number)));
        assert!(draws.iter().all(|number| (-2..=2).contains(number)));
    }

    #[test]
    fn weights_are_respected() {
        let mut chance = Chance::of(7, 0);
        let mut counts = [0; 3];
        for _ in 0..10_000 {
            counts[chance.weighted([70, 0, 30].into_iter())] += 1;
        }
        assert_eq!(counts[1], 0);
        assert!((6700..7300).contains(&counts[0]), "{counts:?}");
    }
}
