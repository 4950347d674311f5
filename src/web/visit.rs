//! Who is looking: what is known about every request before a page is asked for.
//!
//! [`visit`] stands in front of every route but the assets. It finds the session, refuses forged forms,
//! hands a [`Visit`] on, and on the way back turns errors into pages and changes into cookies, so that
//! cookie names and lifetimes are in one place.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::csrf;
use super::error::{Error, Report, SignInFirst};
use super::page::{Shell, ShellUser};
use super::redirect::{Flash, SessionChange};
use crate::app::App;
use crate::base::secrets;
use crate::domain::accounts::sessions::{self, Browser};
use crate::domain::accounts::{Session, User};
use crate::infra::http::cookies::Cookies;
use crate::infra::http::{Nonce, client_address};

/// Holds the session's secret.
const SESSION_COOKIE: &str = "picket_session";

/// Holds the secret from which the forms of people who are not signed in take their token.
const VISITOR_COOKIE: &str = "picket_visitor";

/// Carries a sentence over to the next page.
const FLASH_COOKIE: &str = "picket_flash";

/// As long as browsers keep any cookie; the server decides when a session is over.
const SESSION_COOKIE_SECONDS: u32 = 400 * 24 * 3600;

/// A sign-in page that was left open over a weekend or a holiday still works.
const VISITOR_COOKIE_SECONDS: u32 = 30 * 24 * 3600;

/// Long enough for a slow next page.
const FLASH_COOKIE_SECONDS: u32 = 60;

/// The longest sentence carried over.
const MAX_FLASH_CHARS: usize = 300;

/// What is known about a request.
#[derive(Clone, Debug)]
pub struct Visit {
    /// Who is signed in, and with which browser.
    pub signed_in: Option<(User, Session)>,
    /// Where the request comes from.
    pub client_address: IpAddr,
    /// What the browser calls itself; empty if it does not.
    pub user_agent: String,
    /// Whether htmx asks for a part of a page.
    pub is_fragment: bool,
    nonce: String,
    secret: String,
    has_secret: bool,
    flash: String,
}

impl Visit {
    /// The browser, as a session keeps it.
    pub(super) fn browser(&self) -> Browser {
        Browser { user_agent: self.user_agent.clone(), ip_address: self.client_address.to_string() }
    }

    /// The shell of a page for whoever is looking, outside of any organization.
    pub fn shell(&self) -> Shell {
        Shell {
            nonce: self.nonce.clone(),
            csrf: csrf::token(&self.secret),
            user: self
                .signed_in
                .as_ref()
                .map(|(user, _)| ShellUser { name: user.name.clone(), email: user.email.clone() }),
            flash: self.flash.clone(),
            ..Shell::default()
        }
    }

    /// Nobody in particular, for rendering templates in tests.
    #[cfg(test)]
    pub(super) fn sample() -> Self {
        Self {
            signed_in: None,
            client_address: IpAddr::V4(Ipv4Addr::LOCALHOST),
            user_agent: String::new(),
            is_fragment: false,
            nonce: "nonce".to_owned(),
            secret: "secret".to_owned(),
            has_secret: true,
            flash: String::new(),
        }
    }

    /// What can be said without asking the database.
    fn anonymous(app: &App, request: &Request) -> Self {
        let headers = request.headers();
        let is_fragment = headers.contains_key("hx-request");
        // A part of a page has no place for it; the next whole page does.
        let flash = cookies(app).get(headers, FLASH_COOKIE).filter(|_| !is_fragment);
        Self {
            signed_in: None,
            client_address: address(app, request),
            user_agent: text(headers, header::USER_AGENT.as_str()).unwrap_or_default().to_owned(),
            is_fragment,
            nonce: request
                .extensions()
                .get::<Nonce>()
                .map_or_else(String::new, |n| n.0.to_string()),
            secret: String::new(),
            has_secret: true,
            flash: flash
                .map(|flash| percent_decode_str(flash).decode_utf8_lossy().into_owned())
                .unwrap_or_default(),
        }
    }

    /// Adds who is signed in, and the secret that forms are tied to.
    async fn identify(&mut self, app: &App, secrets_sent: SentSecrets) -> Result<(), Error> {
        if let Some(secret) = secrets_sent.session {
            self.signed_in = sessions::resume(app, &secret).await?;
            if self.signed_in.is_some() {
                self.secret = secret;
                return Ok(());
            }
        }
        self.has_secret = secrets_sent.visitor.is_some();
        self.secret = secrets_sent.visitor.unwrap_or_else(secrets::random_hex::<32>);
        Ok(())
    }
}

