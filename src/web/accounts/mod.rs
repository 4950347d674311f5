//! Pages about people: the first account, signing in and out, one's own account.

pub mod account;
pub mod browser;
pub mod profile;
pub mod sessions;
pub mod setup;
pub mod sign_in;
pub mod sign_out;
pub mod tokens;
