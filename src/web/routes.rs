//! Every page and form, and who may use it.

use std::any::Any;
use std::fmt;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, any};
use http::StatusCode;
use tower_http::catch_panic::CatchPanicLayer;

use super::error::{Error, Report};
use super::{assets, session, visit};
use crate::app::App;
use crate::infra::http::{Routes, headers};

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Files without anybody's data; nobody is asked who they are.
    Asset,
    /// Everybody, signed in or not.
    Public,
    /// Whoever has an account.
    SignedIn,
    /// Members of the organization in the path.
    Member,
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Asset => "asset",
            Self::Public => "public",
            Self::SignedIn => "signed in",
            Self::Member => "member",
        })
    }
}

/// The table.
#[rustfmt::skip]
pub fn routes() -> Routes<App, Access> {
    Routes::new()
        .get (assets::ASSET_PATH,  Access::Asset, assets::show_asset)
}

/// The pages as a router, with the check of every route's access in front of it.
pub fn router(app: App) -> Router {
    let lost = any(async || Error::NotFound);
    let wrong_method = any(async || Error::WrongMethod);
    routes()
        .into_router(|access, handler| guard(&app, access, handler))
        .fallback(guard(&app, Access::Public, lost))
        .method_not_allowed_fallback(guard(&app, Access::Public, wrong_method))
        .with_state(app)
}

/// Outermost first: headers, who is looking, a page for panics, the access.
fn guard(app: &App, access: Access, handler: MethodRouter<App>) -> MethodRouter<App> {
    let checked = match access {
        Access::Asset => return handler.layer(from_fn(headers::secure)),
        Access::Public => handler,
        Access::SignedIn => handler.layer(from_fn(session::require_sign_in)),
        Access::Member => {
            handler.layer(from_fn_with_state(app.clone(), session::require_membership))
        }
    };
    checked
        .layer(CatchPanicLayer::custom(page_for_panic))
        .layer(from_fn_with_state(app.clone(), visit::visit))
        .layer(from_fn(headers::secure))
}

/// A handler that panicked is a bug of ours; the person gets a page, the log the words.
fn page_for_panic(panic: Box<dyn Any + Send>) -> Response {
    let words = panic.downcast::<String>().map_or_else(
        |panic| {
            panic.downcast::<&str>().map_or_else(|_| String::new(), |words| (*words).to_owned())
        },
        |words| *words,
    );
    let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
    response.extensions_mut().insert(Report::panicked(format!("panicked: {words}")));
    response
}
