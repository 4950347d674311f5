//! The front door, against the acceptance list of `protocol.md` §14 and the hostile inputs of §13.1.

mod acceptance;
mod authentication;
mod browsers;
pub(crate) mod corpus;
mod cron;
mod dialog;
mod domains;
pub(crate) mod door;
pub(crate) mod encodings;
mod framing;
mod hostile;
mod integrations;
mod keys;
mod native;
mod overload;
mod quota;
mod security;
mod spikes;
mod store;
