//! Who sends: the credentials of clients and how they are written (`protocol.md` §2.2–2.5).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The newest protocol version; 2 to 7 are treated alike.
const NEWEST_VERSION: u64 = 7;

/// The public half of a DSN: 32 characters. Not a secret, it stands in every browser.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// Reads a key. What follows a dot is an option of other servers (`.no-cache`) and is dropped.
    pub fn parse(text: &str) -> Option<Self> {
        let key = text.split('.').next().unwrap_or_default();
        let bytes: [u8; 32] = key.as_bytes().try_into().ok()?;
        bytes.iter().all(u8::is_ascii_graphic).then_some(Self(bytes))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("a key is ASCII")
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({self})")
    }
}

/// What a client says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The key of its DSN.
    pub public_key: PublicKey,
    /// `name/version` of the client.
    pub client: Option<String>,
}

/// Why credentials are no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// They do not follow the grammar, or there is no key.
    #[error("bad x-sentry-auth header")]
    Malformed,
    /// A protocol newer than any that exists.
    #[error("unsupported protocol version ({0})")]
    UnsupportedVersion(u64),
    /// The key has not 32 characters.
    #[error("bad sentry DSN public key")]
    InvalidKey,
}

/// Reads `X-Sentry-Auth`. `None` if the value is not meant for us.
pub fn from_sentry_header(value: &str) -> Option<Result<Credentials, AuthError>> {
    let parts = strip_scheme(value, "sentry")?;
    Some(from_parts(parts.split(',').filter_map(|part| {
        let mut sides = part.split('=').map(str::trim);
        // A second `=` ends the value.
        Some((sides.next()?, sides.next()?))
    })))
}

/// Reads `Authorization`: `Sentry …` like above, or `Basic …` with the key as the user's name.
/// `None` for all other schemes.
pub fn from_authorization(value: &str) -> Option<Result<Credentials, AuthError>> {
    let Some(encoded) = strip_scheme(value, "basic") else {
        return from_sentry_header(value);
    };
    let user = || {
        let decoded = STANDARD.decode(encoded.trim()).ok()?;
        let text = String::from_utf8(decoded).ok()?;
        Some(text.split(':').next()?.to_owned())
    };
    Some(match user() {
        Some(key) => from_parts([("sentry_key", key.as_str())].into_iter()),
        None => Err(AuthError::Malformed),
    })
}

/// Reads the query of a URL. `None` if nothing in it is meant for us.
pub fn from_query(query: &str) -> Option<Result<Credentials, AuthError>> {
    if !query.contains("sentry_") {
        return None;
    }
    let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    Some(from_parts(pairs.iter().map(|(key, value)| (key.as_ref(), value.as_ref()))))
}

fn strip_scheme<'a>(value: &'a str, scheme: &str) -> Option<&'a str> {
    let (word, rest) = value.split_once(' ')?;
    word.eq_ignore_ascii_case(scheme).then_some(rest)
}

fn from_parts<'a>(
    parts: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<Credentials, AuthError> {
    let (mut key, mut client, mut version) = ("", None, NEWEST_VERSION);
    for (name, value) in parts {
        match name {
            "sentry_key" => key = value,
            "sentry_client" if !value.is_empty() => client = Some(value.to_owned()),
            "sentry_version" => {
                let whole = value.split('.').next().unwrap_or_default();
                version = whole.parse().map_err(|_| AuthError::Malformed)?;
            }
            _ => {}
        }
    }
    if key.is_empty() {
        return Err(AuthError::Malformed);
    }
    if version > NEWEST_VERSION {
        return Err(AuthError::UnsupportedVersion(version));
    }
    let public_key = PublicKey::parse(key).ok_or(AuthError::InvalidKey)?;
    Ok(Credentials { public_key, client })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "0123456789abcdef0123456789abcdef";

    fn key_and_client(found: Option<Result<Credentials, AuthError>>) -> (String, Option<String>) {
        let credentials = found.unwrap().unwrap();
        (credentials.public_key.to_string(), credentials.client)
    }

    #[test]
    fn the_sentry_header_is_read_in_any_order_and_spacing() {
        for value in [
            "Sentry sentry_key=0123456789abcdef0123456789abcdef, sentry_version=7, sentry_client=a/1",
            "sentry sentry_client=a/1,sentry_version=5,sentry_key=0123456789abcdef0123456789abcdef",
            "SENTRY  sentry_key = 0123456789abcdef0123456789abcdef ,sentry_secret=x,sentry_client=a/1",
            "Sentry sentry_version=7.0, sentry_key=0123456789abcdef0123456789abcdef=x, sentry_client=a/1",
            "Sentry sentry_timestamp=1.5, sentry_client=a/1, nonsense, sentry_key=0123456789abcdef0123456789abcdef.no-cache",
        ] {
            let found = key_and_client(from_sentry_header(value));
            assert_eq!(found, (KEY.to_owned(), Some("a/1".to_owned())), "{value}");
        }
    }

    #[test]
    fn headers_for_somebody_else_are_passed_over() {
        for value in ["", "Sentry", "Bearer abc", "Sentrysentry_key=x"] {
            assert_eq!(from_sentry_header(value), None, "{value}");
        }
        assert_eq!(from_authorization("Bearer abc"), None);
        assert_eq!(from_query("a=b&key=c"), None);
    }

    #[test]
    fn broken_credentials_say_what_is_broken() {
        let header = |rest: &str| from_sentry_header(&format!("Sentry {rest}")).unwrap();
        assert_eq!(header("foo"), Err(AuthError::Malformed));
        assert_eq!(header("sentry_key="), Err(AuthError::Malformed));
        assert_eq!(
            header(&format!("sentry_key={KEY}, sentry_version=x")),
            Err(AuthError::Malformed)
        );
        assert_eq!(
            header(&format!("sentry_key={KEY}, sentry_version=8")),
            Err(AuthError::UnsupportedVersion(8))
        );
        for key in
            [&KEY[1..], "0123456789abcdef0123456789abcdef0", "0123456789abcde\u{e9}123456789abcdef"]
        {
            assert_eq!(header(&format!("sentry_key={key}")), Err(AuthError::InvalidKey), "{key}");
        }
    }

    #[test]
    fn basic_credentials_have_the_key_as_the_user() {
        let value = format!("Basic {}", STANDARD.encode(format!("{KEY}:secret")));
        assert_eq!(key_and_client(from_authorization(&value)), (KEY.to_owned(), None));
        let value = format!("basic {}", STANDARD.encode(KEY));
        assert_eq!(key_and_client(from_authorization(&value)), (KEY.to_owned(), None));
        assert_eq!(from_authorization("Basic ???"), Some(Err(AuthError::Malformed)));
        assert_eq!(from_authorization("Basic "), Some(Err(AuthError::Malformed)));
    }

    #[test]
    fn the_query_is_read_decoded() {
        let query =
            format!("sentry_version=7&sentry_key={KEY}&sentry_client=sentry.javascript%2F8");
        let found = key_and_client(from_query(&query));
        assert_eq!(found, (KEY.to_owned(), Some("sentry.javascript/8".to_owned())));
        assert_eq!(from_query("sentry_version=7"), Some(Err(AuthError::Malformed)));
    }
}
