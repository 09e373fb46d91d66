//! Making links, one or many at once: what is checked before the batcher writes them.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use entity::{
    FailureCode, JobId, KeyId, LinkId, LinkStatus, RunId, Timestamp, WorkspaceId, customer, link, run,
};
use serde_json::Value;

use crate::domain::link as life;
use crate::service::{App, Caller, Error, Problem, check};
use crate::store;

/// How many links one call may make: what fits into one transaction of a fraction of a second.
const MOST: usize = 500;

/// A link to make.
#[derive(Clone, Debug)]
pub struct New {
    /// The partner's own name for the customer, 1..256 characters.
    pub external_id: String,
    /// What to do once signed in.
    pub job: JobId,
    /// How long it lives: 1 minute to 90 days, whole seconds.
    pub expires_in: Duration,
    /// Echoed in webhooks, up to 4 KiB.
    pub metadata: Value,
    /// Where the customer goes afterwards; on the workspace's list.
    pub return_url: Option<String>,
    /// The language of the page.
    pub locale: Option<String>,
    /// The run whose sign-in is to be made anew.
    pub relogin: Option<RunId>,
    /// See [`crate::service::idempotency`].
    pub idempotency_key: Option<String>,
}

/// What a link's job must be.
pub const NO_SUCH_JOB: &str = "must be a job of this workspace";
/// What a link that signs in anew must name.
pub const NO_SUCH_RUN: &str = "must be a run of this workspace that ended RELOGIN_REQUIRED";

/// A link that was made, now or by an earlier call with the same key.
#[derive(Clone, Debug)]
pub struct Created {
    /// The link.
    pub link: link::Model,
    /// The position of its `link.created`.
    pub position: i64,
    /// Whether an earlier call made it.
    pub replayed: bool,
}

/// Why none of several links was made: what is wrong with each that is wrong.
#[derive(Debug)]
pub struct Refused(pub Vec<Error>);

impl From<Error> for Refused {
    fn from(error: Error) -> Self {
        Self(vec![error])
    }
}

impl From<store::Error> for Refused {
    fn from(error: store::Error) -> Self {
        Error::from(error).into()
    }
}

impl Refused {
    /// What is wrong with the link of that number.
    pub(in crate::service) fn at(index: usize, error: Error) -> Error {
        let named = match error {
            Error::Conflict(message) => Error::input("idempotencyKey", Problem::Conflict, message),
            other => other,
        };
        named.inside(&format!("links.{index}"))
    }
}

/// Creates a link that lets one customer sign in for a job.
///
/// # Errors
/// [`Error::Invalid`] with the field; [`Error::Conflict`] for a key that was used otherwise.
pub async fn create(app: &App, caller: &Caller, new: New) -> Result<Created, Error> {
    if let Some(flaw) = flaws(app, caller, &[&new]).await?.pop().flatten() {
        return Err(flaw);
    }
    app.0.links.create(caller, new, app.tokens.current_key()).await
}

/// Creates up to 500 links in one transaction, or none of them; in the order of `wishes`. A wish that could
/// not even be read is its error, and told beside the others'.
///
/// # Errors
/// [`Refused`] with one error for each link that cannot be made, the number in its field.
pub async fn create_many(
    app: &App,
    caller: &Caller,
    wishes: Vec<Result<New, Error>>,
) -> Result<Vec<Created>, Refused> {
    if !(1..=MOST).contains(&wishes.len()) {
        let message = format!("must be 1 to {MOST} links");
        return Err(Error::input("links", Problem::LimitExceeded, message).into());
    }
    let readable: Vec<&New> = wishes.iter().flatten().collect();
    let mut flaws = flaws(app, caller, &readable).await?.into_iter();
    let (mut news, mut refused) = (Vec::with_capacity(wishes.len()), Vec::new());
    for (index, wish) in wishes.into_iter().enumerate() {
        match wish.and_then(|new| flaws.next().flatten().map_or(Ok(new), Err)) {
            Ok(new) => news.push(new),
            Err(error) => refused.push(Refused::at(index, error)),
        }
    }
    if !refused.is_empty() {
        return Err(Refused(refused));
    }
    app.0.links.create_together(caller, news, app.tokens.current_key()).await
}

