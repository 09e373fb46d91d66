//! What an operator says of a connection to a broker.

use std::path::PathBuf;
use std::str::FromStr;

use url::Url;

use crate::domain::Secret;
use crate::domain::subject::Pattern;

/// One connection. Has no `Debug`, as it holds secrets.
#[derive(Clone)]
pub struct Settings {
    /// Servers of one cluster, any of which will do; there is at least one.
    pub servers: Vec<Server>,
    /// Who we are there.
    pub login: Login,
    /// PEM file of the certificate authorities that are trusted instead of the system's.
    pub ca: Option<PathBuf>,
    /// The subjects that partners may have their events published to.
    pub subjects: Vec<Pattern>,
}

/// How to prove to a broker who we are. Has no `Debug`.
#[derive(Clone)]
pub enum Login {
    /// Not at all.
    Nobody,
    /// By name and password.
    Password(String, Secret),
    /// By a token.
    Token(Secret),
    /// By the seed of an `NKey`.
    NKey(Secret),
    /// By the token and key of a `.creds` file, read whenever a connection is made.
    File(PathBuf),
}

/// Where a broker is: `nats://` or `tls://`, a host and a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server(pub(super) async_nats::ServerAddr);

/// The text is no address of a broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be nats://host:port or tls://host:port, with user and password in settings of their own")]
pub struct NotAServer;

impl FromStr for Server {
    type Err = NotAServer;

    fn from_str(text: &str) -> Result<Self, NotAServer> {
        let url = Url::parse(text).map_err(|_| NotAServer)?;
        let is_bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
        let is_anonymous = url.username().is_empty() && url.password().is_none();
        let has_host = url.host_str().is_some_and(|host| !host.is_empty());
        if !["nats", "tls"].contains(&url.scheme()) || !is_bare || !is_anonymous || !has_host {
            return Err(NotAServer);
        }
        async_nats::ServerAddr::from_url(url).map(Self).map_err(|_| NotAServer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_a_scheme_a_host_and_a_port_and_no_secret() {
        for good in ["nats://127.0.0.1:4222", "tls://nats.example", "nats://[::1]:1/"] {
            assert!(good.parse::<Server>().is_ok(), "{good}");
        }
        for bad in [
            "",
            "main",
            "127.0.0.1:4222",
            "http://a",
            "ws://a",
            "nats://",
            "nats://u:p@a",
            "nats://t@a",
            "nats://a/b",
        ] {
            assert!(bad.parse::<Server>().is_err(), "{bad}");
        }
    }
}
