//! What a workspace shows of itself on the customer's page.

use sea_orm::FromJsonQueryResult;
use serde::{Deserialize, Serialize};

/// A workspace's own words and colour, in one JSON column; each part was checked when it was set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, FromJsonQueryResult)]
#[serde(default)]
pub struct Branding {
    /// Who asks, in place of the workspace's name.
    pub display_name: Option<String>,
    /// `#rrggbb`, in lower case.
    pub accent_color: Option<String>,
    /// A page that helps.
    pub support_url: Option<String>,
    /// An address that helps.
    pub support_email: Option<String>,
    /// What becomes of the customer's data.
    pub privacy_url: Option<String>,
}
