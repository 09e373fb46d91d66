//! Connections that rest between two requests to the same origin.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Waker};
use std::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::{Instant, sleep};

use crate::egress::client::{IDLE, IDLE_PER_HOST};

/// How often those are looked for that have rested too long, or that the other side has ended.
const SWEEP: Duration = Duration::from_secs(5);

/// Connections by scheme, host and port, [`IDLE_PER_HOST`] of them, each for [`IDLE`] and until the next look at it.
pub(super) struct Resting<S>(Mutex<State<S>>);

struct State<S> {
    by_origin: HashMap<String, Vec<(Instant, S)>>,
    /// Whether somebody looks after those that nobody asks for.
    is_swept: bool,
}

impl<S> Default for Resting<S> {
    fn default() -> Self {
        Self(Mutex::new(State { by_origin: HashMap::new(), is_swept: false }))
    }
}

impl<S: AsyncRead + Unpin + Send + 'static> Resting<S> {
    /// The connection to `origin` that was used last, if the other side has not ended it or said something since.
    pub(super) fn take(&self, origin: &str) -> Option<S> {
        let mut state = self.state();
        let resting = state.by_origin.get_mut(origin)?;
        let taken = std::iter::from_fn(|| resting.pop()).find_map(|(since, mut stream)| {
            (since.elapsed() < IDLE && is_silent(&mut stream)).then_some(stream)
        });
        if resting.is_empty() {
            state.by_origin.remove(origin);
        }
        taken
    }

    /// Lets a connection rest.
    pub(super) fn put(self: &Arc<Self>, origin: String, stream: S) {
        let mut state = self.state();
        let resting = state.by_origin.entry(origin).or_default();
        if resting.len() < IDLE_PER_HOST {
            resting.push((Instant::now(), stream));
        }
        if !std::mem::replace(&mut state.is_swept, true) {
            tokio::spawn(look_after(Arc::clone(self)));
        }
    }

    /// Ends what has rested too long or is of no use any more; whether anything is left.
    fn sweep(&self) -> bool {
        let mut state = self.state();
        state.by_origin.retain(|_, resting| {
            resting.retain_mut(|(since, stream)| since.elapsed() < IDLE && is_silent(stream));
            !resting.is_empty()
        });
        state.is_swept = !state.by_origin.is_empty();
        state.is_swept
    }

    fn state(&self) -> MutexGuard<'_, State<S>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs as long as anything rests.
async fn look_after<S: AsyncRead + Unpin + Send + 'static>(resting: Arc<Resting<S>>) {
    loop {
        sleep(SWEEP).await;
        if !resting.sweep() {
            return;
        }
    }
}

/// Whether nothing can be read: neither an end nor words that nobody asked for.
fn is_silent(stream: &mut (impl AsyncRead + Unpin)) -> bool {
    let mut byte = [0];
    let mut context = Context::from_waker(Waker::noop());
    Pin::new(stream).poll_read(&mut context, &mut ReadBuf::new(&mut byte)).is_pending()
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncWriteExt as _, DuplexStream, duplex};

    use super::*;

    fn resting() -> (Arc<Resting<DuplexStream>>, DuplexStream) {
        let resting = Arc::<Resting<DuplexStream>>::default();
        let (ours, theirs) = duplex(64);
        resting.put("http://a".to_owned(), ours);
        (resting, theirs)
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_taken_once_and_only_for_its_origin() {
        let (resting, _theirs) = resting();

        assert!(resting.take("http://b").is_none());
        assert!(resting.take("http://a").is_some());
        assert!(resting.take("http://a").is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn the_others_go_on_resting_when_one_is_taken() {
        let (resting, _theirs) = resting();
        let (ours, _more) = duplex(64);
        resting.put("http://a".to_owned(), ours);

        assert!(resting.take("http://a").is_some());
        assert!(resting.take("http://a").is_some());
        assert!(resting.take("http://a").is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_was_closed_or_spoken_to_is_not_taken() {
        let (closed, theirs) = resting();
        drop(theirs);
        let (spoken_to, mut theirs) = resting();
        theirs.write_all(b"HTTP/1.1 408 Request Timeout\r\n\r\n").await.unwrap();

        assert!(closed.take("http://a").is_none());
        assert!(spoken_to.take("http://a").is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_rests_longer_than_its_time_though_nobody_asks() {
        let (resting, mut theirs) = resting();

        sleep(IDLE / 2).await;
        assert!(theirs.write_all(b"x").await.is_ok());
        sleep(IDLE / 2 + SWEEP).await;

        assert!(theirs.write_all(b"x").await.is_err());
        assert!(resting.state().by_origin.is_empty() && !resting.state().is_swept);
    }

    #[tokio::test(start_paused = true)]
    async fn so_many_rest_and_no_more() {
        let (resting, theirs) = resting();
        let mut others = vec![theirs];
        for _ in 0..IDLE_PER_HOST {
            let (ours, theirs) = duplex(64);
            resting.put("http://a".to_owned(), ours);
            others.push(theirs);
        }

        assert_eq!(resting.state().by_origin["http://a"].len(), IDLE_PER_HOST);
    }
}
