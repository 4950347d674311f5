//! JSON in and out.

use std::fmt::Display;

use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderValue, header};
use http_body_util::{BodyExt, Limited};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

use super::error::{self, Error};
use crate::protocol::lenient::{is_suspicious, repair};

/// The largest body in KiB, unless an endpoint takes more: a change of a thousand issues takes a fraction of it.
const MAX_BODY_KIB: usize = 256;

/// An answer in JSON.
#[derive(Debug)]
pub(super) struct Json<T>(pub(super) T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => raw(body),
            Err(problem) => error::internal(&problem),
        }
    }
}

/// An answer that is JSON already. What a client sent and nobody looked into is made fit for parsers that
/// are stricter than ours.
pub(super) fn raw(body: impl Into<Bytes>) -> Response {
    let mut body = body.into();
    if is_suspicious(&body) {
        body = repair(&body).into();
    }
    // Without a charset: sentry-cli compares the whole word.
    let kind = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, kind)], body).into_response()
}

/// A request's body. Nothing is read as an empty object, so that a `PUT` without a body is a `PUT` of nothing.
#[derive(Debug)]
pub(super) struct Body<T, const MAX_KIB: usize = MAX_BODY_KIB>(pub(super) T);

impl<S: Sync, T: DeserializeOwned, const MAX_KIB: usize> FromRequest<S> for Body<T, MAX_KIB> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self, Error> {
        let body = Limited::new(request.into_body(), MAX_KIB << 10);
        let bytes = body.collect().await.map_err(|problem| {
            if problem.is::<http_body_util::LengthLimitError>() {
                Error::TooLarge
            } else {
                Error::BadRequest("The body could not be read.".to_owned())
            }
        })?;
        let bytes = bytes.to_bytes();
        let json = if bytes.is_empty() { b"{}".as_slice() } else { &bytes };
        // A list would be read as the fields in their order.
        if json.trim_ascii_start().starts_with(b"[") {
            return Err(Error::BadRequest("JSON parse error - expected an object".to_owned()));
        }
        read(json).map(Self)
    }
}

fn read<T: DeserializeOwned>(json: &[u8]) -> Result<T, Error> {
    let malformed =
        |problem: &dyn Display| Error::BadRequest(format!("JSON parse error - {problem}"));
    let mut reader = serde_json::Deserializer::from_slice(json);
    let body = serde_path_to_error::deserialize(&mut reader).map_err(|problem| {
        let path = problem.path().to_string();
        let problem = problem.into_inner();
        if problem.is_data() { unusable(&path, &problem) } else { malformed(&problem) }
    })?;
    reader.end().map_err(|problem| malformed(&problem))?;
    Ok(body)
}

/// A body that is JSON and not what is asked for, by the name of the field that is wrong.
fn unusable(path: &str, problem: &serde_json::Error) -> Error {
    let words = problem.to_string();
    // Where it stands in the text says nothing to whoever made it from values.
    let words = words.split(" at line ").next().unwrap_or_default();
    let missing = words.strip_prefix("missing field `").and_then(|rest| rest.strip_suffix('`'));
    // Fields that are read by a flattening have no path.
    let (path, missing) = (path.trim_start_matches(['.', '?']), missing.unwrap_or_default());
    let field = if path.is_empty() { missing } else { path };
    let field = field.split(['.', '[']).next().filter(|field| !field.is_empty());
    let problem = match (missing, path) {
        ("", "") => format!("It cannot be read: {words}."),
        ("", path) => format!("`{path}` cannot be read: {words}."),
        (_, "") => "This field is required.".to_owned(),
        (missing, path) => format!("`{path}` needs `{missing}`."),
    };
    Error::Unreadable { field: field.unwrap_or("nonFieldErrors").to_owned(), problem }
}

/// Tells `null` from absent: with `#[serde(default)]` on the field, absent is `None` and `null` is `Some(None)`.
pub(super) fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize)]
    struct Parcel {
        #[serde(default)]
        count: i64,
        #[serde(default)]
        items: Vec<Item>,
        to: String,
    }

    #[derive(Debug, Deserialize)]
    struct Item {
        name: String,
    }

    fn problem(json: &str) -> String {
        read::<Parcel>(json.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn what_is_wrong_with_a_body_is_said_of_its_field() {
        let read = read::<Parcel>(br#"{"to": "x", "items": [{"name": "a"}]} "#).unwrap();
        assert_eq!((read.count, read.items[0].name.as_str(), read.to.as_str()), (0, "a", "x"));
        for (json, expected) in [
            ("{}", "to: This field is required."),
            (r#"{"to": "x", "items": [{}]}"#, "items: `items[0]` needs `name`."),
            (
                r#"{"to": 5}"#,
                "to: `to` cannot be read: invalid type: integer `5`, expected a string.",
            ),
            (
                "7",
                "nonFieldErrors: It cannot be read: invalid type: integer `7`, expected struct Parcel.",
            ),
            (r#"{"to"#, "JSON parse error - EOF while parsing a string at line 1 column 4"),
            (r#"{"to": "x"} y"#, "JSON parse error - trailing characters at line 1 column 13"),
        ] {
            assert_eq!(problem(json), expected, "{json}");
        }
    }
}
