//! What Picket tells about itself: its log, and numbers for Prometheus.

pub mod log;
pub mod metrics;
mod process;
