//! The one place where errors of the service become words for a customer.
//!
//! Public words and private cause never mix: the cause goes to the log with a reference, and the page
//! shows the same reference.

use std::error::Error as Cause;
use std::fmt::Write;

use axum::extract::Request;
use axum::http::header;
use axum::middleware::Next;
use axum::response::Response;

use super::language::Language;
use super::trouble::Trouble;
use super::view::{self, Frame, Mood, Sentence};
use super::words::{Told, Words, fill};
use crate::service::Error;

/// What an error of the service means for the customer; `missing` says what was not found.
pub(super) fn translate(error: &Error, missing: Trouble) -> Trouble {
    match error {
        Error::NotFound => missing,
        Error::Invalid { field, .. } => Trouble::Form { field: field.clone(), why: "not valid" },
        Error::Conflict(_) => Trouble::Conflict,
        Error::Forbidden(_) => Trouble::Forbidden,
        Error::Gone => Trouble::Gone,
        Error::Limited { retry_after } => Trouble::Limited(*retry_after),
        Error::Unavailable => Trouble::Unavailable,
        Error::Internal(..) => internal(&chain(error)),
    }
}

/// Logs `cause` once, under a fresh reference that the customer gets too.
pub(super) fn internal(cause: &str) -> Trouble {
    let reference = format!("{:012x}", rand::random::<u64>() >> 16);
    tracing::error!(error.reference = reference, error.cause = cause, "The page could not answer.");
    Trouble::Internal { reference }
}

/// Writes the words for any [`Trouble`] that a handler or a layer below has met.
pub(super) async fn tell(request: Request, next: Next) -> Response {
    let language = Language::of(request.headers());
    let mut response = next.run(request).await;
    let Some(trouble) = response.extensions_mut().remove::<Trouble>() else { return response };
    let page = sentence(&trouble, language.words(None));
    let told = view::page(trouble.status(), &page).unwrap_or_else(|_| Response::default());
    let (parts, body) = told.into_parts();
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response.headers_mut().extend(parts.headers);
    *response.body_mut() = body;
    response
}

fn sentence(trouble: &Trouble, words: &'static Words) -> Sentence {
    let told = told(trouble, words);
    let wait = match trouble {
        Trouble::Limited(wait) if wait.as_secs() > 60 => {
            fill(words.wait_many, &[("n", &wait.as_secs().div_ceil(60).to_string())])
        }
        _ => words.wait_one.to_owned(),
    };
    let detail = match trouble {
        Trouble::Internal { reference } => Some(fill(words.reference, &[("reference", reference)])),
        Trouble::Form { field, why } => Some(fill(words.field, &[("field", &short(field)), ("why", why)])),
        _ => None,
    };
    let frame = Frame::bare(words, format!("{}{}", words.error_prefix, told.title));
    let text = fill(told.text, &[("wait", &wait)]);
    Sentence::new(frame, Mood::Trouble, told.title.to_owned(), text).noting(detail)
}

const fn told(trouble: &Trouble, words: &'static Words) -> &'static Told {
    match trouble {
        Trouble::Link => &words.bad_link,
        Trouble::Login => &words.bad_login,
        Trouble::Path => &words.bad_path,
        Trouble::Gone => &words.gone,
        Trouble::Forbidden => &words.forbidden,
        Trouble::Conflict => &words.conflict,
        Trouble::Limited(_) => &words.limited,
        Trouble::Unavailable => &words.unavailable,
        Trouble::Internal { .. } => &words.internal,
        Trouble::TooLarge => &words.too_large,
        Trouble::TooSlow => &words.too_slow,
        Trouble::Method => &words.bad_method,
        Trouble::ContentType => &words.bad_type,
        Trouble::Text => &words.bad_text,
        Trouble::Form { .. } => &words.bad_form,
        Trouble::Foreign => &words.foreign,
    }
}

/// A field's name may be as long as a body; a page shows what one can read.
fn short(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(60).collect()
}

fn chain(error: &dyn Cause) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(below) = cause {
        // Writing to a string cannot fail.
        let _ = write!(text, ": {below}");
        cause = below.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use askama::Template;

    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the row was not written")]
    struct Outer(#[source] Inner);

    #[derive(Debug, thiserror::Error)]
    #[error("the disk is full")]
    struct Inner;

    #[test]
    fn the_log_gets_the_whole_chain_and_the_customer_a_reference_only() {
        let cause = chain(&Outer(Inner));
        assert_eq!(cause, "the row was not written: the disk is full");

        let Trouble::Internal { reference } = internal(&cause) else { panic!("it stays internal") };
        assert_eq!(reference.len(), 12);
    }

    #[test]
    fn each_error_of_the_service_keeps_its_meaning() {
        let wait = std::time::Duration::from_secs(90);
        let invalid = Error::invalid("f", "private");
        for (error, status) in [
            (Error::NotFound, 404),
            (invalid, 400),
            (Error::Conflict("private".into()), 409),
            (Error::Forbidden("private".into()), 403),
            (Error::Gone, 410),
            (Error::Limited { retry_after: wait }, 429),
            (Error::Unavailable, 503),
        ] {
            let trouble = translate(&error, Trouble::Link);
            assert_eq!(trouble.status().as_u16(), status);
            assert!(!format!("{trouble:?}").contains("private"));
        }
        let page = sentence(&Trouble::Limited(wait), super::super::words::pick(None, None)).render().unwrap();
        assert!(page.contains("Please wait 2 minutes"));
    }

    #[test]
    fn a_field_with_an_endless_name_is_told_shortly() {
        let trouble = Trouble::Form { field: "x".repeat(5_000), why: "not expected" };
        let page = sentence(&trouble, super::super::words::pick(None, None)).render().unwrap();
        assert!(page.contains(&"x".repeat(60)) && !page.contains(&"x".repeat(61)));
    }
}
