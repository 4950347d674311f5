//! What a query means for issues (`web-api.md` §4.2): every key as a [`Condition`].
//!
//! Keys that nobody defined are tags. Keys that clients know and Picket cannot answer from what it stores
//! are errors that say so: a search that silently finds nothing is worse.

mod condition;
mod keys;
#[cfg(test)]
mod tests;

pub use condition::{Condition, Field, OfRelease};

use crate::base::Timestamp;
use crate::domain::query::{self, Expression, Pattern, Result};

/// Reads a search; relative times count from `now`.
///
/// # Errors
/// With a sentence for the person who wrote it.
pub fn parse(text: &str, now: Timestamp) -> Result<Condition> {
    meaning(query::parse(text)?, now)
}

fn meaning(expression: Expression, now: Timestamp) -> Result<Condition> {
    let all = |parts: Vec<Expression>| -> Result<Vec<Condition>> {
        parts.into_iter().map(|part| meaning(part, now)).collect()
    };
    Ok(match expression {
        Expression::All(parts) => Condition::All(all(parts)?),
        Expression::Any(parts) => Condition::Any(all(parts)?),
        Expression::Text(text) => text_condition(&text),
        Expression::Filter(filter) => {
            let condition = keys::condition(&filter, now)?;
            if filter.is_inverted() { Condition::Not(Box::new(condition)) } else { condition }
        }
    })
}

/// An event's id finds its issue; anything else is looked for in what the list shows.
fn text_condition(text: &str) -> Condition {
    match text.parse() {
        Ok(event_id) => Condition::Event(event_id),
        Err(_) => Condition::Words(Pattern::containing(text)),
    }
}
