//! Any object by its id.

use async_graphql::{Context, ID, Interface, Object, Result};
use entity::{
    DeliveryId, EndpointId, EventId, JobId, KeyId, LinkId, LoginId, RunId, SourceSystemId, WorkspaceId,
};

use super::delivery::WebhookDelivery;
use super::endpoint::WebhookEndpoint;
use super::event::Event;
use super::job::Job;
use super::key::ApiKey;
use super::link::Link;
use super::login::Login;
use super::run::Run;
use super::source_system::SourceSystem;
use super::workspace::Workspace;
use super::{delivery, endpoint, event, job, key, link, login, run, source_system, workspace};

/// An object with an id of its own.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "What kind it is, and which: `lnk_…`, `job_…` and so on."))]
pub(super) enum Node {
    /// An invitation.
    Link(Link),
    /// A try to sign in.
    Login(Login),
    /// A site.
    SourceSystem(SourceSystem),
    /// What to do there.
    Job(Job),
    /// An execution of a job.
    Run(Run),
    /// A fact of the log.
    Event(Event),
    /// A receiver of events.
    WebhookEndpoint(WebhookEndpoint),
    /// An event for a receiver.
    WebhookDelivery(WebhookDelivery),
    /// A key.
    ApiKey(ApiKey),
    /// The tenant.
    Workspace(Workspace),
}

/// Reading by id alone.
#[derive(Default)]
pub(super) struct NodeQueries;

#[Object]
impl NodeQueries {
    /// The object with that id, whatever it is; null if the workspace has none. Needs the scope of what it is:
    /// `LINKS_READ` for links, logins and events, `JOBS_READ` for source systems and jobs, `RUNS_READ` for runs,
    /// `WEBHOOKS_READ` for endpoints and deliveries, `ADMIN` for keys, none for the workspace.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`lnk_…`, `job_…` and so on.")] id: ID,
    ) -> Result<Option<Node>> {
        let (prefix, _) = id.split_at(id.find('_').map_or(0, |end| end + 1));
        Ok(match prefix {
            LinkId::PREFIX => link::find(ctx, &id).await?.map(Node::from),
            LoginId::PREFIX => login::find(ctx, &id).await?.map(Node::from),
            SourceSystemId::PREFIX => source_system::find(ctx, &id).await?.map(Node::from),
            JobId::PREFIX => job::find(ctx, &id).await?.map(Node::from),
            RunId::PREFIX => run::find(ctx, &id).await?.map(Node::from),
            EventId::PREFIX => event::find(ctx, &id).await?.map(Node::from),
            EndpointId::PREFIX => endpoint::find(ctx, &id).await?.map(Node::from),
            DeliveryId::PREFIX => delivery::find(ctx, &id).await?.map(Node::from),
            KeyId::PREFIX => key::find(ctx, &id).await?.map(Node::from),
            WorkspaceId::PREFIX => workspace::find(ctx, &id).await?.map(Node::from),
            _ => None,
        })
    }
}
