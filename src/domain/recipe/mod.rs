//! Recipes: what a partner tells the detector about a site, where it needs help.
//!
//! A recipe is data, one format for both drivers. It says how to know a step of the login and where its
//! fields are, what a success and a refusal look like, and how to ask whether the customer is in. All its
//! conditions are judged on one settled page. It can make the engine more careful, never less: allowed
//! origins, hidden fields, what may be typed into which input, and the budgets stand above it.

mod condition;
mod limits;
mod read;
mod selector;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use entity::{Driver, FailureCode};
use serde::{Deserialize, Serialize};
use url::Url;

pub use self::condition::{Condition, Mark, Marks};
pub use self::limits::{Pattern, Phrase};
pub use self::read::{Flaw, read};
pub use self::selector::Selector;
use super::prompt::FieldRole;

/// What a partner tells the detector about a site.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Recipe {
    /// The origins the recipe was made for; each must be one of the source system's.
    #[serde(default, deserialize_with = "limits::list::<_, _, 20>", skip_serializing_if = "Vec::is_empty")]
    pub origins: Vec<Url>,
    /// Where the login begins, in place of the source system's login URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_url: Option<Url>,
    /// How the site is reached, if the source system leaves it open.
    #[serde(default, with = "limits::driver", skip_serializing_if = "Option::is_none")]
    pub driver: Option<Driver>,
    /// The steps of the login; of those that match, the first counts.
    #[serde(default, deserialize_with = "limits::list::<_, _, 12>", skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
    /// What a success and the refusals look like.
    #[serde(default, deserialize_with = "limits::keyed", skip_serializing_if = "BTreeMap::is_empty")]
    pub results: BTreeMap<Verdict, Conditions>,
    /// Where the site says what is wrong.
    #[serde(default, deserialize_with = "limits::list::<_, _, 10>", skip_serializing_if = "Vec::is_empty")]
    pub messages: Vec<Selector>,
    /// How to ask whether the customer is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probe: Option<Probe>,
    /// What the engine may do of itself.
    #[serde(default, skip_serializing_if = "Policy::is_empty")]
    pub policy: Policy,
}

/// One step of a login.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Step {
    /// How to know it.
    #[serde(rename = "match")]
    pub matches: Condition,
    /// What must not hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not: Option<Condition>,
    /// What is typed, and where. Without fields it is a notice, and `submit` goes on.
    #[serde(default, deserialize_with = "limits::keyed", skip_serializing_if = "BTreeMap::is_empty")]
    pub fields: BTreeMap<FieldRole, Selector>,
    /// What sends it; without one the detector finds the button.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submit: Option<Selector>,
}

/// Conditions of which one is enough.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Conditions(#[serde(deserialize_with = "limits::list::<_, _, 10>")] pub Vec<Condition>);

/// What a page can say about the login, in the order in which it is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "each is the failure code of its name")]
pub enum Verdict {
    AccountLocked,
    AccountDisabled,
    PasswordExpired,
    ActionRequired,
    OtherSessionActive,
    NoAccess,
    RateLimited,
    CaptchaUnsolvable,
    BlockedAsBot,
    MethodUnsupported,
    SiteUnavailable,
    SiteError,
    CredentialsRejected,
    CodeExpired,
    CodeRejected,
    AnswerRejected,
    ApprovalDenied,
    /// The customer is in.
    #[serde(rename = "success")]
    Success,
}

/// A page that only a signed-in customer sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Probe {
    /// The page.
    pub url: Url,
    /// What it shows to a signed-in customer.
    pub expect: Condition,
}

/// What the engine may do of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Policy {
    /// Passwords in one login, at most 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_password_submits: Option<u32>,
    /// Whether a question to trust this device is answered with yes or no; without it the customer is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trust_device: Option<bool>,
}

impl Policy {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Recipe {
    /// Every selector of the recipe, once.
    #[must_use]
    pub fn selectors(&self) -> BTreeSet<&Selector> {
        let of_steps = self.steps.iter().flat_map(|step| {
            let conditions = [Some(&step.matches), step.not.as_ref()].into_iter().flatten();
            conditions
                .filter_map(|one| one.has.as_ref())
                .chain(step.fields.values())
                .chain(step.submit.as_ref())
        });
        let results = self.results.values().flat_map(|list| &list.0);
        let probe = self.probe.iter().map(|probe| &probe.expect);
        let judged = results.chain(probe).filter_map(|one| one.has.as_ref());
        of_steps.chain(judged).chain(&self.messages).collect()
    }

    /// Whether the recipe says what a success looks like.
    #[must_use]
    pub fn knows_success(&self) -> bool {
        self.results.get(&Verdict::Success).is_some_and(|list| !list.0.is_empty())
    }
}

impl Verdict {
    /// The failure it stands for; none is a success.
    #[must_use]
    pub const fn failure(self) -> Option<FailureCode> {
        Some(match self {
            Self::AccountLocked => FailureCode::AccountLocked,
            Self::AccountDisabled => FailureCode::AccountDisabled,
            Self::PasswordExpired => FailureCode::PasswordExpired,
            Self::ActionRequired => FailureCode::ActionRequired,
            Self::OtherSessionActive => FailureCode::OtherSessionActive,
            Self::NoAccess => FailureCode::NoAccess,
            Self::RateLimited => FailureCode::RateLimited,
            Self::CaptchaUnsolvable => FailureCode::CaptchaUnsolvable,
            Self::BlockedAsBot => FailureCode::BlockedAsBot,
            Self::MethodUnsupported => FailureCode::MethodUnsupported,
            Self::SiteUnavailable => FailureCode::SiteUnavailable,
            Self::SiteError => FailureCode::SiteError,
            Self::CredentialsRejected => FailureCode::CredentialsRejected,
            Self::CodeExpired => FailureCode::CodeExpired,
            Self::CodeRejected => FailureCode::CodeRejected,
            Self::AnswerRejected => FailureCode::AnswerRejected,
            Self::ApprovalDenied => FailureCode::ApprovalDenied,
            Self::Success => return None,
        })
    }

    /// Whether it is about what was typed, so that the customer is asked again.
    #[must_use]
    pub const fn asks_again(self) -> bool {
        matches!(
            self,
            Self::CredentialsRejected
                | Self::CodeExpired
                | Self::CodeRejected
                | Self::AnswerRejected
                | Self::ApprovalDenied
        )
    }
}
