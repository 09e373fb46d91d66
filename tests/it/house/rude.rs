//! A receiver without manners: it keeps to no protocol, and says how often somebody came.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What it does with a connection.
#[derive(Clone)]
pub(crate) enum Manner {
    /// Tears it down without a look.
    Resets,
    /// Looks at the request and tears it down.
    ReadsAndResets,
    /// Says this and hangs up.
    Says(Vec<u8>),
    /// Says this and stays silent.
    Holds(Vec<u8>),
    /// Says the first, then the second again and again, with a pause in between.
    Goes(Vec<u8>, Vec<u8>, Duration),
    /// Is silent from the beginning, or says this, before it has heard anything; stays.
    Interrupts(Vec<u8>),
}

pub(crate) struct Rude {
    address: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Rude {
    pub(crate) async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let rude = Self { address: listener.local_addr().unwrap(), connections: Arc::default() };
        let connections = Arc::clone(&rude.connections);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(treat(stream, manner.clone()));
            }
        });
        rude
    }

    pub(crate) fn url(&self, scheme: &str) -> String {
        format!("{scheme}://{}/hook", self.address)
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// The other side going away is the end, whatever was to be said.
async fn treat(mut stream: TcpStream, manner: Manner) -> std::io::Result<()> {
    if !matches!(manner, Manner::Resets | Manner::Interrupts(_)) {
        // A webhook of these stories is far smaller than this and comes in one piece.
        stream.read_buf(&mut Vec::with_capacity(64 * 1024)).await?;
    }
    match manner {
        Manner::Resets | Manner::ReadsAndResets => stream.set_zero_linger(),
        Manner::Says(words) => stream.write_all(&words).await,
        Manner::Holds(words) | Manner::Interrupts(words) => {
            stream.write_all(&words).await?;
            std::future::pending().await
        }
        Manner::Goes(first, again, pause) => {
            stream.write_all(&first).await?;
            loop {
                stream.write_all(&again).await?;
                tokio::time::sleep(pause).await;
            }
        }
    }
}