/// What is wrong with each, if anything; a fixed number of statements for all of them.
async fn flaws(app: &App, caller: &Caller, news: &[&New]) -> Result<Vec<Option<Error>>, Error> {
    let return_urls = if news.iter().any(|new| new.return_url.is_some()) {
        store::workspace::get(&app.db, caller.workspace).await?.return_urls.0
    } else {
        Vec::new()
    };
    let earlier = Earlier::read(app, caller, news).await?;
    Ok(news.iter().map(|new| fits(new, &return_urls, &earlier).err()).collect())
}

fn fits(new: &New, return_urls: &[String], earlier: &Earlier) -> Result<(), Error> {
    check::text("externalId", &new.external_id, 1..=256)?;
    check::whole_seconds("expiresIn", new.expires_in, life::SHORTEST_LIFE..=life::LONGEST_LIFE)?;
    check::metadata("metadata", &new.metadata)?;
    check::idempotency_key(new.idempotency_key.as_deref())?;
    if let Some(locale) = &new.locale {
        check::locale("locale", locale)?;
    }
    if let Some(url) = &new.return_url {
        on_the_list(url, return_urls)?;
    }
    new.relogin.map_or(Ok(()), |run| earlier.give_place_to(new, run))
}

/// A return URL lies under one of the workspace's: same origin, and the path below its path.
fn on_the_list(text: &str, list: &[String]) -> Result<(), Error> {
    let url = check::url("returnUrl", text)?;
    let is_below = |base: &String| {
        url::Url::parse(base).is_ok_and(|base| {
            let path = base.path().trim_end_matches('/');
            let rest = url.path().strip_prefix(path);
            base.origin() == url.origin() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    };
    if list.iter().any(is_below) {
        return Ok(());
    }
    let message = "must be under one of the workspace's return URLs";
    Err(Error::input("returnUrl", Problem::ForbiddenUrl, message))
}

/// Runs whose sign-in is to be made anew, with their links and those links' customers.
#[derive(Default)]
struct Earlier {
    runs: HashMap<RunId, run::Model>,
    links: HashMap<LinkId, (link::Model, Option<customer::Model>)>,
}

impl Earlier {
    async fn read(app: &App, caller: &Caller, news: &[&New]) -> Result<Self, Error> {
        let wanted: HashSet<RunId> = news.iter().filter_map(|new| new.relogin).collect();
        if wanted.is_empty() {
            return Ok(Self::default());
        }
        let runs = store::run::find_many(&app.db, caller.workspace, wanted).await?;
        let of_runs: HashSet<LinkId> = runs.iter().map(|run| run.link_id).collect();
        let links = store::link::with_customers(&app.db, caller.workspace, of_runs).await?;
        Ok(Self {
            runs: runs.into_iter().map(|run| (run.id, run)).collect(),
            links: links.into_iter().map(|(link, customer)| (link.id, (link, customer))).collect(),
        })
    }

    /// A link that signs in anew is for the same job and the same customer: nobody is signed in by what
    /// somebody else has left.
    fn give_place_to(&self, new: &New, run: RunId) -> Result<(), Error> {
        let missing = || Error::input("relogin", Problem::NotFound, NO_SUCH_RUN);
        let run = self.runs.get(&run).ok_or_else(missing)?;
        if run.failure_code != Some(FailureCode::ReloginRequired) {
            return Err(Error::invalid("relogin", NO_SUCH_RUN));
        }
        let (link, customer) = self.links.get(&run.link_id).ok_or_else(missing)?;
        let name = customer.as_ref().and_then(customer::Model::name);
        if link.job_id != new.job || name != Some(new.external_id.as_str()) {
            return Err(Error::invalid("relogin", "must be a run of the same job and customer (externalId)"));
        }
        Ok(())
    }
}

/// The first state of a link that is to be made.
#[must_use]
pub(in crate::service) fn fresh(
    new: &New,
    (workspace, created_by): (WorkspaceId, KeyId),
    customer: entity::CustomerId,
    (now, token_key): (Timestamp, u8),
) -> link::Model {
    // The signed URL carries whole seconds.
    let expires_at = Timestamp(now.plus(new.expires_in).seconds() * 1000);
    link::Model {
        id: LinkId::new(now),
        workspace_id: workspace,
        customer_id: customer,
        job_id: new.job,
        status: LinkStatus::Created,
        sequence: 1,
        expires_at,
        created_at: now,
        updated_at: now,
        failure_code: None,
        failure_message: None,
        signed_in_at: None,
        metadata: new.metadata.clone(),
        return_url: new.return_url.clone(),
        locale: new.locale.clone(),
        token_key: i16::from(token_key),
        relogin_run_id: new.relogin,
        created_by: Some(created_by),
    }
}
