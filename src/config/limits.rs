//! What the operator limits.

use std::num::NonZeroU64;

use serde::Deserialize;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Raw {
    /// Refused passwords for one account of a site in an hour, over all workspaces.
    pub(super) passwords_per_account: Option<NonZeroU64>,
}
