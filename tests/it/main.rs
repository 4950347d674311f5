//! Every broad test in one program; the folders mirror `src`.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod api;
mod architecture;
mod chromium;
mod cli;
mod crash;
mod domain;
mod fuzz;
mod grouping;
mod infra;
mod ingest;
mod pipeline;
mod sdk;
mod server;
mod support;
mod web;
