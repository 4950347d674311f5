//! Every broad test in one program; the folders mirror `src`.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

<<<<<<< HEAD
mod architecture;
=======
mod chromium;
>>>>>>> e0764ad (tests: First run in a real browser)
mod crash;
mod infra;
mod ingest;
mod sdk;
mod support;
mod web;
