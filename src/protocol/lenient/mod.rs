//! Reading JSON from strangers: a field of the wrong type is dropped and noted, the rest is kept.
//!
//! SDKs of fifteen years send events, and an event that is refused for one bad field is an incident
//! nobody hears of. So every field has a *reader* (a type that implements [`Lenient`]); a value that
//! the reader cannot use becomes `None` and a [`Problem`] with its path (`protocol.md` §5.1). Only
//! text that is no JSON at all is an error.
//!
//! Everything happens in one pass over the bytes, without a tree: a well-formed event costs little
//! more than with derived `Deserialize`. Parts that only people look at stay [`Raw`] text, which is
//! skipped without recursion, so that no depth of nesting overflows the stack.
//!
//! # Adding a field
//! One line in its [`lenient!`](crate::lenient) struct: name, type, reader, wire name and aliases.

mod list;
mod object;
mod pairs;
mod problems;
mod raw;
mod raw_map;
mod repair;
mod scalar;
mod shape;
mod time;

pub use list::{List, Objects, TextList, Values};
pub use object::{LenientObject, read_object};
pub use pairs::{Pairs, PairsOf};
pub use problems::{Problem, Problems};
pub use raw::{Json, JsonArray, JsonComposite, JsonObject, Raw};
pub use raw_map::{JsonMap, JsonMapOrList, OpenJsonMap, RawMap, serialize_flat};
pub use repair::{is_suspicious, repair};
pub use scalar::{Address, Flag, Float, JsonText, LooseText, Text, ThreadId, Uint};
pub use shape::Scalar;
pub use time::Time;

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
/// When `bytes` is no JSON even after [`repair()`].
pub fn from_slice<L: Lenient>(
    bytes: &[u8],
    problems: &Problems,
) -> Result<Option<L::Value>, serde_json::Error> {
    // Checked once here, text is not checked again string by string.
    if let Ok(text) = std::str::from_utf8(bytes) {
        match from_text::<L>(text, problems) {
            Ok(value) => return Ok(value),
            // The pass that broke off in the middle may have noted problems; they come again.
            Err(_) => problems.clear(),
        }
    }
    from_text::<L>(&repair::mend(bytes), problems)
}

/// Reads text that is JSON, without repairs.
///
/// # Errors
/// When `text` is no JSON.
pub fn from_text<L: Lenient>(
    text: &str,
    problems: &Problems,
) -> Result<Option<L::Value>, serde_json::Error> {
    let mut json = serde_json::Deserializer::from_str(text);
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
