//! The private Postgres, and everything that can go wrong around it (`limits.md` §1).

mod access;
mod crashes;
mod helpers;
mod owner;
mod sharing;
mod starting;
