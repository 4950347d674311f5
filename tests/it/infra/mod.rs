//! Postgres, the journal, and whatever else Picket stands on.

mod database;
mod journal;
mod partitions;
