//! `[server]`

use std::net::SocketAddr;

use serde::Deserialize;

/// The HTTP server.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServerConfig {
    /// The address to listen on.
    pub listen: String,
    /// The URL under which people and SDKs reach Picket; empty means `http://` and the listen address. For
    /// use, see [`ServerConfig::base_url`].
    pub public_url: String,
    /// How many proxies in front may be believed about the client's address (`X-Forwarded-For`).
    pub trusted_proxies: usize,
    /// How long to finish requests and batches after the first signal, in seconds.
    pub shutdown_timeout_seconds: u64,
}

impl ServerConfig {
    /// The URL under which people and SDKs reach Picket, without a slash at the end.
    pub fn base_url(&self) -> String {
        if self.public_url.is_empty() {
            format!("http://{}", self.reachable_address())
        } else {
            self.public_url.trim_end_matches('/').to_owned()
        }
    }

    /// Whether browsers reach Picket over TLS; cookies are then kept off plain connections.
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https://")
    }

    /// "All addresses" is none that anybody could open.
    fn reachable_address(&self) -> String {
        match self.listen.parse::<SocketAddr>() {
            Ok(address) if address.ip().is_unspecified() => format!("localhost:{}", address.port()),
            _ => self.listen.clone(),
        }
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let port = self.listen.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
        if port.is_none() {
            return Err(format!(
                "`server.listen` is `{}`; it must be an address with a port, such as `127.0.0.1:8000`",
                self.listen
            ));
        }
        if self.public_url.is_empty() || is_origin(&self.public_url) {
            return Ok(());
        }
        Err(format!(
            "`server.public_url` is `{}`; it must be a whole URL without a path, such as \
             `https://errors.example.com`",
            self.public_url
        ))
    }
}

/// `http://` or `https://`, a host, perhaps a port, and nothing more.
fn is_origin(text: &str) -> bool {
    url::Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "http" | "https")
            && url.has_host()
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(listen: &str, public_url: &str) -> ServerConfig {
        ServerConfig {
            listen: listen.to_owned(),
            public_url: public_url.to_owned(),
            ..ServerConfig::default()
        }
    }

    #[test]
    fn the_base_url_can_always_be_opened() {
        assert_eq!(with("127.0.0.1:8000", "").base_url(), "http://127.0.0.1:8000");
        assert_eq!(with("0.0.0.0:8000", "").base_url(), "http://localhost:8000");
        assert_eq!(with("[::]:80", "").base_url(), "http://localhost:80");
        assert_eq!(with("[::]:80", "https://picket.example/").base_url(), "https://picket.example");
    }

    #[test]
    fn a_public_url_is_an_origin() {
        for good in ["https://picket.example", "http://10.0.0.1:8000/", ""] {
            assert_eq!(with("127.0.0.1:8000", good).check(), Ok(()), "{good}");
        }
        for bad in ["picket.example", "https://", "ftp://x", "https://x/errors", "https://u@x"] {
            assert!(with("127.0.0.1:8000", bad).check().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_address_needs_a_port() {
        assert_eq!(with("localhost:8000", "").check(), Ok(()));
        assert!(with("localhost", "").check().is_err());
        assert!(with("8000", "").check().is_err());
        assert!(with("127.0.0.1:99999", "").check().is_err());
    }
}
