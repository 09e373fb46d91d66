//! The schema: every noun's queries and mutations in one.

use async_graphql::{MergedObject, SDLExportOptions, Schema, SchemaBuilder, ValidationMode};

use super::audit::AuditEntry;
use super::delivery::{DeliveryAttempt, WebhookDelivery};
use super::endpoint::WebhookEndpoint;
use super::event::Event;
use super::job::Job;
use super::key::ApiKey;
use super::link::Link;
use super::load::Gathering;
use super::login::Login;
use super::paging::Connection;
use super::source_system::SourceSystem;
use super::subscription::Subscriptions;
use super::together::Together;
use super::{
    audit, customer, delivery, endpoint, event, job, kept, key, link, node, recovery, run, source_system,
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
    key::KeyMutations,
    workspace::WorkspaceMutations,
);

/// The API of the partner.
pub(super) type Api = Schema<Query, Mutation, Subscriptions>;

/// What a page of any list is; the library says nothing of it.
const PAGE: &str = "A page of a list, as Relay has it.";

/// The schema over a tool box.
pub(super) fn over(app: App) -> Together {
    let gathering = Gathering::new(app.clone());
    let schema = || builder().data(app.clone()).data(gathering.clone());
    let trusting = schema().validation_mode(ValidationMode::Fast).finish();
    Together::new(schema().finish(), trusting, app)
}

/// The schema in GraphQL's own language, as `schema.graphql` holds it.
#[must_use]
pub fn sdl() -> String {
    builder().finish().sdl_with_options(SDLExportOptions::new().include_specified_by())
}

fn builder() -> SchemaBuilder<Query, Mutation, Subscriptions> {
    Schema::build(Query::default(), Mutation::default(), Subscriptions)
        .override_output_type_description::<Connection<Link>>(PAGE)
        .override_output_type_description::<Connection<Login>>(PAGE)
        .override_output_type_description::<Connection<Event>>(PAGE)
        .override_output_type_description::<Connection<SourceSystem>>(PAGE)
        .override_output_type_description::<Connection<Job>>(PAGE)
        .override_output_type_description::<Connection<WebhookEndpoint>>(PAGE)
        .override_output_type_description::<Connection<WebhookDelivery>>(PAGE)
        .override_output_type_description::<Connection<DeliveryAttempt>>(PAGE)
        .override_output_type_description::<Connection<ApiKey>>(PAGE)
        .override_output_type_description::<Connection<AuditEntry>>(PAGE)
}
