//! Sorts what the clients of HTTP and NATS report into the few things a caller can act on.
//!
//! Only the innermost cause is put into words: the outer ones repeat the URL, whose path may be a secret.

use std::error::Error as StdError;
use std::io;

use super::client::Error;
use super::guard::Stop;

/// What a failed exchange means.
pub(super) fn classify(error: &reqwest::Error) -> Error {
    if let Some(stop) = causes(error).find_map(|cause| cause.downcast_ref::<Stop>()) {
        return stopped(stop);
    }
    if error.is_timeout() {
        return Error::Timeout;
    }
    if let Some(tls) = tls_in(error) {
        return Error::Tls(tls);
    }
    let words = causes(error).last().map_or_else(|| error.to_string(), ToString::to_string);
    if error.is_connect() { Error::Connect(words) } else { Error::Broken(words) }
}

/// What a refused certificate or handshake was, if there is one among the causes of `error`.
pub(super) fn tls_in(error: &(dyn StdError + 'static)) -> Option<String> {
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

fn tls(cause: &(dyn StdError + 'static)) -> Option<String> {
    if let Some(error) = cause.downcast_ref::<rustls::Error>() {
        return Some(error.to_string());
    }
    let error = cause.downcast_ref::<io::Error>()?;
    // An I/O error hides what it wraps from `source`, and may wrap another one.
    if let Some(told) = error.get_ref().and_then(|wrapped| tls(wrapped)) {
        return Some(told);
    }
    let cut_off = error.kind() == io::ErrorKind::UnexpectedEof && error.to_string().contains("handshake");
    cut_off.then(|| "the handshake was cut off".to_owned())
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
