//! Who is calling, also from behind proxies.

use std::net::{IpAddr, SocketAddr};

use http::HeaderMap;

/// The client's address: the peer of the connection, or what the nearest trusted proxies say about it.
///
/// Each proxy appends the address it was called from to `X-Forwarded-For`, so with `n` trusted proxies the
/// `n`-th entry from the right was written by one of them. Everything left of it is the client's own words.
pub fn client_address(headers: &HeaderMap, peer: IpAddr, trusted_proxies: usize) -> IpAddr {
    let Some(back) = trusted_proxies.checked_sub(1) else { return peer.to_canonical() };
    let entries: Vec<&str> = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    let index = entries.len().checked_sub(1).map(|last| last.saturating_sub(back));
    index.and_then(|index| parse(entries[index])).unwrap_or(peer).to_canonical()
}

/// An address with or without a port; some proxies add one.
fn parse(text: &str) -> Option<IpAddr> {
    text.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn address(forwarded: &[&'static str], trusted_proxies: usize) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_static(value));
        }
        client_address(&headers, "10.0.0.1".parse().unwrap(), trusted_proxies).to_string()
    }

    #[test]
    fn without_a_trusted_proxy_nobody_is_believed() {
        assert_eq!(address(&["192.0.2.7"], 0), "10.0.0.1");
    }

    #[test]
    fn only_what_trusted_proxies_wrote_is_believed() {
        assert_eq!(address(&["203.0.113.9, 192.0.2.7"], 1), "192.0.2.7");
        assert_eq!(address(&["203.0.113.9, 192.0.2.7, 10.0.0.9"], 2), "192.0.2.7");
        assert_eq!(address(&["203.0.113.9", "192.0.2.7"], 1), "192.0.2.7");
    }

    #[test]
    fn a_shorter_chain_ends_at_its_first_entry_and_nonsense_at_the_peer() {
        assert_eq!(address(&["192.0.2.7"], 3), "192.0.2.7");
        assert_eq!(address(&[], 1), "10.0.0.1");
        assert_eq!(address(&["unknown"], 1), "10.0.0.1");
    }

    #[test]
    fn ports_are_cut_off_and_mapped_addresses_are_plain() {
        assert_eq!(address(&["192.0.2.7:4711"], 1), "192.0.2.7");
        assert_eq!(address(&["[2001:db8::1]:4711"], 1), "2001:db8::1");
        assert_eq!(address(&["::ffff:192.0.2.7"], 1), "192.0.2.7");
    }
}
