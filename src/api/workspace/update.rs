//! Changing the workspace.

use async_graphql::{Context, InputObject, MaybeUndefined, Object, Result, SimpleObject};
use entity::Scope;

use super::Workspace;
use crate::api::context::{app, caller};
use crate::api::error::{UserError, user_errors};
use crate::api::given::given;
use crate::api::scalar::Url;
use crate::service::Error;
use crate::service::workspace::branding::{Change, NewBranding, PartChanges};
use crate::service::workspace::update::{self as service, Changes};

/// What to change of the workspace. What is left out stays as it is.
#[derive(InputObject)]
pub(in crate::api) struct UpdateWorkspaceInput {
    /// Who asks, 1..256 characters.
    name: MaybeUndefined<String>,
    /// What customers see of it on their page; null takes all of it away.
    branding: MaybeUndefined<BrandingInput>,
    /// Under which a link's `returnUrl` must be, in place of those before; at most 50. Links that were made keep
    /// theirs.
    return_urls: MaybeUndefined<Vec<String>>,
}

/// What to change of the branding. What is left out stays as it is, null takes it away.
#[derive(InputObject)]
pub(in crate::api) struct BrandingInput {
    /// Who asks, in place of the workspace's name: 1..64 characters.
    display_name: MaybeUndefined<String>,
    /// `#rrggbb`, dark enough for words in it to be read: a contrast of at least 4.5:1 to #e6f0f0. The page makes a
    /// lighter one of it for dark mode.
    accent_color: MaybeUndefined<String>,
    /// Where customers find help: https.
    support_url: MaybeUndefined<Url>,
    /// Whom customers can write to.
    support_email: MaybeUndefined<String>,
    /// What becomes of the customer's data: https.
    privacy_url: MaybeUndefined<Url>,
}

/// What came of it.
#[derive(SimpleObject, Default)]
pub(in crate::api) struct UpdateWorkspacePayload {
    /// The workspace; null if there are user errors.
    workspace: Option<Workspace>,
    /// What to fix.
    user_errors: Vec<UserError>,
}

/// Changing the workspace.
#[derive(Default)]
pub(in crate::api) struct WorkspaceMutations;

#[Object]
impl WorkspaceMutations {
    /// Changes the workspace; customers see it on the next page they open. Needs `ADMIN`.
    async fn update_workspace(
        &self,
        ctx: &Context<'_>,
        input: UpdateWorkspaceInput,
    ) -> Result<UpdateWorkspacePayload> {
        let caller = caller(ctx, Scope::Admin)?;
        let updated = match changes(input) {
            Ok(changes) => service::update(app(ctx)?, caller, changes).await,
            Err(error) => Err(error),
        };
        Ok(match updated {
            Ok(row) => UpdateWorkspacePayload { workspace: Some(Workspace(row)), user_errors: Vec::new() },
            Err(error) => UpdateWorkspacePayload { workspace: None, user_errors: user_errors(error)? },
        })
    }
}

fn changes(input: UpdateWorkspaceInput) -> std::result::Result<Changes, Error> {
    Ok(Changes {
        name: given("name", input.name)?,
        branding: match input.branding {
            MaybeUndefined::Undefined => NewBranding::Keep,
            MaybeUndefined::Null => NewBranding::Clear,
            MaybeUndefined::Value(parts) => NewBranding::Change(part_changes(parts)),
        },
        return_urls: given("returnUrls", input.return_urls)?,
    })
}

fn part_changes(parts: BrandingInput) -> PartChanges {
    PartChanges {
        display_name: part(parts.display_name),
        accent_color: part(parts.accent_color),
        support_url: part(parts.support_url.map_value(|url| url.0)),
        support_email: part(parts.support_email),
        privacy_url: part(parts.privacy_url.map_value(|url| url.0)),
    }
}

fn part(given: MaybeUndefined<String>) -> Change {
    match given {
        MaybeUndefined::Undefined => Change::Keep,
        MaybeUndefined::Null => Change::To(None),
        MaybeUndefined::Value(value) => Change::To(Some(value)),
    }
}
