//! Nodes: say that we live, and take over from the dead.

use super::{App, Error, login, run};
use crate::store;

/// Says that this node lives.
///
/// # Errors
/// If the database does not answer.
pub async fn beat(app: &App) -> Result<(), Error> {
    let (node, now) = (app.node, app.clock.now());
    let beaten: Result<(), Error> =
        store::transact(&app.db, async move |tx| Ok(store::node::beat(&tx, node, now).await?)).await;
    beaten.inspect(|()| app.0.pulse.beats(now))
}

/// Takes over what dead nodes left, if there are any.
///
/// # Errors
/// If the database does not answer.
pub async fn bury(app: &App) -> Result<(), Error> {
    let (node, now) = (app.node, app.clock.now());
    let dead_since = now.minus(store::node::DEAD_AFTER);
    store::transact(&app.db, async move |tx| {
        if store::node::bury(&tx, node, Some(dead_since)).await? {
            take_over(&tx, now).await?;
        }
        Ok(())
    })
    .await
}

/// The first beat of a server. The only server of an embedded database takes over from all before
/// it at once; one of several waits until the dead are known to be dead.
///
/// # Errors
/// If the database does not answer.
pub async fn arrive(app: &App) -> Result<(), Error> {
    if !app.db.is_embedded() {
        beat(app).await?;
        return bury(app).await;
    }
    let (node, now) = (app.node, app.clock.now());
    store::transact(&app.db, async move |tx| {
        store::node::beat(&tx, node, now).await?;
        store::node::bury(&tx, node, None).await?;
        take_over(&tx, now).await
    })
    .await
}

async fn take_over(tx: &store::Tx, now: entity::Timestamp) -> Result<(), Error> {
    let orphans = store::node::free(tx).await?;
    for orphan in orphans.logins {
        login::recover(tx, now, orphan).await?;
    }
    for orphan in orphans.runs {
        run::recover(tx, now, orphan).await?;
    }
    Ok(())
}
