//! Pages about sessions.

pub mod explorer;

pub use explorer::SessionsPath;
