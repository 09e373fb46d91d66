//! The database: rows in, rows out, one file a table.
//!
//! Every function takes the workspace whose rows it may touch, except the few that serve the
//! house itself (queues, the log's tail, authentication). Nothing here decides what may follow
//! what; `service` does, inside [`transact()`].

pub mod api_key;
pub mod audit;
pub mod backlog;
pub mod connect;
pub mod credential;
pub mod customer;
pub mod delivery;
pub mod endpoint;
pub mod endpoint_secret;
pub mod erasure;
pub mod event;
pub mod file;
pub mod gauge;
pub mod horizon;
pub mod idempotency;
pub mod job;
pub mod line;
pub mod link;
pub mod log;
pub mod login;
pub mod node;
pub mod page;
pub mod prompt;
pub mod recovery;
pub mod retention;
mod rows;
pub mod run;
pub mod session;
pub mod source_system;
pub mod submit;
pub mod tally;
pub mod transact;
pub mod workspace;
mod writer;

pub use connect::Db;
pub use page::Page;
pub use transact::{Tx, transact};

use sea_orm::{DbErr, RuntimeErr, SqlErr};

/// Why a statement gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such row in this workspace.
    #[error("no such row")]
    NotFound,
    /// Another row already has this key.
    #[error("the key is taken")]
    Taken,
    /// The database is not there or took too long; a commit that was under way may have happened.
    #[error("the database does not answer")]
    Unavailable(#[source] Option<DbErr>),
    /// The database's file cannot be made or opened.
    #[error("the file {0}")]
    File(String, #[source] std::io::Error),
    /// Anything else.
    #[error("the database refused a statement")]
    Database(#[source] DbErr),
}

impl From<DbErr> for Error {
    fn from(error: DbErr) -> Self {
        if matches!(error.sql_err(), Some(SqlErr::UniqueConstraintViolation(_))) {
            Self::Taken
        } else if is_passing(&error) {
            Self::Unavailable(Some(error))
        } else {
            Self::Database(error)
        }
    }
}

/// Whether the same statement may well succeed in a moment: the connection was lost or could not be
/// had, or PostgreSQL ended the transaction for its own reasons.
fn is_passing(error: &DbErr) -> bool {
    use sea_orm::sqlx::Error as Sqlx;
    let (DbErr::Conn(runtime) | DbErr::Exec(runtime) | DbErr::Query(runtime)) = error else {
        return matches!(error, DbErr::ConnectionAcquire(_));
    };
    let RuntimeErr::SqlxError(error) = runtime else { return false };
    match error.as_ref() {
        Sqlx::Io(_) | Sqlx::PoolTimedOut | Sqlx::PoolClosed | Sqlx::WorkerCrashed => true,
        // Shutting down, deadlock, serialization: SQLSTATE classes 57P0 and 40.
        Sqlx::Database(told) => {
            told.code().is_some_and(|code| code.starts_with("57P0") || code == "40P01" || code == "40001")
        }
        _ => false,
    }
}
