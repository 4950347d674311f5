//! The address that an SDK is given.

use crate::base::ProjectId;
use crate::config::ServerConfig;

/// `{scheme}://{public key}@{host}/{project id}`, with the path of the public URL in between if it has one
/// (`protocol.md` §1.1).
pub fn dsn(server: &ServerConfig, public_key: &str, project: ProjectId) -> String {
    let base = server.base_url();
    let (scheme, rest) = base.split_once("://").unwrap_or(("http", &base));
    format!("{scheme}://{public_key}@{rest}/{project}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(public_url: &str) -> ServerConfig {
        ServerConfig { public_url: public_url.to_owned(), ..ServerConfig::default() }
    }

    #[test]
    fn a_dsn_names_the_key_the_host_and_the_project() {
        assert_eq!(
            dsn(&server("https://picket.example.com"), "abc", ProjectId(7)),
            "https://abc@picket.example.com/7"
        );
    }

    #[test]
    fn a_dsn_keeps_the_port_and_the_path() {
        assert_eq!(
            dsn(&server("http://10.0.0.5:8000/errors/"), "abc", ProjectId(7)),
            "http://abc@10.0.0.5:8000/errors/7"
        );
    }

    #[test]
    fn without_a_public_url_the_listen_address_is_used() {
        assert_eq!(dsn(&server(""), "abc", ProjectId(7)), "http://abc@127.0.0.1:8000/7");
    }
}
