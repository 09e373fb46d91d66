//! Links in the API.

mod create;

use async_graphql::{Context, Description, Enum, ID, InputObject, Object, Result, SimpleObject};
use entity::{Scope, customer, link};

use super::context::{app, caller};
use super::error::{UserError, of_the_log, top_level, user_errors};
use super::event::{Event, Range};
use super::failure::Failure;
use super::job::Job;
use super::kept::Session;
use super::load::{self, CustomerOf, EventsOf, JobOf, LinkOf, LoginsOf, Part, PositionOf, RunOf, SessionOf};
use super::login::Login;
use super::paging::{self, Args, Connection};
use super::run::Run;
use super::scalar::{DateTime, EventCursor, JsonObject, Url};
use super::words::LinkStatus;
use crate::domain::link as life;
use crate::service::{Error, link as service};
use crate::store::link::Filter;

pub(super) use create::CreateLinkMutations;

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
    pub(super) async fn id(&self) -> ID {
        ID(self.0.id.to_string())
    }

    /// The partner's own name for the customer; null after erasure.
    async fn external_id(&self, ctx: &Context<'_>) -> Result<Option<String>> {
        let customer = load::one(ctx, CustomerOf(self.0.workspace_id, self.0.customer_id)).await?;
        Ok(customer.as_ref().and_then(customer::Model::name).map(ToOwned::to_owned))
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
    ) -> Result<Connection<Login>> {
        let page = Args::forward(first, after).page()?;
        let part = Part(self.0.id, page.after.map(entity::LoginId), page.limit + 1);
        let rows = load::one(ctx, LoginsOf(self.0.workspace_id, part)).await?.unwrap_or_default();
        Ok(paging::connection(page, page.cut(rows), |row| (row.id.0, Login(row))))
    }

    /// Its part of the event log, in order.
    async fn events(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "At most so many rows, from the beginning: 0 to 100; null = 20.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Begin behind this row: the `endCursor` of the page before.")] after: Option<String>,
    ) -> Result<Connection<Event>> {
        let range = Range::read(first, after)?;
        let part = Part(self.0.id, range.start, range.limit + 1);
        match load::one(ctx, EventsOf(self.0.workspace_id, part)).await? {
            Some(None) => Err(of_the_log(Error::Gone)),
            found => Ok(range.connection(found.flatten().unwrap_or_default().into())),
        }
    }

    /// The latest run of the job, once signed in.
    async fn run(&self, ctx: &Context<'_>) -> Result<Option<Run>> {
        Ok(load::one(ctx, RunOf(self.0.workspace_id, self.0.id)).await?.map(Run))
    }

    /// The session that is kept of the sign-in. Null before it, where the job keeps nothing after its run, after
    /// `revokeSession`, and when its time is over. Needs `JOBS_READ`.
    async fn session(&self, ctx: &Context<'_>) -> Result<Option<Session>> {
        caller(ctx, Scope::JobsRead)?;
        Ok(load::one(ctx, SessionOf(self.0.workspace_id, self.0.id)).await?.map(Session::from))
    }
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

/// The link with that id, for whoever may see links.
pub(super) async fn find(ctx: &Context<'_>, id: &ID) -> Result<Option<Link>> {
    let caller = caller(ctx, Scope::LinksRead)?;
    let Ok(id) = id.parse() else { return Ok(None) };
    // Under load one statement answers many.
    Ok(load::gathered(ctx, LinkOf(caller.workspace, id)).await?.map(Link))
}

/// Reading links.
#[derive(Default)]
pub(super) struct LinkQueries;

#[Object]
impl LinkQueries {
    /// The link with that id. Needs `LINKS_READ`.
    async fn link(&self, ctx: &Context<'_>, #[graphql(desc = "`lnk_…`")] id: ID) -> Result<Option<Link>> {
        find(ctx, &id).await
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
    ) -> Result<Connection<Link>> {
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

/// Ending links.
#[derive(Default)]
pub(super) struct LinkMutations;

#[Object]
impl LinkMutations {
    /// Ends a link at once, and a live login on it. Needs `LINKS_WRITE`.
    async fn expire_link(&self, ctx: &Context<'_>, input: ExpireLinkInput) -> Result<ExpireLinkPayload> {
        let caller = caller(ctx, Scope::LinksWrite)?;
        let expired = match input.id.parse() {
            Ok(id) => service::expire(app(ctx)?, caller, id).await,
            Err(_) => Err(Error::NotFound),
        };
        Ok(match expired {
            Ok(link) => ExpireLinkPayload { link: Some(Link(link)), user_errors: Vec::new() },
            Err(error) => ExpireLinkPayload { link: None, user_errors: user_errors(error)? },
        })
    }
}
