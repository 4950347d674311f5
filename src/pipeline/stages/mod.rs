//! The stages that an item goes through; each is pure and knows no database.

mod at;
pub mod describe;
mod json;
mod meta;
pub mod normalize;
pub mod scrub;

pub use describe::{Description, describe};
pub use normalize::{Discard, Facts, normalize};
pub use scrub::{ScrubConfig, scrub};
