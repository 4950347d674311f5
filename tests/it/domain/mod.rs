//! The product's nouns on a real database.

mod moves;
