//! A cable between two programs, which can be pulled, and which can break just before an answer gets through.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

pub(crate) struct Cable {
    /// Where its near end is.
    pub(crate) address: SocketAddr,
    far: Arc<Mutex<Far>>,
    /// Everything that goes through it ends with this.
    open: JoinSet<()>,
}

struct Far {
    address: SocketAddr,
    /// It breaks when this comes from the far end.
    breaks_at: Option<&'static [u8]>,
}

impl Cable {
    pub(crate) async fn to(address: SocketAddr) -> Self {
        let far = Arc::new(Mutex::new(Far { address, breaks_at: None }));
        let mut cable = Self { address: "127.0.0.1:0".parse().unwrap(), far, open: JoinSet::new() };
        cable.plug_in().await;
        cable
    }

    /// From now on leads to somebody else.
    pub(crate) fn lead_to(&self, address: SocketAddr) {
        self.far.lock().unwrap().address = address;
    }

    /// Breaks once, instead of letting through the next answer, which begins like this.
    pub(crate) fn break_at(&self, answer: &'static [u8]) {
        self.far.lock().unwrap().breaks_at = Some(answer);
    }

    /// Nobody is reached any more, and whoever is connected is cut off.
    pub(crate) async fn pull(&mut self) {
        self.open.shutdown().await;
    }

    /// It leads somewhere again, from the same place.
    pub(crate) async fn plug_in(&mut self) {
        let near = TcpListener::bind(self.address).await.unwrap();
        self.address = near.local_addr().unwrap();
        let far = Arc::clone(&self.far);
        self.open.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = near.accept().await {
                connections.spawn(carry(stream, Arc::clone(&far)));
            }
        });
    }
}

/// Carries both ways until one end closes or the cable breaks.
async fn carry(near: TcpStream, far: Arc<Mutex<Far>>) {
    let address = far.lock().unwrap().address;
    let Ok(there) = TcpStream::connect(address).await else { return };
    let (mut from_near, mut to_near) = near.into_split();
    let (mut from_far, mut to_far) = there.into_split();
    let answers = async {
        let mut bytes = vec![0; 64 * 1024];
        while let Ok(read @ 1..) = from_far.read(&mut bytes).await {
            if is_the_end(&far, &bytes[..read]) || to_near.write_all(&bytes[..read]).await.is_err() {
                break;
            }
        }
    };
    let questions = async {
        // An end that has nothing more to say may still wait for the answer.
        let _ = copy(&mut from_near, &mut to_far).await;
        let _ = to_far.shutdown().await;
    };
    tokio::select! {
        () = answers => {}
        ((), ()) = async { (questions.await, std::future::pending().await) } => {}
    }
}

fn is_the_end(far: &Mutex<Far>, answer: &[u8]) -> bool {
    let mut far = far.lock().unwrap();
    let is_it = far.breaks_at.is_some_and(|start| answer.starts_with(start));
    if is_it {
        far.breaks_at = None;
    }
    is_it
}
