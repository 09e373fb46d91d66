//! Which addresses are not of the public internet, and what they are instead.
//!
//! Source: the IANA special-purpose address registries for IPv4 and IPv6, plus the addresses at which
//! clouds serve metadata. Of IPv6 only `2000::/3` is handed out; everything else is special.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), prefix)
}

/// The net whose first 64 bits are `head`.
const fn v6(head: u64, prefix: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::from_bits((head as u128) << 64), prefix)
}

const V4: [(Ipv4Net, &str); 17] = [
    (v4(0, 0, 0, 0, 8), "unspecified"),
    (v4(10, 0, 0, 0, 8), "private"),
    (v4(100, 64, 0, 0, 10), "carrier-grade NAT"),
    (v4(127, 0, 0, 0, 8), "loopback"),
    (v4(168, 63, 129, 16, 32), "cloud metadata"),
    (v4(169, 254, 0, 0, 16), "link-local"),
    (v4(172, 16, 0, 0, 12), "private"),
    (v4(192, 0, 0, 0, 24), "protocol assignment"),
    (v4(192, 0, 2, 0, 24), "documentation"),
    (v4(192, 88, 99, 0, 24), "6to4 relay"),
    (v4(192, 168, 0, 0, 16), "private"),
    (v4(198, 18, 0, 0, 15), "benchmark"),
    (v4(198, 51, 100, 0, 24), "documentation"),
    (v4(203, 0, 113, 0, 24), "documentation"),
    (v4(224, 0, 0, 0, 4), "multicast"),
    (v4(255, 255, 255, 255, 32), "broadcast"),
    (v4(240, 0, 0, 0, 4), "reserved"),
];

/// The first that matches names the address, so the narrow ones come first.
const V6: [(Ipv6Net, &str); 15] = [
    (Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 128), "unspecified"),
    (Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128), "loopback"),
    (Ipv6Net::new_assert(Ipv4Addr::UNSPECIFIED.to_ipv6_mapped(), 96), "IPv4-mapped"),
    (v6(0x0000_0000_0000_0000, 96), "IPv4-compatible"),
    (v6(0x0064_ff9b_0000_0000, 96), "NAT64"),
    (v6(0x0064_ff9b_0001_0000, 48), "NAT64"),
    (v6(0x0100_0000_0000_0000, 64), "discard"),
    (v6(0x2001_0000_0000_0000, 23), "protocol assignment"),
    (v6(0x2001_0db8_0000_0000, 32), "documentation"),
    (v6(0x2002_0000_0000_0000, 16), "6to4"),
    (v6(0x3fff_0000_0000_0000, 20), "documentation"),
    (v6(0xfc00_0000_0000_0000, 7), "private"),
    (v6(0xfe80_0000_0000_0000, 10), "link-local"),
    (v6(0xfec0_0000_0000_0000, 10), "site-local"),
    (v6(0xff00_0000_0000_0000, 8), "multicast"),
];

const GLOBAL_V6: Ipv6Net = v6(0x2000_0000_0000_0000, 3);

/// What kind of special address this is; `None` for one of the public internet.
pub(super) fn special(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => V4.iter().find(|(net, _)| net.contains(&address)).map(|(_, kind)| *kind),
        IpAddr::V6(address) => V6
            .iter()
            .find(|(net, _)| net.contains(&address))
            .map(|(_, kind)| *kind)
            .or_else(|| (!GLOBAL_V6.contains(&address)).then_some("reserved")),
    }
}