/// The secrets in a request's cookies.
struct SentSecrets {
    session: Option<String>,
    visitor: Option<String>,
}

impl SentSecrets {
    fn read(app: &App, headers: &HeaderMap) -> Self {
        let secret = |name| {
            cookies(app).get(headers, name).filter(|secret| secret.len() == 64).map(str::to_owned)
        };
        Self { session: secret(SESSION_COOKIE), visitor: secret(VISITOR_COOKIE) }
    }
}

/// Finds out who is looking, hands that on, and finishes the answer.
pub(super) async fn visit(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let line = format!("{} {}", request.method(), request.uri().path());
    let secrets_sent = SentSecrets::read(&app, request.headers());
    let mut visit = Visit::anonymous(&app, &request);
    if let Err(error) = visit.identify(&app, secrets_sent).await {
        return finish(&app, &visit, error.into_response(), &line);
    }
    let base_url = app.config.server.base_url();
    let response = match csrf::check(request, &visit.secret, &base_url).await {
        Ok(checked) => {
            request = checked;
            request.extensions_mut().insert(visit.clone());
            next.run(request).await
        }
        Err(error) => error.into_response(),
    };
    finish(&app, &visit, response, &line)
}

fn finish(app: &App, visit: &Visit, mut response: Response, line: &str) -> Response {
    if let Some(SignInFirst(next)) = response.extensions_mut().remove() {
        response = to_sign_in(visit, &next);
    } else if let Some(report) = response.extensions_mut().remove::<Report>() {
        let retry_after = response.headers_mut().remove(header::RETRY_AFTER);
        response = report.into_page(visit.shell(), visit.is_fragment, &line);
        if let Some(seconds) = retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
    }
    for cookie in new_cookies(cookies(app), visit, &response).into_iter().flatten() {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// Sends somebody to sign in and back. htmx would swap the sign-in page into the part it asked for, so it
/// is told to load the page anew.
fn to_sign_in(visit: &Visit, next: &str) -> Response {
    let query = utf8_percent_encode(next, NON_ALPHANUMERIC);
    let to = HeaderValue::try_from(format!("/sign-in?next={query}"))
        .expect("percent-encoded text is allowed in headers");
    if visit.is_fragment {
        (StatusCode::UNAUTHORIZED, [("hx-redirect", to)]).into_response()
    } else {
        (StatusCode::SEE_OTHER, [(header::LOCATION, to)]).into_response()
    }
}

fn new_cookies(cookies: Cookies, visit: &Visit, response: &Response) -> [Option<HeaderValue>; 3] {
    let session = match response.extensions().get() {
        Some(SessionChange::Start(secret)) => {
            cookies.set(SESSION_COOKIE, secret, SESSION_COOKIE_SECONDS)
        }
        Some(SessionChange::End) => cookies.remove(SESSION_COOKIE),
        None => None,
    };
    let visitor = if visit.has_secret {
        None
    } else {
        cookies.set(VISITOR_COOKIE, &visit.secret, VISITOR_COOKIE_SECONDS)
    };
    let flash = match response.extensions().get() {
        Some(Flash(text)) => {
            let short: String = text.chars().take(MAX_FLASH_CHARS).collect();
            let encoded = utf8_percent_encode(&short, NON_ALPHANUMERIC).to_string();
            cookies.set(FLASH_COOKIE, &encoded, FLASH_COOKIE_SECONDS)
        }
        // Shown once: by a page, not by a redirect on the way to it.
        None if !visit.flash.is_empty() && !response.status().is_redirection() => {
            cookies.remove(FLASH_COOKIE)
        }
        None => None,
    };
    [session, visitor, flash]
}

fn cookies(app: &App) -> Cookies {
    Cookies { is_https: app.config.server.is_https() }
}

fn address(app: &App, request: &Request) -> IpAddr {
    let peer = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |ConnectInfo(peer)| peer.ip());
    client_address(request.headers(), peer, app.config.server.trusted_proxies)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

impl<S: Send + Sync> FromRequestParts<S> for Visit {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        parts.extensions.get().cloned().ok_or_else(|| missing("visit"))
    }
}

/// A handler asks for what its route's access does not give: a bug that the first request shows.
pub(super) fn missing(what: &str) -> Error {
    Error::Other(anyhow::anyhow!("the route's access gives its handler no {what}"))
}
