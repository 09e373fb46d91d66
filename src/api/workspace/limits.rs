//! How much of everything a workspace may have: each limit where it is kept, read from there.
//!
//! Some are the program's, some the operator's (`app`). A new one is one field and one line.

use async_graphql::SimpleObject;

use crate::api::paging;
use crate::api::scalar::Duration;
use crate::domain::link;
use crate::service::{App, check, endpoint, job, key, source_system, workspace};

/// The limits that hold for this workspace. What is beyond one is refused with a user error that names it.
#[derive(SimpleObject)]
pub(in crate::api) struct WorkspaceLimits {
    /// Keys that are neither revoked nor expired.
    live_api_keys: u64,
    /// Endpoints that are not deleted.
    webhook_endpoints: u64,
    /// Return URLs of the workspace.
    return_urls: u64,
    /// Origins that a source system lists.
    allowed_origins: u64,
    /// Workflows of a job.
    workflows: u64,
    /// Steps of a workflow.
    steps: u64,
    /// The longest name of anything, in characters.
    name_characters: u64,
    /// The longest URL, in bytes.
    url_bytes: u64,
    /// The metadata of a link, in bytes of JSON.
    metadata_bytes: u64,
    /// The shortest life of a link.
    shortest_link_life: Duration,
    /// The longest life of a link.
    longest_link_life: Duration,
    /// Rows of a page of any list.
    page_size: u64,
    /// One file that a run downloads, in bytes.
    file_bytes: u64,
    /// All files of a run, in bytes.
    run_bytes: u64,
    /// Passwords that a site did not accept, for one user name there within an hour, over all workspaces of this
    /// server; null = the operator has set none.
    refused_passwords_per_account: Option<u64>,
    /// How long events, deliveries and the audit log are kept; null = for ever.
    retention: Option<Duration>,
}

impl WorkspaceLimits {
    /// The limits of this server. All workspaces have the same.
    pub(super) fn of(app: &App) -> Self {
        Self {
            live_api_keys: wide(key::issue::MOST_LIVE),
            webhook_endpoints: wide(endpoint::MOST_ENDPOINTS),
            return_urls: wide(workspace::MOST_RETURN_URLS),
            allowed_origins: wide(source_system::MOST_ORIGINS),
            workflows: wide(job::MOST_WORKFLOWS),
            steps: wide(job::MOST_STEPS),
            name_characters: wide(*check::NAME.end()),
            url_bytes: wide(check::URL_LENGTH),
            metadata_bytes: wide(check::METADATA_BYTES),
            shortest_link_life: Duration(link::SHORTEST_LIFE),
            longest_link_life: Duration(link::LONGEST_LIFE),
            page_size: u64::from(paging::MOST.unsigned_abs()),
            file_bytes: wide(app.files.file_bytes),
            run_bytes: wide(app.files.run_bytes),
            refused_passwords_per_account: app.passwords_per_account,
            retention: app.retention.map(Duration),
        }
    }
}

fn wide(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
