//! Runs: a job's workflows carried out with the session of a login, step by step, each saved.

use std::time::Duration;

use entity::{
    FailureCode, FileId, LinkId, NodeId, RunId, RunStatus, SessionId, Timestamp, WorkspaceId, link, run,
    run_step, source_system,
};
use serde_json::{Map, Value};
use zeroize::Zeroizing;

use super::source_system::recipe;
use super::{App, Caller, Error, job as jobs, kept, link as links, login};
use crate::domain::counted::Counted;
use crate::domain::event::{Facts, Kind};
use crate::domain::failure::Failure;
use crate::domain::link::Change;
use crate::domain::recipe::Recipe;
use crate::domain::step::{Step, Workflow};
use crate::store::{self, Tx};

/// How often a worker looks whether its run is still its own: a revoked session is not used for longer.
const LOOK_AFTER: Duration = Duration::from_secs(2);

/// A run with what a worker needs to carry it out.
pub struct Work {
    /// The run.
    pub run: run::Model,
    /// Its job's workflows.
    pub workflows: Vec<Workflow>,
    /// Where they happen.
    pub source_system: source_system::Model,
    /// What the partner tells the detector about it.
    pub recipe: Option<Recipe>,
    /// The signed-in state; absent if it is over.
    pub session: Option<Zeroizing<Vec<u8>>>,
    /// Whether the site took it when it was last asked.
    pub alive: bool,
}

/// One step and its place.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Its workflow's name.
    pub workflow: &'a str,
    /// Counts through all workflows.
    pub position: i32,
    /// Counts within its workflow.
    pub index: i32,
    /// The step.
    pub step: &'a Step,
}

/// How a step stands.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It has begun.
    Begun,
    /// It ended well, perhaps with a value.
    Done {
        /// What an extraction found.
        output: Option<Value>,
        /// The file that it put down.
        file: Option<FileId>,
        /// How long it took.
        duration_ms: i32,
    },
    /// It failed.
    Failed {
        /// Why, for a developer.
        error: String,
        /// How long it took.
        duration_ms: i32,
    },
}

/// Queues the run of a link that has just signed in.
///
/// # Errors
/// If the database refuses.
pub(super) async fn queue(
    tx: &Tx,
    now: Timestamp,
    link: &link::Model,
    session: SessionId,
) -> Result<(), Error> {
    Ok(store::run::insert(tx, queued(now, link, Some(session))).await?)
}

/// A link's first run, before a worker has it.
pub(super) fn queued(now: Timestamp, link: &link::Model, session: Option<SessionId>) -> run::Model {
    run::Model {
        id: RunId::new(now),
        workspace_id: link.workspace_id,
        link_id: link.id,
        job_id: link.job_id,
        session_id: session,
        rerun: false,
        status: RunStatus::Queued,
        claimed_by: None,
        output: Value::Object(Map::new()),
        failure_code: None,
        failure_message: None,
        created_at: now,
        started_at: None,
        finished_at: None,
    }
}

/// Takes up to `limit` waiting runs for this node and says so in the log.
///
/// # Errors
/// If the database does not answer.
pub async fn claim(app: &App, limit: u64) -> Result<Vec<run::Model>, Error> {
    if limit == 0 || !store::run::any_queued(&app.db).await? {
        return Ok(Vec::new());
    }
    let (node, now) = (app.node, app.clock.now());
    store::transact(&app.db, async move |tx| {
        let runs = store::run::claim(&tx, node, now, limit).await?;
        for run in &runs {
            let mut link = store::link::lock(&tx, run.workspace_id, run.link_id).await?;
            let facts = Facts { run_id: Some(run.id), ..Facts::default() };
            links::note(&tx, now, &mut link, Kind::RunStarted, facts).await?;
        }
        Ok(runs)
    })
    .await
}

/// What a claimed run needs.
///
/// # Errors
/// If the database does not answer or the session does not open.
pub async fn work(app: &App, run: run::Model) -> Result<Work, Error> {
    let job = store::job::get(&app.db, run.workspace_id, run.job_id).await?;
    let source_system = store::source_system::get(&app.db, run.workspace_id, job.source_system_id).await?;
    let session = match run.session_id {
        Some(id) => store::session::find(&app.db, run.workspace_id, id, app.clock.now()).await?,
        None => None,
    };
    let alive = session.as_ref().is_some_and(|row| row.died_at.is_none());
    let session = session
        .map(|row| app.vault.open(login::session_binding(row.workspace_id, row.id), &row.sealed))
        .transpose()
        .map_err(Error::internal)?;
    let recipe = recipe::open(app, &source_system)?;
    Ok(Work { workflows: jobs::workflows(&job)?, run, source_system, recipe, session, alive })
}

