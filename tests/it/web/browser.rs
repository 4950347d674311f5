//! A browser as far as the server notices: it keeps cookies, sends forms with the token of the page they
//! are on, and does not follow redirects by itself.

use std::collections::BTreeMap;

use picket::domain::accounts::NewUser;
use picket::domain::organizations::{self, Organization};
use reqwest::header::{HeaderMap, LOCATION, SET_COOKIE};
use reqwest::{Method, StatusCode};

use crate::support::TestApp;

/// The password of everybody in these tests.
pub(crate) const PASSWORD: &str = "correct horse";

/// One browser of one person.
pub(crate) struct Browser {
    http: reqwest::Client,
    url: String,
    cookies: BTreeMap<String, String>,
    csrf: String,
    user_agent: String,
}

/// What the server answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Browser {
    /// A browser that was never here.
    pub(crate) fn new(app: &TestApp) -> Self {
        Self {
            http: app.http.clone(),
            url: app.url.clone(),
            cookies: BTreeMap::new(),
            csrf: String::new(),
            user_agent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
                .to_owned(),
        }
    }

    /// The browser of somebody who has just signed in.
    pub(crate) async fn signed_in(app: &TestApp, email: &str) -> Self {
        let mut browser = Self::new(app);
        browser.sign_in(email, PASSWORD).await.expect_redirect();
        browser
    }

    /// The same browser calling itself something else.
    pub(crate) fn called(mut self, user_agent: &str) -> Self {
        user_agent.clone_into(&mut self.user_agent);
        self
    }

    /// Opens the sign-in page and sends its form.
    pub(crate) async fn sign_in(&mut self, email: &str, password: &str) -> Answer {
        self.get("/sign-in").await;
        self.post("/sign-in", &[("email", email), ("password", password)]).await
    }

    /// Opens a page.
    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.get_with(path, &[]).await
    }

    /// Opens a page with more headers.
    pub(crate) async fn get_with(&mut self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(Method::GET, path, None, headers).await
    }

    /// Sends a form of the page that was opened last.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = self.csrf.clone();
        let mut fields = fields.to_vec();
        fields.push(("csrf", &csrf));
        self.post_as_is(path, &fields, &[]).await
    }

    /// Sends a form exactly so.
    pub(crate) async fn post_as_is(
        &mut self,
        path: &str,
        fields: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.send(Method::POST, path, Some(body), headers).await
    }

    /// The token of the page that was opened last.
    pub(crate) fn csrf(&self) -> &str {
        &self.csrf
    }

    /// The value of a cookie.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }

    /// Puts a cookie in place, as if it had been kept aside.
    pub(crate) fn set_cookie(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    async fn send(
        &mut self,
        method: Method,
        path: &str,
        form: Option<String>,
        headers: &[(&str, &str)],
    ) -> Answer {
        let cookies: Vec<String> =
            self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.url))
            .header("user-agent", &self.user_agent)
            .header("cookie", cookies.join("; "));
        if let Some(form) = form {
            request =
                request.header("content-type", "application/x-www-form-urlencoded").body(form);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        let answer = Answer {
            status: response.status(),
            headers: response.headers().clone(),
            body: response.text().await.unwrap(),
        };
        self.keep_cookies(&answer);
        if let Some(csrf) = between(&answer.body, "name=\"csrf\" value=\"", "\"") {
            csrf.clone_into(&mut self.csrf);
        }
        answer
    }

    fn keep_cookies(&mut self, answer: &Answer) {
        for cookie in answer.headers.get_all(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            let (pair, attributes) = cookie.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0;") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

impl Answer {
    /// Where it sends the browser; fails if it is no redirect.
    #[track_caller]
    pub(crate) fn expect_redirect(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.body);
        self.headers[LOCATION].to_str().unwrap()
    }

    /// The page, which must have come without trouble.
    #[track_caller]
    pub(crate) fn expect_page(&self) -> &str {
        assert_eq!(self.status, StatusCode::OK, "{}", self.body);
        &self.body
    }

    /// A header as text; empty if it is missing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// The first text between two others.
pub(crate) fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split_once(after).map(|(found, _)| found)
}

/// Creates an account in the default organization.
pub(crate) async fn create_user(app: &TestApp, email: &str) -> Organization {
    let new = NewUser::parse(email, "", PASSWORD).unwrap();
    organizations::create_member(&app.app, new, None).await.unwrap().1
}
