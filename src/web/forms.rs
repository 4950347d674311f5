//! What people type into forms.

use axum::extract::{DefaultBodyLimit, FromRequest, FromRequestParts, Request};
use http::request::Parts;
use serde::de::DeserializeOwned;

use super::csrf::MAX_FORM_BYTES;
use super::error::{Error, Result};
use crate::domain;

/// The fields of a submitted form. Repeated fields fill a `Vec`.
#[derive(Debug)]
pub struct Form<T>(pub T);

impl<T, S> FromRequest<S> for Form<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request(mut request: Request, state: &S) -> Result<Self> {
        DefaultBodyLimit::max(MAX_FORM_BYTES).apply(&mut request);
        match axum_extra::extract::Form::from_request(request, state).await {
            Ok(axum_extra::extract::Form(fields)) => Ok(Self(fields)),
            // Our own pages send what their handlers read, so this is somebody's own request.
            Err(rejection) => Err(Error::BadRequest(format!("The form does not fit: {rejection}"))),
        }
    }
}

/// What follows the `?` of an address. Repeated names fill a `Vec`.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T, S> FromRequestParts<S> for Query<T>
where
    T: DeserializeOwned,
    S: Send + Sync,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
        match axum_extra::extract::Query::from_request_parts(parts, state).await {
            Ok(axum_extra::extract::Query(values)) => Ok(Self(values)),
            Err(rejection) => {
                Err(Error::BadRequest(format!("The address does not fit: {rejection}")))
            }
        }
    }
}

/// What is wrong with a form: a field and a sentence. Empty while nothing is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problem {
    field: &'static str,
    text: String,
}

impl Problem {
    /// A problem with one field, or with the whole form if `field` is empty.
    pub fn new(field: &'static str, text: impl Into<String>) -> Self {
        Self { field, text: text.into() }
    }

    /// The sentence about this field, or nothing; for templates: `problem=problem.of("name")`.
    pub fn of(&self, field: &str) -> &str {
        if self.field == field { &self.text } else { "" }
    }

    /// The sentence about the form as a whole, or nothing.
    pub fn of_form(&self) -> &str {
        self.of("")
    }

    /// What the person can mend in the form they sent; every other error goes on to its own page.
    pub fn from_error(error: domain::Error) -> Result<Self> {
        match error {
            domain::Error::Invalid { field, problem } => Ok(Self::new(field, problem)),
            domain::Error::Conflict(text) | domain::Error::LimitReached(text) => {
                Ok(Self::new("", text))
            }
            other => Err(other.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_stands_at_its_field_or_above_the_form() {
        let problem = Problem::from_error(domain::Error::invalid("name", "Too long.")).unwrap();
        assert_eq!(
            (problem.of("name"), problem.of("email"), problem.of_form()),
            ("Too long.", "", "")
        );
        let problem = Problem::from_error(domain::Error::Conflict("Taken.".to_owned())).unwrap();
        assert_eq!((problem.of("name"), problem.of_form()), ("", "Taken."));
        assert_eq!(Problem::default().of_form(), "");
        assert!(Problem::from_error(domain::Error::NotFound).is_err());
    }
}
