//! Identifiers: time-ordered, prefixed when shown, and a type for each noun.

use std::fmt;
use std::str::FromStr;
use std::sync::Mutex;

use sea_orm::{DbErr, DeriveValueType, TryFromU64};
use uuid::{ContextV7, Uuid};

use crate::Timestamp;

/// The text is not an identifier of this kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be `{prefix}` followed by 32 lower-case hexadecimal digits")]
pub struct IdError {
    /// The prefix that was expected.
    pub prefix: &'static str,
}

/// Ids made in one millisecond by one process still sort in the order they were made.
static ORDER: Mutex<ContextV7> = Mutex::new(ContextV7::new());

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, DeriveValueType)]
        pub struct $name(pub Uuid);

        impl $name {
            /// What every shown id of this kind starts with.
            pub const PREFIX: &'static str = $prefix;

            /// Makes a fresh id that sorts by `now`.
            #[must_use]
            pub fn new(now: Timestamp) -> Self {
                let (seconds, nanos) = now.seconds_and_nanos();
                Self(Uuid::new_v7(uuid::Timestamp::from_unix(&ORDER, seconds, nanos)))
            }
        }

        impl TryFromU64 for $name {
            fn try_from_u64(_: u64) -> Result<Self, DbErr> {
                Err(DbErr::ConvertFromU64(stringify!($name)))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}{}", Self::PREFIX, self.0.as_simple())
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                text.strip_prefix(Self::PREFIX)
                    .and_then(simple)
                    .map(Self)
                    .ok_or(IdError { prefix: Self::PREFIX })
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

ids! {
    /// A partner's tenant.
    WorkspaceId = "wsp_";
    /// A partner's API key.
    KeyId = "key_";
    /// The partner's customer.
    CustomerId = "cus_";
    /// A site customers sign in to.
    SourceSystemId = "src_";
    /// What to do once signed in.
    JobId = "job_";
    /// One invitation.
    LinkId = "lnk_";
    /// One isolated try to sign in.
    LoginId = "lgn_";
    /// One question of the source system.
    PromptId = "prm_";
    /// The signed-in state kept after success.
    SessionId = "ses_";
    /// One execution of a job.
    RunId = "run_";
    /// One fact of the log.
    EventId = "evt_";
    /// A registered receiver of events.
    EndpointId = "ep_";
    /// One signing secret of an endpoint.
    EndpointSecretId = "eps_";
    /// One event for one endpoint.
    DeliveryId = "dlv_";
    /// One secret that was sent to a source system, counted for the budgets.
    SubmitId = "sbm_";
    /// One server process.
    NodeId = "nod_";
}

/// Only the one canonical spelling is an id, so that two texts never name the same row.
fn simple(text: &str) -> Option<Uuid> {
    let canonical = text.len() == 32 && !text.bytes().any(|b| b.is_ascii_uppercase());
    canonical.then(|| Uuid::try_parse(text).ok()).flatten()
}
