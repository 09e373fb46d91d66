//! Who a client of the public address is: the peer, or whom a proxy of ours names. Limits count by it.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;

/// The client behind `peer`: the last address in `forwarded`, the lists of `X-Forwarded-For`, that is not
/// one of our proxies. An IPv6 client is its /64: one customer of a provider has all of it.
#[must_use]
pub fn address<'a>(peer: IpAddr, forwarded: impl Iterator<Item = &'a str>, proxies: &[IpNet]) -> IpAddr {
    let is_proxy = |address: &IpAddr| proxies.iter().any(|network| network.contains(address));
    if !is_proxy(&peer) {
        return network(peer);
    }
    let named: Vec<IpAddr> =
        forwarded.flat_map(|list| list.split(',')).filter_map(|text| text.trim().parse().ok()).collect();
    network(named.into_iter().rev().find(|address| !is_proxy(address)).unwrap_or(peer))
}

fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) if v6.to_ipv4_mapped().is_none() => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        other => other.to_canonical(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: &[&str]) -> String {
        let proxies = ["10.0.0.0/8".parse().unwrap()];
        address(peer.parse().unwrap(), forwarded.iter().copied(), &proxies).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_says_who_the_client_is() {
        let said = ["198.51.100.7, 198.51.100.8, 10.9.9.9"];

        assert_eq!(client("203.0.113.9", &said), "203.0.113.9");
        assert_eq!(client("10.1.2.3", &said), "198.51.100.8");
        assert_eq!(client("10.1.2.3", &[]), "10.1.2.3");
        assert_eq!(client("10.1.2.3", &["nonsense"]), "10.1.2.3");
    }

    #[test]
    fn a_network_of_one_customer_is_one_client() {
        assert_eq!(client("2001:db8:1:2:3::4", &[]), "2001:db8:1:2::");
        assert_eq!(client("::ffff:203.0.113.9", &[]), "203.0.113.9");
    }
}
