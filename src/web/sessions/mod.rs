//! Pages about sessions.

pub mod explorer;
mod split;

pub use explorer::SessionsPath;
