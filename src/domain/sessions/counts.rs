//! How sessions went.

use std::ops::{AddAssign, BitOr};

/// Something that may befall a session; the worse, the greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trouble {
    /// There were errors, and they were handled.
    Errored,
    /// There was an error that nobody handled, and the program went on.
    Unhandled,
    /// It stopped to answer, or was ended from outside.
    Abnormal,
    /// It crashed.
    Crashed,
}

impl Trouble {
    /// All of them, the mildest first.
    pub const ALL: [Self; 4] = [Self::Errored, Self::Unhandled, Self::Abnormal, Self::Crashed];

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

/// All that befell a session. Grows only, so it does not matter in which order one learns of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Troubles(u8);

impl Troubles {
    /// The stored form.
    pub fn to_bits(self) -> i16 {
        i16::from(self.0)
    }

    /// Reads the stored form.
    pub fn from_bits(bits: i16) -> Self {
        Self(u8::try_from(bits & 0xf).unwrap_or_default())
    }

    /// Whether `trouble` is among them.
    pub fn has(self, trouble: Trouble) -> bool {
        self.0 & trouble.bit() != 0
    }

    /// The worst of them; `None`: the session is healthy.
    pub fn worst(self) -> Option<Trouble> {
        Trouble::ALL.into_iter().rev().find(|trouble| self.has(*trouble))
    }
}

impl From<Trouble> for Troubles {
    fn from(trouble: Trouble) -> Self {
        Self(trouble.bit())
    }
}

impl BitOr for Troubles {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Sessions by the worst that befell them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SessionCounts {
    /// All of them.
    pub total: i64,
    /// Those with errors that were handled.
    pub errored: i64,
    /// Those with an error that nobody handled.
    pub unhandled: i64,
    /// Those that stopped to answer.
    pub abnormal: i64,
    /// Those that crashed.
    pub crashed: i64,
}

impl SessionCounts {
    /// One session to which this happened.
    pub fn one(worst: Option<Trouble>) -> Self {
        let mut counts = Self { total: 1, ..Self::default() };
        if let Some(trouble) = worst {
            *counts.of(trouble) = 1;
        }
        counts
    }

    /// A session turned from one state into another.
    pub fn turned(before: Option<Trouble>, after: Option<Trouble>) -> Self {
        let mut counts = Self::default();
        if let Some(trouble) = before {
            *counts.of(trouble) -= 1;
        }
        if let Some(trouble) = after {
            *counts.of(trouble) += 1;
        }
        counts
    }

    fn of(&mut self, trouble: Trouble) -> &mut i64 {
        match trouble {
            Trouble::Errored => &mut self.errored,
            Trouble::Unhandled => &mut self.unhandled,
            Trouble::Abnormal => &mut self.abnormal,
            Trouble::Crashed => &mut self.crashed,
        }
    }

    /// Those with nothing wrong.
    pub fn healthy(&self) -> i64 {
        self.total - self.in_trouble()
    }

    /// Those with anything wrong.
    pub fn in_trouble(&self) -> i64 {
        self.errored + self.unhandled + self.abnormal + self.crashed
    }

    /// What befell any of them.
    pub fn troubles(&self) -> Troubles {
        let counts = [self.errored, self.unhandled, self.abnormal, self.crashed];
        let some = Trouble::ALL.into_iter().zip(counts).filter(|(_, count)| *count > 0);
        some.fold(Troubles::default(), |all, (trouble, _)| all | trouble.into())
    }

    /// Whether it counts nothing.
    pub fn is_zero(&self) -> bool {
        *self == Self::default()
    }
}

impl AddAssign for SessionCounts {
    fn add_assign(&mut self, other: Self) {
        self.total += other.total;
        self.errored += other.errored;
        self.unhandled += other.unhandled;
        self.abnormal += other.abnormal;
        self.crashed += other.crashed;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_as_bad_as_the_worst_that_befell_it() {
        let troubles = Troubles::from(Trouble::Crashed) | Trouble::Errored.into();
        assert_eq!(troubles.worst(), Some(Trouble::Crashed));
        assert_eq!(Troubles::from_bits(troubles.to_bits()), troubles);
        assert_eq!(Troubles::default().worst(), None);
        assert_eq!(Troubles::from_bits(-1).to_bits(), 15);
    }

    #[test]
    fn a_session_that_gets_worse_is_counted_once() {
        let mut counts = SessionCounts::one(None);
        counts += SessionCounts::turned(None, Some(Trouble::Errored));
        counts += SessionCounts::turned(Some(Trouble::Errored), Some(Trouble::Crashed));
        assert_eq!(counts, SessionCounts::one(Some(Trouble::Crashed)));
        assert_eq!((counts.healthy(), counts.in_trouble()), (0, 1));
        assert_eq!(counts.troubles(), Trouble::Crashed.into());
    }
}
