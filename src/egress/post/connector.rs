//! Connections to receivers, plain or by TLS, to the addresses that the guard permits.

use std::error::Error as StdError;
use std::future::poll_fn;
use std::io;

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

    /// Connects to where `to` says, by TLS if it says so.
    pub(super) async fn connect(&self, to: Uri) -> Result<Stream, Failure> {
        let mut connector = self.0.clone();
        let connecting = async {
            poll_fn(|context| connector.poll_ready(context)).await?;
            connector.call(to).await
        };
        let connected = tokio::time::timeout(CONNECT_TIMEOUT, connecting).await;
        connected.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?.map(TokioIo::new)
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
