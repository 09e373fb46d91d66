//! What every resolver starts with: the tool box, and who asks.

use async_graphql::{Context, Error, Result};
use entity::Scope;

use super::error;
use crate::service::{App, Caller};

/// The tool box.
pub(super) fn app<'a>(ctx: &Context<'a>) -> Result<&'a App> {
    ctx.data::<App>()
}

/// Who asks, if the key has `scope`.
pub(super) fn caller<'a>(ctx: &Context<'a>, scope: Scope) -> Result<&'a Caller> {
    let caller = anyone(ctx)?;
    caller.needs(scope).map_err(error::top_level)?;
    Ok(caller)
}

/// Who asks, whatever the key may do.
pub(super) fn anyone<'a>(ctx: &Context<'a>) -> Result<&'a Caller> {
    ctx.data::<Caller>().map_err(|_| error::coded(Error::new("an API key is needed"), "UNAUTHENTICATED"))
}
