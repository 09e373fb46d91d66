//! What a client may read of an error.
//!
//! One with a code was written for it. One without came from a resolver that let something of its own
//! through; it is replaced by INTERNAL and a reference that leads to it in the log. Only bad arguments
//! are found as late as that by rights: a scalar that does not read its text says so in execution.

use std::any::Any;

use async_graphql::{Response, ServerError};

use super::refusal::{Refusal, coded};

/// The most errors that a refused document is told; a validation may find thousands.
const MAX_ERRORS: usize = 20;

/// The most characters of a validation error, which may quote the request.
const MAX_MESSAGE: usize = 500;

/// The refusal of a document that did not pass validation.
pub(super) fn refused(mut errors: Vec<ServerError>) -> Refusal {
    errors.truncate(MAX_ERRORS);
    Refusal::document(errors.into_iter().map(invalid).collect())
}

/// Leaves in `response` only what its client may read.
pub(super) fn clean(response: &mut Response) {
    let errors = std::mem::take(&mut response.errors);
    response.errors = errors.into_iter().map(presentable).collect();
}

fn invalid(mut error: ServerError) -> ServerError {
    if let Some((end, _)) = error.message.char_indices().nth(MAX_MESSAGE) {
        error.message.truncate(end);
        error.message.push('…');
    }
    coded(error, "BAD_REQUEST")
}

fn presentable(error: ServerError) -> ServerError {
    let has_code = error.extensions.as_ref().is_some_and(|extensions| extensions.get("code").is_some());
    if has_code {
        error
    } else if is_of_an_argument(&error) {
        invalid(error)
    } else {
        masked(error)
    }
}

/// The library's own words for an argument whose scalar does not read it; they have no source.
fn is_of_an_argument(error: &ServerError) -> bool {
    let says = |words: &str| error.message.starts_with(words);
    error.source.is_none() && (says("Failed to parse \"") || says("Expected input type \""))
}

fn masked(error: ServerError) -> ServerError {
    let reference = reference();
    tracing::error!(
        error.reference = reference,
        error.path = ?error.path,
        error.message,
        "A resolver let an error through that has no code."
    );
    internal(&reference, error)
}

/// The refusal of a request in which a resolver panicked.
pub(super) fn broken(panic: &(dyn Any + Send)) -> Refusal {
    let reference = reference();
    let words = panic.downcast_ref::<String>().map(String::as_str);
    let message = words.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no words");
    tracing::error!(error.reference = reference, error.message = message, "A resolver panicked.");
    Refusal::internal(internal(&reference, ServerError::new("", None)))
}

/// What the client gets in place of `error`: where it happened and the reference, nothing else.
fn internal(reference: &str, error: ServerError) -> ServerError {
    let mut said = ServerError::new(format!("Something broke here; reference {reference}."), None);
    (said.locations, said.path) = (error.locations, error.path);
    let mut said = coded(said, "INTERNAL");
    if let Some(extensions) = &mut said.extensions {
        extensions.set("reference", reference);
    }
    said
}

fn reference() -> String {
    format!("err_{:016x}", rand::random::<u64>())
}
