//! The rule for everything that leaves, as a pure judgement.
//!
//! By default: `https` to addresses of the public internet, on any port that is not the well-known
//! port of another service. The operator's list opens more. A name is judged twice: here by how it
//! looks, and by every address it resolves to when a connection is made (`guard`).

use std::net::IpAddr;

use url::{Host, Url};

use super::{Allow, block};

/// The most bytes a URL may have; what browsers and proxies of today take without trouble.
const MAX_URL: usize = 2_048;

/// Why a URL or an address is not allowed, in words for the person who entered it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is not an absolute URL.
    #[error("must be an absolute URL, such as https://example.com/path")]
    NotAUrl,
    /// It is too long.
    #[error("must not be longer than {MAX_URL} bytes")]
    TooLong,
    /// The scheme is neither http nor https, or http without the operator's leave.
    #[error("must start with https://")]
    Scheme,
    /// It carries a user name or a password.
    #[error("must not contain a user name or a password")]
    Userinfo,
    /// The port belongs to another well-known service.
    #[error("must not use port {0}")]
    Port(u16),
    /// The name is one of a local network.
    #[error("must not name a host of a local network")]
    LocalName,
    /// The address is not of the public internet.
    #[error("must not lead to {0}, a {1} address")]
    Address(IpAddr, &'static str),
}

/// The rule: the built-in part and what the operator opened.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    allow: Allow,
}

/// Where a request goes, as far as the rule is concerned.
#[derive(Clone, Debug)]
pub(super) struct Destination {
    scheme: &'static str,
    pub(super) host: Host<String>,
    pub(super) port: u16,
}

/// Reads a URL that a person entered.
///
/// # Errors
/// [`Refusal::NotAUrl`] and [`Refusal::TooLong`]; the rest is [`Policy::check`]'s.
pub fn parse(text: &str) -> Result<Url, Refusal> {
    if text.len() > MAX_URL {
        return Err(Refusal::TooLong);
    }
    // The parser would drop these silently, and the stored text would differ from what was vetted.
    if text.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\') {
        return Err(Refusal::NotAUrl);
    }
    Url::parse(text).map_err(|_| Refusal::NotAUrl)
}

impl Policy {
    /// The built-in rule plus what `allow` opens.
    #[must_use]
    pub const fn new(allow: Allow) -> Self {
        Self { allow }
    }

    /// Judges a URL without resolving its name.
    ///
    /// # Errors
    /// The [`Refusal`] that any address would meet; a name that passes may still resolve to a forbidden one.
    pub fn check(&self, url: &Url) -> Result<(), Refusal> {
        self.destination(url).map(drop)
    }

    /// Like [`Policy::check`], with what is needed to judge the addresses.
    pub(super) fn destination(&self, url: &Url) -> Result<Destination, Refusal> {
        let destination = Destination::of(url)?;
        match &destination.host {
            Host::Ipv4(address) => self.judge(&destination, IpAddr::V4(*address))?,
            Host::Ipv6(address) => self.judge(&destination, IpAddr::V6(*address))?,
            Host::Domain(name) => self.judge_name(&destination, name)?,
        }
        Ok(destination)
    }

    /// Judges one address that a connection would be made to.
    pub(super) fn judge(&self, to: &Destination, address: IpAddr) -> Result<(), Refusal> {
        let listed = match &to.host {
            Host::Domain(name) => self.allow.has_name(to.door(), plain(name)),
            Host::Ipv4(_) | Host::Ipv6(_) => false,
        };
        if listed || self.allow.has_address(to.door(), address) {
            return Ok(());
        }
        to.by_default()?;
        block::special(address).map_or(Ok(()), |kind| Err(Refusal::Address(address, kind)))
    }

    fn judge_name(&self, to: &Destination, name: &str) -> Result<(), Refusal> {
        let may_be_opened =
            self.allow.has_name(to.door(), plain(name)) || self.allow.has_some_address(to.door());
        if may_be_opened { Ok(()) } else { to.by_default() }
    }
}

impl Destination {
    fn of(url: &Url) -> Result<Self, Refusal> {
        if url.as_str().len() > MAX_URL {
            return Err(Refusal::TooLong);
        }
        let scheme = match url.scheme() {
            "https" => "https",
            "http" => "http",
            _ => return Err(Refusal::Scheme),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Refusal::Userinfo);
        }
        let (host, port) = url.host().zip(url.port_or_known_default()).ok_or(Refusal::NotAUrl)?;
        if port == 0 {
            return Err(Refusal::Port(0));
        }
        Ok(Self { scheme, host: host.to_owned(), port })
    }

    fn door(&self) -> (&'static str, u16) {
        (self.scheme, self.port)
    }

    /// What holds wherever the operator opened nothing, the address aside.
    fn by_default(&self) -> Result<(), Refusal> {
        if self.scheme != "https" {
            return Err(Refusal::Scheme);
        }
        if OTHER_SERVICES.contains(&self.port) {
            return Err(Refusal::Port(self.port));
        }
        match &self.host {
            Host::Domain(name) if is_local(plain(name)) => Err(Refusal::LocalName),
            _ => Ok(()),
        }
    }
}

/// The name without the dot that marks it as complete.
fn plain(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

/// Names that only a local network gives out: a single label, and the suffixes set aside for them
/// (RFC 6761, RFC 6762, RFC 8375, and `internal` as reserved by ICANN).
fn is_local(name: &str) -> bool {
    const SUFFIXES: [&str; 8] =
        ["localhost", "local", "internal", "intranet", "lan", "localdomain", "home.arpa", "onion"];
    let ends_with = |suffix: &str| name.strip_suffix(suffix).is_some_and(|rest| rest.ends_with('.'));
    !name.contains('.') || SUFFIXES.into_iter().any(ends_with)
}

/// Ports of services that are not HTTP and that a forged request could talk to; those below 1024 and
/// the well-known databases and caches.
const OTHER_SERVICES: [u16; 62] = [
    1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 79, 87, 95, 101, 102, 104, 109, 110,
    111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 445, 465, 512, 513, 514, 515, 587, 636,
    873, 993, 995, 1433, 1521, 2049, 2375, 3306, 3389, 5432, 5900, 6000, 6379, 11211, 27017,
];