/// Saves how a step stands.
///
/// # Errors
/// If the database does not answer.
pub async fn save_step(app: &App, run: &run::Model, place: Place<'_>, outcome: Outcome) -> Result<(), Error> {
    let (workspace, now) = (run.workspace_id, app.clock.now());
    let mut whole = None;
    let (status, error, duration_ms, output) = match outcome {
        Outcome::Begun => (RunStatus::Running, None, None, None),
        Outcome::Done { output, file, duration_ms } => {
            whole = file;
            (RunStatus::Succeeded, None, Some(duration_ms), output)
        }
        Outcome::Failed { error, duration_ms } => (RunStatus::Failed, Some(error), Some(duration_ms), None),
    };
    let row = run_step::Model {
        run_id: run.id,
        position: place.position,
        workspace_id: run.workspace_id,
        workflow: place.workflow.to_owned(),
        step_index: place.index,
        kind: place.step.kind().to_owned(),
        status,
        error,
        duration_ms,
        output,
    };
    while_held(app, run, async move |tx| {
        if let Some(file) = whole {
            store::file::store(&tx, workspace, file, now).await?;
        }
        Ok(store::run::put_step(&tx, row).await?)
    })
    .await
}

/// Runs `work` if this node still holds the run: whoever was taken for dead, or whose session was revoked,
/// changes nothing any more.
///
/// # Errors
/// [`Error::Gone`] if the run is no longer ours.
pub(super) async fn while_held<T, F, W>(app: &App, run: &run::Model, work: W) -> Result<T, Error>
where
    T: Send + 'static,
    F: Future<Output = Result<T, Error>> + Send + 'static,
    W: FnOnce(Tx) -> F + Send + 'static,
{
    let (workspace, id, node) = (run.workspace_id, run.id, app.node);
    store::transact(&app.db, async move |tx| {
        let row = store::run::lock(&tx, workspace, id).await?;
        if row.status != RunStatus::Running || row.claimed_by != Some(node) {
            return Err(Error::Gone);
        }
        work(tx).await
    })
    .await
}

/// The run has ended: its output is saved, with what the session is now, and the link of a first run is
/// COMPLETED or FAILED.
///
/// # Errors
/// If the database does not answer.
pub async fn finish(
    app: &App,
    run: &run::Model,
    result: Result<Value, Failure>,
    state: Option<&[u8]>,
) -> Result<(), Error> {
    let row = store::run::get(&app.db, run.workspace_id, run.id).await?;
    let seal = |(id, state)| app.vault.seal(login::session_binding(row.workspace_id, id), state);
    let sealed = row.session_id.zip(state).map(seal).transpose().map_err(Error::internal)?;
    let (node, now) = (app.node, app.clock.now());
    store::transact(&app.db, async move |tx| {
        let mut link = store::link::lock(&tx, row.workspace_id, row.link_id).await?;
        end(&tx, now, (&row, &mut link), (Some(node), result, sealed)).await
    })
    .await
}

/// Returns once the run is no longer ours: ended from outside, or taken over.
pub async fn lost(app: &App, run: &run::Model) {
    loop {
        tokio::time::sleep(LOOK_AFTER).await;
        let row = store::run::get(&app.db, run.workspace_id, run.id).await;
        // A database that is away for a moment says nothing about the run.
        if row.is_ok_and(|row| row.claimed_by != Some(app.node)) {
            return;
        }
    }
}

