//! What the operator opened beyond the public internet: `scheme://host-or-cidr:port`, comma-separated.
//!
//! `http://127.0.0.0/8:*`, `https://[fd00::]/8:8443`, `http://intranet.example:80`. A name that is
//! listed may resolve to anything: the operator vouches for it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::IpNet;
use url::Host;

/// Why an entry of the list cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{entry}`: {problem}; an entry is scheme://host-or-cidr:port, such as http://127.0.0.0/8:*")]
pub struct AllowError {
    /// The entry, as it was written.
    pub entry: String,
    /// What is wrong with it.
    pub problem: &'static str,
}

/// The operator's list; empty by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allow(Vec<Entry>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    scheme: &'static str,
    place: Place,
    /// `None` stands for any port.
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    Net(IpNet),
    Name(String),
}

impl Allow {
    /// Opens one more place.
    ///
    /// # Errors
    /// [`AllowError`] if the entry cannot be read.
    pub fn add(&mut self, entry: &str) -> Result<(), AllowError> {
        self.0.extend(entry.parse::<Self>()?.0);
        Ok(())
    }

    /// Whether `address` is opened for this scheme and port.
    pub(super) fn has_address(&self, (scheme, port): (&str, u16), address: IpAddr) -> bool {
        self.matching(scheme, port).any(|place| matches!(place, Place::Net(net) if net.contains(&address)))
    }

    /// Whether `name` is opened for this scheme and port, whatever it resolves to.
    pub(super) fn has_name(&self, (scheme, port): (&str, u16), name: &str) -> bool {
        self.matching(scheme, port).any(|place| matches!(place, Place::Name(listed) if listed == name))
    }

    /// Whether some address is opened for this scheme and port, so that a name may resolve to it.
    pub(super) fn has_some_address(&self, (scheme, port): (&str, u16)) -> bool {
        self.matching(scheme, port).any(|place| matches!(place, Place::Net(_)))
    }

    fn matching(&self, scheme: &str, port: u16) -> impl Iterator<Item = &Place> {
        let fits =
            move |entry: &&Entry| entry.scheme == scheme && entry.port.is_none_or(|listed| listed == port);
        self.0.iter().filter(fits).map(|entry| &entry.place)
    }
}

impl Allow {
    /// What either of both allows.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }
}

impl FromStr for Allow {
    type Err = AllowError;

    fn from_str(text: &str) -> Result<Self, AllowError> {
        if text.trim().is_empty() {
            return Ok(Self::default());
        }
        let entries = text.split(',').map(|entry| {
            let entry = entry.trim();
            read(entry).map_err(|problem| AllowError { entry: entry.to_owned(), problem })
        });
        entries.collect::<Result<_, _>>().map(Self)
    }
}

fn read(entry: &str) -> Result<Entry, &'static str> {
    let (scheme, rest) = entry.split_once("://").ok_or("the scheme is missing")?;
    let scheme = match scheme {
        "http" => "http",
        "https" => "https",
        _ => return Err("the scheme must be http or https"),
    };
    // The port follows the last colon outside of brackets; `[fd00::]` alone has none.
    let (place, port) = rest
        .rsplit_once(':')
        .filter(|(_, port)| !port.contains(']'))
        .ok_or("the port is missing (`*` stands for any)")?;
    Ok(Entry { scheme, place: place_of(place)?, port: port_of(port)? })
}

fn port_of(text: &str) -> Result<Option<u16>, &'static str> {
    if text == "*" {
        return Ok(None);
    }
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    let port = text.parse().ok().filter(|port| plain && *port != 0);
    port.map(Some).ok_or("the port must be 1 to 65535, or `*`")
}

