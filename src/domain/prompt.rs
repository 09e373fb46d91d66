//! Prompts: what a source system may ask the customer, as a closed set, and the answers to it.
//!
//! The texts are the site's, verbatim but defused: plain, short, without control or bidirectional
//! characters. Nothing here says how a page shows a prompt or how a driver found it.

use std::collections::BTreeMap;

pub use entity::PromptKind;
use entity::{FailureCode, Timestamp};
use serde::{Deserialize, Serialize};

use super::Secret;

/// One question of the source system.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Prompt {
    /// What it asks for.
    pub kind: PromptKind,
    /// What a choice is about.
    #[serde(default)]
    pub purpose: Option<Purpose>,
    /// The site's heading for it.
    pub title: Option<String>,
    /// The site's explanation.
    pub message: Option<String>,
    /// Where the words come from and where the answer goes.
    pub origin: String,
    /// What the site said about the answer before, in its own words.
    pub site_error: Option<String>,
    /// Why this prompt comes again, if it does.
    pub rejected: Option<FailureCode>,
    /// Why the customer is sent to the site, for a handoff.
    #[serde(default)]
    pub because: Option<FailureCode>,
    /// What is to be typed.
    pub fields: Vec<Field>,
    /// What is to be chosen from.
    pub choices: Vec<Choice>,
    /// Images, codes to scan and numbers to compare.
    pub media: Vec<Media>,
    /// How a code is delivered, where the page says so.
    pub delivery: Option<CodeDelivery>,
    /// Where a code went, masked by the site.
    pub masked_target: Option<String>,
    /// Tries used for this kind of secret in this login.
    pub attempts_used: u32,
    /// Tries allowed.
    pub attempts_max: Option<u32>,
    /// How the code or the request can be had once more, if the site offers that.
    #[serde(default)]
    pub resend: Option<Resend>,
    /// Other ways to go on ("try another way").
    pub alternatives: Vec<Choice>,
    /// Whether the engine looks by itself whether the site goes on.
    #[serde(default)]
    pub polls: bool,
    /// Until when an answer is waited for; set when the prompt is put to the customer.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
    /// Whether the customer may give up here.
    #[serde(default = "yes")]
    pub cancelable: bool,
    /// Whether what is typed here may be kept, if the customer agrees.
    #[serde(default)]
    pub may_keep: bool,
}

impl Prompt {
    /// Whether the password is asked for.
    #[must_use]
    pub fn asks_password(&self) -> bool {
        self.fields.iter().any(|field| field.role == FieldRole::Password)
    }
}

const fn yes() -> bool {
    true
}

/// Asking the site to send something again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Resend {
    /// How many seconds the site wants to be left alone first.
    pub wait: Option<u32>,
    /// From when on it can be asked; set when the prompt is put to the customer.
    pub available_at: Option<Timestamp>,
}

/// What a choice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// The way to prove who one is.
    MfaMethod,
    /// Where a code goes.
    MfaTarget,
    /// One of several accounts.
    Account,
    /// One of several organisations.
    Organization,
    /// The way to sign in.
    SignInMethod,
    /// Anything else.
    Other,
}

/// Something the customer types or picks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Field {
    /// Our opaque name for it; the key of the answer's values.
    pub name: String,
    /// What it is for.
    pub role: FieldRole,
    /// The site's label.
    pub label: String,
    /// The site's hint or placeholder.
    pub hint: Option<String>,
    /// Whether it may stay empty.
    pub required: bool,
    /// Whether it must not be shown while typing.
    pub secret: bool,
    /// `numeric`, `email`, `tel`: which keyboard fits.
    pub inputmode: Option<String>,
    /// The HTML autocomplete token that fits.
    pub autocomplete: Option<String>,
    /// The most characters the site takes.
    pub max_length: Option<u32>,
    /// How many characters it is, where the page tells.
    #[serde(default)]
    pub length: Option<u32>,
    /// What a code is made of, where the page tells.
    #[serde(default)]
    pub charset: Option<Charset>,
    /// For a select: what may be picked, as (value, label).
    pub options: Vec<(String, String)>,
}

