//! `service::Error` in the API's two languages: user errors, and coded top-level errors.

use async_graphql::{Enum, Error, ErrorExtensions, MaybeUndefined, Result, SimpleObject};
use uuid::Uuid;

use crate::service::{self, Problem};

/// What kind of wrong an input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(super) enum UserErrorCode {
    /// Not of the form or range that is allowed.
    Invalid,
    /// Longer than allowed.
    TooLong,
    /// Names something that does not exist in the workspace.
    NotFound,
    /// Does not fit what is already there.
    Conflict,
    /// A URL that the server's policy forbids.
    ForbiddenUrl,
    /// More than allowed.
    LimitExceeded,
    /// Already in use.
    Taken,
}

/// Something the caller can fix; the object is then null and nothing was changed.
#[derive(Clone, Debug, SimpleObject)]
pub(super) struct UserError {
    /// What kind of wrong.
    code: UserErrorCode,
    /// The path of the input field, without `input`; null if it is about none.
    field: Option<Vec<String>>,
    /// What is allowed, in words.
    message: String,
}

impl UserError {
    /// An error of one input field.
    pub(super) fn new(code: UserErrorCode, field: &str, message: &str) -> Self {
        Self { code, field: Some(vec![field.to_owned()]), message: message.to_owned() }
    }
}

/// What the caller can fix as user errors; everything else as a top-level error.
pub(super) fn user_errors(error: service::Error) -> Result<Vec<UserError>> {
    let (code, field, message) = match error {
        service::Error::Invalid { field, problem, message } => {
            (code(problem), Some(field.split('.').map(ToOwned::to_owned).collect()), message)
        }
        service::Error::NotFound => {
            let message = "there is no such object in this workspace".to_owned();
            (UserErrorCode::NotFound, Some(vec!["id".to_owned()]), message)
        }
        service::Error::Conflict(message) => (UserErrorCode::Conflict, None, message),
        other => return Err(top_level(other)),
    };
    Ok(vec![UserError { code, field, message }])
}

fn code(problem: Problem) -> UserErrorCode {
    match problem {
        Problem::Invalid => UserErrorCode::Invalid,
        Problem::TooLong => UserErrorCode::TooLong,
        Problem::NotFound => UserErrorCode::NotFound,
        Problem::ForbiddenUrl => UserErrorCode::ForbiddenUrl,
        Problem::LimitExceeded => UserErrorCode::LimitExceeded,
        Problem::Taken => UserErrorCode::Taken,
    }
}

/// What is given for a field that always has a value; `None` = it was left out.
pub(super) fn given<T>(field: &str, value: MaybeUndefined<T>) -> Result<Option<T>, service::Error> {
    match value {
        MaybeUndefined::Value(value) => Ok(Some(value)),
        MaybeUndefined::Undefined => Ok(None),
        MaybeUndefined::Null => {
            Err(service::Error::invalid(field, "must not be null: leave it out to keep it"))
        }
    }
}

/// A top-level error with its code; what is ours is logged once and told as a reference.
pub(super) fn top_level(error: service::Error) -> Error {
    match error {
        service::Error::Forbidden(message) => coded(Error::new(message), "FORBIDDEN"),
        service::Error::Invalid { field, message, .. } => {
            coded(Error::new(format!("{field}: {message}")), "BAD_REQUEST")
        }
        service::Error::NotFound | service::Error::Gone | service::Error::Conflict(_) => {
            coded(Error::new(error.to_string()), "BAD_REQUEST")
        }
        service::Error::Limited { retry_after } => coded(Error::new("too many requests"), "RATE_LIMITED")
            .extend_with(|_, extensions| extensions.set("retryAfter", retry_after.as_secs())),
        service::Error::Unavailable => coded(
            Error::new("not available right now; try again, with an idempotencyKey where there is one"),
            "UNAVAILABLE",
        ),
        service::Error::Internal(_) => internal(&error),
    }
}

/// An error of reading the log: a cursor may be too old.
pub(super) fn of_the_log(error: service::Error) -> Error {
    match error {
        service::Error::Gone => {
            let message = "events after this cursor are no longer kept; read what there is now, and go on from \
                           workspace { eventCursor }";
            coded(Error::new(message), "CURSOR_EXPIRED")
        }
        other => top_level(other),
    }
}

/// Logs the whole chain and tells its reference.
fn internal(error: &service::Error) -> Error {
    let reference = Uuid::new_v4().simple().to_string();
    tracing::error!(error.reference = %reference, error = error as &dyn std::error::Error, "A request failed.");
    coded(Error::new(format!("internal error, reference {reference}")), "INTERNAL")
        .extend_with(|_, extensions| extensions.set("reference", reference.as_str()))
}

/// `error` with the code clients branch on.
pub(super) fn coded(error: Error, code: &str) -> Error {
    error.extend_with(|_, extensions| extensions.set("code", code))
}

/// "There is none" is null, not an error.
pub(super) fn optional<T>(result: Result<T, service::Error>) -> Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(service::Error::NotFound) => Ok(None),
        Err(error) => Err(top_level(error)),
    }
}
