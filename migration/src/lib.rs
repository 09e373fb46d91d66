//! Postern's schema: one migration a file, applied in order, never changed once released.

pub use sea_orm_migration::prelude::*;

mod column;
mod m20261122_000001_partner;
mod m20261122_000002_link;
mod m20261122_000003_log;
mod m20261122_000004_hub;
mod m20261123_000001_redelivery;
mod m20261124_000001_line;
mod m20261124_000001_retention;
mod m20261124_000002_pending;
mod m20261125_000001_budget;
mod m20261125_000001_kept;
mod m20261125_000001_recipe;
mod m20261126_000001_keys;
mod m20261126_000002_listing;
mod m20261126_000004_in_line;
mod m20261127_000001_links_of_job;

/// All migrations, oldest first.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m20261122_000001_partner::Migration),
            Box::new(m20261122_000002_link::Migration),
            Box::new(m20261122_000003_log::Migration),
            Box::new(m20261122_000004_hub::Migration),
            Box::new(m20261123_000001_redelivery::Migration),
            Box::new(m20261124_000001_line::Migration),
            Box::new(m20261124_000001_retention::Migration),
            Box::new(m20261124_000002_pending::Migration),
            Box::new(m20261125_000001_budget::Migration),
            Box::new(m20261125_000001_kept::Migration),
            Box::new(m20261125_000001_recipe::Migration),
            Box::new(m20261126_000001_keys::Migration),
            Box::new(m20261126_000002_listing::Migration),
            Box::new(m20261126_000004_in_line::Migration),
            Box::new(m20261127_000001_links_of_job::Migration),
        ]
    }
}
