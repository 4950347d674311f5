//! Sets of users of which only the size can be asked: `HyperLogLog` sketches.
//!
//! A sketch holds at most 3 KB however many users it has seen, and says how many there were with a standard
//! error of 1.6 % (1.04 ÷ √4096 registers); few users are listed and counted almost exactly. Two sketches can be
//! united, so the users of a month are not the sum of its days. A user cannot be taken out again.

use datasketches::hll::{HllSketch, HllType, HllUnion};

/// Two to this are the registers: twice as many would cost twice the disk for 1.1 % instead of 1.6 %.
const LG_REGISTERS: u8 = 12;

/// Six bits a register: four would save a quarter of the disk and make uniting slower.
const KIND: HllType = HllType::Hll6;

/// Bytes that are no sketch.
#[derive(Debug, thiserror::Error)]
#[error("a stored sketch of users cannot be read")]
pub struct Unreadable(#[source] datasketches::error::Error);

/// A set of users.
#[derive(Clone, Debug)]
pub struct UserSketch(HllUnion);

impl Default for UserSketch {
    fn default() -> Self {
        Self(HllUnion::new(LG_REGISTERS).expect("4 to 21 are allowed"))
    }
}

impl UserSketch {
    /// Adds a user by a hash of who it is.
    pub fn insert(&mut self, user: i64) {
        self.0.update_value(user);
    }

    /// Adds the users of a stored sketch.
    ///
    /// # Errors
    /// When it is none.
    pub fn unite(&mut self, stored: &[u8]) -> Result<(), Unreadable> {
        self.0.update(&HllSketch::deserialize(stored).map_err(Unreadable)?);
        Ok(())
    }

    /// As it is stored.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.to_sketch(KIND).serialize()
    }

    /// How many users there are, about.
    pub fn count(&self) -> u64 {
        // The composite estimate depends on nothing but the set; the sketch's other one also on the order in
        // which it grew.
        let estimate = self.0.composite_estimate().round();
        #[expect(clippy::cast_possible_truncation, reason = "no more users than 64 bits count")]
        #[expect(clippy::cast_sign_loss, reason = "an estimate is not negative")]
        let count = estimate.max(0.0) as u64;
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::secrets;

    /// A user as the pipeline makes it.
    fn user(number: u64) -> i64 {
        let digest = secrets::hash(&format!("user-{number}"));
        i64::from_be_bytes(digest[..8].try_into().unwrap())
    }

    fn of(users: impl Iterator<Item = u64>) -> UserSketch {
        let mut sketch = UserSketch::default();
        users.for_each(|number| sketch.insert(user(number)));
        sketch
    }

    fn stored(sketch: &UserSketch) -> UserSketch {
        let mut read = UserSketch::default();
        read.unite(&sketch.to_bytes()).unwrap();
        read
    }

    #[test]
    fn few_users_are_counted_exactly() {
        for count in [0, 1, 7, 100, 380] {
            assert_eq!(of(0..count).count(), count);
            assert_eq!(stored(&of(0..count)).count(), count);
        }
    }

    #[test]
    fn the_error_of_many_users_is_as_small_as_stated() {
        let mut squares = 0.0;
        let rounds = 40_u32;
        for round in 0..u64::from(rounds) {
            let count = 20_000;
            let found = of(round * count..(round + 1) * count).count();
            #[expect(clippy::cast_precision_loss, reason = "small numbers")]
            let error = found as f64 / count as f64 - 1.0;
            assert!(error.abs() < 4.0 * 0.0163, "{found}");
            squares += error * error;
        }
        let deviation = (squares / f64::from(rounds)).sqrt();
        assert!(deviation < 0.02, "{deviation}");
    }

    #[test]
    fn no_sketch_is_larger_than_three_kilobytes() {
        assert!(of(0..100_000).to_bytes().len() < 3_200);
        assert!(of(0..5).to_bytes().len() < 64);
    }

    #[test]
    fn a_set_is_the_same_in_whatever_order_and_parts_it_came() {
        let whole = of(0..5_000).count();
        assert_eq!(of((0..5_000).rev()).count(), whole);
        let mut united = of(3_000..5_000);
        united.unite(&of(0..4_000).to_bytes()).unwrap();
        united.unite(&of(0..4_000).to_bytes()).unwrap();
        assert_eq!(united.count(), whole);
        assert_eq!(stored(&united).count(), whole);
    }

    #[test]
    fn what_is_no_sketch_is_refused() {
        assert!(UserSketch::default().unite(b"").is_err());
        assert!(UserSketch::default().unite(&[7; 40]).is_err());
    }
}
