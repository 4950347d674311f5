//! What pages share in code: moments, numbers in words, charts, trees of values.
//!
//! The markup of the parts is in `templates/components/`, their looks in `static/css/components.css`.

pub mod chart;
#[cfg(test)]
mod contrast;
pub mod lines;
pub mod link;
pub mod markers;
pub mod number;
pub mod stacked;
pub mod time;
pub mod tree;
pub mod words;
