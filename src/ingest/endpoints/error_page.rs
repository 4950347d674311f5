//! `/api/embed/error-page/`: the dialog that clients show with `showReportDialog` (`protocol.md` §1.9).
//!
//! The page loads a script from here, the script shows a form, and the form comes back here as a user
//! report, which goes the way of every envelope.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::{Ingest, keep};
use crate::base::EventId;
use crate::ingest::Error;
use crate::ingest::authenticate::{self, Sender};
use crate::ingest::body::{self, Received};
use crate::protocol::accepted::SPARE_BYTES;
use crate::protocol::auth::{Credentials, PublicKey};
use crate::protocol::dsn::Dsn;
use crate::protocol::envelope::{EnvelopeHeader, ItemHeader, ItemType, write_header, write_item};

/// Shows the form; a function that takes its texts.
const SCRIPT: &str = include_str!("error_page.js");

/// The most bytes of a form: three fields.
const MAX_FORM_BYTES: usize = 64 * 1024;

/// The texts of the form, which a page may replace.
const TEXTS: [(&str, &str); 12] = [
    ("title", "It looks like something went wrong."),
    ("subtitle", "The people who run this have been told."),
    ("subtitle2", "If you would like to help, say what happened below."),
    ("labelName", "Name"),
    ("labelEmail", "E-mail"),
    ("labelComments", "What happened?"),
    ("labelClose", "Close"),
    ("labelSubmit", "Send"),
    ("errorGeneric", "Your words could not be sent. Please try again."),
    (
        "errorFormEntry",
        "Some fields are not filled in as they should be. Please look at them again.",
    ),
    ("successMessage", "Your words have been sent. Thank you!"),
    ("lang", "en"),
];

/// The form's fields, and the most characters of each.
const FIELDS: [(&str, usize); 3] = [("name", 128), ("email", 75), ("comments", 4096)];

/// Why there is no dialog.
#[derive(Debug)]
pub(in crate::ingest) enum Refusal {
    /// The event is not named.
    Event,
    /// The DSN is none, or not of here.
    Dsn,
    /// Fields that are not as they should be, with what is wrong.
    Fields(Map<String, Value>),
    /// As everywhere at the front door.
    Ingest(Error),
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error {
            Error::ProjectRejected | Error::BadDsn => Self::Dsn,
            error => Self::Ingest(error),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, body) = match self {
            Self::Ingest(error) => return error.into_response(),
            Self::Event => {
                (StatusCode::BAD_REQUEST, json!({"eventId": "Missing or invalid parameter."}))
            }
            Self::Dsn => (StatusCode::NOT_FOUND, json!({"dsn": "Missing or invalid parameter."})),
            Self::Fields(fields) => (StatusCode::BAD_REQUEST, json!({ "errors": fields })),
        };
        (status, [(CONTENT_TYPE, "application/json")], body.to_string()).into_response()
    }
}

/// Answers the script that shows the form.
pub(in crate::ingest) async fn show_dialog(
    State(ingest): State<Ingest>,
    request: Request,
) -> Result<Response, Refusal> {
    let (request, _) = request.into_parts();
    let query = Query::of(&request);
    query.event_id()?;
    query.sender(&ingest, &request).await?;
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("text/javascript; charset=utf-8")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    let endpoint = ingest.app.config.server.base_url();
    Ok((headers, script(&query, &request, &endpoint)).into_response())
}

/// Accepts what was written.
pub(in crate::ingest) async fn receive_report(
    State(ingest): State<Ingest>,
    request: Request,
) -> Result<(), Refusal> {
    let (request, mut body) = request.into_parts();
    let result = receive(&ingest, &request, &mut body).await;
    body::passed_on(&ingest, &request, body, result).await
}

async fn receive(ingest: &Ingest, request: &Parts, body: &mut Body) -> Result<(), Refusal> {
    let query = Query::of(request);
    let event_id = query.event_id()?;
    let sender = query.sender(ingest, request).await?;
    let received = body::receive(ingest, &request.headers, body, MAX_FORM_BYTES).await;
    let Received { bytes: form, memory } = match received {
        // An empty form is a form with nothing filled in.
        Err(Error::EmptyBody) => Received { bytes: Vec::new(), memory: ingest.memory.reserve() },
        received => received?,
    };
    let report = report(event_id, &form).map_err(Refusal::Fields)?;
    let mut bytes = Vec::with_capacity(report.len() + SPARE_BYTES);
    let header = EnvelopeHeader { event_id: Some(event_id), ..EnvelopeHeader::default() };
    write_header(&mut bytes, &header);
    write_item(&mut bytes, &ItemHeader::new(ItemType::UserReport), report.as_bytes());
    keep(ingest, request, Some(sender), Received { bytes, memory }).await?;
    Ok(())
}

