//! The sender of webhooks: claims what is due, sends it side by side, settles what came back.
//!
//! Claims, sends and verdicts overlap: new claims are made while earlier ones are still out, and
//! verdicts are written in batches as they come in. A worker that is killed loses nothing but time.
//! Which endpoint sends next is decided in `lanes`. First tries mostly need no claim: the transaction that
//! made them or let them go has put them on the desk. What waits in lanes for an endpoint that is changed
//! (paused, deleted, at another address) is given back at once, so that it is looked at anew; a change by
//! another node is found within a second.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use entity::{EndpointId, Timestamp};
use tokio::sync::mpsc;
use tokio::task::{JoinError, JoinSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::lanes::{Lanes, Try};
use super::{AFTER_ERROR, LOOK_ANYWAY};
use crate::meter;
use crate::service::delivery::{self, Claimed, Report, Sending};
use crate::service::{App, Error};

/// How many attempts are out at a time.
const IN_FLIGHT: usize = 512;
/// How many deliveries wait here at most for lanes that take nothing now.
const HELD: usize = 4096;
/// How many deliveries one claim takes at most.
const CLAIM: u64 = 256;
/// How many verdicts are written in one transaction at most.
const SETTLE: usize = 256;
/// How many transactions write verdicts at a time.
const WRITING: usize = 2;
/// How many verdicts may wait to be written.
const REPORTS: usize = 2048;
/// Deliveries that are due and left out of claims are looked for no more often than this.
const SHORTEST_WAIT: Duration = Duration::from_millis(20);
/// How old what is known of endpoints may get while something waits for them, where other nodes change
/// them too.
const LOOK_AT_ENDPOINTS: Duration = Duration::from_secs(1);
/// How long attempts may go on after the server was told to stop; claims of the rest come back.
const LAST_CHANCE: Duration = Duration::from_secs(5);

/// Sends what lies on the desk and everything that is due now, and settles it; returns how many attempts were made.
///
/// # Errors
/// If the database does not answer.
pub async fn step(app: &App) -> Result<usize, Error> {
    let mut made = 0;
    loop {
        let mut claimed = delivery::collect(app, app.bus.desk.take()).await?;
        claimed.extend(delivery::claim(app, CLAIM, Vec::new()).await?.sendings);
        if claimed.is_empty() {
            return Ok(made);
        }
        let attempts = claimed.into_iter().map(|sending| sending.attempt(app));
        let reports = futures_util::future::join_all(attempts).await;
        made += reports.len();
        delivery::settle(app, reports.into()).await?;
    }
}

/// Runs until `stop`.
pub(super) async fn run(app: App, stop: CancellationToken) {
    let (verdicts, reports) = mpsc::channel(REPORTS);
    let settler = tokio::spawn(settle(app.clone(), reports));
    app.bus.desk.open();
    let mut hub = Hub::new(app, verdicts);
    while hub.turn(&stop).await {}
    hub.app.bus.desk.close();
    let last = async {
        while let Some(report) = hub.out.join_next().await {
            hub.note(report).await;
        }
        drop(hub);
        settler.await
    };
    // What is still out then is sent again by the next server: at least once.
    let _ = tokio::time::timeout(LAST_CHANCE, last).await;
}

/// Writes verdicts in batches: whatever has come in while the batches before were written. One is prepared while
/// another is in the database.
async fn settle(app: App, mut reports: mpsc::Receiver<Report>) {
    let mut writing = JoinSet::new();
    let mut batch = Vec::with_capacity(SETTLE);
    while reports.recv_many(&mut batch, SETTLE).await > 0 {
        let together: Arc<[Report]> = batch.drain(..).collect();
        writing.spawn(write_all(app.clone(), together));
        if writing.len() >= WRITING {
            note_written(&app, writing.join_next().await);
        }
    }
    while let Some(written) = writing.join_next().await {
        note_written(&app, Some(written));
    }
}

/// Claims whose verdicts broke off are in doubt: they are looked for, and sent again.
fn note_written(app: &App, written: Option<Result<(), JoinError>>) {
    if let Some(Err(error)) = written {
        tracing::error!(error = &error as &dyn std::error::Error, "Verdicts were not written.");
        app.bus.desk.doubt();
    }
}

/// Writes verdicts together if that can be; one that cannot be written holds up no other.
async fn write_all(app: App, together: Arc<[Report]>) {
    if write(&app, Arc::clone(&together)).await.is_ok() {
        return;
    }
    for report in together.iter().cloned() {
        if let Err(error) = write(&app, Arc::new([report])).await {
            tracing::error!(error = &error as &dyn std::error::Error, "A verdict was not written.");
            app.bus.desk.doubt();
        }
    }
}

/// Writes verdicts, waiting for the database for as long as it takes.
async fn write(app: &App, reports: Arc<[Report]>) -> Result<(), Error> {
    loop {
        match delivery::settle(app, Arc::clone(&reports)).await {
            Err(Error::Unavailable) => tokio::time::sleep(AFTER_ERROR).await,
            written => return written,
        }
    }
}

/// How long to wait after a claim that brought nothing to send: until the next delivery is due or a lane is
/// probed. What has become due since is no reason to wait for longer.
fn until_claim(now: Timestamp, next_due: Option<Timestamp>, probe: Option<Duration>) -> Duration {
    let soonest = next_due.map(|due| due.since(now)).into_iter().chain(probe).min();
    soonest.map_or(LOOK_ANYWAY, |wait| wait.clamp(SHORTEST_WAIT, LOOK_ANYWAY))
}

struct Hub {
    app: App,
    lanes: Lanes<Sending>,
    out: JoinSet<Report>,
    verdicts: mpsc::Sender<Report>,
    /// The claim that is being made, beside the sending.
    claiming: JoinSet<Result<Claimed, Error>>,
    /// What lay on the desk, while the rest of it is read.
    collecting: JoinSet<Result<Vec<Sending>, Error>>,
    /// When to claim next without a hint.
    next_claim: Instant,
    /// Endpoints that the last claim left out.
    left_out: Vec<EndpointId>,
    /// Endpoints that were changed while something was being claimed or read.
    stale: HashSet<EndpointId>,
    /// What is being given back, and the look at endpoints that other nodes may have changed.
    aside: JoinSet<HashSet<EndpointId>>,
    /// When to look at them next.
    next_look: Instant,
}

impl Hub {
    fn new(app: App, verdicts: mpsc::Sender<Report>) -> Self {
        Self {
            app,
            lanes: Lanes::default(),
            out: JoinSet::new(),
            verdicts,
            claiming: JoinSet::new(),
            collecting: JoinSet::new(),
            next_claim: Instant::now(),
            left_out: Vec::new(),
            stale: HashSet::new(),
            aside: JoinSet::new(),
            next_look: Instant::now(),
        }
    }

    /// Waits for one thing to happen and does what follows; `false` when it is time to stop.
    async fn turn(&mut self, stop: &CancellationToken) -> bool {
        let (next_free, may_look) = (self.next_free(), self.may_look());
        tokio::select! {
            () = stop.cancelled() => return false,
            changed = self.app.bus.endpoints.next() => self.give_back(&changed),
            Some(ended) = self.out.join_next() => self.note(ended).await,
            Some(claimed) = self.claiming.join_next() => self.take(claimed),
            Some(collected) = self.collecting.join_next() => self.put(collected),
            () = self.app.bus.desk.filled(), if self.may_collect() => self.collect(),
            () = self.app.bus.deliveries.notified() => self.next_claim = Instant::now(),
            () = tokio::time::sleep_until(self.next_claim), if self.may_claim() => self.claim(),
            () = next_free => {}
            Some(changed) = self.aside.join_next() => self.give_back(&changed.unwrap_or_default()),
            () = tokio::time::sleep_until(self.next_look), if may_look => self.look_at_endpoints(),
        }
        self.send();
        true
    }

    /// Returns when a lane may send that may not now.
    fn next_free(&self) -> impl Future<Output = ()> + Send + use<> {
        let next = self.lanes.next_free().filter(|_| self.out.len() < IN_FLIGHT);
        async move {
            match next {
                Some(at) => tokio::time::sleep_until(at).await,
                None => std::future::pending().await,
            }
        }
    }

    fn may_look(&self) -> bool {
        !self.app.db.is_embedded() && self.aside.is_empty() && self.lanes.waiting() > 0
    }

    /// Gives back what waits for endpoints that are not as they were, and what is being brought for them.
    fn give_back(&mut self, changed: &HashSet<EndpointId>) {
        if !self.claiming.is_empty() || !self.collecting.is_empty() {
            self.stale.extend(changed);
        }
        let old: Vec<Sending> = changed.iter().flat_map(|id| self.lanes.withdraw(*id)).collect();
        self.put_aside(old);
    }

    fn put_aside(&mut self, old: Vec<Sending>) {
        if old.is_empty() {
            return;
        }
        let (app, old) = (self.app.clone(), Arc::<[Sending]>::from(old));
        self.aside.spawn(async move {
            while let Err(error) = delivery::give_back(&app, &old).await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "Deliveries are not given back yet."
                );
                tokio::time::sleep(AFTER_ERROR).await;
            }
            HashSet::new()
        });
    }

    /// Looks for endpoints that another node has paused or deleted.
    fn look_at_endpoints(&mut self) {
        self.next_look = Instant::now() + LOOK_AT_ENDPOINTS;
        let (app, endpoints) = (self.app.clone(), self.lanes.endpoints());
        self.aside.spawn(async move { delivery::shut(&app, endpoints).await.unwrap_or_default() });
    }

    /// One claim at a time, and none while there is enough to send.
    fn may_claim(&self) -> bool {
        self.claiming.is_empty() && !self.has_enough()
    }

    fn may_collect(&self) -> bool {
        self.collecting.is_empty() && !self.has_enough()
    }

    /// What lanes that hang hold back keeps nothing from being brought for the others.
    fn has_enough(&self) -> bool {
        self.lanes.waiting() >= HELD || self.lanes.ready(Instant::now()) >= IN_FLIGHT
    }

    fn claim(&mut self) {
        let (app, full) = (self.app.clone(), self.keep_off());
        self.left_out.clone_from(&full);
        meter::breakers_open(self.lanes.closed());
        self.next_claim = Instant::now() + LOOK_ANYWAY;
        self.claiming.spawn(async move { delivery::claim(&app, CLAIM, full).await });
    }

    /// Tells who has enough to do, so that nothing more is brought for them.
    fn keep_off(&self) -> Vec<EndpointId> {
        let full = self.lanes.full(Instant::now());
        self.app.bus.desk.keep_off(full.iter().copied());
        full
    }

    fn collect(&mut self) {
        let (app, fresh) = (self.app.clone(), self.app.bus.desk.take());
        self.collecting.spawn(async move { delivery::collect(&app, fresh).await });
    }

    fn put(&mut self, collected: Result<Result<Vec<Sending>, Error>, JoinError>) {
        match collected {
            Ok(Ok(sendings)) => self.line_up(sendings),
            Ok(Err(error)) => self.wait(&error),
            Err(error) => self.wait(&error),
        }
        self.keep_off();
    }

    /// Puts what was claimed into its lanes, and decides when to claim again.
    fn take(&mut self, claimed: Result<Result<Claimed, Error>, JoinError>) {
        let claimed = match claimed {
            Ok(Ok(claimed)) => claimed,
            Ok(Err(error)) => return self.wait(&error),
            Err(error) => return self.wait(&error),
        };
        let now = self.app.clock.now();
        let wait = if claimed.sendings.is_empty() {
            let probe = self.lanes.next_probe().map(|at| at.saturating_duration_since(Instant::now()));
            until_claim(now, claimed.next_due, probe)
        } else {
            // There may be more where these came from.
            Duration::ZERO
        };
        self.next_claim = self.next_claim.min(Instant::now() + wait);
        self.line_up(claimed.sendings);
    }

    fn line_up(&mut self, sendings: Vec<Sending>) {
        let (old, new): (Vec<_>, Vec<_>) =
            sendings.into_iter().partition(|sending| self.stale.contains(&sending.endpoint()));
        self.put_aside(old);
        for sending in new {
            let which = if sending.is_next() { Try::First } else { Try::Again };
            self.lanes.put(sending.endpoint(), (which, sending.rate_limit()), sending);
        }
        if self.claiming.is_empty() && self.collecting.is_empty() {
            self.stale.clear();
        }
    }

    fn wait(&mut self, error: &(dyn std::error::Error + 'static)) {
        tracing::warn!(error, "Deliveries have to wait.");
        self.app.bus.desk.doubt();
        self.next_claim = Instant::now() + AFTER_ERROR;
    }

    /// Lets out as many attempts as may be out.
    fn send(&mut self) {
        let now = Instant::now();
        while self.out.len() < IN_FLIGHT
            && let Some(sending) = self.lanes.next(now)
        {
            let app = self.app.clone();
            self.out.spawn(async move { sending.attempt(&app).await });
        }
    }

    /// Notes how this attempt ended, and all others that have ended since, and lets the next ones out.
    async fn note(&mut self, first: Result<Report, JoinError>) {
        let now = Instant::now();
        let mut joined = Some(first);
        while let Some(ended) = joined {
            match ended {
                Ok(report) => {
                    let endpoint = report.endpoint();
                    self.lanes.done(endpoint, report.is_delivered(), now);
                    if self.left_out.contains(&endpoint) && self.lanes.wants_more(endpoint, now) {
                        self.next_claim = Instant::now();
                    }
                    // A full channel is a slow database: then nothing new is sent either.
                    let _ = self.verdicts.send(report).await;
                }
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "An attempt broke off.");
                    self.app.bus.desk.doubt();
                }
            }
            joined = self.out.try_join_next();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_fallen_due_since_the_look_is_claimed_soon() {
        let (now, wait) = (Timestamp(10_000), |millis| Some(Duration::from_millis(millis)));
        assert_eq!(until_claim(now, Some(Timestamp(9_999)), None), SHORTEST_WAIT);
        assert_eq!(until_claim(now, Some(Timestamp(9_999)), wait(700)), SHORTEST_WAIT);
        assert_eq!(until_claim(now, Some(Timestamp(10_300)), wait(700)), Duration::from_millis(300));
        assert_eq!(until_claim(now, None, wait(700)), Duration::from_millis(700));
        assert_eq!(until_claim(now, Some(Timestamp(90_000)), None), LOOK_ANYWAY);
        assert_eq!(until_claim(now, None, None), LOOK_ANYWAY);
    }
}
