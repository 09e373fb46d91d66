//! Requests to source systems: HTTP/2 and gzip, as a browser would. What may be asked, and how much of an
//! answer is kept, is for `client` to say.

use http_body_util::BodyExt as _;
use hyper::Response;
use reqwest::{Body, redirect, retry};

use super::client::{CONNECT_TIMEOUT, IDLE, IDLE_PER_HOST, USER_AGENT};
use super::guard::Guard;
use super::{Error, Reply, Request, cause};

/// Bytes the peer may send unasked, per stream and connection; the default is megabytes.
const WINDOW: u32 = 256 * 1024;
/// Bytes of an HTTP/2 header list.
const HEADER_LIST: u32 = 64 * 1024;

/// Sends what a browser would send. Clones share their idle connections.
#[derive(Clone)]
pub(super) struct Browser(reqwest::Client);

impl Browser {
    /// Without certificate authorities it reaches no `https` address.
    pub(super) fn try_new(guard: &Guard) -> Result<Self, reqwest::Error> {
        let http = settings(guard).build().or_else(|error| {
            cause::no_authorities(&error);
            settings(guard).tls_certs_only([]).build()
        });
        http.map(Self)
    }

    /// Sends `request`, and reads the answer as far as it is kept.
    pub(super) async fn send(&self, request: Request) -> Result<Reply, Error> {
        let max = request.max_body;
        let mut outgoing = reqwest::Request::new(request.method, request.url);
        *outgoing.headers_mut() = request.headers;
        if !request.body.is_empty() {
            *outgoing.body_mut() = Some(request.body.into());
        }
        let incoming = self.0.execute(outgoing).await.map_err(|error| cause::classify(&error))?;
        reply(incoming.into(), max).await
    }
}

fn settings(guard: &Guard) -> reqwest::ClientBuilder {
    #[expect(clippy::disallowed_methods, reason = "this is the one place where the way out is made")]
    let builder = reqwest::Client::builder();
    builder
        .dns_resolver(guard.clone())
        .no_proxy()
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .connect_timeout(CONNECT_TIMEOUT)
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(IDLE_PER_HOST)
        .user_agent(USER_AGENT)
        .http2_initial_stream_window_size(WINDOW)
        .http2_initial_connection_window_size(WINDOW)
        .http2_max_header_list_size(HEADER_LIST)
}

/// Reads at most `max` bytes of the body; what is left unread closes the connection.
async fn reply(from: Response<Body>, max: usize) -> Result<Reply, Error> {
    let (head, mut from) = from.into_parts();
    let (mut body, mut truncated) = (Vec::new(), false);
    while !truncated && let Some(frame) = from.frame().await {
        let Ok(chunk) = frame.map_err(|error| cause::classify(&error))?.into_data() else { continue };
        let room = max - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        truncated = chunk.len() > room;
    }
    Ok(Reply { status: head.status, headers: head.headers, body, truncated })
}
