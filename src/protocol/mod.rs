//! What SDKs send, as types. Pure parsing: no I/O, no database, no clock.
//!
//! [`event`] is the error report; [`lenient`] is how its fields survive being of the wrong type.

pub mod event;
pub mod lenient;
