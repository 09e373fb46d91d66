//! A toll gate before PostgreSQL: it lets everything through and counts the statements.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

#[derive(Clone)]
pub(crate) struct Toll {
    /// The database as it is reached through the gate.
    pub(crate) url: String,
    statements: Arc<AtomicUsize>,
}

impl Toll {
    pub(crate) async fn before(database_url: &str) -> Self {
        let mut url: Url = database_url.parse().unwrap();
        let server = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(5432));
        let gate = TcpListener::bind("127.0.0.1:0").await.unwrap();
        url.set_host(Some("127.0.0.1")).unwrap();
        url.set_port(Some(gate.local_addr().unwrap().port())).unwrap();
        let toll = Self { url: url.into(), statements: Arc::default() };
        let here = toll.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = gate.accept().await {
                let (from_client, mut to_client) = client.into_split();
                let (mut from_server, to_server) = TcpStream::connect(&server).await.unwrap().into_split();
                tokio::spawn(async move { copy(&mut from_server, &mut to_client).await });
                tokio::spawn(here.clone().count(from_client, to_server));
            }
        });
        toll
    }

    /// How many statements have gone through, those that begin and end transactions left out.
    pub(crate) fn statements(&self) -> usize {
        self.statements.load(Ordering::Relaxed)
    }

    /// Messages of the client (PostgreSQL, "Message Formats"): a byte that says what it is, unless the
    /// connection has just begun, then four bytes of length.
    async fn count(self, mut from: OwnedReadHalf, mut to: OwnedWriteHalf) -> std::io::Result<()> {
        const STARTUP: [u8; 4] = [0, 3, 0, 0];
        let mut has_begun = false;
        loop {
            let kind = if has_begun { Some(from.read_u8().await?) } else { None };
            let length = from.read_u32().await?;
            let mut body = vec![0; length as usize - 4];
            from.read_exact(&mut body).await?;
            has_begun |= body.starts_with(&STARTUP);
            let is_bracket =
                [&b"BEGIN"[..], b"COMMIT", b"ROLLBACK"].iter().any(|word| body.starts_with(word));
            let is_statement = kind == Some(b'E') || (kind == Some(b'Q') && !is_bracket);
            self.statements.fetch_add(usize::from(is_statement), Ordering::Relaxed);
            to.write_all(kind.as_slice()).await?;
            to.write_u32(length).await?;
            to.write_all(&body).await?;
        }
    }
}