fn place_of(text: &str) -> Result<Place, &'static str> {
    let (host, prefix) = text.split_once('/').map_or((text, None), |(host, prefix)| (host, Some(prefix)));
    let address = if let Some(inner) = host.strip_prefix('[') {
        let inner = inner.strip_suffix(']').ok_or("the closing bracket is missing")?;
        Some(IpAddr::V6(inner.parse::<Ipv6Addr>().map_err(|_| "the IPv6 address cannot be read")?))
    } else {
        host.parse::<Ipv4Addr>().ok().map(IpAddr::V4)
    };
    match (address, prefix) {
        (Some(address), None) => Ok(Place::Net(IpNet::from(address))),
        (Some(address), Some(prefix)) => net_of(address, prefix).map(Place::Net),
        (None, Some(_)) => Err("only an address can have a prefix length, and IPv6 is written in brackets"),
        (None, None) => name_of(host).map(Place::Name),
    }
}

fn net_of(address: IpAddr, prefix: &str) -> Result<IpNet, &'static str> {
    const PROBLEM: &str = "the prefix length must be 0 to 32 for IPv4, 0 to 128 for IPv6";
    let net = IpNet::new(address, prefix.parse().map_err(|_| PROBLEM)?).map_err(|_| PROBLEM)?;
    if net.network() == address { Ok(net) } else { Err("bits are set behind the prefix length") }
}

fn name_of(text: &str) -> Result<String, &'static str> {
    match Host::parse(text) {
        Ok(Host::Domain(name)) if !name.contains('*') => Ok(name.trim_end_matches('.').to_owned()),
        Ok(Host::Domain(_)) => Err("a name cannot have a `*`"),
        Ok(_) => Err("the address must be written plainly, such as 127.0.0.1 or [::1]"),
        Err(_) => Err("the host cannot be read"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANY: &str = "http://127.0.0.0/8:*, https://[fd00::]/8:8443,http://Intranet.example:80";

    #[test]
    fn an_entry_opens_its_scheme_its_place_and_its_port_only() {
        let allow: Allow = ANY.parse().unwrap();

        assert!(allow.has_address(("http", 1), "127.9.9.9".parse().unwrap()));
        assert!(!allow.has_address(("https", 1), "127.0.0.1".parse().unwrap()));
        assert!(!allow.has_address(("http", 1), "128.0.0.1".parse().unwrap()));
        assert!(allow.has_address(("https", 8443), "fd12::1".parse().unwrap()));
        assert!(!allow.has_address(("https", 443), "fd12::1".parse().unwrap()));
        assert!(allow.has_name(("http", 80), "intranet.example"));
        assert!(!allow.has_name(("http", 80), "other.example"));
        assert!(!allow.has_name(("http", 81), "intranet.example"));
    }

    #[test]
    fn an_ipv4_entry_does_not_open_the_same_address_dressed_as_ipv6() {
        let allow: Allow = ANY.parse().unwrap();

        assert!(!allow.has_address(("http", 80), "::ffff:127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn nothing_is_opened_by_an_empty_text() {
        assert_eq!("  ".parse(), Ok(Allow::default()));
    }

    #[test]
    fn a_wrong_entry_is_named_with_what_is_wrong() {
        let wrong = [
            ("127.0.0.1:80", "the scheme is missing"),
            ("ftp://127.0.0.1:80", "the scheme must be"),
            ("http://127.0.0.1", "the port is missing"),
            ("http://[::1]", "the port is missing"),
            ("http://127.0.0.1:0", "the port must be"),
            ("http://127.0.0.1:+80", "the port must be"),
            ("http://127.0.0.1:65536", "the port must be"),
            ("http://[::1:80", "the closing bracket"),
            ("http://[zz]:80", "the IPv6 address"),
            ("http://10.0.0.0/33:80", "the prefix length"),
            ("http://10.0.0.1/8:80", "bits are set"),
            ("http://intranet.example/8:80", "only an address"),
            ("http://fd00::/8:80", "only an address"),
            ("http://0x7f.1:80", "the address must be written plainly"),
            ("http://*.example:80", "a name cannot"),
            ("http://a b:80", "the host cannot"),
            ("http://127.0.0.1:80,", "the scheme is missing"),
        ];
        for (text, problem) in wrong {
            let error = text.parse::<Allow>().unwrap_err();
            assert!(error.problem.starts_with(problem), "{text}: {error}");
        }
    }
}
