//! The stages that an item goes through; each is pure and knows no database.

pub mod describe;
pub mod normalize;

pub use describe::{Description, describe};
pub use normalize::{Discard, Facts, normalize};
