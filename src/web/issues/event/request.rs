//! The HTTP request that was being served, and the same request for a terminal.

use std::fmt::Write;

use serde_json::Value;

use crate::protocol::event::Request;
use crate::protocol::lenient::{Pairs, Raw};
use crate::web::components::tree::{Tree, shortened};
use crate::web::components::{link, number};

/// Longer bodies are cut; the JSON has them whole.
const MAX_BODY_CHARS: usize = 10_000;

/// A request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestView {
    /// The method; empty if the client did not say, as browsers do for the page they show.
    pub method: String,
    /// The address without its query.
    pub url: String,
    /// The address to go to, if it is one of the web.
    pub link: Option<String>,
    /// The query.
    pub query: Vec<(String, String)>,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The cookies.
    pub cookies: Vec<(String, String)>,
    /// The body as a tree, if it is one.
    pub body: Tree,
    /// The body as text, if it is not.
    pub body_text: String,
    /// What was cut off the body, in words.
    pub body_cut: String,
    /// How large it was: `1.4 kB`; empty if unknown.
    pub body_size: String,
    /// The server's environment.
    pub environment: Tree,
    /// The same request as a `curl` command; empty without an address.
    pub curl: String,
}

impl RequestView {
    /// The view of a request.
    pub fn new(request: &Request) -> Self {
        let pairs =
            |pairs: &Option<Pairs>| pairs.as_ref().map(|pairs| pairs.0.clone()).unwrap_or_default();
        let url = request.url.clone().unwrap_or_default();
        let (body, text) = body(request.data.as_ref());
        let (body_text, body_cut) = shortened(&text, MAX_BODY_CHARS);
        Self {
            method: request.method.clone().unwrap_or_default(),
            link: link::outward(&full_url(request)),
            url,
            query: pairs(&request.query_string),
            headers: pairs(&request.headers),
            cookies: pairs(&request.cookies),
            body,
            body_text,
            body_cut,
            body_size: request.body_size.map(number::bytes).unwrap_or_default(),
            environment: request.env.as_ref().map(Tree::of_map).unwrap_or_default(),
            curl: curl(request),
        }
    }

    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        *self == Self { method: self.method.clone(), ..Self::default() }
    }
}

fn body(data: Option<&Raw>) -> (Tree, String) {
    let Some(raw) = data else { return (Tree::default(), String::new()) };
    match raw.value() {
        Value::Object(_) | Value::Array(_) => (Tree::of_value(raw), String::new()),
        Value::String(text) => (Tree::default(), text),
        other => (Tree::default(), other.to_string()),
    }
}

/// The address with query and fragment.
fn full_url(request: &Request) -> String {
    let mut url = request.url.clone().unwrap_or_default();
    if let Some(query) = request.query_string.as_ref().filter(|query| !query.0.is_empty()) {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(&query.0).finish();
        let _ = write!(url, "{}{query}", if url.contains('?') { '&' } else { '?' });
    }
    if let Some(fragment) = request.fragment.as_deref().filter(|fragment| !fragment.is_empty()) {
        let _ = write!(url, "#{fragment}");
    }
    url
}

fn curl(request: &Request) -> String {
    if request.url.as_deref().unwrap_or_default().is_empty() {
        return String::new();
    }
    let mut command = "curl".to_owned();
    let method = request.method.as_deref().unwrap_or("GET");
    if method != "GET" {
        let _ = write!(command, " \\\n  -X {}", quoted(method));
    }
    for (name, value) in request.headers.iter().flat_map(|headers| &headers.0) {
        // curl writes these itself, and a wrong length makes the server wait. `@` would read a file.
        let is_ours = ["content-length", "host"].contains(&name.to_lowercase().as_str());
        if !is_ours && !name.starts_with('@') {
            let _ = write!(command, " \\\n  -H {}", quoted(&format!("{name}: {value}")));
        }
    }
    if let Some(cookies) = request.cookies.as_ref().filter(|cookies| !cookies.0.is_empty()) {
        let pairs: Vec<String> =
            cookies.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let _ = write!(command, " \\\n  -b {}", quoted(&pairs.join("; ")));
    }
    if let Some(data) = &request.data {
        let text = match data.value() {
            Value::String(text) => text,
            other => other.to_string(),
        };
        let _ = write!(command, " \\\n  --data-raw {}", quoted(&text));
    }
    let _ = write!(command, " \\\n  --url {}", quoted(&full_url(request)));
    command
}

/// For a POSIX shell: nothing inside single quotes has a meaning but the single quote. Line ends and other
/// control characters are left out: a terminal that takes a pasted line end runs what is before it.
fn quoted(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).collect();
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::event::Event;
    use crate::protocol::lenient::Problems;

    fn view(json: &str) -> RequestView {
        let json = format!(r#"{{"request": {json}}}"#);
        let event = Event::read(json.as_bytes(), &Problems::default()).unwrap().unwrap();
        RequestView::new(&event.request.unwrap_or_default())
    }

    #[test]
    fn a_request_becomes_a_command() {
        let request = view(
            r#"{"url": "https://shop.example/pay", "method": "POST", "query_string": "a=1&b=x y",
                "headers": {"Accept": "*/*", "Content-Length": "12"}, "cookies": "id=7", "data": {"total": 3}}"#,
        );
        assert_eq!(
            request.curl,
            "curl \\\n  -X 'POST' \\\n  -H 'Accept: */*' \\\n  -b 'id=7' \\\n  --data-raw '{\"total\":3}' \\\n  --url 'https://shop.example/pay?a=1&b=x+y'"
        );
        assert_eq!(request.link.as_deref(), Some("https://shop.example/pay?a=1&b=x+y"));
    }

    #[test]
    fn nothing_in_a_request_can_leave_its_quotes() {
        let request =
            view(r#"{"url": "http://x/'; rm -rf ~; '", "headers": {"A": "1\n'; reboot\n"}}"#);
        assert!(request.curl.contains(r"'http://x/'\''; rm -rf ~; '\'''"), "{}", request.curl);
        assert!(request.curl.contains(r"-H 'A: 1'\''; reboot'"), "{}", request.curl);
    }

    #[test]
    fn an_address_that_is_not_of_the_web_is_no_link() {
        assert_eq!(view(r#"{"url": "javascript:alert(1)"}"#).link, None);
    }

    #[test]
    fn an_empty_request_is_not_shown() {
        assert!(view("{}").is_empty());
        assert!(!view(r#"{"url": "/x"}"#).is_empty());
    }
}
