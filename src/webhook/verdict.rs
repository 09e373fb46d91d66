//! What an attempt came to: data for the row, and for the decision what happens next.

use std::time::Duration;

use entity::{AttemptOutcome, Timestamp};
use reqwest::StatusCode;
use reqwest::header::RETRY_AFTER;

use crate::domain::retry;
use crate::egress;

/// The most bytes of an answer that are kept.
pub const MAX_BODY: usize = 4 * 1024;
/// The most characters of an error that are kept.
const MAX_ERROR: usize = 300;

/// One try at a delivery, as it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempted {
    /// How it ended.
    pub outcome: AttemptOutcome,
    /// The answer's status, if one came.
    pub status: Option<u16>,
    /// The beginning of the answer's body as harmless text.
    pub body: Option<String>,
    /// What went wrong, in words.
    pub error: Option<String>,
    /// How long the receiver asked to wait.
    pub retry_after: Option<Duration>,
    /// The receiver said that it will never take a delivery again (410).
    pub gone: bool,
    /// From the first lookup to the last byte.
    pub duration: Duration,
}

impl Attempted {
    /// An attempt that was not made because the address is not allowed.
    #[must_use]
    pub fn refused(why: &str) -> Self {
        Self::failed(AttemptOutcome::RefusedByPolicy, why)
    }

    /// An attempt that brought no whole answer.
    #[must_use]
    pub fn failed(outcome: AttemptOutcome, why: &str) -> Self {
        Self {
            outcome,
            status: None,
            body: None,
            error: Some(harmless(why).chars().take(MAX_ERROR).collect()),
            retry_after: None,
            gone: false,
            duration: Duration::ZERO,
        }
    }

    /// An attempt that a broker acknowledged, in these words.
    pub(super) fn acknowledged(words: &[u8]) -> Self {
        Self { error: None, body: text_of(words), ..Self::failed(AttemptOutcome::Delivered, "") }
    }

    /// Judges an exchange that was started at `at`.
    pub(super) fn of_exchange(exchange: Result<egress::Reply, egress::Error>, at: Timestamp) -> Self {
        match exchange {
            Ok(reply) => Self::of_reply(&reply, at),
            Err(error) => Self::failed(outcome_of(&error), &error.to_string()),
        }
    }

    /// 2xx is a delivery; a redirect is a failure like any other answer.
    fn of_reply(reply: &egress::Reply, at: Timestamp) -> Self {
        let delivered = reply.status.is_success();
        let asked = reply.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        Self {
            outcome: if delivered { AttemptOutcome::Delivered } else { AttemptOutcome::HttpError },
            status: Some(reply.status.as_u16()),
            body: text_of(&reply.body),
            error: None,
            retry_after: asked.filter(|_| !delivered).and_then(|value| retry::retry_after(value, at)),
            gone: reply.status == StatusCode::GONE,
            duration: Duration::ZERO,
        }
    }
}

fn outcome_of(error: &egress::Error) -> AttemptOutcome {
    match error {
        egress::Error::Refused(_) => AttemptOutcome::RefusedByPolicy,
        egress::Error::Timeout => AttemptOutcome::Timeout,
        egress::Error::Connect(_) | egress::Error::Broken(_) => AttemptOutcome::ConnectionError,
        egress::Error::Tls(_) | egress::Error::Certificate(_) => AttemptOutcome::TlsError,
    }
}

fn text_of(body: &[u8]) -> Option<String> {
    if body.is_empty() {
        return None;
    }
    let mut text = harmless(&String::from_utf8_lossy(body));
    // Each replaced byte has become three.
    text.truncate(text.floor_char_boundary(MAX_BODY));
    Some(text)
}

/// The same text without what a terminal, a database or a reader could be misled by: control
/// characters (also NUL, which PostgreSQL cannot store) and those that change the direction of writing.
fn harmless(text: &str) -> String {
    let misleads = |c: char| {
        (c.is_control() && !matches!(c, '\n' | '\t'))
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if misleads(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kept_text_is_short_and_harmless() {
        assert_eq!(text_of(b""), None);
        assert_eq!(text_of(b"ok\n\tfine").as_deref(), Some("ok\n\tfine"));
        assert_eq!(text_of(b"a\0b\x1b[31mc\xff").as_deref(), Some("a\u{fffd}b\u{fffd}[31mc\u{fffd}"));
        assert_eq!(text_of("\u{202e}x".as_bytes()).as_deref(), Some("\u{fffd}x"));
        assert_eq!(text_of(&[0xff; MAX_BODY]).unwrap().len(), MAX_BODY - MAX_BODY % 3);
    }
}
