//! What stands behind the `?` (`web-api.md` §1.8). What nobody asks for is ignored: clients send more than
//! they need.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use chrono::TimeDelta;
use http::request::Parts;

use super::error::{Error, Result};
use crate::base::{PageRequest, Timestamp};
use crate::domain::issues::{Period, StatsPeriod};
use crate::domain::query::{self, QueryError};

/// The parameters of a request, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Parameters(Vec<(String, String)>);

impl<S: Sync> FromRequestParts<S> for Parameters {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> std::result::Result<Self, Infallible> {
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect()))
    }
}

impl Parameters {
    /// The last value of a parameter.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Every value of a parameter.
    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Every value of a parameter that is not empty.
    pub(super) fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.all(name).filter(|value| !value.is_empty())
    }

    /// Whether one of a repeated parameter's values is `word`: `collapse=stats`.
    pub(super) fn has(&self, name: &str, word: &str) -> bool {
        self.all(name).any(|value| value == word)
    }

    /// Whether a switch is on.
    pub(super) fn is_on(&self, name: &str) -> bool {
        matches!(self.get(name), Some("1" | "true" | "yes"))
    }

    /// Every parameter but the cursor, as links repeat them.
    pub(super) fn without_cursor(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        all.filter(|(name, _)| *name != "cursor")
    }

    /// Which page: `cursor`, and how many rows by `limit` or `per_page`, too many being brought to the most
    /// there can be.
    pub(super) fn page(&self) -> Result<PageRequest> {
        let cursor = match self.get("cursor") {
            None | Some("") => None,
            Some(text) => Some(text.parse()?),
        };
        for name in ["limit", "per_page"] {
            match self.get(name) {
                None | Some("") => {}
                Some(text) => {
                    let size: u64 = text.parse().map_err(|_| {
                        Error::BadRequest(format!("`{name}` needs a whole number, not `{text}`."))
                    })?;
                    return Ok(PageRequest::new(cursor, u16::try_from(size).unwrap_or(u16::MAX)));
                }
            }
        }
        Ok(PageRequest::new(cursor, u16::MAX))
    }

    /// The period that is asked for, by `statsPeriod` or by `start` and `end`; `None` if by neither.
    pub(super) fn period(&self, now: Timestamp) -> Result<Option<Period>> {
        if let Some(text) = self.get("statsPeriod").filter(|text| !text.is_empty()) {
            return ago("statsPeriod", text, now)
                .map(|since| Some(Period { since: Some(since), until: None }));
        }
        if let Some(text) = self.get("statsPeriodStart").filter(|text| !text.is_empty()) {
            let since = ago("statsPeriodStart", text, now)?;
            let until = match self.get("statsPeriodEnd").filter(|text| !text.is_empty()) {
                Some(text) => Some(ago("statsPeriodEnd", text, now)?),
                None => None,
            };
            return Ok(Some(Period { since: Some(since), until }));
        }
        match (self.moment("start")?, self.moment("end")?) {
            (None, None) => Ok(None),
            (Some(start), Some(end)) if start < end => {
                Ok(Some(Period { since: Some(start), until: Some(end) }))
            }
            (Some(_), Some(_)) => {
                Err(Error::BadRequest("`start` must be before `end`.".to_owned()))
            }
            _ => Err(Error::BadRequest("`start` and `end` come together.".to_owned())),
        }
    }

    /// A length of time such as `24h`.
    pub(super) fn length(&self, name: &str) -> Result<Option<TimeDelta>> {
        let Some(text) = self.get(name).filter(|text| !text.is_empty()) else { return Ok(None) };
        let length = query::duration(text).ok_or_else(|| {
            let problem =
                format!("`{name}` is a length of time such as `24h` or `14d`, not `{text}`.");
            Error::BadRequest(problem)
        })?;
        Ok(Some(length))
    }

    fn moment(&self, name: &str) -> Result<Option<Timestamp>> {
        let Some(text) = self.get(name).filter(|text| !text.is_empty()) else { return Ok(None) };
        // A day is where it begins, as everywhere in ISO 8601.
        let moment = query::moment(text).or_else(|| query::midnight(text)).ok_or_else(|| {
            Error::BadRequest(format!("`{name}` is no date in ISO 8601: `{text}`."))
        })?;
        Ok(Some(moment))
    }

    /// The environments; the empty name is "without environment".
    pub(super) fn environments(&self) -> Vec<String> {
        self.all("environment").map(ToOwned::to_owned).collect()
    }

    /// The search as text; `None` if there is no such parameter.
    pub(super) fn query(&self) -> Option<&str> {
        self.get("query")
    }

    /// Over which time the small charts go.
    pub(super) fn stats_period(&self) -> Result<StatsPeriod> {
        match self.get("groupStatsPeriod") {
            None | Some("" | "24h" | "auto") => Ok(StatsPeriod::Day),
            Some("14d") => Ok(StatsPeriod::Fortnight),
            Some("30d") => Ok(StatsPeriod::Month),
            Some(_) => Err(Error::invalid("groupStatsPeriod", "Choose 24h, 14d, 30d or auto.")),
        }
    }
}

fn ago(name: &str, text: &str, now: Timestamp) -> Result<Timestamp> {
    let moment = query::duration(text).and_then(|length| now.checked_sub_signed(length));
    moment
        .ok_or_else(|| {
            QueryError(format!("`{name}` is a length of time such as `24h` or `14d`, not `{text}`"))
        })
        .map_err(|QueryError(problem)| Error::BadRequest(format!("{problem}.")))
}
