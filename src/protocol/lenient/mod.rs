//! Reading JSON from strangers: a field of the wrong type is dropped and noted, the rest is kept.
//!
//! SDKs of fifteen years send events, and an event that is refused for one bad field is an incident
//! nobody hears of. So every field has a *reader* (a type that implements [`Lenient`]); a value that
//! the reader cannot use becomes `None` and a [`Problem`] with its path (`protocol.md` §5.1). Only
//! text that is no JSON at all is an error.
//!
//! Everything happens in one pass over the bytes, without a tree: a well-formed event costs no more
//! than with derived `Deserialize`. Parts that only people look at stay [`Raw`] text.
//!
//! # Adding a field
//! One line in its [`lenient!`](crate::lenient) struct: name, type, reader, wire name and aliases.

mod object;
mod problems;
mod raw;
mod repair;
mod scalar;
mod values;

pub use object::{LenientObject, read_object};
pub use problems::{Problem, Problems};
pub use raw::{Raw, RawMap};
pub use repair::repair;
pub use scalar::{Address, Flag, Float, JsonText, LooseText, Scalar, Text, ThreadId, Time, Uint};
pub use values::{Json, JsonObject, List, Pairs, PairsOf, TextList, TextMap, Values};

use std::marker::PhantomData;

use serde::de::{DeserializeSeed, Deserializer};

/// A way to read one JSON value.
pub trait Lenient {
    /// What comes out.
    type Value;

    /// Reads the next value: `None` if it is null or unusable, the latter noted in `problems`.
    ///
    /// # Errors
    /// Only when the input is no JSON.
    fn read<'de, D: Deserializer<'de>>(
        from: D,
        problems: &Problems,
    ) -> Result<Option<Self::Value>, D::Error>;
}

/// Reads a whole document with reader `L`.
///
/// # Errors
/// When `bytes` is no JSON even after [`repair`].
pub fn from_slice<L: Lenient>(
    bytes: &[u8],
    problems: &Problems,
) -> Result<Option<L::Value>, serde_json::Error> {
    read_once::<L>(bytes, problems).or_else(|_| {
        // A first pass that broke off in the middle may have noted problems; they come again.
        problems.clear();
        read_once::<L>(&repair(bytes), problems)
    })
}

fn read_once<L: Lenient>(
    bytes: &[u8],
    problems: &Problems,
) -> Result<Option<L::Value>, serde_json::Error> {
    let mut json = serde_json::Deserializer::from_slice(bytes);
    // Bytes after the document are ignored, as every server before us did (`protocol.md` §13.2).
    L::read(&mut json, problems)
}

/// Carries [`Problems`] to where serde calls us back.
pub struct Seed<'p, L> {
    problems: &'p Problems,
    reader: PhantomData<L>,
}

impl<'p, L> Seed<'p, L> {
    /// A seed for reader `L`.
    pub fn new(problems: &'p Problems) -> Self {
        Self { problems, reader: PhantomData }
    }
}

impl<'de, L: Lenient> DeserializeSeed<'de> for Seed<'_, L> {
    type Value = Option<L::Value>;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Self::Value, D::Error> {
        L::read(from, self.problems)
    }
}
