//! Files of runs: sealed piece by piece, and opened piece by piece for whoever has a fresh URL.
//!
//! A file is written before its step has ended, each piece in a transaction of its own so that nobody
//! waits for it, and shown only once the step has ended well. Whoever may read a run's files gets URLs
//! that are good for a few minutes and need no key: they can be handed to another program as they are.

use std::time::Duration;

use entity::{FileId, RunId, Timestamp, WorkspaceId, run, run_file, run_file_part};
use zeroize::Zeroizing;

use super::{App, Error, login};
use crate::store::{self, Tx};
use crate::vault::{Binding, Forged};

/// Bytes of a piece: one is in memory at a time, and one is in a transaction.
const PART: usize = 256 * 1024;
/// How long a URL is good: long enough to fetch the file, too short to be found later.
const URL_LIFE: Duration = Duration::from_mins(10);
/// How long the files of a job are kept that keeps nothing else: time to fetch them.
const FETCH_LIFE: Duration = Duration::from_hours(24);

/// A file as it came.
pub struct New {
    /// What the site calls it.
    pub file_name: Option<String>,
    /// What the site says it is.
    pub content_type: String,
    /// Its bytes.
    pub body: Vec<u8>,
}

/// Which step it is of.
#[derive(Clone, Debug)]
pub struct Source {
    /// The workflow's name.
    pub workflow: String,
    /// The step's place through all workflows.
    pub position: i32,
    /// What the step calls the file.
    pub name: String,
}

/// Seals a file and writes it down. Nobody sees it before its step has ended well.
///
/// # Errors
/// [`Error::Gone`] if the run is no longer ours; or if the database does not answer.
pub async fn put(app: &App, run: &run::Model, source: Source, new: &New) -> Result<FileId, Error> {
    let now = app.clock.now();
    let job = store::job::get(&app.db, run.workspace_id, run.job_id).await?;
    let life = if login::keeps_session(&job) { login::SESSION_LIFE } else { FETCH_LIFE };
    let row = run_file::Model {
        id: FileId::new(now),
        workspace_id: run.workspace_id,
        run_id: run.id,
        position: source.position,
        workflow: source.workflow,
        name: source.name,
        file_name: new.file_name.clone(),
        content_type: new.content_type.clone(),
        size: i64::try_from(new.body.len()).unwrap_or(i64::MAX),
        created_at: now,
        stored_at: None,
        expires_at: now.plus(life),
    };
    let id = row.id;
    super::run::while_held(app, run, async move |tx| Ok(store::file::insert(&tx, row).await?)).await?;
    for (number, piece) in (0..).zip(new.body.chunks(PART)) {
        let sealed = seal(app, (run.workspace_id, id), number, piece)?;
        let row = run_file_part::Model { file_id: id, number, sealed };
        let write = async move |tx: Tx| Ok::<_, Error>(store::file::insert_part(&tx, row).await?);
        store::transact(&app.db, write).await?;
    }
    Ok(id)
}

/// The number is sealed with the piece: pieces do not open in another order.
fn seal(app: &App, file: (WorkspaceId, FileId), number: i32, piece: &[u8]) -> Result<Vec<u8>, Error> {
    let plain = Zeroizing::new([&number.to_be_bytes(), piece].concat());
    app.vault.seal(binding(file), &plain).map_err(Error::internal)
}

fn binding((workspace, id): (WorkspaceId, FileId)) -> Binding {
    Binding { workspace, record: id.0, field: "run_file.part" }
}

/// The files of those runs, in the order of their steps.
///
/// # Errors
/// If the database does not answer.
pub async fn of_runs(
    app: &App,
    workspace: WorkspaceId,
    runs: Vec<RunId>,
) -> Result<Vec<run_file::Model>, Error> {
    Ok(store::file::of_runs(&app.db, workspace, runs, app.clock.now()).await?)
}

/// A URL that whoever has it can fetch the file from, for ten minutes.
///
/// # Errors
/// If there is no key to sign it.
pub fn url(app: &App, file: &run_file::Model) -> Result<String, Error> {
    let until = Timestamp(app.clock.now().plus(URL_LIFE).seconds() * 1000);
    let token = app.tokens.mint_for_file(file.id, until.min(file.expires_at)).map_err(Error::internal)?;
    let mut url = app.public_url.clone();
    url.set_path(&format!("/files/{token}"));
    Ok(url.into())
}

/// The file that a URL's token lets its bearer fetch. A forged and an expired one never reach the database.
///
/// # Errors
/// [`Error::NotFound`] for a forged token or a file that was deleted; [`Error::Gone`] for an expired one.
pub async fn open(app: &App, token: &str) -> Result<run_file::Model, Error> {
    let (id, until) = app.tokens.read_for_file(token).map_err(|Forged| Error::NotFound)?;
    let now = app.clock.now();
    if until <= now {
        return Err(Error::Gone);
    }
    Ok(store::file::get_by_token(&app.db, id, now).await?)
}

/// The next piece of a file, after `number` others; `None` after the last.
///
/// # Errors
/// If the file was deleted in the meantime, or does not open.
pub async fn piece(app: &App, file: &run_file::Model, number: i32) -> Result<Option<Vec<u8>>, Error> {
    let pieces = usize::try_from(file.size).unwrap_or_default().div_ceil(PART);
    if usize::try_from(number).unwrap_or(usize::MAX) >= pieces {
        return Ok(None);
    }
    let row = store::file::part(&app.db, file.id, number).await?;
    let plain =
        app.vault.open(binding((file.workspace_id, file.id)), &row.sealed).map_err(Error::internal)?;
    let (own, piece) = plain.split_first_chunk().ok_or(Error::NotFound)?;
    if i32::from_be_bytes(*own) != number {
        return Err(Error::NotFound);
    }
    Ok(Some(piece.to_vec()))
}
