//! Where a request came from (`protocol.md` §2.7).

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;

/// The client's address, when `trusted` proxies stand in front.
///
/// Each proxy adds the address it sees to the end of `X-Forwarded-For`, so only as many entries from
/// the end are believed as there are proxies; what stands before them was written by anybody.
pub(super) fn client_address(
    peer: Option<SocketAddr>,
    headers: &HeaderMap,
    trusted: usize,
) -> Option<IpAddr> {
    let peer = peer.map(|peer| peer.ip().to_canonical());
    let mut address = peer;
    let entries = headers.get_all("x-forwarded-for");
    let entries = entries.iter().rev().filter_map(|value| value.to_str().ok());
    for entry in entries.flat_map(|value| value.rsplit(',')).take(trusted) {
        match parse(entry.trim()) {
            Some(found) => address = Some(found),
            // `unknown` and other words: whoever is behind it stays so.
            None => break,
        }
    }
    address
}

/// Reads an address, with or without a port.
fn parse(text: &str) -> Option<IpAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    bare.parse::<IpAddr>().ok().or_else(with_port).map(|address| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(forwarded: &[&str], trusted: usize) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        let peer = "[::ffff:10.0.0.1]:5000".parse().unwrap();
        client_address(Some(peer), &headers, trusted).unwrap().to_string()
    }

    #[test]
    fn without_a_trusted_proxy_the_peer_is_the_client() {
        assert_eq!(address(&["1.2.3.4"], 0), "10.0.0.1");
        assert_eq!(address(&[], 1), "10.0.0.1");
    }

    #[test]
    fn each_trusted_proxy_is_believed_one_step() {
        assert_eq!(address(&["6.6.6.6, 1.2.3.4"], 1), "1.2.3.4");
        assert_eq!(address(&["6.6.6.6, 1.2.3.4, 10.0.0.2"], 2), "1.2.3.4");
        assert_eq!(address(&["6.6.6.6, 1.2.3.4", "10.0.0.2"], 2), "1.2.3.4");
        assert_eq!(address(&["1.2.3.4"], 5), "1.2.3.4");
    }

    #[test]
    fn addresses_come_in_several_spellings() {
        assert_eq!(address(&["1.2.3.4:5678"], 1), "1.2.3.4");
        assert_eq!(address(&["[2001:db8::1]:443"], 1), "2001:db8::1");
        assert_eq!(address(&["[2001:db8::1]"], 1), "2001:db8::1");
        assert_eq!(address(&["2001:DB8::1"], 1), "2001:db8::1");
        assert_eq!(address(&["unknown"], 1), "10.0.0.1");
        assert_eq!(address(&["1.2.3.4, unknown"], 2), "10.0.0.1");
    }

    #[test]
    fn without_a_peer_there_may_be_no_address() {
        assert_eq!(client_address(None, &HeaderMap::new(), 1), None);
    }
}
