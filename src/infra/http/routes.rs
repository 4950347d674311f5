//! The table of a face's routes: method, path, who may use it, handler.
//!
//! Stating the access is part of stating a route, and the face turns every statement into a check when the
//! table becomes a router, so a handler cannot be reached past it. The statements can be listed, which
//! lets a test show every new or opened route in review.
//!
//! ```ignore
//! #[rustfmt::skip]
//! pub fn routes() -> Routes<App, Access> {
//!     Routes::new()
//!         .get (IssueListPath::PATH, Access::Member, issues::list::show_issue_list)
//!         .post(SignInPath::PATH,    Access::Public, accounts::sign_in::sign_in)
//! }
//! ```
//!
//! A path matches with and without a slash at its end: people type it both ways, and so do API clients.

use std::fmt;

use axum::Router;
use axum::extract::Request;
use axum::handler::Handler;
use axum::middleware::{self, Next};
use axum::response::Response;
use axum::routing::{MethodFilter, MethodRouter, on};
use http::Uri;
use http::uri::PathAndQuery;

/// Routes of a face with state `S`, each stating its access `A`.
#[derive(Debug)]
pub struct Routes<S, A> {
    entries: Vec<Entry<S, A>>,
}

#[derive(Debug)]
struct Entry<S, A> {
    method: &'static str,
    path: &'static str,
    access: A,
    handler: MethodRouter<S>,
}

/// One line of the table, for listing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RouteLine {
    /// The path as stated.
    pub path: &'static str,
    /// The method in capitals.
    pub method: &'static str,
    /// Who may use it, in words.
    pub access: String,
}

impl fmt::Display for RouteLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:6} {}  {}", self.method, self.path, self.access)
    }
}

impl<S, A> Default for Routes<S, A> {
    fn default() -> Self {
        Self { entries: Vec::new() }
    }
}

