//! Postgres, the journal, and whatever else Picket stands on.

mod database;
mod embedded;
mod journal;
mod partitions;
