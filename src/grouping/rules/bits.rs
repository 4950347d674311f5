//! A set of small numbers.

/// A set of numbers below a fixed bound.
#[derive(Clone, Debug)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    /// An empty set for numbers below `bound`.
    pub(super) fn new(bound: usize) -> Self {
        Self(vec![0; bound.div_ceil(64)])
    }

    pub(super) fn set(&mut self, index: usize) {
        self.0[index / 64] |= 1 << (index % 64);
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.0.iter_mut().zip(&other.0).for_each(|(mine, theirs)| *mine |= theirs);
    }

    /// The smallest number in the set that is not below `from`.
    pub(super) fn next(&self, from: usize) -> Option<usize> {
        let mut word = from / 64;
        let mut bits = self.0.get(word)? & (u64::MAX << (from % 64));
        while bits == 0 {
            word += 1;
            bits = *self.0.get(word)?;
        }
        Some(word * 64 + bits.trailing_zeros() as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_come_in_order() {
        let mut bits = Bits::new(200);
        [0, 63, 64, 199].into_iter().for_each(|index| bits.set(index));
        let all: Vec<_> = std::iter::successors(bits.next(0), |last| bits.next(last + 1)).collect();
        assert_eq!(all, [0, 63, 64, 199]);
        assert_eq!(bits.next(1000), None);
        assert_eq!(Bits::new(0).next(0), None);
    }
}
