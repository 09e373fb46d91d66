//! Changing a source system.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject};
use entity::Scope;

use super::SourceSystem;
use crate::api::context::{app, caller};
use crate::api::error::{UserError, given, user_errors};
use crate::api::scalar::{JsonObject, Url};
use crate::api::words::Driver;
use crate::service::Error;
use crate::service::source_system::update::{self as service, Changes, NewRecipe};

/// What to change of a source system. What is left out stays as it is; logins under way go on as they began.
#[derive(InputObject)]
pub(in crate::api) struct UpdateSourceSystemInput {
    /// Which source system.
    id: ID,
    /// What the partner and the customer call it, 1..256 characters.
    name: MaybeUndefined<String>,
    /// Where its login begins; its origin takes the old one's place among the allowed origins.
    login_url: MaybeUndefined<Url>,
    /// Where a secret may be typed, in place of those before; the login URL's origin is always one of them.
    allowed_origins: MaybeUndefined<Vec<String>>,
    /// How it is reached.
    driver: MaybeUndefined<Driver>,
    /// What helps the detector with this site, in place of what did before; null removes it.
    recipe: MaybeUndefined<JsonObject>,
}

/// What came of it.
#[derive(SimpleObject, Default)]
pub(in crate::api) struct UpdateSourceSystemPayload {
    /// The source system; null if there are user errors.
    source_system: Option<SourceSystem>,
    /// What to fix.
    user_errors: Vec<UserError>,
}

/// Changing source systems.
#[derive(Default)]
pub(in crate::api) struct SourceSystemUpdates;

#[Object]
impl SourceSystemUpdates {
    /// Changes a source system. Needs `JOBS_WRITE`.
    async fn update_source_system(
        &self,
        ctx: &Context<'_>,
        input: UpdateSourceSystemInput,
    ) -> Result<UpdateSourceSystemPayload> {
        let caller = caller(ctx, Scope::JobsWrite)?;
        let updated = match changes(input) {
            Ok(changes) => service::update(app(ctx)?, caller, changes).await,
            Err(error) => Err(error),
        };
        Ok(match updated {
            Ok(row) => {
                UpdateSourceSystemPayload { source_system: Some(SourceSystem(row)), user_errors: Vec::new() }
            }
            Err(error) => UpdateSourceSystemPayload { source_system: None, user_errors: user_errors(error)? },
        })
    }
}

fn changes(input: UpdateSourceSystemInput) -> std::result::Result<Changes, Error> {
    Ok(Changes {
        id: input.id.parse().map_err(|_| Error::NotFound)?,
        name: given("name", input.name)?,
        login_url: given("loginUrl", input.login_url)?.map(|url| url.0),
        allowed_origins: given("allowedOrigins", input.allowed_origins)?,
        driver: given("driver", input.driver)?.map(Into::into),
        recipe: match input.recipe {
            MaybeUndefined::Undefined => NewRecipe::Keep,
            MaybeUndefined::Null => NewRecipe::Remove,
            MaybeUndefined::Value(recipe) => NewRecipe::To(recipe.0),
        },
    })
}
