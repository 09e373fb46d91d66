//! Failures in the API.

use async_graphql::SimpleObject;
use entity::FailureCode as Code;

use super::words::FailureCode;
use crate::domain::failure;

/// What failed, and who may do something about it.
#[derive(SimpleObject)]
pub(super) struct Failure {
    /// The stable code to branch on.
    code: FailureCode,
    /// The source system's own words, verbatim.
    site_message: Option<String>,
    /// Ours, for a developer.
    message: &'static str,
    /// Whether trying again can end differently without a change at the account.
    retryable: bool,
}

impl Failure {
    pub(super) fn new(code: Code, site_message: Option<String>) -> Self {
        let (message, retryable) = (failure::message(code), failure::is_retryable(code));
        Self { code: code.into(), site_message, message, retryable }
    }
}
