//! The schema: every noun's queries and mutations in one.

use async_graphql::{MergedObject, Schema};

use super::subscription::Subscriptions;
use super::{
    audit, delivery, endpoint, event, job, kept, key, link, load, node, recovery, run, source_system,
    workspace,
};
use crate::service::App;

/// Everything that can be read.
#[derive(MergedObject, Default)]
pub(super) struct Query(
    key::KeyQueries,
    workspace::WorkspaceQueries,
    node::NodeQueries,
    link::LinkQueries,
    source_system::SourceSystemQueries,
    job::JobQueries,
    run::RunQueries,
    event::EventQueries,
    endpoint::EndpointQueries,
    delivery::DeliveryQueries,
    audit::AuditQueries,
);

/// Everything that can be changed. Each takes one `input` and returns the object and `userErrors`.
#[derive(MergedObject, Default)]
pub(super) struct Mutation(
    link::LinkMutations,
    source_system::SourceSystemMutations,
    source_system::SourceSystemUpdates,
    job::JobMutations,
    kept::KeptMutations,
    endpoint::EndpointMutations,
    endpoint::update::UpdateMutations,
    endpoint::removal::RemovalMutations,
    endpoint::rotation::RotationMutations,
    endpoint::test_event::TestEventMutations,
    delivery::resend::ResendMutations,
    recovery::RecoveryMutations,
    key::KeyMutations,
    workspace::WorkspaceMutations,
);

/// The API of the partner.
pub(super) type Api = Schema<Query, Mutation, Subscriptions>;

/// The schema over a tool box.
pub(super) fn over(app: App) -> Api {
    let loader = load::loader(app.clone());
    Schema::build(Query::default(), Mutation::default(), Subscriptions).data(app).data(loader).finish()
}

/// The schema in GraphQL's own language, as `schema.graphql` holds it.
#[must_use]
pub fn sdl() -> String {
    Schema::build(Query::default(), Mutation::default(), Subscriptions).finish().sdl()
}
