//! What the program writes to its log, down to the finest detail, while a story listens.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::dynamic_filter_fn;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

static STARTED: Once = Once::new();
static IS_LISTENING: AtomicBool = AtomicBool::new(false);
static HEARD: Mutex<Vec<u8>> = Mutex::new(Vec::new());
/// One story listens at a time.
static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// Somebody who listens to everything this process logs, from now on.
pub(crate) struct Ear(#[expect(dead_code, reason = "held, not read")] tokio::sync::MutexGuard<'static, ()>);

impl Ear {
    pub(crate) async fn listen() -> Self {
        STARTED.call_once(|| {
            let wanted = dynamic_filter_fn(|_, _| IS_LISTENING.load(Ordering::Relaxed));
            let log = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(|| Pen);
            tracing_subscriber::registry().with(LevelFilter::TRACE).with(wanted).with(log).init();
        });
        let turn = TURN.lock().await;
        IS_LISTENING.store(true, Ordering::Relaxed);
        Self(turn)
    }

    /// Everything that was logged since.
    pub(crate) fn heard(self) -> String {
        IS_LISTENING.store(false, Ordering::Relaxed);
        String::from_utf8(std::mem::take(&mut *heard())).unwrap()
    }
}

struct Pen;

impl Write for Pen {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        heard().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn heard() -> MutexGuard<'static, Vec<u8>> {
    HEARD.lock().unwrap_or_else(PoisonError::into_inner)
}
