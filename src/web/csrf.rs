//! Telling our own forms from those of other sites.
//!
//! Two checks, each enough by itself. The browser's own words (`Sec-Fetch-Site`, else `Origin`) must not
//! name another site. And the form carries a token that only pages of the same browser can know: it is
//! derived from the secret in the session's cookie, or before signing in from the visitor's.

use axum::body::{Body, Bytes};
use axum::extract::Request;
use http::{HeaderMap, header};
use http_body_util::{BodyExt, Limited};

use super::Error;
use crate::base::secrets;

/// The field of a form, as `components/form.html` writes it.
const FIELD: &str = "csrf";

/// The header that htmx sends, as `layout/page.html` tells it to.
const HEADER: &str = "x-csrf-token";

/// The most bytes of a form. The largest has a few hundred ticked issues.
pub(super) const MAX_FORM_BYTES: usize = 256 * 1024;

const TOKEN_BYTES: usize = 16;

/// The token for one page. Every page gets another spelling of the same token, so that compressed answers
/// do not give it away byte by byte (BREACH).
pub(super) fn token(secret: &str) -> String {
    let mask = secrets::random_bytes::<TOKEN_BYTES>();
    let masked = xor(expected(secret), mask);
    format!("{}{}", secrets::hex(&mask), secrets::hex(&masked))
}

/// Whether `token` was made for this secret.
fn is_valid(token: &str, secret: &str) -> bool {
    let Some((mask, masked)) = token.split_at_checked(2 * TOKEN_BYTES) else { return false };
    match (unhex(mask), unhex(masked)) {
        (Some(mask), Some(masked)) => secrets::equal(&xor(masked, mask), &expected(secret)),
        _ => false,
    }
}

/// Lets a request pass that cannot change anything or that comes from one of our own pages.
///
/// Gives the request back whole: if the body had to be read for the token, it is put back.
pub(super) async fn check(
    request: Request,
    secret: &str,
    base_url: &str,
) -> Result<Request, Error> {
    if request.method().is_safe() {
        return Ok(request);
    }
    if is_foreign(request.headers(), base_url) {
        return Err(Error::Forged);
    }
    if let Some(token) = request.headers().get(HEADER) {
        let is_ours = token.to_str().is_ok_and(|token| is_valid(token, secret));
        return if is_ours { Ok(request) } else { Err(Error::Forged) };
    }
    let (parts, body) = request.into_parts();
    let body = read(body).await?;
    let token = form_urlencoded::parse(&body).find(|(name, _)| name == FIELD);
    if token.is_some_and(|(_, token)| is_valid(&token, secret)) {
        Ok(Request::from_parts(parts, Body::from(body)))
    } else {
        Err(Error::Forged)
    }
}

/// Whether the browser says that another site made it send this.
fn is_foreign(headers: &HeaderMap, base_url: &str) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return !matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text("origin") else { return false };
    // People also come by names that the settings do not know, such as `localhost` or an address.
    let host = text(header::HOST.as_str()).unwrap_or_default();
    let origin_host = origin.split_once("://").map_or("", |(_, host)| host);
    let is_configured =
        base_url.strip_prefix(origin).is_some_and(|r| r.is_empty() || r.starts_with('/'));
    !is_configured && (host.is_empty() || origin_host != host)
}

async fn read(body: Body) -> Result<Bytes, Error> {
    match Limited::new(body, MAX_FORM_BYTES).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<http_body_util::LengthLimitError>() => Err(Error::TooLarge),
        Err(_) => {
            Err(Error::BadRequest("The form did not arrive whole. Send it again.".to_owned()))
        }
    }
}

fn expected(secret: &str) -> [u8; TOKEN_BYTES] {
    let hash = secrets::hash(&format!("csrf {secret}"));
    std::array::from_fn(|index| hash[index])
}

fn xor(one: [u8; TOKEN_BYTES], other: [u8; TOKEN_BYTES]) -> [u8; TOKEN_BYTES] {
    std::array::from_fn(|index| one[index] ^ other[index])
}

fn unhex(text: &str) -> Option<[u8; TOKEN_BYTES]> {
    let number = (text.len() == 2 * TOKEN_BYTES && text.bytes().all(|b| b.is_ascii_hexdigit()))
        .then(|| u128::from_str_radix(text, 16).ok())??;
    Some(number.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "https://picket.example.com";

    fn request(headers: &[(&str, &str)], body: &str) -> Request {
        let mut request = Request::builder().method("POST").uri("/account");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Body::from(body.to_owned())).unwrap()
    }

    async fn passes(headers: &[(&str, &str)], body: &str) -> bool {
        check(request(headers, body), "secret", BASE).await.is_ok()
    }

    #[test]
    fn every_page_spells_the_token_differently_and_all_are_valid() {
        let (one, other) = (token("secret"), token("secret"));
        assert_ne!(one, other);
        assert!(is_valid(&one, "secret") && is_valid(&other, "secret"));
        assert!(!is_valid(&one, "another secret"));
        for bad in ["", "00", &one[1..], &format!("{one}0"), &"+".repeat(64), &"é".repeat(32)] {
            assert!(!is_valid(bad, "secret"), "{bad}");
        }
    }

    #[tokio::test]
    async fn a_form_passes_with_its_token_in_a_field_or_a_header_and_keeps_its_body() {
        let body = format!("name=Ada&csrf={}", token("secret"));
        let passed = check(request(&[], &body), "secret", BASE).await.unwrap();
        assert_eq!(read(passed.into_body()).await.unwrap(), body);
        assert!(passes(&[(HEADER, &token("secret"))], "name=Ada").await);
    }

    #[tokio::test]
    async fn a_missing_or_foreign_token_does_not_pass() {
        assert!(!passes(&[], "name=Ada").await);
        assert!(!passes(&[], &format!("csrf={}", token("another"))).await);
        assert!(!passes(&[(HEADER, "")], &format!("csrf={}", token("secret"))).await);
    }

    #[tokio::test]
    async fn another_site_does_not_pass_even_with_the_token() {
        let body = format!("csrf={}", token("secret"));
        for foreign in [
            &[("sec-fetch-site", "cross-site")][..],
            &[("sec-fetch-site", "same-site")],
            &[("origin", "https://evil.example"), ("host", "picket.example.com")],
            &[("origin", "https://picket.example.com.evil.example")],
            &[("origin", "null"), ("host", "picket.example.com")],
        ] {
            assert!(!passes(foreign, &body).await, "{foreign:?}");
        }
    }

    #[tokio::test]
    async fn our_own_pages_pass_under_the_names_people_use() {
        let body = format!("csrf={}", token("secret"));
        for own in [
            &[("sec-fetch-site", "same-origin"), ("origin", "null")][..],
            &[("origin", "https://picket.example.com")],
            &[("origin", "http://localhost:8000"), ("host", "localhost:8000")],
            &[],
        ] {
            assert!(passes(own, &body).await, "{own:?}");
        }
    }

    #[tokio::test]
    async fn a_form_past_the_limit_is_refused_as_such() {
        let body = "x".repeat(MAX_FORM_BYTES + 1);
        let error = check(request(&[], &body), "secret", BASE).await.unwrap_err();
        assert!(matches!(error, Error::TooLarge), "{error:?}");
    }
}
