//! One bounded exchange with a vetted address.
//!
//! Never follows a redirect, never uses a proxy, keeps no cookies, sends no request twice that anybody may have
//! read. Time, size and headers of the answer are bounded, whatever the other side does. How bytes are sent is left
//! to `browse` and `post`.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use url::Url;

use super::browse::Browser;
use super::guard::{DESTINATION, Guard, Lookup, system};
use super::post::Poster;
use super::{Policy, cause};

/// A host that does not answer to a SYN by now will not do so later.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// As long as most servers keep a connection open for the next request.
pub(super) const IDLE: Duration = Duration::from_secs(30);
/// As many as one endpoint may have in flight.
pub(super) const IDLE_PER_HOST: usize = 16;
/// Who asks.
pub(super) const USER_AGENT: &str = concat!("Postern/", env!("CARGO_PKG_VERSION"));
/// A name that is being registered must resolve by then.
const VET_TIMEOUT: Duration = Duration::from_secs(5);

/// What leaves.
pub struct Request {
    /// The method.
    pub method: Method,
    /// Where to; vetted before anything is resolved.
    pub url: Url,
    /// Headers, as they are sent.
    pub headers: HeaderMap,
    /// The body; empty for none.
    pub body: Vec<u8>,
    /// The whole exchange (connect, headers, body) ends by then.
    pub deadline: Duration,
    /// At most this many bytes of the answer are kept.
    pub max_body: usize,
}

/// What came back.
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers; redirects are never followed here.
    pub headers: HeaderMap,
    /// The first `max_body` bytes.
    pub body: Vec<u8>,
    /// Whether there was more.
    pub truncated: bool,
}

/// Why nothing, or nothing whole, came back.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is not allowed; nothing was sent.
    #[error("the address is not allowed: {0}")]
    Refused(String),
    /// No whole answer by the deadline.
    #[error("no whole answer in time")]
    Timeout,
    /// No connection, or the name does not resolve.
    #[error("no connection: {0}")]
    Connect(String),
    /// The handshake was refused.
    #[error("no secure connection: {0}")]
    Tls(String),
    /// The certificate was refused.
    #[error("no secure connection: {0}")]
    Certificate(String),
    /// The connection broke or the answer is not HTTP.
    #[error("the connection broke: {0}")]
    Broken(String),
}

/// Why the HTTP client could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The first line of `main` is missing.
    #[error("no rustls provider is installed")]
    NoProvider,
    /// TLS or the resolver could not be set up.
    #[error("the HTTP client could not be made")]
    Http(#[source] reqwest::Error),
}

/// What a client is for, which decides how it talks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Pages of source systems: HTTP/2 and gzip, as a browser would.
    Sources,
    /// Webhooks: HTTP/1.1 only, so that an answer costs no more than a small buffer; never decoded.
    /// The head of an answer has at most 16 KiB and 128 headers.
    Webhooks,
}

/// Sends requests to vetted addresses only. Clones share their idle connections.
#[derive(Clone)]
pub struct Client {
    http: Http,
    guard: Guard,
}

#[derive(Clone)]
enum Http {
    Sources(Browser),
    Webhooks(Poster),
}

impl Client {
    /// Makes a client that obeys `policy`. A process-wide rustls provider must be installed before.
    ///
    /// A system without certificate authorities still gets a client, which reaches no `https` address.
    ///
    /// # Errors
    /// [`SetupError`] if the provider is missing or TLS cannot be set up at all.
    pub fn try_new(policy: Policy, purpose: Purpose) -> Result<Self, SetupError> {
        Self::with_lookup(policy, purpose, system())
    }

    pub(super) fn with_lookup(policy: Policy, purpose: Purpose, lookup: Lookup) -> Result<Self, SetupError> {
        // The HTTP client would panic.
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            return Err(SetupError::NoProvider);
        }
        let guard = Guard { policy: Arc::new(policy), lookup };
        let http = match purpose {
            Purpose::Sources => Http::Sources(Browser::try_new(&guard).map_err(SetupError::Http)?),
            Purpose::Webhooks => Http::Webhooks(Poster::new(&guard)),
        };
        Ok(Self { http, guard })
    }

    /// The rule this client obeys.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.guard.policy
    }

    pub(super) const fn guard(&self) -> &Guard {
        &self.guard
    }

    /// Judges a URL as [`Client::exchange`] would, without connecting: for registering and testing.
    ///
    /// # Errors
    /// [`Error::Refused`] with words for the person who entered it; [`Error::Connect`] or
    /// [`Error::Timeout`] if the name does not resolve now, which is no verdict on the address.
    pub async fn vet(&self, url: &Url) -> Result<(), Error> {
        let to = self.guard.policy.destination(url).map_err(|why| Error::Refused(why.to_string()))?;
        let found = tokio::time::timeout(VET_TIMEOUT, self.guard.addresses(&to)).await;
        found.map_err(|_| Error::Timeout)?.map(drop).map_err(|stop| cause::stopped(&stop))
    }

    /// Sends `request` and reads a bounded answer.
    ///
    /// # Errors
    /// Everything that keeps a whole answer from coming in time; see [`Error`].
    pub async fn exchange(&self, request: Request) -> Result<Reply, Error> {
        let deadline = request.deadline;
        let to =
            self.guard.policy.destination(&request.url).map_err(|why| Error::Refused(why.to_string()))?;
        let whole = DESTINATION.scope(Arc::new(to), self.send(request));
        tokio::time::timeout(deadline, whole).await.map_err(|_| Error::Timeout)?
    }

    async fn send(&self, request: Request) -> Result<Reply, Error> {
        match &self.http {
            Http::Sources(browser) => browser.send(request).await,
            Http::Webhooks(poster) => poster.send(request).await,
        }
    }
}
