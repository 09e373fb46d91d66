//! The way out for a browser: a proxy on the loopback interface that obeys the same rule as `client`.
//!
//! The browser resolves nothing and connects to nothing else. For each connection the name is resolved here,
//! every address is judged, and only a judged one is connected to. What is inside of TLS stays between the
//! browser and the site: certificates are the browser's to check. Whoever has no credential gets nothing, so
//! that other users of the machine cannot use this way out.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::header::{
    CONNECTION, HOST, HeaderMap, HeaderName, HeaderValue, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION, TE,
    TRAILER, UPGRADE,
};
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, Uri};
use hyper_util::rt::{TokioIo, TokioTimer};
use rand::RngExt as _;
use subtle::ConstantTimeEq as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;

use super::client::{CONNECT_TIMEOUT, Client};
use super::guard::Guard;
use crate::domain::Secret;

/// Connections at a time: a browser opens six to a host, and pages have a dozen hosts.
const CONNECTIONS: usize = 1_024;
/// A browser keeps an idle connection for five minutes and then closes it itself: were it closed from here,
/// a request could just be on its way.
const HEAD_WITHIN: Duration = Duration::from_mins(6);
/// The first byte of a TLS handshake (RFC 8446, section 5.1).
const HANDSHAKE: u8 = 22;

/// A proxy that runs as long as this value lives.
pub struct Proxy {
    address: SocketAddr,
    password: Secret,
    _stop: DropGuard,
}

#[derive(Clone)]
struct Door {
    guard: Guard,
    expected: Arc<str>,
    stop: CancellationToken,
}

type Answer = Response<BoxBody<Bytes, hyper::Error>>;

/// Why nothing comes back: the browser shows no page for a connection that is closed.
#[derive(Debug, thiserror::Error)]
#[error("no way to where the request goes")]
struct NoWay;

impl Proxy {
    /// The name to sign in with.
    pub const USER: &str = "postern";

    /// Starts a proxy on a free port of the loopback interface that lets through what `client` would.
    ///
    /// # Errors
    /// If there is no port to be had.
    pub async fn start(client: &Client) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let password = format!("{:032x}", rand::rng().random::<u128>());
        let expected = format!("Basic {}", STANDARD.encode(format!("{}:{password}", Self::USER)));
        let stop = CancellationToken::new();
        let door = Door { guard: client.guard().clone(), expected: expected.into(), stop: stop.clone() };
        tokio::spawn(serve(listener, door));
        Ok(Self { address, password: Secret::new(password), _stop: stop.drop_guard() })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The password to sign in with.
    #[must_use]
    pub const fn password(&self) -> &Secret {
        &self.password
    }
}

async fn serve(listener: TcpListener, door: Door) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let stream = tokio::select! {
            accepted = listener.accept() => accepted,
            () = door.stop.cancelled() => return,
        };
        let Ok((stream, _)) = stream else {
            // Out of file descriptors, for a moment.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let door = door.clone();
        tokio::spawn(async move {
            let stop = door.stop.clone();
            tokio::select! {
                () = connection(stream, door) => {}
                () = stop.cancelled() => {}
            }
            drop(place);
        });
    }
}

async fn connection(stream: TcpStream, door: Door) {
    let answer = service_fn(move |request| {
        let door = door.clone();
        async move { door.answer(request).await }
    });
    let served = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_WITHIN)
        .serve_connection(TokioIo::new(stream), answer)
        .with_upgrades();
    if let Err(error) = served.await {
        tracing::debug!(error = &error as &dyn std::error::Error, "A connection of the browser ended.");
    }
}

