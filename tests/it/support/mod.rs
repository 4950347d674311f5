//! What the tests stand on: one private Postgres for the run, one database for each test.

mod app;
pub(crate) mod batch;
mod cluster;
pub(crate) mod corpus;
pub(crate) mod data_dir;
mod database;
pub(crate) mod page_text;
pub(crate) mod process;
pub(crate) mod requirement;
pub(crate) mod tiny_disk;
pub(crate) mod wire;

pub(crate) use app::{TestApp, TestProject};
pub(crate) use database::{TestDatabase, database, empty_database};