/// What a code is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Charset {
    /// Digits alone.
    Digits,
    /// Letters and digits, perhaps with dashes.
    Letters,
}

/// What a field is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldRole {
    /// A user name or customer number.
    Identifier,
    /// An e-mail address used as identifier.
    Email,
    /// The current password.
    Password,
    /// A new password.
    NewPassword,
    /// The new password once more.
    ConfirmPassword,
    /// A one-time code.
    Code,
    /// A phone number.
    Phone,
    /// The answer to a security question.
    Answer,
    /// A tenant, company or branch.
    Tenant,
    /// Anything else the form needs.
    Other,
}

/// One way among several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Choice {
    /// Opaque, never a selector.
    pub id: String,
    /// The site's label.
    pub label: String,
    /// The site's explanation.
    pub description: Option<String>,
    /// Where a code would go, masked by the site.
    #[serde(default)]
    pub masked_target: Option<String>,
}

/// Something to look at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Media {
    /// A number to compare with the one in an app.
    Number {
        /// One to three digits.
        text: String,
    },
    /// A picture, as the site sent it.
    Image {
        /// Its MIME type, of a closed list.
        content_type: String,
        /// Base64.
        data: String,
    },
    /// A picture to be scanned by an app.
    Qr {
        /// Its MIME type, of a closed list.
        content_type: String,
        /// Base64.
        data: String,
    },
}

/// How a code reaches the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CodeDelivery {
    /// A text message.
    Sms,
    /// An e-mail.
    Email,
    /// A call.
    Call,
    /// An authenticator app.
    App,
    /// A printed or saved list.
    List,
    /// The page does not say.
    Unknown,
}

/// What the customer wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Send what was typed or chosen.
    Submit,
    /// Send the code again.
    Resend,
    /// Give up.
    Cancel,
    /// Agree to a notice.
    Accept,
    /// Refuse a notice.
    Decline,
    /// Said after acting on the site itself.
    Done,
}

/// The customer's reply. It holds secrets: no `Debug`, and it is only ever stored sealed.
#[derive(Clone)]
pub struct Answer {
    /// What the customer wants.
    pub action: Action,
    /// What was typed, by field name.
    pub values: BTreeMap<String, Secret>,
    /// The id of what was chosen, if anything was.
    pub choice: Option<String>,
    /// Whether the customer agrees that what was typed is kept for later.
    pub keep: bool,
}

/// The plaintext inside a sealed answer; only [`Answer::to_bytes`] and [`Answer::from_bytes`] see it.
#[derive(Serialize, Deserialize)]
struct Wire {
    action: Action,
    values: BTreeMap<String, String>,
    choice: Option<String>,
    #[serde(default)]
    keep: bool,
}

impl Answer {
    /// The bytes that are sealed to the login's key.
    #[must_use]
    pub fn to_bytes(&self) -> zeroize::Zeroizing<Vec<u8>> {
        let values = self.values.iter().map(|(name, value)| (name.clone(), value.expose().to_owned()));
        let wire = Wire {
            action: self.action,
            values: values.collect(),
            choice: self.choice.clone(),
            keep: self.keep,
        };
        let bytes = serde_json::to_vec(&wire).unwrap_or_default();
        wire.values.into_values().for_each(|value| drop(Secret::new(value)));
        zeroize::Zeroizing::new(bytes)
    }

    /// Reads what [`Answer::to_bytes`] (or the page's script) wrote; `None` if it is anything else.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let wire: Wire = serde_json::from_slice(bytes).ok()?;
        let values = wire.values.into_iter().map(|(name, value)| (name, Secret::new(value)));
        Some(Self { action: wire.action, values: values.collect(), choice: wire.choice, keep: wire.keep })
    }
}
