//! The closed sets of words in the schema, each the same as its set in the database.

use async_graphql::Enum;

/// Where a link stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::LinkStatus")]
pub(super) enum LinkStatus {
    /// Made, not opened yet.
    #[graphql(name = "CREATED")]
    Created,
    /// Opened by a human's click.
    #[graphql(name = "ACCESSED")]
    Accessed,
    /// The customer has answered at least one prompt.
    #[graphql(name = "AUTHENTICATING")]
    Authenticating,
    /// Signed in; the job runs.
    #[graphql(name = "IN_PROGRESS")]
    InProgress,
    /// The job has ended well.
    #[graphql(name = "COMPLETED")]
    Completed,
    /// The sign-in or the job has failed.
    #[graphql(name = "FAILED")]
    Failed,
    /// Too late, or revoked.
    #[graphql(name = "EXPIRED")]
    Expired,
}

/// How a source system is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::Driver")]
pub(super) enum Driver {
    /// Plain HTTP first, the browser on evidence.
    #[graphql(name = "AUTO")]
    Auto,
    /// Plain HTTP only.
    #[graphql(name = "HTTP")]
    Http,
    /// Always a browser.
    #[graphql(name = "BROWSER")]
    Browser,
}

/// What may stay after the sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::KeepCredentials")]
pub(super) enum KeepCredentials {
    /// Nothing survives the run.
    #[graphql(name = "NEVER")]
    Never,
    /// The sealed session, 30 days.
    #[graphql(name = "SESSION")]
    Session,
    /// The password too, with the customer's consent.
    #[graphql(name = "VAULT")]
    Vault,
}

/// What a prompt asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::PromptKind")]
pub(super) enum PromptKind {
    /// Identifier, password, tenant: whatever of these the page shows now.
    #[graphql(name = "CREDENTIALS")]
    Credentials,
    /// One code.
    #[graphql(name = "CODE")]
    Code,
    /// Security questions.
    #[graphql(name = "QUESTIONS")]
    Questions,
    /// One of several.
    #[graphql(name = "CHOICE")]
    Choice,
    /// Approve elsewhere; nothing is typed.
    #[graphql(name = "APPROVAL")]
    Approval,
    /// A phone number.
    #[graphql(name = "PHONE")]
    Phone,
    /// An image to read.
    #[graphql(name = "CAPTCHA")]
    Captcha,
    /// Accept, decline or continue.
    #[graphql(name = "NOTICE")]
    Notice,
    /// A new password.
    #[graphql(name = "NEW_PASSWORD")]
    NewPassword,
    /// Act on the site itself, then say "done".
    #[graphql(name = "HANDOFF")]
    Handoff,
}

/// Where a run or one of its steps stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::RunStatus")]
pub(super) enum RunStatus {
    /// Waits for a worker.
    #[graphql(name = "QUEUED")]
    Queued,
    /// A worker runs it.
    #[graphql(name = "RUNNING")]
    Running,
    /// Ended well.
    #[graphql(name = "SUCCEEDED")]
    Succeeded,
    /// Ended with a failure.
    #[graphql(name = "FAILED")]
    Failed,
    /// Its worker died at a step that must not be repeated.
    #[graphql(name = "INTERRUPTED")]
    Interrupted,
}

/// Where an endpoint stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::EndpointStatus")]
pub(super) enum EndpointStatus {
    /// Deliveries are sent.
    #[graphql(name = "ENABLED")]
    Enabled,
    /// Deliveries wait, by the partner's wish.
    #[graphql(name = "PAUSED")]
    Paused,
    /// Deliveries wait, because the endpoint asked for it or failed for too long.
    #[graphql(name = "DISABLED")]
    Disabled,
}