/// What stands behind the `?`.
struct Query(Vec<(String, String)>);

impl Query {
    fn of(request: &Parts) -> Self {
        let query = request.uri.query().unwrap_or_default();
        Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    fn get(&self, name: &str) -> Option<&str> {
        value(&self.0, name)
    }

    fn event_id(&self) -> Result<EventId, Refusal> {
        self.get("eventId").and_then(|id| id.parse().ok()).ok_or(Refusal::Event)
    }

    async fn sender(&self, ingest: &Ingest, request: &Parts) -> Result<Sender, Refusal> {
        let dsn: Option<Dsn> = self.get("dsn").and_then(|dsn| dsn.parse().ok());
        let dsn = dsn.ok_or(Refusal::Dsn)?;
        let public_key = PublicKey::parse(&dsn.public_key).ok_or(Refusal::Dsn)?;
        let credentials = Credentials { public_key, client: None };
        Ok(authenticate::authorize(ingest, request, Some(dsn.project_id), credentials).await?)
    }
}

fn value<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// The script with its texts, which come from the page and stay texts.
fn script(query: &Query, request: &Parts, server: &str) -> String {
    let mut config = Map::new();
    for (name, usual) in TEXTS {
        let text = query.get(name).filter(|text| !text.is_empty()).unwrap_or(usual);
        config.insert(name.to_owned(), text.into());
    }
    for name in ["name", "email"] {
        config.insert(name.to_owned(), query.get(name).unwrap_or_default().into());
    }
    let path = request.uri.path_and_query().map_or("", |path| path.as_str());
    config.insert("endpoint".to_owned(), format!("{}{path}", server.trim_end_matches('/')).into());
    // Should a page put it inside of `<script>`, nothing in it ends that.
    let config = Value::Object(config).to_string().replace('<', "\\u003c");
    let config = config.replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029");
    format!("{}({config});\n", SCRIPT.trim_end())
}

/// The report as JSON, or what is wrong with the form.
fn report(event_id: EventId, form: &[u8]) -> Result<String, Map<String, Value>> {
    let form: Vec<(String, String)> = form_urlencoded::parse(form).into_owned().collect();
    let mut problems = Map::new();
    let mut report = json!({ "event_id": event_id.to_string() });
    for (name, most) in FIELDS {
        let text = value(&form, name).unwrap_or_default().trim();
        let problem = match text.chars().count() {
            0 => Some("This field is required.".to_owned()),
            count if count > most => Some(format!("At most {most} characters fit here.")),
            _ if name == "email" && !is_address(text) => {
                Some("Enter a valid email address.".to_owned())
            }
            _ => None,
        };
        if let Some(problem) = problem {
            problems.insert(name.to_owned(), json!([problem]));
        }
        report[name] = text.into();
    }
    if problems.is_empty() { Ok(report.to_string()) } else { Err(problems) }
}

/// Whether a text looks like an address.
fn is_address(text: &str) -> bool {
    let is_word =
        |part: &str| !part.is_empty() && !part.contains(|c: char| c.is_whitespace() || c == '@');
    text.split_once('@').is_some_and(|(name, host)| {
        is_word(name)
            && is_word(host)
            && host.contains('.')
            && !host.starts_with('.')
            && !host.ends_with('.')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_says_what_is_wrong_with_each_field() {
        let id = EventId::random();
        let problems = |form: &str| {
            let problems = report(id, form.as_bytes()).err().unwrap_or_default();
            problems.keys().cloned().collect::<Vec<_>>()
        };
        let long = "x".repeat(129);
        assert_eq!(problems("name=A&email=a%40b.c&comments=x"), <[&str; 0]>::default());
        assert_eq!(problems(""), ["comments", "email", "name"]);
        assert_eq!(problems(&format!("name={long}&email=a%40b.c&comments=x")), ["name"]);
        for email in ["a", "a@", "@b.c", "a@b", "a@b.", "a b@c.d", "a@b@c.d"] {
            let email: String = form_urlencoded::byte_serialize(email.as_bytes()).collect();
            assert_eq!(problems(&format!("name=A&email={email}&comments=x")), ["email"], "{email}");
        }
    }
}
