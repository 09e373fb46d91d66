//! Links in the API.

use async_graphql::connection::Connection;
use async_graphql::{Context, Description, Enum, ID, InputObject, Object, Result, SimpleObject};
use entity::{Scope, link};

use super::context::{anyone, app, caller};
use super::error::{UserError, UserErrorCode, top_level, user_errors};
use super::event::Event;
use super::failure::Failure;
use super::job::Job;
use super::load::{self, CustomerOf, JobOf, LinkOf, PositionOf, RunOf};
use super::login::Login;
use super::paging::{self, Args};
use super::run::Run;
use super::scalar::{DateTime, Duration, EventCursor, JsonObject, Url};
use super::words::LinkStatus;
use crate::domain::link as life;
use crate::service::event::Wanted;
use crate::service::{link as service, login as logins};
use crate::store::link::Filter;

/// One invitation: a customer, a job, an expiry, and where it stands.
#[derive(Description)]
pub(super) struct Link(pub(super) link::Model);

/// What `linkUrl` shows.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub(super) enum LinkUrlFormat {
    /// The URL itself.
    Url,
    /// A QR code of the URL, as SVG.
    QrSvg,
}

#[Object(use_type_description)]
impl Link {
    /// `lnk_…`
    async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// The partner's own name for the customer; null after erasure.
    async fn external_id(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let customer = load::one(ctx, CustomerOf(self.0.workspace_id, self.0.customer_id)).await?;
        Ok(customer.map(|customer| customer.external_id))
    }

    /// What is done once signed in.
    async fn job(&self, ctx: &Context<'_>) -> Result<Job> {
        load::one(ctx, JobOf(self.0.workspace_id, self.0.job_id)).await?.map(Job).ok_or_else(load::missing)
    }

    /// Where it stands.
    async fn status(&self) -> LinkStatus {
        self.0.status.into()
    }

    /// The signed URL for the customer, or a QR code of it. Needs `LINKS_WRITE`.
    #[expect(clippy::unused_async, reason = "every resolver of async-graphql is async")]
    async fn link_url(
        &self,
        ctx: &Context<'_>,
        #[graphql(default_with = "LinkUrlFormat::Url", desc = "As text, or as a picture.")]
        format: LinkUrlFormat,
    ) -> Result<Option<String>> {
        caller(ctx, Scope::LinksWrite)?;
        let url = service::url(app(ctx)?, &self.0).map_err(top_level)?;
        Ok(match format {
            LinkUrlFormat::Url => Some(url),
            LinkUrlFormat::QrSvg => super::qr::svg(&url),
        })
    }

    /// Until when a customer can begin.
    async fn expires_at(&self) -> DateTime {
        DateTime(self.0.expires_at)
    }

    /// When it was made.
    async fn created_at(&self) -> DateTime {
        DateTime(self.0.created_at)
    }

    /// When anything about it last changed.
    async fn updated_at(&self) -> DateTime {
        DateTime(self.0.updated_at)
    }

    /// Grows by one with every event of this link.
    async fn sequence(&self) -> i64 {
        self.0.sequence
    }

    /// Subscribe to this link after it to miss nothing that came after this read.
    async fn event_cursor(&self, ctx: &Context<'_>) -> Result<EventCursor> {
        let key = PositionOf(self.0.workspace_id, (self.0.id, self.0.sequence));
        load::one(ctx, key).await?.map(EventCursor).ok_or_else(load::missing)
    }

    /// The last failure, if any.
    async fn failure(&self) -> Option<Failure> {
        self.0.failure_code.map(|code| Failure::new(code, self.0.failure_message.clone()))
    }

    /// Whether a customer opening it now could sign in.
    #[expect(clippy::unused_async, reason = "every resolver of async-graphql is async")]
    async fn usable(&self, ctx: &Context<'_>) -> Result<bool> {
        Ok(life::is_usable(&self.0, app(ctx)?.clock.now()))
    }

    /// What the partner gave; echoed in webhooks.
    async fn metadata(&self) -> JsonObject {
        JsonObject(self.0.metadata.clone())
    }

    /// Where the customer goes afterwards.
    async fn return_url(&self) -> Option<Url> {
        self.0.return_url.clone().map(Url)
    }

    /// BCP 47; null = the customer's browser decides.
    async fn locale(&self) -> Option<&str> {
        self.0.locale.as_deref()
    }

    /// Every try to sign in, oldest first.
    async fn logins(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many rows, from the beginning: 0 to 100; null = 20.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Begin behind this row: the `endCursor` of the page before.")] after: Option<String>,
    ) -> Result<Connection<String, Login>> {
        let page = Args::forward(first, after).page()?;
        let range = (page.after.map(entity::LoginId), page.limit + 1);
        let rows =
            logins::of_link(app(ctx)?, self.0.workspace_id, self.0.id, range).await.map_err(top_level)?;
        Ok(paging::connection(page, paging::cut(page, rows), |row| (row.id.0, Login(row))))
    }

    /// Its part of the event log, in order.
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many rows, from the beginning: 0 to 100; null = 20.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Begin behind this row: the `endCursor` of the page before.")] after: Option<String>,
    ) -> Result<Connection<String, Event>> {
        let wanted = Wanted { link: Some(self.0.id), ..Wanted::default() };
        super::event::connection(ctx, anyone(ctx)?, (&wanted, first, after)).await
    }

    /// The latest run of the job, once signed in.
    async fn run(&self, ctx: &Context<'_>) -> Result<Option<Run>> {
        Ok(load::one(ctx, RunOf(self.0.workspace_id, self.0.id)).await?.map(Run))
    }
}

