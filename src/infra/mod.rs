//! What Picket stands on and the product does not know about.

pub mod http;
pub mod journal;
pub mod compression;
pub mod throttle;
pub mod lifecycle;
