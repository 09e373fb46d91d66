//! Requests to receivers of webhooks, of which hundreds may hang or answer without end at a time.
//!
//! HTTP/1.1 alone: what a connection holds is one buffer for what is written and one for what is read, and both
//! are small. Connections are made in `connector`; how much of a body is kept is for `client` to say.

mod connector;

use std::sync::Arc;

use http_body_util::Full;
use hyper::Response;
use hyper::body::{Bytes, Incoming};
use hyper_util::client::legacy::Client;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use reqwest::header::{ACCEPT, HeaderValue, USER_AGENT};

use self::connector::Connector;
use super::client::{self, IDLE, IDLE_PER_HOST};
use super::guard::Guard;
use super::{Error, Request, cause};

/// Bytes of an answer's head, and of its body that are read at once: as much as most servers take as a head.
const BUFFER: usize = 16 * 1024;
/// Headers of an answer.
const HEADERS: usize = 100;

/// Posts what it is given. Clones share their idle connections.
#[derive(Clone)]
pub(super) struct Poster(Arc<Client<Connector, Full<Bytes>>>);

impl Poster {
    /// Without certificate authorities it reaches no `https` address.
    pub(super) fn new(guard: &Guard) -> Self {
        let http = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(IDLE_PER_HOST)
            // Only what was never written: the receiver had closed the idle connection it was meant for.
            .retry_canceled_requests(true)
            .http1_max_buf_size(BUFFER)
            .http1_max_headers(HEADERS)
            .build(Connector::new(guard));
        Self(Arc::new(http))
    }

    /// Sends `request` and returns as soon as the head of the answer is there.
    pub(super) async fn send(&self, request: Request) -> Result<Response<Incoming>, Error> {
        let to =
            request.url.as_str().parse().map_err(|_| Error::Broken("the URL is no address".to_owned()))?;
        let mut outgoing = hyper::Request::new(Full::from(request.body));
        *outgoing.method_mut() = request.method;
        *outgoing.uri_mut() = to;
        *outgoing.headers_mut() = request.headers;
        let headers = outgoing.headers_mut();
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
        headers.entry(USER_AGENT).or_insert(HeaderValue::from_static(client::USER_AGENT));
        self.0.request(outgoing).await.map_err(|error| cause::classify(&error))
    }
}
