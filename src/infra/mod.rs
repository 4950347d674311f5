//! What Picket stands on: Postgres, the journal, HTTP, the life of its tasks, its own logs and metrics.
//!
//! Nothing here knows the product. What is here may be used by everything above `protocol` and `config`.

pub mod compression;
pub mod data_dir;
pub mod db;
pub mod http;
pub mod journal;
pub mod lifecycle;
pub mod observe;
pub mod supplied;
pub mod throttle;
