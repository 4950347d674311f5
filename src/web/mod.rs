//! Pages for people.
//!
//! # Adding a page
//! View and handler in `web/<noun>/<page>.rs` → template with the same path → line in `routes.rs` →
//! `sample()` → flow test in `tests/it/web/<noun>.rs` → accept the route snapshot. Parts that pages share
//! are macros in `templates/components/`; colours and sizes are custom properties in `static/css/tokens.css`.

pub mod assets;
pub mod components;
