//! Postgres, and whatever else Picket stands on.

mod database;
mod partitions;
