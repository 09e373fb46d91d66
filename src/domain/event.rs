//! Events: the facts of the log, and what a payload says about them.
//!
//! A stored event holds ids and facts only. The customer's name, metadata and the site's words are
//! joined when a payload is rendered, so that erasing a customer needs no change of the log.

use entity::{
    DeliveryId, EndpointId, EventId, FailureCode, LinkStatus, LoginId, PromptKind, RunId, Timestamp,
    WorkspaceId, event, link,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::failure::{self, Failure};

/// The types of events, as subscribers name them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A link was made.
    LinkCreated,
    /// A customer clicked.
    LinkAccessed,
    /// A customer answered.
    LinkAuthenticating,
    /// A customer is signed in.
    LinkInProgress,
    /// The job has ended well.
    LinkCompleted,
    /// The sign-in or the job failed.
    LinkFailed,
    /// The link is over.
    LinkExpired,
    /// The source system asks something.
    LoginPrompted,
    /// The source system refused an answer.
    LoginRejected,
    /// A run has begun.
    RunStarted,
    /// A run ended well.
    RunSucceeded,
    /// A run failed.
    RunFailed,
    /// Nothing has arrived at an endpoint for a while.
    EndpointFailing,
    /// An endpoint that was failing takes deliveries again.
    EndpointRecovered,
    /// An endpoint is no longer sent to.
    EndpointDisabled,
    /// A delivery was given up.
    DeliveryExhausted,
    /// A partner tries an endpoint out.
    WebhookTest,
}

impl Kind {
    /// Every type.
    pub const ALL: [Self; 17] = [
        Self::LinkCreated,
        Self::LinkAccessed,
        Self::LinkAuthenticating,
        Self::LinkInProgress,
        Self::LinkCompleted,
        Self::LinkFailed,
        Self::LinkExpired,
        Self::LoginPrompted,
        Self::LoginRejected,
        Self::RunStarted,
        Self::RunSucceeded,
        Self::RunFailed,
        Self::EndpointFailing,
        Self::EndpointRecovered,
        Self::EndpointDisabled,
        Self::DeliveryExhausted,
        Self::WebhookTest,
    ];

    /// The name subscribers use.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LinkCreated => "link.created",
            Self::LinkAccessed => "link.accessed",
            Self::LinkAuthenticating => "link.authenticating",
            Self::LinkInProgress => "link.in_progress",
            Self::LinkCompleted => "link.completed",
            Self::LinkFailed => "link.failed",
            Self::LinkExpired => "link.expired",
            Self::LoginPrompted => "login.prompted",
            Self::LoginRejected => "login.rejected",
            Self::RunStarted => "run.started",
            Self::RunSucceeded => "run.succeeded",
            Self::RunFailed => "run.failed",
            Self::EndpointFailing => "endpoint.failing",
            Self::EndpointRecovered => "endpoint.recovered",
            Self::EndpointDisabled => "endpoint.disabled",
            Self::DeliveryExhausted => "delivery.exhausted",
            Self::WebhookTest => "webhook.test",
        }
    }

    /// The event that tells of a link's new status.
    #[must_use]
    pub const fn of_status(status: LinkStatus) -> Self {
        match status {
            LinkStatus::Created => Self::LinkCreated,
            LinkStatus::Accessed => Self::LinkAccessed,
            LinkStatus::Authenticating => Self::LinkAuthenticating,
            LinkStatus::InProgress => Self::LinkInProgress,
            LinkStatus::Completed => Self::LinkCompleted,
            LinkStatus::Failed => Self::LinkFailed,
            LinkStatus::Expired => Self::LinkExpired,
        }
    }
}

/// Whether events of type `kind` are about the delivering itself: giving up on one of them records
/// nothing further, or the log would feed on itself.
#[must_use]
pub fn is_about_delivering(kind: &str) -> bool {
    ["endpoint.*", "delivery.*", "webhook.*"].iter().any(|family| matches(family, kind))
}

/// Whether an endpoint that asked for `patterns` wants events of type `kind`; none = all.
#[must_use]
pub fn is_wanted(patterns: &[String], kind: &str) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| matches(pattern, kind))
}

/// Whether `pattern` is a type, or a family such as `link.*`.
#[must_use]
pub fn is_pattern(pattern: &str) -> bool {
    Kind::ALL.iter().any(|kind| matches(pattern, kind.as_str()))
}

/// Whether an event of type `kind` is meant by `pattern`.
#[must_use]
pub fn matches(pattern: &str, kind: &str) -> bool {
    match pattern.strip_suffix(".*") {
        Some(family) => kind.strip_prefix(family).is_some_and(|rest| rest.starts_with('.')),
        None => pattern == kind,
    }
}

