//! The log on standard error.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;

use crate::config::LogFormat;

/// Warnings of the libraries, and everything of ours from `info` on; `RUST_LOG` says otherwise. That a broker
/// is away is told by us, once.
const DEFAULT: &str = "warn,async_nats=off,postern=info";

/// Starts the log; a second call changes nothing.
pub(super) fn start(format: LogFormat) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(DEFAULT));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // Only the first of a process can be the log; tests start several servers.
    let _ = match format {
        LogFormat::Text => log.with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => log.json().try_init(),
    };
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_libraries_say_at_trace_level_is_not_compiled_in() {
        assert!(log::STATIC_MAX_LEVEL <= log::LevelFilter::Debug);
        assert!(tracing::level_filters::STATIC_MAX_LEVEL <= tracing::level_filters::LevelFilter::DEBUG);
    }
}
