//! What every face needs to speak HTTP: the table of routes, cookies, headers, who is calling.
//!
//! Generic over the face's state and access, because nothing here knows the product.

pub mod client_address;
pub mod cookies;
pub mod download;
pub mod headers;
pub mod routes;

pub use client_address::client_address;
pub use headers::Nonce;
pub use routes::{RouteLine, Routes};
