//! The schema: every noun's queries and mutations in one.

use async_graphql::{MergedObject, Schema};

use super::subscription::Subscriptions;
use super::{delivery, endpoint, event, job, link, load, run, source_system, viewer};
use crate::service::App;

/// Everything that can be read.
#[derive(MergedObject, Default)]
pub struct Query(
    viewer::Queries,
    link::Queries,
    source_system::Queries,
    job::Queries,
    run::Queries,
    event::Queries,
    endpoint::Queries,
    delivery::Queries,
);

/// Everything that can be changed. Each takes one `input` and returns the object and `userErrors`.
#[derive(MergedObject, Default)]
pub struct Mutation(link::Mutations, source_system::Mutations, job::Mutations, endpoint::Mutations);

/// The API of the partner.
pub type Api = Schema<Query, Mutation, Subscriptions>;

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
