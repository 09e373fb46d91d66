//! Making links, one or many at once.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use entity::Scope;

use super::Link;
use crate::api::context::{app, caller};
use crate::api::error::{UserError, user_errors};
use crate::api::scalar::{Duration, EventCursor, JsonObject, Url};
use crate::service::link::{self as service, NO_SUCH_JOB, NO_SUCH_RUN};
use crate::service::{Error, Problem};

/// A link to make.
#[derive(InputObject)]
pub(in crate::api) struct CreateLinkInput {
    /// The partner's own name for the customer, 1..256 characters.
    external_id: String,
    /// What to do once signed in.
    job_id: ID,
    /// How long it lives: whole seconds, PT1M..P90D.
    #[graphql(default_with = "Duration(std::time::Duration::from_hours(7 * 24))")]
    expires_in: Duration,
    /// Echoed in webhooks; up to 4 KiB of JSON.
    metadata: Option<JsonObject>,
    /// Where the customer goes afterwards; under one of the workspace's return URLs.
    return_url: Option<Url>,
    /// BCP 47; null = the customer's browser decides.
    locale: Option<String>,
    /// `run_…`: a run that ended `RELOGIN_REQUIRED`, of the same job and customer. The link asks only what is
    /// missing, and takes the place of the run's link: rerun this one from then on.
    relogin: Option<ID>,
    /// The same key and input within 24 hours give the same link (`replayed`); another input is CONFLICT.
    idempotency_key: Option<String>,
}

/// What came of it.
#[derive(SimpleObject, Default)]
pub(in crate::api) struct CreateLinkPayload {
    /// The link; null if there are user errors.
    link: Option<Link>,
    /// Subscribe after it to miss nothing about the link.
    event_cursor: Option<EventCursor>,
    /// Whether an earlier call with the same key made it.
    replayed: bool,
    /// What to fix.
    user_errors: Vec<UserError>,
}

/// Links to make.
#[derive(InputObject)]
pub(in crate::api) struct CreateLinksInput {
    /// From 1 to 500. Each may have an idempotency key of its own, as in `createLink`; two with the same key and
    /// input give the same link twice.
    links: Vec<CreateLinkInput>,
}

/// What came of it.
#[derive(SimpleObject, Default)]
pub(in crate::api) struct CreateLinksPayload {
    /// The links in the order of the input; null if there are user errors, and then none was made.
    links: Option<Vec<Link>>,
    /// What to fix, of each link the first thing that is wrong; the path names its number: `links`, `3`,
    /// `externalId`.
    user_errors: Vec<UserError>,
}

/// Making links.
#[derive(Default)]
pub(in crate::api) struct CreateLinkMutations;

#[Object]
impl CreateLinkMutations {
    /// Creates a link that lets one customer sign in for a job. Needs `LINKS_WRITE`.
    async fn create_link(&self, ctx: &Context<'_>, input: CreateLinkInput) -> Result<CreateLinkPayload> {
        let caller = caller(ctx, Scope::LinksWrite)?;
        let created = match wish(input) {
            Ok(new) => service::create(app(ctx)?, caller, new).await,
            Err(error) => Err(error),
        };
        Ok(match created {
            Ok(created) => CreateLinkPayload {
                link: Some(Link(created.link)),
                event_cursor: Some(EventCursor(created.position)),
                replayed: created.replayed,
                user_errors: Vec::new(),
            },
            Err(error) => {
                CreateLinkPayload { user_errors: user_errors(error)?, ..CreateLinkPayload::default() }
            }
        })
    }

    /// Creates up to 500 links, all of them or none, in one transaction: far faster than one by one. Each has
    /// its event and its webhooks. Needs `LINKS_WRITE`.
    async fn create_links(&self, ctx: &Context<'_>, input: CreateLinksInput) -> Result<CreateLinksPayload> {
        let caller = caller(ctx, Scope::LinksWrite)?;
        let wishes = input.links.into_iter().map(wish).collect();
        Ok(match service::create_many(app(ctx)?, caller, wishes).await {
            Ok(created) => CreateLinksPayload {
                links: Some(created.into_iter().map(|created| Link(created.link)).collect()),
                user_errors: Vec::new(),
            },
            Err(service::Refused(errors)) => {
                let told: Vec<_> = errors.into_iter().map(user_errors).collect::<Result<_>>()?;
                CreateLinksPayload { links: None, user_errors: told.concat() }
            }
        })
    }
}

fn wish(input: CreateLinkInput) -> std::result::Result<service::New, Error> {
    let missing = |field: &str, message: &str| Error::input(field, Problem::NotFound, message);
    let empty = || serde_json::Value::Object(serde_json::Map::new());
    let relogin = input.relogin.map(|id| id.parse()).transpose();
    Ok(service::New {
        external_id: input.external_id,
        job: input.job_id.parse().map_err(|_| missing("jobId", NO_SUCH_JOB))?,
        expires_in: input.expires_in.0,
        metadata: input.metadata.map_or_else(empty, |metadata| metadata.0),
        return_url: input.return_url.map(|url| url.0),
        locale: input.locale,
        relogin: relogin.map_err(|_| missing("relogin", NO_SUCH_RUN))?,
        idempotency_key: input.idempotency_key,
    })
}
