//! The stages that an item goes through; each is pure and knows no database.

mod at;
pub mod describe;
pub mod filter;
mod json;
pub mod locate;
mod meta;
pub mod name_device;
pub mod normalize;
pub mod scrub;

pub use describe::{Description, describe};
pub use filter::{FilterConfig, SentBy, filter};
pub use locate::locate;
pub use normalize::{Discard, Facts, normalize};
pub use scrub::{ScrubConfig, scrub};
