//! The schema: every noun's queries and mutations in one.

use async_graphql::{MergedObject, Schema};

use super::subscription::Subscriptions;
use super::together::Together;
use super::{customer, delivery, endpoint, event, job, kept, link, recovery, run, source_system, viewer};
use crate::service::App;

/// Everything that can be read.
#[derive(MergedObject, Default)]
pub(super) struct Query(
    viewer::ViewerQueries,
    link::LinkQueries,
    source_system::SourceSystemQueries,
    job::JobQueries,
    run::RunQueries,
    event::EventQueries,
    endpoint::EndpointQueries,
    delivery::DeliveryQueries,
);

/// Everything that can be changed. Each takes one `input` and returns the object and `userErrors`.
#[derive(MergedObject, Default)]
pub(super) struct Mutation(
    link::CreateLinkMutations,
    link::LinkMutations,
    source_system::SourceSystemMutations,
    source_system::SourceSystemUpdates,
    job::JobMutations,
    job::JobUpdates,
    kept::KeptMutations,
    endpoint::EndpointMutations,
    endpoint::update::UpdateMutations,
    endpoint::removal::RemovalMutations,
    endpoint::rotation::RotationMutations,
    endpoint::test_event::TestEventMutations,
    delivery::resend::ResendMutations,
    recovery::RecoveryMutations,
    customer::CustomerMutations,
);

/// The API of the partner.
pub(super) type Api = Schema<Query, Mutation, Subscriptions>;

/// The schema over a tool box.
pub(super) fn over(app: App) -> Together {
    let schema = Schema::build(Query::default(), Mutation::default(), Subscriptions).data(app.clone());
    Together::new(schema.finish(), app)
}

/// The schema in GraphQL's own language, as `schema.graphql` holds it.
#[must_use]
pub fn sdl() -> String {
    Schema::build(Query::default(), Mutation::default(), Subscriptions).finish().sdl()
}
