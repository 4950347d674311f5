//! Every broad test in one program; the folders mirror `src`.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod architecture;
mod chromium;
mod crash;
mod grouping;
mod infra;
mod ingest;
mod sdk;
mod support;
mod web;