/// How a delivery is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::SignatureScheme")]
pub(super) enum SignatureScheme {
    /// Standard Webhooks v1: HMAC-SHA256.
    #[graphql(name = "STANDARD_V1")]
    StandardV1,
    /// Standard Webhooks v1a: ed25519.
    #[graphql(name = "STANDARD_V1A")]
    StandardV1a,
    /// `t=…,v1=…` in hexadecimal.
    #[graphql(name = "TIMESTAMPED_HEX")]
    TimestampedHex,
}

/// What the body of a delivery looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::PayloadFormat")]
pub(super) enum PayloadFormat {
    /// `type`, `timestamp` and `data`.
    #[graphql(name = "THIN")]
    Thin,
    /// `CloudEvents` 1.0, structured mode.
    #[graphql(name = "CLOUDEVENTS")]
    CloudEvents,
}

/// Whether deliveries of one link wait for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::DeliveryOrdering")]
pub(super) enum DeliveryOrdering {
    /// They do not.
    #[graphql(name = "NONE")]
    None,
    /// A later event of a link waits for the earlier one.
    #[graphql(name = "PER_LINK")]
    PerLink,
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::DeliveryStatus")]
pub(super) enum DeliveryStatus {
    /// To be sent, or to be sent again.
    #[graphql(name = "PENDING")]
    Pending,
    /// The receiver has taken it.
    #[graphql(name = "DELIVERED")]
    Delivered,
    /// The schedule has ended without success.
    #[graphql(name = "EXHAUSTED")]
    Exhausted,
    /// The endpoint was deleted.
    #[graphql(name = "CANCELLED")]
    Cancelled,
}

/// How one try at a delivery ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::AttemptOutcome")]
pub(super) enum AttemptOutcome {
    /// A 2xx answer, or a stream's acknowledgement.
    #[graphql(name = "DELIVERED")]
    Delivered,
    /// Any other answer over HTTP.
    #[graphql(name = "HTTP_ERROR")]
    HttpError,
    /// No whole answer in time.
    #[graphql(name = "TIMEOUT")]
    Timeout,
    /// No connection, or it broke.
    #[graphql(name = "CONNECTION_ERROR")]
    ConnectionError,
    /// The receiver's certificate or handshake was refused.
    #[graphql(name = "TLS_ERROR")]
    TlsError,
    /// A broker refused it, or no stream keeps the subject.
    #[graphql(name = "REJECTED")]
    Rejected,
    /// The address is not allowed; nothing was sent.
    #[graphql(name = "REFUSED_BY_POLICY")]
    RefusedByPolicy,
}

/// What an API key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::Scope")]
pub(super) enum Scope {
    /// Links, logins, events, subscriptions.
    #[graphql(name = "LINKS_READ")]
    LinksRead,
    /// Create and expire links, read `linkUrl`.
    #[graphql(name = "LINKS_WRITE")]
    LinksWrite,
    /// Source systems and jobs.
    #[graphql(name = "JOBS_READ")]
    JobsRead,
    /// Make and change source systems and jobs, rerun jobs.
    #[graphql(name = "JOBS_WRITE")]
    JobsWrite,
    /// Outputs and files of runs.
    #[graphql(name = "RUNS_READ")]
    RunsRead,
    /// Endpoints and deliveries.
    #[graphql(name = "WEBHOOKS_READ")]
    WebhooksRead,
    /// Make and change endpoints, resend deliveries.
    #[graphql(name = "WEBHOOKS_WRITE")]
    WebhooksWrite,
    /// Keys, workspace, audit, erasure.
    #[graphql(name = "ADMIN")]
    Admin,
}

/// Why something failed: the stable code partners branch on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "entity::FailureCode")]
pub(super) enum FailureCode {
    /// The site refused the identifier or the password.
    #[graphql(name = "CREDENTIALS_REJECTED")]
    CredentialsRejected,
    /// The site refused the code.
    #[graphql(name = "CODE_REJECTED")]
    CodeRejected,
    /// The code was too old.
    #[graphql(name = "CODE_EXPIRED")]
    CodeExpired,
    /// The site refused the answer to a security question.
    #[graphql(name = "ANSWER_REJECTED")]
    AnswerRejected,
    /// The customer declined the approval.
    #[graphql(name = "APPROVAL_DENIED")]
    ApprovalDenied,
    /// The approval did not come in time.
    #[graphql(name = "APPROVAL_TIMEOUT")]
    ApprovalTimeout,
    /// It could not be told whether the site accepted the answer.
    #[graphql(name = "UNCERTAIN")]
    Uncertain,
    /// The customer did not answer in time.
    #[graphql(name = "INPUT_TIMEOUT")]
    InputTimeout,
    /// The customer gave up.
    #[graphql(name = "CUSTOMER_CANCELLED")]
    CustomerCancelled,
    /// The account is locked.
    #[graphql(name = "ACCOUNT_LOCKED")]
    AccountLocked,
    /// The account is disabled.
    #[graphql(name = "ACCOUNT_DISABLED")]
    AccountDisabled,
    /// The password must be changed at the site.
    #[graphql(name = "PASSWORD_EXPIRED")]
    PasswordExpired,
    /// The customer must do something at the site first.
    #[graphql(name = "ACTION_REQUIRED")]
    ActionRequired,
    /// Another session of the account is open.
    #[graphql(name = "OTHER_SESSION_ACTIVE")]
    OtherSessionActive,
    /// The account has no access to what the job needs.
    #[graphql(name = "NO_ACCESS")]
    NoAccess,
    /// The site could not be reached.
    #[graphql(name = "SITE_UNAVAILABLE")]
    SiteUnavailable,
    /// The site answered with an error.
    #[graphql(name = "SITE_ERROR")]
    SiteError,
    /// The site's certificate has expired, is for another name, or nobody we trust vouches for it.
    #[graphql(name = "CERTIFICATE_INVALID")]
    CertificateInvalid,
    /// The site took us for a robot.
    #[graphql(name = "BLOCKED_AS_BOT")]
    BlockedAsBot,
    /// Too many tries; wait.
    #[graphql(name = "RATE_LIMITED")]
    RateLimited,
    /// A captcha that nobody can read on our page.
    #[graphql(name = "CAPTCHA_UNSOLVABLE")]
    CaptchaUnsolvable,
    /// No form to sign in with was found.
    #[graphql(name = "LOGIN_FORM_NOT_FOUND")]
    LoginFormNotFound,
    /// A page that is not understood.
    #[graphql(name = "UNKNOWN_PAGE")]
    UnknownPage,
    /// The same step came again and again.
    #[graphql(name = "STUCK_LOOP")]
    StuckLoop,
    /// A secret would have gone to an origin that is not allowed.
    #[graphql(name = "ORIGIN_NOT_ALLOWED")]
    OriginNotAllowed,
    /// The site wants a method Postern does not offer here.
    #[graphql(name = "METHOD_UNSUPPORTED")]
    MethodUnsupported,
    /// The tries are used up.
    #[graphql(name = "ATTEMPTS_EXHAUSTED")]
    AttemptsExhausted,
    /// The link's time was over.
    #[graphql(name = "LINK_EXPIRED")]
    LinkExpired,
    /// The partner revoked the link.
    #[graphql(name = "LINK_REVOKED")]
    LinkRevoked,
    /// The engine died.
    #[graphql(name = "ENGINE_CRASH")]
    EngineCrash,
    /// The login took too long.
    #[graphql(name = "ENGINE_TIMEOUT")]
    EngineTimeout,
    /// No engine was free.
    #[graphql(name = "CAPACITY")]
    Capacity,
    /// A step of a workflow failed.
    #[graphql(name = "STEP_FAILED")]
    StepFailed,
    /// The run's worker died at a step that must not be repeated.
    #[graphql(name = "INTERRUPTED")]
    Interrupted,
    /// The session has ended; the customer must sign in again.
    #[graphql(name = "RELOGIN_REQUIRED")]
    ReloginRequired,
}
