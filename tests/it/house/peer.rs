//! A stranger on the loopback interface who answers as badly as a story wants.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What the peer does with one request.
#[derive(Clone)]
pub(crate) enum Act {
    /// Answers with a status and nothing else.
    Status(u16),
    /// Answers 200 with a page.
    Page(String),
    /// Answers with a status and a header line.
    StatusWith(u16, String),
    /// Answers 200, but late.
    Late(Duration),
    /// Never answers.
    Hang,
    /// Tears the connection down.
    Reset,
}

impl From<u16> for Act {
    fn from(status: u16) -> Self {
        Self::Status(status)
    }
}

impl Act {
    /// The status that the other side sees, if it sees one.
    fn status(&self) -> Option<u16> {
        match self {
            Self::Status(status) | Self::StatusWith(status, _) => Some(*status),
            Self::Page(_) | Self::Late(_) => Some(200),
            Self::Hang | Self::Reset => None,
        }
    }
}

/// One request as it came in, and what was answered.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
    pub(crate) answered: Option<u16>,
}

impl Request {
    /// The value of a header, by its name in lower case.
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut lines = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        lines.find(|(given, _)| given.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value)
    }
}

/// A listening peer. It acts by its script; the last act goes on.
#[derive(Clone)]
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    seen: Arc<Mutex<Vec<Request>>>,
    arrived: watch::Sender<usize>,
}

impl Peer {
    pub(crate) async fn start(script: impl IntoIterator<Item = Act>) -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap(), script).await
    }

    pub(crate) async fn start_at(address: SocketAddr, script: impl IntoIterator<Item = Act>) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let peer = Self { address, seen: Arc::default(), arrived: watch::Sender::new(0) };
        let (here, script) = (peer.clone(), Arc::<[Act]>::from_iter(script));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (here, script) = (here.clone(), Arc::clone(&script));
                tokio::spawn(async move { here.serve(stream, &script).await });
            }
        });
        peer
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Every request so far.
    pub(crate) fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }

    /// Returns once `count` requests have come in.
    pub(crate) async fn has_seen(&self, count: usize) {
        let mut arrived = self.arrived.subscribe();
        let enough = arrived.wait_for(|seen| *seen >= count);
        let waited = tokio::time::timeout(super::PATIENCE, enough).await;
        waited.unwrap_or_else(|_| panic!("only {} of {count} requests came", self.seen().len())).unwrap();
    }

    /// One request a connection: the end of an answer is the end of the line.
    async fn serve(&self, mut stream: TcpStream, script: &[Act]) {
        let Some((head, body)) = receive(&mut stream).await else { return };
        let act = {
            let mut seen = self.seen.lock().unwrap();
            let act = script.get(seen.len()).or(script.last()).cloned().unwrap_or(Act::Status(204));
            seen.push(Request { head, body, answered: act.status() });
            act
        };
        self.arrived.send_modify(|seen| *seen += 1);
        let answer = match act {
            Act::Status(status) => format!("HTTP/1.1 {status} Whatever\r\n\r\n"),
            Act::Page(html) => format!("HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n{html}"),
            Act::StatusWith(status, line) => format!("HTTP/1.1 {status} Whatever\r\n{line}\r\n\r\n"),
            Act::Late(by) => {
                tokio::time::sleep(by).await;
                "HTTP/1.1 200 OK\r\n\r\n".to_owned()
            }
            Act::Hang => std::future::pending().await,
            Act::Reset => return drop(stream.set_zero_linger()),
        };
        let _ = stream.write_all(answer.replacen("\r\n", "\r\nconnection: close\r\n", 1).as_bytes()).await;
    }
}

/// The head and the body of one request, if it comes whole.
async fn receive(stream: &mut TcpStream) -> Option<(String, Vec<u8>)> {
    let mut bytes = Vec::new();
    loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let lower = head.to_lowercase();
            let length = lower.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.map_or(0, |length| length.parse().unwrap());
            if bytes.len() >= end + 4 + length {
                return Some((head, bytes[end + 4..end + 4 + length].to_vec()));
            }
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
}
