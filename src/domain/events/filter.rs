//! Which events a list shows.
//!
//! Only what lies beside the payload can be asked for: environment, release, level, title, transaction,
//! user, id and time. Tags are counted per issue, so a search for one is a search for issues.

use crate::base::{EventId, PageRequest, Timestamp};
use crate::domain::query::{self, Expression, Filter, Key, Pattern, QueryError, Result, TimeRange};
use crate::protocol::event::Level;

/// What events to list, and which page of them.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// What events have to fulfil; see [`parse_query`].
    pub condition: Condition,
    /// From one of these environments; none means any. The empty name is "without environment".
    pub environments: Vec<String>,
    /// Happened then.
    pub period: TimeRange,
    /// Which page.
    pub page: PageRequest,
}

/// A condition on an event, ready to become SQL.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// Every part holds; without parts: always.
    All(Vec<Self>),
    /// At least one part holds; without parts: never.
    Any(Vec<Self>),
    /// The part does not hold.
    Not(Box<Self>),
    /// A text looks like this; a missing one is empty.
    Field(Field, Pattern),
    /// The level is this one.
    Level(Level),
    /// It happened within.
    Occurred(TimeRange),
    /// It is this one.
    Id(EventId),
}

impl Default for Condition {
    fn default() -> Self {
        Self::All(Vec::new())
    }
}

/// The texts of an event that can be searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// What the event is called.
    Title,
    /// The route or function that was served.
    Transaction,
    /// Where the program ran.
    Environment,
    /// Which build of it.
    Release,
    /// How the affected user is called.
    User,
}

/// Reads a search among events; relative times count from `now`.
///
/// # Errors
/// With a sentence for the person who wrote it.
pub fn parse_query(text: &str, now: Timestamp) -> Result<Condition> {
    meaning(query::parse(text)?, now)
}

fn meaning(expression: Expression, now: Timestamp) -> Result<Condition> {
    let all = |parts: Vec<Expression>| -> Result<Vec<Condition>> {
        parts.into_iter().map(|part| meaning(part, now)).collect()
    };
    Ok(match expression {
        Expression::All(parts) => Condition::All(all(parts)?),
        Expression::Any(parts) => Condition::Any(all(parts)?),
        Expression::Text(text) => match text.parse() {
            Ok(event_id) => Condition::Id(event_id),
            Err(_) => Condition::Field(Field::Title, Pattern::containing(&text)),
        },
        Expression::Filter(filter) => {
            let condition = condition(&filter, now)?;
            if filter.is_inverted() { Condition::Not(Box::new(condition)) } else { condition }
        }
    })
}

fn condition(filter: &Filter, now: Timestamp) -> Result<Condition> {
    let Key::Name(name) = &filter.key else { return Err(unanswerable(filter.key.name())) };
    Ok(match name.as_str() {
        "id" | "event.id" => any(filter, |id| {
            id.parse().map(Condition::Id).map_err(|_| QueryError(format!("`{id}` is no event id")))
        })?,
        "level" => any(filter, |word| {
            word.parse().map(Condition::Level).map_err(|()| {
                QueryError(format!("`level` is fatal, error, warning, info or debug, not `{word}`"))
            })
        })?,
        "timestamp" | "event.timestamp" | "date" => {
            Condition::Occurred(TimeRange::of(filter, now)?)
        }
        "has" => {
            let name = filter.only_value()?;
            let field = field(name).ok_or_else(|| unanswerable(name))?;
            Condition::Not(Box::new(Condition::Field(field, Pattern::Is(vec![String::new()]))))
        }
        "message" => {
            any(filter, |text| Ok(Condition::Field(Field::Title, Pattern::containing(text))))?
        }
        name => {
            let field = field(name).ok_or_else(|| unanswerable(name))?;
            Condition::Field(field, filter.pattern()?)
        }
    })
}

fn field(name: &str) -> Option<Field> {
    Some(match name {
        "title" => Field::Title,
        "transaction" => Field::Transaction,
        "environment" => Field::Environment,
        "release" => Field::Release,
        "user" | "user.display" | "user.id" | "user.email" | "user.username" | "user.ip" => {
            Field::User
        }
        _ => return None,
    })
}

fn any(filter: &Filter, one: impl Fn(&str) -> Result<Condition>) -> Result<Condition> {
    filter.values.iter().map(|value| one(value)).collect::<Result<_>>().map(Condition::Any)
}

fn unanswerable(name: &str) -> QueryError {
    QueryError(format!(
        "`{name}` cannot be searched among single events; search for issues instead"
    ))
}
