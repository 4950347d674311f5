//! What people do in a browser, over HTTP against the whole server.

mod account;
mod attachments;
pub(crate) mod browser;
mod escaping;
mod feedback;
mod filters;
mod grouping_health;
mod issues;
mod keys;
mod limits;
mod merging;
mod ownership;
mod privacy;
mod projects;
mod quarantine;
mod recorded;
mod regression;
mod reports;
mod rules;
mod security;
mod setup;
mod sign_in;
mod similar;
mod substatus;
mod usage;