impl Door {
    async fn answer(&self, request: Request<Incoming>) -> Result<Answer, NoWay> {
        let given = request.headers().get(PROXY_AUTHORIZATION).map(HeaderValue::as_bytes);
        if !given.is_some_and(|given| given.ct_eq(self.expected.as_bytes()).into()) {
            let mut answer = empty(StatusCode::PROXY_AUTHENTICATION_REQUIRED);
            answer
                .headers_mut()
                .insert(PROXY_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"postern\""));
            return Ok(answer);
        }
        if request.method() == Method::CONNECT {
            Ok(self.tunnel(request).await)
        } else {
            self.forward(request).await
        }
    }

    /// A connection of which only the two ends know what is said; that it is TLS where the rule asks for it
    /// is seen by its first byte.
    async fn tunnel(&self, request: Request<Incoming>) -> Answer {
        let Some(to) = request.uri().authority().map(|to| to.as_str().to_owned()) else {
            return empty(StatusCode::BAD_REQUEST);
        };
        let (secure, plain) = tokio::join!(self.addresses("https", &to), self.addresses("http", &to));
        let (may_be_tls, may_be_plain) = (secure.is_some(), plain.is_some());
        let Some(stream) = connect(secure.or(plain)).await else { return empty(StatusCode::BAD_GATEWAY) };
        let stop = self.stop.clone();
        tokio::spawn(async move {
            let Ok(upgraded) = hyper::upgrade::on(request).await else { return };
            let carried = carry(TokioIo::new(upgraded), stream, (may_be_tls, may_be_plain));
            tokio::select! {
                () = carried => {}
                () = stop.cancelled() => {}
            }
        });
        empty(StatusCode::OK)
    }

    /// One request in plain text, on a connection of its own.
    async fn forward(&self, mut request: Request<Incoming>) -> Result<Answer, NoWay> {
        let uri = request.uri().clone();
        let to =
            uri.authority().filter(|_| uri.scheme_str() == Some("http")).ok_or(NoWay)?.as_str().to_owned();
        let stream = connect(self.addresses("http", &to).await).await.ok_or(NoWay)?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.map_err(|_| NoWay)?;
        tokio::spawn(connection);
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        *request.uri_mut() = path.parse::<Uri>().map_err(|_| NoWay)?;
        for_one_hop(request.headers_mut());
        request.headers_mut().insert(HOST, HeaderValue::from_str(&to).map_err(|_| NoWay)?);
        let mut answer = sender.send_request(request).await.map_err(|_| NoWay)?;
        for_one_hop(answer.headers_mut());
        Ok(answer.map(BodyExt::boxed))
    }

    /// The permitted addresses of `to`, a host and a port; `None` if there is none.
    async fn addresses(&self, scheme: &str, to: &str) -> Option<Vec<SocketAddr>> {
        let url = Url::parse(&format!("{scheme}://{to}/")).ok()?;
        let destination = self.guard.policy.destination(&url).ok()?;
        let found = tokio::time::timeout(CONNECT_TIMEOUT, self.guard.addresses(&destination)).await;
        found.ok()?.ok()
    }
}

async fn connect(addresses: Option<Vec<SocketAddr>>) -> Option<TcpStream> {
    let work = async {
        for address in addresses? {
            if let Ok(stream) = TcpStream::connect(address).await {
                return Some(stream);
            }
        }
        None
    };
    let stream = tokio::time::timeout(CONNECT_TIMEOUT, work).await.ok()??;
    stream.set_nodelay(true).ok()?;
    Some(stream)
}

async fn carry(
    mut browser: TokioIo<hyper::upgrade::Upgraded>,
    mut site: TcpStream,
    (may_be_tls, may_be_plain): (bool, bool),
) {
    let mut first = [0];
    if !matches!(tokio::io::AsyncReadExt::read(&mut browser, &mut first).await, Ok(1)) {
        return;
    }
    let permitted = if first[0] == HANDSHAKE { may_be_tls } else { may_be_plain };
    if !permitted || site.write_all(&first).await.is_err() {
        return;
    }
    // Either end may break off; the other one is closed with it.
    drop(tokio::io::copy_bidirectional(&mut browser, &mut site).await);
}

/// Takes out what is meant for the next hop only (RFC 9110, section 7.6.1).
fn for_one_hop(headers: &mut HeaderMap) {
    let named: Vec<HeaderName> = headers
        .get_all(CONNECTION)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|list| list.split(','))
        .filter_map(|name| name.trim().parse().ok())
        .collect();
    let usual = [CONNECTION, TE, TRAILER, UPGRADE, PROXY_AUTHENTICATE, PROXY_AUTHORIZATION];
    let others = ["keep-alive", "proxy-connection"].map(HeaderName::from_static);
    for name in named.into_iter().chain(usual).chain(others) {
        headers.remove(name);
    }
}

fn empty(status: StatusCode) -> Answer {
    let body = Empty::<Bytes>::new().map_err(|never: Infallible| match never {});
    let mut answer = Response::new(body.boxed());
    *answer.status_mut() = status;
    answer
}
