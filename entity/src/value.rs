//! Closed sets of words that columns hold. The text in the database is the word of the API.

use sea_orm::{DeriveActiveEnum, EnumIter, FromJsonQueryResult};
use serde::{Deserialize, Serialize};

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum, Serialize, Deserialize)]
        #[sea_orm(rs_type = "String", db_type = "Text")]
        pub enum $name {
            $($(#[$vdoc])* #[sea_orm(string_value = $text)] #[serde(rename = $text)] $variant,)*
        }

        impl $name {
            /// Every word of the set, in the order of the API.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word as the API, the database and the logs spell it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }

            /// The member that is spelled `text`, if there is one.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|word| word.as_str() == text)
            }
        }
    )*};
}

words! {
    /// Where a link stands.
    LinkStatus {
        /// Made, not opened yet.
        Created = "CREATED",
        /// Opened by a human's click.
        Accessed = "ACCESSED",
        /// The customer has answered at least one prompt.
        Authenticating = "AUTHENTICATING",
        /// Signed in; the job runs.
        InProgress = "IN_PROGRESS",
        /// The job has ended well.
        Completed = "COMPLETED",
        /// The sign-in or the job has failed.
        Failed = "FAILED",
        /// Too late, or revoked.
        Expired = "EXPIRED",
    }
    /// How a source system is reached.
    Driver {
        /// Plain HTTP first, the browser on evidence.
        Auto = "AUTO",
        /// Plain HTTP only.
        Http = "HTTP",
        /// Always a browser.
        Browser = "BROWSER",
    }
    /// What may stay after the sign-in.
    KeepCredentials {
        /// Nothing survives the run.
        Never = "NEVER",
        /// The sealed session, 30 days.
        Session = "SESSION",
        /// The password too, with the customer's consent.
        Vault = "VAULT",
    }
    /// Where a login stands.
    LoginStatus {
        /// Waits for an engine.
        Queued = "QUEUED",
        /// An engine works on it.
        Active = "ACTIVE",
        /// Over; the outcome says how.
        Ended = "ENDED",
    }
    /// What a prompt asks for.
    PromptKind {
        /// Identifier, password, tenant: whatever of these the page shows now.
        Credentials = "CREDENTIALS",
        /// One code.
        Code = "CODE",
        /// Security questions.
        Questions = "QUESTIONS",
        /// One of several.
        Choice = "CHOICE",
        /// Approve elsewhere; nothing is typed.
        Approval = "APPROVAL",
        /// A phone number.
        Phone = "PHONE",
        /// An image to read.
        Captcha = "CAPTCHA",
        /// Accept, decline or continue.
        Notice = "NOTICE",
        /// A new password.
        NewPassword = "NEW_PASSWORD",
        /// Act on the site itself, then say "done".
        Handoff = "HANDOFF",
    }
    /// Where a run or one of its steps stands.
    RunStatus {
        /// Waits for a worker.
        Queued = "QUEUED",
        /// A worker runs it.
        Running = "RUNNING",
        /// Ended well.
        Succeeded = "SUCCEEDED",
        /// Ended with a failure.
        Failed = "FAILED",
        /// Its worker died at a step that must not be repeated.
        Interrupted = "INTERRUPTED",
    }
    /// Where an endpoint stands.
    EndpointStatus {
        /// Deliveries are sent.
        Enabled = "ENABLED",
        /// Deliveries wait, by the partner's wish.
        Paused = "PAUSED",
        /// Deliveries wait, because the endpoint asked for it or failed for too long.
        Disabled = "DISABLED",
    }
    /// How a delivery is signed.
    SignatureScheme {
        /// Standard Webhooks v1: HMAC-SHA256.
        StandardV1 = "STANDARD_V1",
        /// Standard Webhooks v1a: ed25519.
        StandardV1a = "STANDARD_V1A",
        /// `t=…,v1=…` in hexadecimal.
        TimestampedHex = "TIMESTAMPED_HEX",
    }
    /// What the body of a delivery looks like.
    PayloadFormat {
        /// `type`, `timestamp` and `data`.
        Thin = "THIN",
        /// CloudEvents 1.0, structured mode.
        CloudEvents = "CLOUDEVENTS",
    }
    /// Whether deliveries of one link wait for each other.
    DeliveryOrdering {
        /// They do not.
        None = "NONE",
        /// A later event of a link waits for the earlier one.
        PerLink = "PER_LINK",
    }
    /// Where a delivery stands.
    DeliveryStatus {
        /// To be sent, or to be sent again.
        Pending = "PENDING",
        /// The receiver has taken it.
        Delivered = "DELIVERED",
        /// The schedule has ended without success.
        Exhausted = "EXHAUSTED",
        /// The endpoint was deleted.
        Cancelled = "CANCELLED",
    }
    /// When a delivery that waits goes, beside the others. In the order of the alphabet.
    DeliveryTurn {
        /// Behind an earlier one of its link, and not before that is over.
        Behind = "BEHIND",
        /// As soon as it can.
        Next = "NEXT",
        /// After those: it is tried again by its schedule.
        Retry = "RETRY",
    }
    /// How one try at a delivery ended.
    AttemptOutcome {
        /// A 2xx answer, or a stream's acknowledgement.
        Delivered = "DELIVERED",
        /// Any other answer over HTTP.
        HttpError = "HTTP_ERROR",
        /// No whole answer in time.
        Timeout = "TIMEOUT",
        /// No connection, or it broke.
        ConnectionError = "CONNECTION_ERROR",
        /// The receiver's certificate or handshake was refused.
        TlsError = "TLS_ERROR",
        /// A broker refused it, or no stream keeps the subject.
        Rejected = "REJECTED",
        /// The address is not allowed; nothing was sent.
        RefusedByPolicy = "REFUSED_BY_POLICY",
    }
    /// What an API key may do.
    Scope {
        /// Links, logins, events, subscriptions.
        LinksRead = "LINKS_READ",
        /// Create and expire links, read `linkUrl`.
        LinksWrite = "LINKS_WRITE",
        /// Source systems and jobs.
        JobsRead = "JOBS_READ",
        /// Make and change source systems and jobs, rerun jobs.
        JobsWrite = "JOBS_WRITE",
        /// Outputs and files of runs.
        RunsRead = "RUNS_READ",
        /// Endpoints and deliveries.
        WebhooksRead = "WEBHOOKS_READ",
        /// Make and change endpoints, resend deliveries.
        WebhooksWrite = "WEBHOOKS_WRITE",
        /// Keys, workspace, audit, erasure.
        Admin = "ADMIN",
    }
    /// Which kind of secret was sent to a source system.
    SubmitKind {
        /// A password.
        Password = "PASSWORD",
        /// A one-time code.
        Code = "CODE",
    }
    /// Why something failed: the stable code partners branch on.
    FailureCode {
        /// The site refused the identifier or the password.
        CredentialsRejected = "CREDENTIALS_REJECTED",
        /// The site refused the code.
        CodeRejected = "CODE_REJECTED",
        /// The code was too old.
        CodeExpired = "CODE_EXPIRED",
        /// The site refused the answer to a security question.
        AnswerRejected = "ANSWER_REJECTED",
        /// The customer declined the approval.
        ApprovalDenied = "APPROVAL_DENIED",
        /// The approval did not come in time.
        ApprovalTimeout = "APPROVAL_TIMEOUT",
        /// It could not be told whether the site accepted the answer.
        Uncertain = "UNCERTAIN",
        /// The customer did not answer in time.
        InputTimeout = "INPUT_TIMEOUT",
        /// The customer gave up.
        CustomerCancelled = "CUSTOMER_CANCELLED",
        /// The account is locked.
        AccountLocked = "ACCOUNT_LOCKED",
        /// The account is disabled.
        AccountDisabled = "ACCOUNT_DISABLED",
        /// The password must be changed at the site.
        PasswordExpired = "PASSWORD_EXPIRED",
        /// The customer must do something at the site first.
        ActionRequired = "ACTION_REQUIRED",
        /// Another session of the account is open.
        OtherSessionActive = "OTHER_SESSION_ACTIVE",
        /// The account has no access to what the job needs.
        NoAccess = "NO_ACCESS",
        /// The site could not be reached.
        SiteUnavailable = "SITE_UNAVAILABLE",
        /// The site answered with an error.
        SiteError = "SITE_ERROR",
        /// The site's certificate cannot be trusted.
        CertificateInvalid = "CERTIFICATE_INVALID",
        /// The site took us for a robot.
        BlockedAsBot = "BLOCKED_AS_BOT",
        /// Too many tries; wait.
        RateLimited = "RATE_LIMITED",
        /// A captcha that nobody can read on our page.
        CaptchaUnsolvable = "CAPTCHA_UNSOLVABLE",
        /// No form to sign in with was found.
        LoginFormNotFound = "LOGIN_FORM_NOT_FOUND",
        /// A page that is not understood.
        UnknownPage = "UNKNOWN_PAGE",
        /// The same step came again and again.
        StuckLoop = "STUCK_LOOP",
        /// A secret would have gone to an origin that is not allowed.
        OriginNotAllowed = "ORIGIN_NOT_ALLOWED",
        /// The site wants a method Postern does not offer here.
        MethodUnsupported = "METHOD_UNSUPPORTED",
        /// The tries are used up.
        AttemptsExhausted = "ATTEMPTS_EXHAUSTED",
        /// The link's time was over.
        LinkExpired = "LINK_EXPIRED",
        /// The partner revoked the link.
        LinkRevoked = "LINK_REVOKED",
        /// The engine died.
        EngineCrash = "ENGINE_CRASH",
        /// The login took too long.
        EngineTimeout = "ENGINE_TIMEOUT",
        /// No engine was free.
        Capacity = "CAPACITY",
        /// A step of a workflow failed.
        StepFailed = "STEP_FAILED",
        /// The run's worker died at a step that must not be repeated.
        Interrupted = "INTERRUPTED",
        /// The session has ended; the customer must sign in again.
        ReloginRequired = "RELOGIN_REQUIRED",
    }
}

/// A list of short texts in one JSON column.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(transparent)]
pub struct Strings(pub Vec<String>);
