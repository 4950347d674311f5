//! The commands, as somebody types them.

mod demo;
