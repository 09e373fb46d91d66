//! What failed, and who may do something about it.
//!
//! Three texts are always kept apart: the stable code, the site's own words, and ours.

use entity::FailureCode;
use entity::FailureCode as F;
use serde::{Deserialize, Serialize};

/// A failure as it is told to the partner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// The stable code.
    pub code: FailureCode,
    /// The source system's own words, verbatim.
    pub site_message: Option<String>,
}

impl Failure {
    /// A failure without words of the site.
    #[must_use]
    pub const fn new(code: FailureCode) -> Self {
        Self { code, site_message: None }
    }

    /// The same failure with what the site said.
    #[must_use]
    pub fn with_site_message(self, words: Option<String>) -> Self {
        Self { site_message: words, ..self }
    }
}

/// Who can do something about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The customer, by answering again or by beginning again.
    Customer,
    /// The customer, at the site.
    Account,
    /// The site.
    Site,
    /// Whoever describes the site to us.
    Recipe,
    /// We, or the limits that were set.
    Ours,
    /// Whoever wrote the job.
    Job,
}

/// Who can do something about it.
#[must_use]
pub const fn class(code: FailureCode) -> Class {
    match code {
        F::CredentialsRejected
        | F::CodeRejected
        | F::CodeExpired
        | F::AnswerRejected
        | F::ApprovalDenied
        | F::ApprovalTimeout
        | F::Uncertain
        | F::InputTimeout
        | F::CustomerCancelled => Class::Customer,
        F::AccountLocked
        | F::AccountDisabled
        | F::PasswordExpired
        | F::ActionRequired
        | F::OtherSessionActive
        | F::NoAccess => Class::Account,
        F::SiteUnavailable
        | F::SiteError
        | F::CertificateInvalid
        | F::BlockedAsBot
        | F::RateLimited
        | F::CaptchaUnsolvable => Class::Site,
        F::LoginFormNotFound | F::UnknownPage | F::StuckLoop | F::OriginNotAllowed | F::MethodUnsupported => {
            Class::Recipe
        }
        F::AttemptsExhausted
        | F::LinkExpired
        | F::LinkRevoked
        | F::EngineCrash
        | F::EngineTimeout
        | F::Capacity => Class::Ours,
        F::StepFailed | F::Interrupted | F::ReloginRequired => Class::Job,
    }
}

/// Whether trying again, by anyone, can end differently without a change at the account.
#[must_use]
pub const fn is_retryable(code: FailureCode) -> bool {
    !matches!(
        code,
        F::AccountLocked
            | F::AccountDisabled
            | F::PasswordExpired
            | F::ActionRequired
            | F::NoAccess
            | F::OriginNotAllowed
            | F::MethodUnsupported
            | F::LoginFormNotFound
            | F::LinkExpired
            | F::LinkRevoked
            | F::StepFailed
    )
}

/// Our own words for a developer: what happened and what to do next.
#[must_use]
pub const fn message(code: FailureCode) -> &'static str {
    match code {
        F::CredentialsRejected => "The site refused the identifier or the password.",
        F::CodeRejected => "The site refused the code.",
        F::CodeExpired => "The code was too old; the customer needs a new one.",
        F::AnswerRejected => "The site refused the answer.",
        F::ApprovalDenied => "The customer declined the approval.",
        F::ApprovalTimeout => "The approval did not come in time.",
        F::Uncertain => "It could not be told whether the site accepted the answer.",
        F::InputTimeout => "The customer did not answer in time; opening the link again starts a new login.",
        F::CustomerCancelled => "The customer cancelled; opening the link again starts a new login.",
        F::AccountLocked => "The account is locked; the customer must unlock it at the site first.",
        F::AccountDisabled => "The account is disabled; the customer must ask the site.",
        F::PasswordExpired => "The site wants a new password; the customer must set it at the site first.",
        F::ActionRequired => "The customer must do something at the site first.",
        F::OtherSessionActive => "The site allows one session and another one is open.",
        F::NoAccess => "The account has no access to what the job needs.",
        F::SiteUnavailable => "The site could not be reached; try again later.",
        F::SiteError => "The site answered with an error; try again later.",
        F::CertificateInvalid => {
            "The site's certificate has expired, is for another name, or nobody we trust vouches for it; \
             nothing was sent to it."
        }
        F::BlockedAsBot => "The site took the login for a robot's.",
        F::RateLimited => "Too many tries; wait before the next one.",
        F::CaptchaUnsolvable => "The site shows a captcha that cannot be answered here.",
        F::LoginFormNotFound => "No form to sign in with was found; check loginUrl or add a recipe.",
        F::UnknownPage => "The site showed a page that is not understood; add a recipe.",
        F::StuckLoop => "The site asked the same thing again and again.",
        F::OriginNotAllowed => "The site sent the login to an origin that is not in allowedOrigins.",
        F::MethodUnsupported => "The site wants a method of sign-in that is not supported here.",
        F::AttemptsExhausted => {
            "The tries of this login are used up; opening the link again starts a new login."
        }
        F::LinkExpired => "The link's time was over.",
        F::LinkRevoked => "The link was revoked.",
        F::EngineCrash => "The engine stopped in the middle; opening the link again starts a new login.",
        F::EngineTimeout => "The login took too long; opening the link again starts a new login.",
        F::Capacity => "No engine was free; try again in a moment.",
        F::StepFailed => "A step of a workflow failed; see the run's steps.",
        F::Interrupted => "The run was interrupted at a step that must not be repeated.",
        F::ReloginRequired => "The session has ended; the customer must sign in again.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_to_change_at_the_account_first_is_not_tried_again() {
        for code in FailureCode::ALL {
            let at_account = class(*code) == Class::Account && *code != F::OtherSessionActive;
            assert!(!(at_account && is_retryable(*code)), "{code:?}");
            if matches!(class(*code), Class::Customer | Class::Site) {
                assert!(is_retryable(*code), "{code:?}");
            }
        }
    }

    #[test]
    fn every_failure_is_told_in_a_sentence_of_its_own() {
        let mut told: Vec<_> = FailureCode::ALL.iter().map(|code| message(*code)).collect();
        assert!(told.iter().all(|text| text.ends_with('.')));
        told.sort_unstable();
        told.dedup();
        assert_eq!(told.len(), FailureCode::ALL.len());
    }
}
