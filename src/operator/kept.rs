//! An answer that is good for a second: whoever asks more often gets the same one, at no cost to the
//! database, and of many who ask at once only one makes it.

use std::sync::Arc;
use std::time::Duration;

use entity::Timestamp;
use tokio::sync::Mutex;

use crate::service::App;

/// How long an answer is good.
const GOOD_FOR: Duration = Duration::from_secs(1);

/// The last answer.
pub(super) struct Kept<T> {
    app: App,
    last: Arc<Mutex<Option<(Timestamp, T)>>>,
}

impl<T> Clone for Kept<T> {
    fn clone(&self) -> Self {
        Self { app: self.app.clone(), last: Arc::clone(&self.last) }
    }
}

impl<T: Clone> Kept<T> {
    pub(super) fn new(app: App) -> Self {
        Self { app, last: Arc::default() }
    }

    /// The last answer, or a new one from `make` if that one is too old.
    pub(super) async fn get(&self, make: impl AsyncFnOnce(&App) -> T) -> T {
        let mut last = self.last.lock().await;
        let now = self.app.clock.now();
        // One from the future is from before the clock was set back.
        if let Some((made_at, answer)) = last.as_ref()
            && (*made_at..made_at.plus(GOOD_FOR)).contains(&now)
        {
            return answer.clone();
        }
        let answer = make(&self.app).await;
        *last = Some((now, answer.clone()));
        answer
    }
}
