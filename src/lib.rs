#![doc = include_str!("README.md")]

// Outermost first; a module uses only modules further down. `tests/it/architecture.rs` holds the rule.

pub mod cli;

pub mod server;

pub mod api;
pub mod ingest;
pub mod web;

pub mod pipeline;

pub mod grouping;

pub mod domain;

pub mod app;

pub mod infra;

pub mod config;
pub mod protocol;

pub mod base;
