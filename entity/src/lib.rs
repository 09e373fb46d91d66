//! Postern's rows, one file a table, and the value types they are made of.
//!
//! Nothing here knows a rule: what may follow what is `domain`'s, who may see what is `store`'s.
//! Times are milliseconds since 1970 (UTC) in every table, on both databases alike.

pub mod answer;
pub mod api_key;
pub mod attempt;
pub mod audit_entry;
pub mod branding;
pub mod credential;
pub mod customer;
pub mod delivery;
pub mod endpoint;
pub mod endpoint_secret;
pub mod event;
pub mod horizon;
pub mod id;
pub mod idempotency;
pub mod job;
pub mod link;
pub mod login;
pub mod node;
pub mod prompt;
pub mod recovery;
pub mod run;
pub mod run_file;
pub mod run_file_part;
pub mod run_step;
pub mod session;
pub mod source_system;
pub mod submit;
pub mod tally;
pub mod time;
pub mod value;
pub mod workspace;

pub use branding::Branding;
pub use id::{
    AuditId, CredentialId, CustomerId, DeliveryId, EndpointId, EndpointSecretId, EventId, FileId, IdError,
    JobId, KeyId, LinkId, LoginId, NodeId, PromptId, RecoveryId, RunId, SessionId, SourceSystemId, SubmitId,
    WorkspaceId,
};
pub use time::Timestamp;
pub use value::{
    AttemptOutcome, DeliveryOrdering, DeliveryStatus, DeliveryTurn, Driver, EndpointStatus, FailureCode,
    KeepCredentials, LinkStatus, LoginStatus, PayloadFormat, PromptKind, RunStatus, Scope, SignatureScheme,
    Strings, SubmitKind,
};
