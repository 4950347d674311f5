//! What the tests stand on: one private Postgres for the run, one database for each test.

mod cluster;
mod database;

pub(crate) use database::{TestDatabase, database};
