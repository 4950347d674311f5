//! What Picket stands on and the product does not know about.

pub mod compression;
pub mod throttle;
pub mod lifecycle;