impl<S, A> Routes<S, A>
where
    S: Clone + Send + Sync + 'static,
    A: Copy + fmt::Display,
{
    /// No routes yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a `GET`, which answers `HEAD` too.
    #[must_use]
    pub fn get<H, T>(self, path: &'static str, access: A, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        self.add("GET", path, access, on(MethodFilter::GET, handler))
    }

    /// Adds a `POST`.
    #[must_use]
    pub fn post<H, T>(self, path: &'static str, access: A, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        self.add("POST", path, access, on(MethodFilter::POST, handler))
    }

    /// Adds a `PUT`.
    #[must_use]
    pub fn put<H, T>(self, path: &'static str, access: A, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        self.add("PUT", path, access, on(MethodFilter::PUT, handler))
    }

    /// Adds a `DELETE`.
    #[must_use]
    pub fn delete<H, T>(self, path: &'static str, access: A, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        self.add("DELETE", path, access, on(MethodFilter::DELETE, handler))
    }

    /// Adds an `OPTIONS`.
    #[must_use]
    pub fn options<H, T>(self, path: &'static str, access: A, handler: H) -> Self
    where
        H: Handler<T, S>,
        T: 'static,
    {
        self.add("OPTIONS", path, access, on(MethodFilter::OPTIONS, handler))
    }

    fn add(
        mut self,
        method: &'static str,
        path: &'static str,
        access: A,
        handler: MethodRouter<S>,
    ) -> Self {
        self.entries.push(Entry { method, path, access, handler });
        self
    }

    /// The table, sorted by path.
    pub fn lines(&self) -> Vec<RouteLine> {
        let mut lines: Vec<RouteLine> = self
            .entries
            .iter()
            .map(|entry| RouteLine {
                path: entry.path,
                method: entry.method,
                access: entry.access.to_string(),
            })
            .collect();
        lines.sort();
        lines
    }

    /// The router. `guard` puts the face's check for an access in front of a handler.
    pub fn into_router(self, guard: impl Fn(A, MethodRouter<S>) -> MethodRouter<S>) -> Router<S> {
        self.entries.into_iter().fold(Router::new(), |router, entry| {
            let handler = guard(entry.access, entry.handler);
            let router = match other_spelling(entry.path) {
                Some(other) => router
                    .route(&other, handler.clone().layer(middleware::from_fn(toggle_last_slash))),
                None => router,
            };
            router.route(entry.path, handler)
        })
    }
}

/// The path with its last slash removed, or with one added; `None` where that means something else.
fn other_spelling(path: &str) -> Option<String> {
    match path.strip_suffix('/') {
        Some("") => None,
        Some(without) => Some(without.to_owned()),
        None if path.contains("{*") => None,
        None => Some(format!("{path}/")),
    }
}

/// Hands the request on as if it had been spelled the way the table does: typed paths look at the URI.
async fn toggle_last_slash(mut request: Request, next: Next) -> Response {
    if let Some(uri) =
        other_spelling(request.uri().path()).and_then(|path| with_path(request.uri(), &path))
    {
        *request.uri_mut() = uri;
    }
    next.run(request).await
}

fn with_path(uri: &Uri, path: &str) -> Option<Uri> {
    let path_and_query = match uri.query() {
        Some(query) => PathAndQuery::try_from(format!("{path}?{query}")),
        None => PathAndQuery::try_from(path),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path_and_query.ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::extract::OriginalUri;
    use http::{Method, StatusCode};
    use http_body_util::BodyExt;
    use tower::ServiceExt;

    use super::*;

    #[derive(Clone, Copy)]
    enum Access {
        Everybody,
        Nobody,
    }

    impl fmt::Display for Access {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(match self {
                Self::Everybody => "everybody",
                Self::Nobody => "nobody",
            })
        }
    }

    fn routes() -> Routes<(), Access> {
        async fn say(uri: Uri, _: OriginalUri) -> String {
            uri.to_string()
        }
        Routes::new()
            .get("/open", Access::Everybody, say)
            .post("/open", Access::Nobody, say)
            .get("/slash/", Access::Everybody, say)
            .get("/files/{*path}", Access::Everybody, say)
    }

    async fn ask(method: Method, uri: &str) -> (StatusCode, String) {
        let router = routes().into_router(|access, handler| match access {
            Access::Everybody => handler,
            Access::Nobody => handler
                .layer(middleware::from_fn(async |_: Request, _: Next| StatusCode::FORBIDDEN)),
        });
        let request = Request::builder().method(method).uri(uri).body(Body::empty()).unwrap();
        let response = router.oneshot(request).await.unwrap();
        let status = response.status();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_path_matches_with_and_without_its_last_slash() {
        assert_eq!(ask(Method::GET, "/open?a=1").await, (StatusCode::OK, "/open?a=1".into()));
        assert_eq!(ask(Method::GET, "/open/?a=1").await, (StatusCode::OK, "/open?a=1".into()));
        assert_eq!(ask(Method::GET, "/slash/").await, (StatusCode::OK, "/slash/".into()));
        assert_eq!(ask(Method::GET, "/slash").await, (StatusCode::OK, "/slash/".into()));
        assert_eq!(ask(Method::GET, "/files/a/").await, (StatusCode::OK, "/files/a/".into()));
    }

    #[tokio::test]
    async fn the_check_stands_before_every_spelling_of_its_route_and_no_other() {
        assert_eq!(ask(Method::POST, "/open").await.0, StatusCode::FORBIDDEN);
        assert_eq!(ask(Method::POST, "/open/").await.0, StatusCode::FORBIDDEN);
        assert_eq!(ask(Method::GET, "/open/").await.0, StatusCode::OK);
    }

    #[test]
    fn the_table_can_be_listed() {
        let lines: Vec<String> = routes().lines().iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                "GET    /files/{*path}  everybody",
                "GET    /open  everybody",
                "POST   /open  nobody",
                "GET    /slash/  everybody",
            ]
        );
    }
}
