//! What can go wrong, said so that the caller knows what to do next.

use std::time::Duration;

use crate::domain::link::Impossible;
use crate::store;

/// What is wrong with one input, for a caller who can fix it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Not of the form or range that is allowed.
    Invalid,
    /// Longer than allowed.
    TooLong,
    /// Names something that is not there.
    NotFound,
    /// A URL that policy forbids.
    ForbiddenUrl,
    /// More than allowed.
    LimitExceeded,
    /// Already in use.
    Taken,
    /// Does not fit what is already there.
    Conflict,
}

/// Why a use case did nothing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such thing here.
    #[error("there is no such object")]
    NotFound,
    /// An input is wrong; `message` names what is allowed.
    #[error("{field}: {message}")]
    Invalid {
        /// The path of the input, dots between levels.
        field: String,
        /// What kind of wrong.
        problem: Problem,
        /// What is allowed.
        message: String,
    },
    /// It does not fit what is already there.
    #[error("{0}")]
    Conflict(String),
    /// The caller may not do this.
    #[error("{0}")]
    Forbidden(String),
    /// It was there and is no more.
    #[error("it is no longer there")]
    Gone,
    /// Too much at once.
    #[error("too many requests")]
    Limited {
        /// When it makes sense to try again.
        retry_after: Duration,
    },
    /// Not possible right now; a change that was under way may have happened.
    #[error("not available right now")]
    Unavailable,
    /// Our fault.
    #[error("internal error")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// An input that is wrong.
    #[must_use]
    pub fn invalid(field: &str, message: impl Into<String>) -> Self {
        Self::input(field, Problem::Invalid, message)
    }

    /// An input that is wrong in a certain way.
    #[must_use]
    pub fn input(field: &str, problem: Problem, message: impl Into<String>) -> Self {
        Self::Invalid { field: field.to_owned(), problem, message: message.into() }
    }

    /// The same error, its field inside `parent`.
    #[must_use]
    pub fn inside(self, parent: &str) -> Self {
        match self {
            Self::Invalid { field, problem, message } => {
                Self::Invalid { field: format!("{parent}.{field}"), problem, message }
            }
            other => other,
        }
    }

    /// An error that is ours.
    pub fn internal(source: impl std::error::Error + Send + Sync + 'static) -> Self {
        Self::Internal(Box::new(source))
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::NotFound => Self::NotFound,
            store::Error::Unavailable(source) => {
                tracing::warn!(
                    error = source.as_ref().map(tracing::field::display),
                    "The database does not answer."
                );
                Self::Unavailable
            }
            store::Error::Taken | store::Error::File(..) | store::Error::Database(_) => Self::internal(error),
        }
    }
}

impl From<Impossible> for Error {
    fn from(error: Impossible) -> Self {
        Self::Conflict(error.to_string())
    }
}
