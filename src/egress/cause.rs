//! Sorts what the clients of HTTP and NATS report into the few things a caller can act on.
//!
//! Only the innermost cause is put into words: the outer ones repeat the URL, whose path may be a secret.

use std::error::Error as StdError;
use std::io;

use super::client::Error;
use super::guard::Stop;

/// What a failed exchange means, whichever client made it.
pub(super) fn classify(error: &(dyn StdError + 'static)) -> Error {
    if let Some(stop) = causes(error).find_map(|cause| cause.downcast_ref::<Stop>()) {
        return stopped(stop);
    }
    if causes(error).chain([error]).any(is_timeout) {
        return Error::Timeout;
    }
    if let Some(tls) = tls_in(error) {
        return match tls {
            Tls::Certificate(words) => Error::Certificate(words),
            Tls::Handshake(words) => Error::Tls(words),
        };
    }
    let words = causes(error).last().unwrap_or(error).to_string();
    if causes(error).chain([error]).any(is_connect) { Error::Connect(words) } else { Error::Broken(words) }
}

/// The same of a connection that was not made.
pub(super) fn unconnected(error: &(dyn StdError + 'static)) -> Error {
    match classify(error) {
        Error::Broken(words) => Error::Connect(words),
        other => other,
    }
}

/// Tells the operator that no `https` address can be reached.
pub(super) fn no_authorities(error: &(dyn StdError + 'static)) {
    tracing::warn!(error, "certificate authorities could not be loaded; https addresses will be refused");
}

fn is_timeout(cause: &(dyn StdError + 'static)) -> bool {
    cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::TimedOut)
        || cause.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_timeout)
}

fn is_connect(cause: &(dyn StdError + 'static)) -> bool {
    cause.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_connect)
}

/// What kept a secure connection from being made, in words.
pub(super) enum Tls {
    /// The other side could not prove who it is.
    Certificate(String),
    /// Anything else.
    Handshake(String),
}

impl Tls {
    /// The words alone.
    pub(super) fn words(self) -> String {
        match self {
            Self::Certificate(words) | Self::Handshake(words) => words,
        }
    }
}

/// What a refused certificate or handshake was, if there is one among the causes of `error`.
pub(super) fn tls_in(error: &(dyn StdError + 'static)) -> Option<Tls> {
    tls(error).or_else(|| causes(error).find_map(tls))
}

/// What it means that a name led to no permitted address.
pub(super) fn stopped(stop: &Stop) -> Error {
    match stop {
        Stop::Refused(why) => Error::Refused(why.to_string()),
        Stop::Unresolved => Error::Connect(stop.to_string()),
        Stop::Unannounced => Error::Refused(stop.to_string()),
    }
}

fn tls(cause: &(dyn StdError + 'static)) -> Option<Tls> {
    if let Some(error) = cause.downcast_ref::<rustls::Error>() {
        let words = error.to_string();
        let certificate = matches!(error, rustls::Error::InvalidCertificate(_));
        return Some(if certificate { Tls::Certificate(words) } else { Tls::Handshake(words) });
    }
    let error = cause.downcast_ref::<io::Error>()?;
    // An I/O error hides what it wraps from `source`, and may wrap another one.
    if let Some(told) = error.get_ref().and_then(|wrapped| tls(wrapped)) {
        return Some(told);
    }
    let cut_off = error.kind() == io::ErrorKind::UnexpectedEof && error.to_string().contains("handshake");
    cut_off.then(|| Tls::Handshake("the handshake was cut off".to_owned()))
}

pub(super) fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    let mut next = error.source();
    std::iter::from_fn(move || {
        let cause = next?;
        next = cause.source();
        Some(cause)
    })
}