/// A run whose worker died: run again if every step may be, else ended honestly.
///
/// # Errors
/// If the database refuses.
pub async fn recover(tx: &Tx, now: Timestamp, mut orphan: run::Model) -> Result<(), Error> {
    let mut link = store::link::lock(tx, orphan.workspace_id, orphan.link_id).await?;
    let job = store::job::get(tx, orphan.workspace_id, orphan.job_id).await?;
    let steps: Vec<Step> = jobs::workflows(&job)?.into_iter().flat_map(|workflow| workflow.steps).collect();
    let begun = store::run::steps_of(tx, orphan.workspace_id, [orphan.id]).await?.len();
    let held_by = orphan.claimed_by;
    // Nobody knows what the site made of the kept password: it is not sent twice.
    let unsure = store::submit::any_open_of_login(tx, orphan.workspace_id, kept::sender(&orphan)).await?;
    // What it began with is no longer known once the job was changed: then no step may be done twice.
    let is_same = orphan.started_at.is_some_and(|started_at| job.updated_at <= started_at);
    let may_repeat = begun == 0 || (is_same && steps.iter().take(begun).all(Step::is_repeatable));
    // The page a step left behind died with the worker: only a run from the start is the same run.
    if !unsure && may_repeat {
        orphan.status = RunStatus::Queued;
        orphan.claimed_by = None;
        store::file::delete_of_run(tx, orphan.workspace_id, orphan.id).await?;
        store::run::update(tx, &orphan, held_by).await?;
        return Ok(());
    }
    let interrupted = Err(Failure::new(FailureCode::Interrupted));
    end(tx, now, (&orphan, &mut link), (held_by, interrupted, None)).await
}

/// How a run ended: who held it, with what, and its session as it is now.
type Ended = (Option<NodeId>, Result<Value, Failure>, Option<Vec<u8>>);

/// Ends a run of a locked link, if it is still held by who held it.
///
/// # Errors
/// If the database refuses.
pub(super) async fn end(
    tx: &Tx,
    now: Timestamp,
    (run, link): (&run::Model, &mut link::Model),
    (held_by, result, sealed): Ended,
) -> Result<(), Error> {
    let job = store::job::get(tx, run.workspace_id, run.job_id).await?;
    let keeps = login::keeps_session(&job);
    let mut ended = run.clone();
    ended.session_id = ended.session_id.filter(|_| keeps);
    (ended.claimed_by, ended.finished_at) = (None, Some(now));
    let (kind, change, facts) = ending(&mut ended, result);
    if !store::run::update(tx, &ended, held_by).await? {
        return Ok(());
    }
    tx.count(Counted::Run(ended.status));
    store::file::delete_unfinished(tx, run.workspace_id, run.id).await?;
    match run.session_id.filter(|_| !keeps) {
        Some(session) => store::session::delete(tx, run.workspace_id, session).await?,
        None => kept::after_run(tx, now, run, (ended.failure_code, sealed)).await?,
    }
    links::note(tx, now, link, kind, facts.clone()).await?;
    if run.rerun {
        return Ok(());
    }
    link.failure_message.clone_from(&ended.failure_message);
    links::change(tx, now, link, change, facts).await
}

fn ending(run: &mut run::Model, result: Result<Value, Failure>) -> (Kind, Change, Facts) {
    let mut facts = Facts { run_id: Some(run.id), ..Facts::default() };
    match result {
        Ok(output) => {
            (run.status, run.output) = (RunStatus::Succeeded, output);
            (Kind::RunSucceeded, Change::JobSucceeded, facts)
        }
        Err(failure) => {
            let interrupted = failure.code == FailureCode::Interrupted;
            run.status = if interrupted { RunStatus::Interrupted } else { RunStatus::Failed };
            (run.failure_code, run.failure_message) = (Some(failure.code), failure.site_message);
            facts.failure_code = Some(failure.code);
            (Kind::RunFailed, Change::JobFailed, facts)
        }
    }
}

/// The run with that id.
///
/// # Errors
/// [`Error::NotFound`] if the caller's workspace has none.
pub async fn get(app: &App, caller: &Caller, id: RunId) -> Result<run::Model, Error> {
    Ok(store::run::get(&app.db, caller.workspace, id).await?)
}

/// The runs of those links, oldest first.
///
/// # Errors
/// If the database does not answer.
pub async fn of_links(
    app: &App,
    workspace: WorkspaceId,
    links: Vec<LinkId>,
) -> Result<Vec<run::Model>, Error> {
    Ok(store::run::latest_of(&app.db, workspace, links).await?)
}

/// The steps of those runs, in order.
///
/// # Errors
/// If the database does not answer.
pub async fn steps(
    app: &App,
    workspace: WorkspaceId,
    runs: Vec<RunId>,
) -> Result<Vec<run_step::Model>, Error> {
    Ok(store::run::steps_of(&app.db, workspace, runs).await?)
}