/// What is stored of an event besides its columns.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Facts {
    /// The link's status before; absent for `link.created`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_status: Option<LinkStatus>,
    /// The link's status after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<LinkStatus>,
    /// Whether a customer opening the link could sign in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usable: Option<bool>,
    /// What failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure_code: Option<FailureCode>,
    /// The login it is about, or whose words the failure has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub login_id: Option<LoginId>,
    /// What kind of prompt it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_kind: Option<PromptKind>,
    /// Which prompt of the login it was; it has the site's words about the answer before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prompt_number: Option<i32>,
    /// The run it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run_id: Option<RunId>,
    /// The endpoint it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endpoint_id: Option<EndpointId>,
    /// The delivery it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery_id: Option<DeliveryId>,
    /// Why, in one word: `revoked`, `gone`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Facts {
    /// The facts of a stored event.
    #[must_use]
    pub fn of(event: &event::Model) -> Self {
        serde_json::from_value(event.facts.clone()).unwrap_or_default()
    }

    /// The same facts as they are stored.
    #[must_use]
    pub fn to_value(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// An event with everything a payload may say about it.
#[derive(Clone, Debug, PartialEq)]
pub struct EventView {
    /// The event's id: the same in every attempt and for every endpoint.
    pub id: EventId,
    /// Its type, such as `link.completed`.
    pub kind: String,
    /// When it happened.
    pub occurred_at: Timestamp,
    /// Whose it is.
    pub workspace: WorkspaceId,
    /// The shown id of what it is about, such as `lnk_…`.
    pub subject: Option<String>,
    /// What happened, by noun; never a secret.
    pub data: Value,
}

impl EventView {
    /// The view of an event with the rows it is joined from.
    #[must_use]
    pub fn of(event: &event::Model, joined: Joined<'_>) -> Self {
        Self {
            id: event.id,
            kind: event.kind.clone(),
            occurred_at: event.occurred_at,
            workspace: event.workspace_id,
            subject: event.link_id.map(|id| id.to_string()),
            data: data(event, joined),
        }
    }
}

/// The rows a payload is joined from, beside the event.
#[derive(Clone, Copy, Debug, Default)]
pub struct Joined<'a> {
    /// The link it is about.
    pub link: Option<&'a link::Model>,
    /// The partner's name for the link's customer; absent after erasure.
    pub external_id: Option<&'a str>,
    /// The site's words of the login it names.
    pub site_message: Option<&'a str>,
}

/// The failure an event tells of, with the site's words.
#[must_use]
pub fn failure(facts: &Facts, joined: Joined<'_>) -> Option<Failure> {
    let words = joined.site_message.map(ToOwned::to_owned);
    facts.failure_code.map(|code| Failure::new(code).with_site_message(words))
}

/// `data`, exactly as a webhook carries it (see `docs/webhooks.md`).
#[must_use]
pub fn data(event: &event::Model, joined: Joined<'_>) -> Value {
    let facts = Facts::of(event);
    let mut data = serde_json::Map::new();
    if let Some(link) = joined.link {
        data.insert("link".to_owned(), link_data(event, &facts, link, joined.external_id));
    }
    if let Some(id) = facts.login_id {
        let mut login = json!({ "id": id });
        if let Some(kind) = facts.prompt_kind {
            login["promptKind"] = json!(kind);
        }
        data.insert("login".to_owned(), login);
    }
    if let Some(id) = facts.run_id {
        data.insert("run".to_owned(), json!({ "id": id }));
    }
    if let Some(id) = facts.endpoint_id {
        data.insert("endpoint".to_owned(), json!({ "id": id }));
    }
    if let Some(id) = facts.delivery_id {
        data.insert("delivery".to_owned(), json!({ "id": id }));
    }
    if let Some(reason) = &facts.reason {
        data.insert("reason".to_owned(), json!(reason));
    }
    if let Some(failed) = failure(&facts, joined) {
        let told = json!({
            "code": failed.code,
            "retryable": failure::is_retryable(failed.code),
            "siteMessage": failed.site_message,
            "message": failure::message(failed.code),
        });
        data.insert("failure".to_owned(), told);
    }
    Value::Object(data)
}

fn link_data(event: &event::Model, facts: &Facts, link: &link::Model, external_id: Option<&str>) -> Value {
    json!({
        "id": link.id,
        "externalId": external_id,
        "jobId": link.job_id,
        "status": facts.status.unwrap_or(link.status),
        "previousStatus": facts.previous_status,
        "sequence": event.sequence,
        "usable": facts.usable.unwrap_or(false),
        "metadata": link.metadata,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_without_types_wants_all_and_one_with_types_only_those() {
        let only = |patterns: &[&str]| patterns.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();

        assert!(is_wanted(&[], "link.created"));
        assert!(is_wanted(&only(&["run.*", "link.created"]), "link.created"));
        assert!(!is_wanted(&only(&["run.*", "link.failed"]), "link.created"));
    }

    #[test]
    fn what_is_about_delivering_is_told_by_its_family() {
        let about: Vec<_> =
            Kind::ALL.iter().map(|kind| kind.as_str()).filter(|kind| is_about_delivering(kind)).collect();

        assert_eq!(
            about,
            [
                "endpoint.failing",
                "endpoint.recovered",
                "endpoint.disabled",
                "delivery.exhausted",
                "webhook.test"
            ]
        );
    }
}
