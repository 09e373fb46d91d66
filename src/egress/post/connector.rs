//! Connections to receivers, plain or by TLS, to the addresses that the guard permits.

use std::error::Error as StdError;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper::Uri;
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tower::Service;

use crate::egress::cause;
use crate::egress::client::CONNECT_TIMEOUT;
use crate::egress::guard::Guard;

type Failure = Box<dyn StdError + Send + Sync>;

/// A connection to a receiver.
pub(super) type Stream = TokioIo<MaybeHttpsStream<TokioIo<TcpStream>>>;

/// Connects, including the handshake, in a bounded time.
#[derive(Clone)]
pub(super) struct Connector(HttpsConnector<HttpConnector<Guard>>);

impl Connector {
    pub(super) fn new(guard: &Guard) -> Self {
        let mut tcp = HttpConnector::new_with_resolver(guard.clone());
        // Which schemes are allowed was decided before.
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        Self(HttpsConnector::from((tcp, tls())))
    }
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Stream, Failure>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, to: Uri) -> Self::Future {
        let connecting = tokio::time::timeout(CONNECT_TIMEOUT, self.0.call(to));
        Box::pin(async {
            let connected = connecting.await.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?;
            connected.map(TokioIo::new)
        })
    }
}

/// Trusts whom the system trusts, and nobody where it names no certificate authorities.
fn tls() -> ClientConfig {
    let trusting = ClientConfig::builder().try_with_platform_verifier().unwrap_or_else(|error| {
        cause::no_authorities(&error);
        ClientConfig::builder().with_root_certificates(RootCertStore::empty())
    });
    let mut config = trusting.with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config
}
