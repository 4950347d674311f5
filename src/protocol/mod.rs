//! What SDKs send, as types. Pure parsing: no I/O, no database, no clock.
//!
//! [`envelope`] is the frame in which everything arrives, [`bare_event`] what came before it, [`auth`] and [`dsn`] say who sends it,
//! [`accepted`] is how it is kept until it is processed. [`event`] is the error report; [`lenient`] is
//! how its fields survive being of the wrong type. [`security`] is what browsers report by themselves, [`category`] what
//! things are counted as, [`client_report`] what clients dropped themselves.
//!
//! Everything else is right or dropped, read by [`strict`]: [`session`], [`check_in`], [`transaction`], [`profile`],
//! [`replay`], and the [`container`] of log lines, metrics and spans, tied together by the ids of [`trace`].
//! [`crash`] is what is left of a process that died, [`integration`] what others' clients send.

pub mod accepted;
pub mod auth;
pub mod bare_event;
pub mod category;
pub mod check_in;
pub mod client_report;
pub mod container;
pub mod crash;
pub mod dsn;
pub mod envelope;
pub mod event;
pub mod integration;
pub mod lenient;
pub mod profile;
#[cfg(test)]
pub(crate) mod recorded;
pub mod replay;
pub mod security;
pub mod session;
pub mod strict;
pub mod trace;
pub mod transaction;
