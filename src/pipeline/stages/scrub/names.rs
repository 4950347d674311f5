//! Names that say that a value is secret (`protocol.md` §6.2).

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

/// Inside of a name or of a text.
pub(super) const WORDS: [&str; 12] = [
    "password",
    "secret",
    "passwd",
    "api-key",
    "api_key",
    "apikey",
    "auth",
    "credentials",
    "mysql_pwd",
    "privatekey",
    "private-key",
    "private_key",
];

/// Inside of a name; in a text only before `:` or `=`.
pub(super) const TOKEN: &str = "token";

/// The whole name or text.
pub(super) const WHOLE: [&str; 3] = ["otp", "two-factor", "two_factor"];

/// Cookies by which a server knows somebody who is signed in, or that a form is its own.
const COOKIES: [&str; 27] = [
    "sentrysid",
    "sudo",
    "su",
    "session",
    "__session",
    "sessionid",
    "user_session",
    "symfony",
    "phpsessid",
    "fasthttpsessionid",
    "mysession",
    "irissessionid",
    "_vercel_jwt",
    "csrf",
    "xsrf",
    "_xsrf",
    "_csrf",
    "csrf-token",
    "csrf_token",
    "xsrf-token",
    "xsrf_token",
    "fastcsrf",
    "_iris_csrf",
    // Of servers that came later or from elsewhere.
    "jsessionid",
    "connect.sid",
    "laravel_session",
    "asp.net_sessionid",
];

static SECRET: LazyLock<AhoCorasick> = LazyLock::new(|| {
    let words = WORDS.into_iter().chain([TOKEN]);
    AhoCorasick::builder().ascii_case_insensitive(true).build(words).expect("a few words")
});

/// Whether a value under this name is secret.
pub(super) fn is_secret_name(name: &str) -> bool {
    SECRET.is_match(name) || is_whole(name)
}

/// Whether a text speaks of a secret, so that the secret may follow.
pub(super) fn is_secret_text(text: &str) -> bool {
    let is_secret = |found: aho_corasick::Match| {
        let is_word = found.pattern().as_usize() < WORDS.len();
        let mut rest = text[found.end()..].chars().take_while(|c| !c.is_whitespace());
        is_word || rest.any(|c| matches!(c, ':' | '='))
    };
    SECRET.find_iter(text).any(is_secret) || is_whole(text)
}

/// Whether a cookie of this name is secret; those cut into pieces end in `__1`.
pub(super) fn is_secret_cookie(name: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let base = match name.rsplit_once("__") {
        Some((base, number)) if is_number(number) => base,
        _ => name,
    };
    COOKIES.iter().any(|cookie| cookie.eq_ignore_ascii_case(base))
}

fn is_whole(text: &str) -> bool {
    WHOLE.iter().any(|word| word.eq_ignore_ascii_case(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_secret_by_a_part_or_as_a_whole() {
        for name in
            ["PASSWORD", "db_passwd", "author", "X-Api-Key", "token_count", "otp", "Two_Factor"]
        {
            assert!(is_secret_name(name), "{name}");
        }
        for name in ["my_otp", "user", "pass", "api", "key"] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn texts_are_secret_when_they_name_a_secret() {
        for text in ["reset your Password", "token=abc", "the csrftoken:x", "otp"] {
            assert!(is_secret_text(text), "{text}");
        }
        for text in ["a token", "token of: x", "my otp", "unexpected token <", ""] {
            assert!(!is_secret_text(text), "{text}");
        }
    }

    #[test]
    fn session_cookies_are_known_also_in_pieces() {
        for name in ["PHPSESSID", "session", "_vercel_jwt__2", "connect.sid"] {
            assert!(is_secret_cookie(name), "{name}");
        }
        for name in ["theme", "session__", "sessions", "lang__1"] {
            assert!(!is_secret_cookie(name), "{name}");
        }
    }
}
