//! A receiver on the loopback interface that answers as badly as a test wants. Tests only.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// Does what the first line of `main` does; any number of times.
pub(crate) fn install_provider() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// What the receiver does with a request.
#[derive(Clone)]
pub(crate) enum Act {
    /// Writes these bytes and waits for the next request.
    Answer(Vec<u8>),
    /// Writes these bytes and closes.
    Close(Vec<u8>),
    /// Writes the first bytes, then the others again and again, with a pause in between.
    Endless(Vec<u8>, Vec<u8>, Duration),
}

impl Act {
    /// An answer with a status, further header lines and a body.
    pub(crate) fn status(status: u16, headers: &str, body: &[u8]) -> Self {
        let head = format!("HTTP/1.1 {status} Whatever\r\ncontent-length: {}\r\n{headers}\r\n", body.len());
        Self::Answer([head.as_bytes(), body].concat())
    }
}

/// One request as it came in.
#[derive(Clone)]
pub(crate) struct Seen {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    /// The value of a header, by its lower-case name.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(given, _)| given.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

/// A listening receiver. It acts by its script; the last act goes on.
pub(crate) struct Loopback {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Loopback {
    pub(crate) async fn start(script: impl IntoIterator<Item = Act>) -> Self {
        Self::at("127.0.0.1:0".parse().unwrap(), script).await
    }

    pub(crate) async fn at(address: SocketAddr, script: impl IntoIterator<Item = Act>) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let receiver = Self {
            address: listener.local_addr().unwrap(),
            connections: Arc::default(),
            seen: Arc::default(),
        };
        let script: Arc<Vec<Act>> = Arc::new(script.into_iter().collect());
        let (connections, seen) = (Arc::clone(&receiver.connections), Arc::clone(&receiver.seen));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, Arc::clone(&script), Arc::clone(&seen)));
            }
        });
        receiver
    }

    pub(crate) fn url(&self, path: &str) -> Url {
        format!("http://{}{path}", self.address).parse().unwrap()
    }

    pub(crate) fn url_by_name(&self, name: &str) -> Url {
        format!("http://{name}:{}/", self.address.port()).parse().unwrap()
    }

    /// The same port on another loopback address.
    pub(crate) fn beside(&self, ip: impl Into<IpAddr>) -> SocketAddr {
        SocketAddr::new(ip.into(), self.address.port())
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, script: Arc<Vec<Act>>, seen: Arc<Mutex<Vec<Seen>>>) {
    while let Some(request) = receive(&mut stream).await {
        let index = {
            let mut seen = seen.lock().unwrap();
            seen.push(request);
            seen.len() - 1
        };
        let Some(act) = script.get(index).or(script.last()) else { return };
        let gone = match act {
            Act::Answer(bytes) => stream.write_all(bytes).await.is_err(),
            Act::Close(bytes) => stream.write_all(bytes).await.is_ok(),
            Act::Endless(first, again, pause) => flood(&mut stream, (first, again), *pause).await,
        };
        if gone {
            return;
        }
    }
}

async fn flood(stream: &mut TcpStream, (first, again): (&[u8], &[u8]), pause: Duration) -> bool {
    let mut open = stream.write_all(first).await.is_ok();
    while open {
        tokio::time::sleep(pause).await;
        open = stream.write_all(again).await.is_ok();
    }
    true
}

async fn receive(stream: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let request =
                Seen { head: String::from_utf8_lossy(&bytes[..end]).into_owned(), body: Vec::new() };
            let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
            if bytes.len() >= end + 4 + length {
                return Some(Seen { body: bytes[end + 4..end + 4 + length].to_vec(), ..request });
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}
