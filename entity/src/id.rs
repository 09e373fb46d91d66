//! Identifiers: time-ordered, prefixed when shown, and a type for each noun.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use sea_orm::{DbErr, DeriveValueType, TryFromU64};
use uuid::{ClockSequence, Uuid};

use crate::Timestamp;

/// The text is not an identifier of this kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be `{prefix}` followed by 32 lower-case hexadecimal digits")]
pub struct IdError {
    /// The prefix that was expected.
    pub prefix: &'static str,
}

/// Ids made for one millisecond by one process still sort in the order they were made.
static ORDER: LazyLock<Order> = LazyLock::new(Order::start);

/// A number that only grows, from a random one on, whatever the time is: an id then has exactly the
/// time it was made for, also when a clock steps back, and lists can be cut by time at an id.
struct Order(AtomicU64);

/// The bits of an id that the number takes.
const ORDER_BITS: usize = 42;

impl Order {
    fn start() -> Self {
        // In the lower half, so that a process never comes to the end of the numbers.
        Self(AtomicU64::new(Uuid::now_v7().as_u64_pair().1 & ((1 << (ORDER_BITS - 1)) - 1)))
    }
}

impl ClockSequence for Order {
    type Output = u64;

    fn generate_sequence(&self, _seconds: u64, _subsec_nanos: u32) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed)
    }

    fn usable_bits(&self) -> usize {
        ORDER_BITS
    }
}

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
                Self(Uuid::new_v7(uuid::Timestamp::from_unix(&*ORDER, seconds, nanos)))
            }

            /// What sorts before every id made for `at` or later, and after all made for earlier times.
            #[must_use]
            pub fn first_at(at: Timestamp) -> Self {
                Self(Uuid::from_u128(u128::from(at.millis_of_id()) << 80))
            }

            /// The time it was made for.
            #[must_use]
            pub fn made_at(self) -> Timestamp {
                Timestamp(i64::try_from(self.0.as_u128() >> 80).unwrap_or(i64::MAX))
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
    /// A file that a run was handed out.
    FileId = "fil_";
    /// What a customer signs in with, kept.
    CredentialId = "crd_";
    /// One fact of the log.
    EventId = "evt_";
    /// A registered receiver of events.
    EndpointId = "ep_";
    /// One signing secret of an endpoint.
    EndpointSecretId = "eps_";
    /// One event for one endpoint.
    DeliveryId = "dlv_";
    /// One request to send again what did not arrive.
    RecoveryId = "rcv_";
    /// One secret that was sent to a source system, counted for the budgets.
    SubmitId = "sbm_";
    /// One change that is remembered: who, what, when.
    AuditId = "aud_";
    /// One server process.
    NodeId = "nod_";
}

/// Only the one canonical spelling is an id, so that two texts never name the same row.
fn simple(text: &str) -> Option<Uuid> {
    let canonical = text.len() == 32 && !text.bytes().any(|b| b.is_ascii_uppercase());
    canonical.then(|| Uuid::try_parse(text).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_795_341_600_000);

    #[test]
    fn an_id_has_the_time_it_was_made_for_also_when_the_clock_steps_back() {
        let (later, earlier) = (EventId::new(Timestamp(NOW.0 + 5)), EventId::new(NOW));

        assert_eq!((later.made_at(), earlier.made_at()), (Timestamp(NOW.0 + 5), NOW));
        assert!(earlier < later);
        assert_eq!(earlier.0.get_version_num(), 7);
    }

    #[test]
    fn ids_of_one_millisecond_sort_in_the_order_they_were_made_whatever_is_made_in_between() {
        let mut last = EventId::new(NOW);
        for _ in 0..1_000 {
            let _ = EventId::new(Timestamp(NOW.0 + 1));
            let next = EventId::new(NOW);
            assert!(last < next);
            last = next;
        }
    }

    #[test]
    fn a_list_can_be_cut_at_the_first_id_of_a_time() {
        let first = EventId::first_at(NOW);

        assert!(first < EventId::new(NOW));
        assert!(EventId::new(Timestamp(NOW.0 - 1)) < first);
        assert!(EventId::first_at(Timestamp(-1)) < first && first < EventId::first_at(Timestamp(i64::MAX)));
    }
}
