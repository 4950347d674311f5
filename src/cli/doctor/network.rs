//! The address that Picket listens on and the one it is reached at.

use std::net::{SocketAddr, TcpListener, ToSocketAddrs};

use super::Finding;
use crate::config::{Config, ServerConfig};
use crate::infra::data_dir::{self, Role};

pub(super) fn examine(config: &Config) -> Vec<Finding> {
    let serving = data_dir::holder(&config.data_dir).filter(|holder| holder.role == Role::Serve);
    let listen = match serving {
        Some(holder) => Finding::good(
            "listen address",
            format!("a Picket (process {}) serves from this data directory", holder.pid),
        ),
        None => listen_address(&config.server.listen),
    };
    vec![listen, public_url(&config.server)]
}

fn listen_address(address: &str) -> Finding {
    match TcpListener::bind(address) {
        Ok(_) => Finding::good("listen address", format!("{address} is free")),
        Err(error) => Finding::problem(
            "listen address",
            format!(
                "cannot listen on {address} ({error}); stop what uses it, or set PICKET__SERVER__LISTEN to \
                 another address"
            ),
        ),
    }
}

fn public_url(server: &ServerConfig) -> Finding {
    let url = server.base_url();
    if server.public_url.is_empty() && !is_local(&server.listen) {
        return Finding::warning(
            "public URL",
            format!(
                "DSNs and links say {url}, which other machines may not reach; set \
                 PICKET__SERVER__PUBLIC_URL to the address that people and SDKs use"
            ),
        );
    }
    if server.is_https() && server.trusted_proxies == 0 {
        return Finding::warning(
            "public URL",
            format!(
                "{url} ends TLS in a proxy, and no proxy is trusted: every client seems to have the \
                 proxy's address. Set PICKET__SERVER__TRUSTED_PROXIES to 1"
            ),
        );
    }
    Finding::good("public URL", url)
}

/// Whether only this machine can reach the address.
fn is_local(address: &str) -> bool {
    address.to_socket_addrs().is_ok_and(|mut all| all.all(|one: SocketAddr| one.ip().is_loopback()))
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    fn server(listen: &str, public_url: &str, trusted_proxies: usize) -> ServerConfig {
        ServerConfig {
            listen: listen.to_owned(),
            public_url: public_url.to_owned(),
            trusted_proxies,
            ..ServerConfig::default()
        }
    }

    #[test]
    fn an_address_in_use_is_a_problem() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap().to_string();
        assert_eq!(listen_address(&address).verdict, Verdict::Problem);
        drop(taken);
        assert_eq!(listen_address(&address).verdict, Verdict::Good);
    }

    #[test]
    fn a_server_for_others_needs_a_name_that_others_can_reach() {
        assert_eq!(public_url(&server("127.0.0.1:8000", "", 0)).verdict, Verdict::Good);
        assert_eq!(public_url(&server("0.0.0.0:8000", "", 0)).verdict, Verdict::Warning);
        assert_eq!(public_url(&server("0.0.0.0:8000", "http://picket", 0)).verdict, Verdict::Good);
    }

    #[test]
    fn tls_means_a_proxy_that_has_to_be_trusted() {
        assert_eq!(public_url(&server("127.0.0.1:8000", "https://x", 0)).verdict, Verdict::Warning);
        assert_eq!(public_url(&server("127.0.0.1:8000", "https://x", 1)).verdict, Verdict::Good);
    }
}
