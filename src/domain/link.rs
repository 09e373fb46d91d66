//! The link's life: seven statuses, and what may follow what (DESIGN §2).

use std::time::Duration;

use entity::{LinkStatus, Timestamp, link};

/// The shortest life of a link.
pub const SHORTEST_LIFE: Duration = Duration::from_mins(1);
/// The longest life of a link.
pub const LONGEST_LIFE: Duration = Duration::from_hours(2160);

/// Something that happens to a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The human's click: a login begins.
    Opened,
    /// The first answer of a login.
    Answered,
    /// The login ended without a session.
    SignInFailed,
    /// Signed in, by two independent signs.
    SignedIn,
    /// The run ended well.
    JobSucceeded,
    /// The run failed.
    JobFailed,
    /// The time is over, or the partner revoked the link.
    Expired,
}

/// The change is not possible from where the link stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a link that is {status} cannot change like this", status = .from.as_str())]
pub struct Impossible {
    /// Where it stands.
    pub from: LinkStatus,
}

/// Where a link stands after `change`; `None` if it stays where it is.
///
/// # Errors
/// [`Impossible`] if the table of DESIGN §2 has no such line.
pub fn after(link: &link::Model, change: Change) -> Result<Option<LinkStatus>, Impossible> {
    use LinkStatus as S;
    let to = match (link.status, change) {
        (S::Created | S::Authenticating | S::Accessed, Change::Opened) => S::Accessed,
        (S::Failed, Change::Opened) if link.signed_in_at.is_none() => S::Accessed,
        (S::Accessed | S::Authenticating, Change::Answered) => S::Authenticating,
        (S::Authenticating, Change::SignedIn) => S::InProgress,
        (S::InProgress, Change::JobSucceeded) => S::Completed,
        (S::Accessed | S::Authenticating, Change::SignInFailed) | (S::InProgress, Change::JobFailed) => {
            S::Failed
        }
        (S::Created | S::Accessed | S::Authenticating, Change::Expired) => S::Expired,
        (S::Failed, Change::Expired) if link.signed_in_at.is_none() => S::Expired,
        (from, _) => return Err(Impossible { from }),
    };
    Ok((to != link.status).then_some(to))
}

/// Whether the link can still come to another status.
#[must_use]
pub fn can_change(link: &link::Model) -> bool {
    link.status == LinkStatus::InProgress || after(link, Change::Expired).is_ok()
}

/// Whether a customer who opens the link at `now` could sign in.
#[must_use]
pub fn is_usable(link: &link::Model, now: Timestamp) -> bool {
    now < link.expires_at && after(link, Change::Opened).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use entity::{CustomerId, JobId, LinkId, WorkspaceId};

    const NOW: Timestamp = Timestamp(1_000_000);

    fn link(status: LinkStatus, signed_in_at: Option<Timestamp>) -> link::Model {
        link::Model {
            id: LinkId::new(NOW),
            workspace_id: WorkspaceId::new(NOW),
            customer_id: CustomerId::new(NOW),
            job_id: JobId::new(NOW),
            status,
            sequence: 1,
            expires_at: NOW.plus(SHORTEST_LIFE),
            created_at: NOW,
            updated_at: NOW,
            failure_code: None,
            failure_message: None,
            signed_in_at,
            metadata: serde_json::Value::Null,
            return_url: None,
            locale: None,
            token_key: 0,
            relogin_run_id: None,
            created_by: None,
        }
    }

    #[test]
    fn exactly_the_lines_of_the_table_are_possible() {
        use Change as C;
        let changes =
            [C::Opened, C::Answered, C::SignInFailed, C::SignedIn, C::JobSucceeded, C::JobFailed, C::Expired];
        let table: Vec<String> = LinkStatus::ALL
            .iter()
            .flat_map(|from| [(*from, None), (*from, Some(NOW))])
            .filter(|(from, signed_in)| {
                signed_in.is_some() == (*from == LinkStatus::InProgress) || *from == LinkStatus::Failed
            })
            .flat_map(|(from, signed_in)| changes.map(|change| (from, signed_in, change)))
            .filter_map(|(from, signed_in, change)| {
                let to = after(&link(from, signed_in), change).ok()?;
                let job = if signed_in.is_some() && from == LinkStatus::Failed { " (job)" } else { "" };
                Some(format!("{}{job} {change:?} {}", from.as_str(), to.map_or("stays", LinkStatus::as_str)))
            })
            .collect();
        insta::assert_snapshot!(table.join("\n"), @r"
        CREATED Opened ACCESSED
        CREATED Expired EXPIRED
        ACCESSED Opened stays
        ACCESSED Answered AUTHENTICATING
        ACCESSED SignInFailed FAILED
        ACCESSED Expired EXPIRED
        AUTHENTICATING Opened ACCESSED
        AUTHENTICATING Answered stays
        AUTHENTICATING SignInFailed FAILED
        AUTHENTICATING SignedIn IN_PROGRESS
        AUTHENTICATING Expired EXPIRED
        IN_PROGRESS JobSucceeded COMPLETED
        IN_PROGRESS JobFailed FAILED
        FAILED Opened ACCESSED
        FAILED Expired EXPIRED
        ");
    }

    #[test]
    fn a_link_is_usable_until_its_last_moment_and_not_after_a_failed_job() {
        let open = link(LinkStatus::Failed, None);
        assert!(is_usable(&open, Timestamp(open.expires_at.0 - 1)));
        assert!(!is_usable(&open, open.expires_at));
        assert!(!is_usable(&link(LinkStatus::Failed, Some(NOW)), NOW));
    }
}
