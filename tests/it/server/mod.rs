//! The server as a whole: what it does by itself, and what it does when something is taken from it.

mod full_disk;
mod hostile;
mod outage;
mod retention;
mod totals;
