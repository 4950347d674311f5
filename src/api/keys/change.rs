//! Making, changing and deleting keys (`web-api.md` §2.6, §3.4).
//!
//! Programs that keep settings in files compare what they read with what they wrote, so what would be
//! forgotten is refused and not accepted without effect.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use super::views::KeyView;
use crate::api::json::{Body, Json};
use crate::api::place::InProject;
use crate::api::{Error, Result};
use crate::app::App;
use crate::domain::projects::{self, KeyChange};

/// A key as a program wants it; what is not named stays.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::api) struct KeyBody {
    name: Option<String>,
    is_active: Option<bool>,
    /// `null` takes the limit away.
    #[expect(clippy::option_option, reason = "absent, null and a limit are three things")]
    #[serde(deserialize_with = "crate::api::json::present")]
    rate_limit: Option<Option<RateLimitBody>>,
    browser_sdk_version: Option<String>,
    dynamic_sdk_loader_options: Option<Value>,
}

/// So many error events in so many seconds; nothing of either is no limit.
#[derive(Debug, Deserialize)]
struct RateLimitBody {
    count: Option<u64>,
    window: Option<u32>,
}

impl KeyBody {
    fn parse(self) -> Result<KeyChange> {
        if self.browser_sdk_version.is_some_and(|version| version != "latest") {
            let problem = "Picket serves no loader script, so only `latest` can be chosen.";
            return Err(Error::invalid("browserSdkVersion", problem));
        }
        if self.dynamic_sdk_loader_options.as_ref().is_some_and(asks_for_something) {
            let problem = "Picket serves no loader script, so nothing can be switched on.";
            return Err(Error::invalid("dynamicSdkLoaderOptions", problem));
        }
        let errors = self.rate_limit.map(|limit| windows(limit.as_ref())).transpose()?;
        Ok(KeyChange { label: self.name, is_active: self.is_active, errors })
    }
}

fn asks_for_something(options: &Value) -> bool {
    let is_nothing = |value: &Value| matches!(value, Value::Null | Value::Bool(false));
    match options {
        Value::Object(options) => !options.values().all(is_nothing),
        other => !other.is_null(),
    }
}

/// The limits of a minute and of an hour: the wire has room for one of them.
fn windows(limit: Option<&RateLimitBody>) -> Result<(Option<u64>, Option<u64>)> {
    let set = limit.and_then(|limit| Some((limit.count?, limit.window?)));
    match set {
        None | Some((0, _) | (_, 0)) => Ok((None, None)),
        Some((count, 60)) => Ok((Some(count), None)),
        Some((count, 3600)) => Ok((None, Some(count))),
        Some(_) => {
            let problem = "Choose a window of 60 or 3600 seconds.";
            Err(Error::invalid("rateLimit", problem))
        }
    }
}

/// Makes a key.
pub(in crate::api) async fn create_key(
    State(app): State<App>,
    place: InProject,
    Body(body): Body<KeyBody>,
) -> Result<Response> {
    let key = projects::create_key_with(&app, place.project.id, &body.parse()?).await;
    let key = key.map_err(in_words_of_the_wire)?;
    Ok((StatusCode::CREATED, Json(KeyView::new(key, &app))).into_response())
}

/// Changes a key.
pub(in crate::api) async fn update_key(
    State(app): State<App>,
    place: InProject,
    Body(body): Body<KeyBody>,
) -> Result<Json<KeyView>> {
    let public_key = place.path.get("key")?;
    let key = projects::change_key(&app, place.project.id, public_key, &body.parse()?).await;
    Ok(Json(KeyView::new(key.map_err(in_words_of_the_wire)?, &app)))
}

/// Deletes a key; a project's last one stays.
pub(in crate::api) async fn delete_key(
    State(app): State<App>,
    place: InProject,
) -> Result<StatusCode> {
    projects::delete_key(&app, place.project.id, place.path.get("key")?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What is called otherwise here than on our pages.
fn in_words_of_the_wire(error: crate::domain::Error) -> Error {
    match Error::from(error) {
        Error::Invalid { field: "label", problem } => Error::Invalid { field: "name", problem },
        Error::Invalid { field, problem } if field != "name" => {
            Error::Invalid { field: "rateLimit", problem }
        }
        other => other,
    }
}
