//! Cookies: reading the one we look for, writing ours the safe way.

use http::{HeaderMap, HeaderValue, header};

/// How our cookies are called and kept. Always `HttpOnly` and `SameSite=Lax`.
#[derive(Clone, Copy, Debug)]
pub struct Cookies {
    /// Whether browsers reach us over TLS. Then cookies are `Secure`, and their name begins with `__Host-`,
    /// which keeps subdomains and plain connections from planting one.
    pub is_https: bool,
}

impl Cookies {
    /// The value of our cookie `name`, if the request has it.
    pub fn get<'a>(self, headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
        let full_name = self.full_name(name);
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find_map(|(found, value)| (found == full_name).then_some(value))
    }

    /// A `Set-Cookie` that keeps `value` for so many seconds.
    ///
    /// `None` if the value has a character that cookies cannot carry.
    pub fn set(self, name: &str, value: &str, max_age_seconds: u32) -> Option<HeaderValue> {
        let is_plain = value.bytes().all(|b| b.is_ascii_graphic() && !b"\",;\\".contains(&b));
        if !is_plain {
            return None;
        }
        let secure = if self.is_https { "; Secure" } else { "" };
        HeaderValue::try_from(format!(
            "{}={value}; Path=/; Max-Age={max_age_seconds}; HttpOnly; SameSite=Lax{secure}",
            self.full_name(name),
        ))
        .ok()
    }

    /// A `Set-Cookie` that makes the browser forget it.
    pub fn remove(self, name: &str) -> Option<HeaderValue> {
        self.set(name, "", 0)
    }

    fn full_name(self, name: &str) -> String {
        if self.is_https { format!("__Host-{name}") } else { name.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: Cookies = Cookies { is_https: false };
    const SECURE: Cookies = Cookies { is_https: true };

    fn headers(cookie: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::COOKIE, HeaderValue::try_from(cookie).unwrap())])
    }

    #[test]
    fn the_named_cookie_is_found_among_others() {
        let headers = headers("theme=dark; picket=abc=; picket2=no");
        assert_eq!(PLAIN.get(&headers, "picket"), Some("abc="));
        assert_eq!(PLAIN.get(&headers, "other"), None);
    }

    #[test]
    fn over_tls_a_cookie_without_the_prefix_is_not_ours() {
        assert_eq!(SECURE.get(&headers("picket=planted"), "picket"), None);
        assert_eq!(SECURE.get(&headers("__Host-picket=ours"), "picket"), Some("ours"));
    }

    #[test]
    fn cookies_are_out_of_reach_of_scripts_and_other_sites() {
        assert_eq!(
            PLAIN.set("picket", "abc", 60).unwrap(),
            "picket=abc; Path=/; Max-Age=60; HttpOnly; SameSite=Lax"
        );
        assert_eq!(
            SECURE.set("picket", "abc", 60).unwrap(),
            "__Host-picket=abc; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(
            PLAIN.remove("picket").unwrap(),
            "picket=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
        );
    }

    #[test]
    fn a_value_cannot_add_attributes() {
        assert_eq!(PLAIN.set("picket", "a; Domain=evil", 60), None);
        assert_eq!(PLAIN.set("picket", "a\r\nX: y", 60), None);
    }
}
