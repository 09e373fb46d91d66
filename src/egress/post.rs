//! Requests to receivers of webhooks, of which hundreds may hang or answer without end at a time.
//!
//! HTTP/1.1 alone, and no task, channel or buffer that is not needed for the one exchange: who waits for an answer
//! holds a few kilobytes beside its own request. `exchange` says what goes over a connection, `connector` makes one,
//! `resting` keeps those that can be used again.

mod connector;
mod exchange;
mod resting;

use std::sync::Arc;

use hyper::Uri;
use url::Position;

use self::connector::{Connector, Stream};
use self::exchange::{Answer, Exchange, Failed};
use self::resting::Resting;
use super::guard::Guard;
use super::{Error, Reply, Request, cause};

/// Posts what it is given. Clones share their idle connections.
#[derive(Clone)]
pub(super) struct Poster {
    connector: Connector,
    resting: Arc<Resting<Stream>>,
}

impl Poster {
    /// Without certificate authorities it reaches no `https` address.
    pub(super) fn new(guard: &Guard) -> Self {
        Self { connector: Connector::new(guard), resting: Arc::default() }
    }

    /// Sends `request`, and reads the answer as far as it is kept.
    pub(super) async fn send(&self, request: Request) -> Result<Reply, Error> {
        let origin = request.url[..Position::BeforePath].to_owned();
        let to = request.url.as_str().parse();
        let to: Uri = to.map_err(|_| Error::Broken("the URL is no address".to_owned()))?;
        let mut exchange = Exchange::try_new(to.clone(), request)?;
        loop {
            let rested = self.resting.take(&origin);
            let is_rested = rested.is_some();
            let mut stream = match rested {
                Some(stream) => stream,
                None => self.connect(to.clone()).await?,
            };
            exchange = match exchange.over(&mut stream).await {
                // The receiver had closed it in the meantime.
                Err(Failed::Unsent(unsent, _)) if is_rested => *unsent,
                Err(Failed::Unsent(_, error) | Failed::Sent(error)) => return Err(error),
                Ok(answer) => return Ok(self.keep(origin, stream, answer)),
            }
        }
    }

    async fn connect(&self, to: Uri) -> Result<Stream, Error> {
        let connected = self.connector.connect(to).await;
        connected.map_err(|error| cause::unconnected(error.as_ref()))
    }

    /// Keeps the connection for the next request, if the answer leaves it in order.
    fn keep(&self, origin: String, stream: Stream, answer: Answer) -> Reply {
        if answer.leaves_connection {
            self.resting.put(origin, stream);
        }
        answer.reply
    }
}
