//! One bounded exchange with a vetted address.

use std::time::Duration;

use reqwest::header::HeaderMap;
use reqwest::{Method, StatusCode};
use url::Url;

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
    /// The certificate or the handshake was refused.
    #[error("no secure connection: {0}")]
    Tls(String),
    /// The connection broke or the answer is not HTTP.
    #[error("the connection broke: {0}")]
    Broken(String),
}

/// Sends requests to vetted addresses only.
#[derive(Clone)]
pub struct Client {
    _private: (),
}

impl Client {
    /// Sends `request` and reads a bounded answer.
    ///
    /// # Errors
    /// Everything that keeps a whole answer from coming in time; see [`Error`].
    #[expect(clippy::unused_async, reason = "the seam is here before what is behind it")]
    pub async fn exchange(&self, request: Request) -> Result<Reply, Error> {
        Err(Error::Refused(request.url.to_string()))
    }
}