/// A link to make.
#[derive(InputObject)]
pub(super) struct CreateLinkInput {
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
pub(super) struct CreateLinkPayload {
    /// The link; null if there are user errors.
    link: Option<Link>,
    /// Subscribe after it to miss nothing about the link.
    event_cursor: Option<EventCursor>,
    /// Whether an earlier call with the same key made it.
    replayed: bool,
    /// What to fix.
    user_errors: Vec<UserError>,
}

/// Which link to expire.
#[derive(InputObject)]
pub(super) struct ExpireLinkInput {
    /// `lnk_…`
    id: ID,
}

/// What came of it.
#[derive(SimpleObject, Default)]
pub(super) struct ExpireLinkPayload {
    /// The link as it is now; null if there are user errors.
    link: Option<Link>,
    /// What to fix; CONFLICT while it is in progress or final.
    user_errors: Vec<UserError>,
}

/// Which links to list; an absent field allows all.
#[derive(InputObject, Default)]
pub(super) struct LinkFilter {
    /// One of these.
    statuses: Option<Vec<LinkStatus>>,
    /// Of this customer.
    external_id: Option<String>,
    /// For this job.
    job_id: Option<ID>,
    /// Created at or after.
    created_after: Option<DateTime>,
    /// Created before.
    created_before: Option<DateTime>,
}

/// Reading links.
#[derive(Default)]
pub(super) struct LinkQueries;

#[Object]
impl LinkQueries {
    /// The link with that id. Needs `LINKS_READ`.
    async fn link(&self, ctx: &Context<'_>, #[graphql(desc = "`lnk_…`")] id: ID) -> Result<Option<Link>> {
        let caller = caller(ctx, Scope::LinksRead)?;
        let Ok(id) = id.parse() else { return Ok(None) };
        // Together with whoever asks at this moment: under load one statement answers many.
        Ok(load::one(ctx, LinkOf(caller.workspace, id)).await?.map(Link))
    }

    /// Links, newest first. Needs `LINKS_READ`.
    #[expect(clippy::too_many_arguments, reason = "they are Relay's")]
    async fn links(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which links; null = all.")] filter: Option<LinkFilter>,
        #[graphql(desc = "At most so many rows, from the beginning: 0 to 100; null = 20.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Begin behind this row: the `endCursor` of the page before.")] after: Option<String>,
        #[graphql(desc = "At most so many rows, from the end: 0 to 100.")] last: Option<i32>,
        #[graphql(desc = "End before this row: the `startCursor` of the page behind.")] before: Option<
            String,
        >,
    ) -> Result<Connection<String, Link>> {
        let caller = caller(ctx, Scope::LinksRead)?;
        let page = Args { first, after, last, before }.page()?;
        let filter = filter.unwrap_or_default();
        let job =
            filter.job_id.map(|id| id.parse().map_err(|_| paging::bad("filter.jobId must be a job's id")));
        let wanted = Filter {
            statuses: filter.statuses.map(|statuses| statuses.into_iter().map(Into::into).collect()),
            customer: None,
            job: job.transpose()?,
            created_after: filter.created_after.map(|at| at.0),
            created_before: filter.created_before.map(|at| at.0),
        };
        let listed = service::list(app(ctx)?, caller, filter.external_id, wanted, page).await;
        Ok(paging::connection(page, listed.map_err(top_level)?, |row| (row.id.0, Link(row))))
    }
}

/// Making and ending links.
#[derive(Default)]
pub(super) struct LinkMutations;

#[Object]
impl LinkMutations {
    /// Creates a link that lets one customer sign in for a job. Needs `LINKS_WRITE`.
    async fn create_link(&self, ctx: &Context<'_>, input: CreateLinkInput) -> Result<CreateLinkPayload> {
        let caller = caller(ctx, Scope::LinksWrite)?;
        let Ok(job) = input.job_id.parse() else {
            let error = UserError::new(UserErrorCode::NotFound, "jobId", "must be a job of this workspace");
            return Ok(CreateLinkPayload { user_errors: vec![error], ..CreateLinkPayload::default() });
        };
        let Ok(relogin) = input.relogin.map(|id| id.parse()).transpose() else {
            let error = UserError::new(UserErrorCode::NotFound, "relogin", service::NO_SUCH_RUN);
            return Ok(CreateLinkPayload { user_errors: vec![error], ..CreateLinkPayload::default() });
        };
        let empty = || serde_json::Value::Object(serde_json::Map::new());
        let new = service::New {
            external_id: input.external_id,
            job,
            expires_in: input.expires_in.0,
            metadata: input.metadata.map_or_else(empty, |metadata| metadata.0),
            return_url: input.return_url.map(|url| url.0),
            locale: input.locale,
            relogin,
            idempotency_key: input.idempotency_key,
        };
        Ok(match service::create(app(ctx)?, caller, new).await {
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

    /// Ends a link at once, and a live login on it. Needs `LINKS_WRITE`.
    async fn expire_link(&self, ctx: &Context<'_>, input: ExpireLinkInput) -> Result<ExpireLinkPayload> {
        let caller = caller(ctx, Scope::LinksWrite)?;
        let expired = match input.id.parse() {
            Ok(id) => service::expire(app(ctx)?, caller, id).await,
            Err(_) => Err(crate::service::Error::NotFound),
        };
        Ok(match expired {
            Ok(link) => ExpireLinkPayload { link: Some(Link(link)), user_errors: Vec::new() },
            Err(error) => ExpireLinkPayload { link: None, user_errors: user_errors(error)? },
        })
    }
}
