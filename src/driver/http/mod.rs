//! The http driver: plain requests, a cookie jar, an HTML parser, and no scripts.
//!
//! It is the embedded default: nothing has to be installed. What it cannot do it says instead of
//! guessing: a page that is empty without its scripts, or fields that no form sends.

mod auth;
mod disposition;
mod fetch;
mod form;
mod jar;
mod save;

use std::hash::RandomState;
use std::time::Duration;

use async_trait::async_trait;
use url::Url;

use self::fetch::Outgoing;
use self::jar::Jar;
pub(super) use self::jar::Told;
use super::page::controls::Kind;
use super::page::loaded::{self, Loaded};
use super::page::{select, table};
use super::session::HttpAuth;
use super::{Download, Driver, Error, Found, Picture, Session, Tools};
use crate::domain::recipe::{Marks, Recipe};
use crate::domain::sign_in::Action;
use crate::domain::snapshot::{PageSnapshot, Uid};
use crate::domain::table::Cell;
use crate::domain::{Secret, origins};

/// A driver without a browser.
pub struct HttpDriver {
    tools: Tools,
    jar: Jar,
    http_auth: Vec<HttpAuth>,
    page: Option<Loaded>,
    /// What the customer typed in this login, to see it leave.
    typed: Vec<Secret>,
    /// Where the session ended when it was saved.
    last_url: Option<String>,
    /// The key of the cookie marks.
    key: RandomState,
    /// For one exchange.
    pub(super) patience: Duration,
    /// Who asks.
    agent: String,
}

impl HttpDriver {
    /// A driver that has no page yet, with the state of `session` if there is one.
    #[must_use]
    pub fn new(tools: Tools, session: Option<&Session>) -> Self {
        Self {
            tools,
            jar: session.map(|session| Jar::restore(&session.cookies)).unwrap_or_default(),
            http_auth: session.map(|session| session.http_auth.clone()).unwrap_or_default(),
            page: None,
            typed: Vec::new(),
            last_url: session.and_then(|session| session.url.clone()),
            key: RandomState::new(),
            patience: fetch::EXCHANGE,
            agent: fetch::AGENT.to_owned(),
        }
    }

    /// A driver that stands on the page of a browser and has its cookies, to fetch something for it.
    pub(super) fn beside(
        (tools, agent): (Tools, String),
        page: Loaded,
        (cookies, http_auth): (&[Told], Vec<HttpAuth>),
    ) -> Self {
        let jar = Jar::of(cookies);
        Self { jar, http_auth, page: Some(page), agent, ..Self::new(tools, None) }
    }

    fn page(&self) -> Result<&Loaded, Error> {
        self.page.as_ref().ok_or(Error::NoPage)
    }

    fn page_mut(&mut self) -> Result<&mut Loaded, Error> {
        self.page.as_mut().ok_or(Error::NoPage)
    }

    pub(super) fn url(&self) -> Result<Url, Error> {
        let last = || self.last_url.as_ref().and_then(|url| Url::parse(url).ok());
        self.page.as_ref().map(|page| page.snapshot.url.clone()).or_else(last).ok_or(Error::NoPage)
    }

    /// Types into an input: only where the page and the form's target are of the allowed origins.
    fn fill(&mut self, input: Uid, value: &Secret) -> Result<(), Error> {
        let page = self.page()?;
        let control =
            page.control(input).filter(|control| !control.disabled).ok_or(Error::NoElement(input))?;
        if !matches!(control.kind, Kind::Value | Kind::Select) {
            return Err(Error::NoElement(input));
        }
        let target = form::target_of(page, control.form, None)?;
        form::check(&page.snapshot.url, &self.tools.origins)?;
        form::check(&target, &self.tools.origins)?;
        if control.kind == Kind::Value {
            self.typed.push(value.clone());
        }
        self.page_mut()?.typed.values.insert(input, value.clone());
        Ok(())
    }

    /// Picks a radio button, which lets go of the others of its name, or ticks a box.
    fn pick(&mut self, input: Uid) -> Result<(), Error> {
        let page = self.page_mut()?;
        let control =
            page.control(input).filter(|control| !control.disabled).ok_or(Error::NoElement(input))?;
        let (kind, form, name) = (control.kind, control.form, control.name.clone());
        if !matches!(kind, Kind::Radio | Kind::Checkbox) {
            return Err(Error::NoElement(input));
        }
        if kind == Kind::Radio {
            let group =
                page.controls.iter().filter(|c| c.kind == Kind::Radio && c.form == form && c.name == name);
            let others: Vec<Uid> = group.map(|control| control.uid).filter(|uid| *uid != input).collect();
            page.typed.picked.retain(|uid| !others.contains(uid));
            page.typed.released.extend(others);
        }
        page.typed.picked.push(input);
        Ok(())
    }

    async fn authenticate(&mut self, identifier: &Secret, password: &Secret) -> Result<(), Error> {
        let url = self.url()?;
        form::check(&url, &self.tools.origins)?;
        let origin = origins::text_of(&url).ok_or(Error::NotWeb)?;
        let known = HttpAuth { origin, identifier: identifier.clone(), password: password.clone() };
        self.http_auth.retain(|old| old.origin != known.origin);
        self.http_auth.push(known);
        let done = self.go(Outgoing::get(url)).await;
        // What was refused is not tried again with the next request.
        if self.page.as_ref().is_none_or(|page| page.snapshot.status == 401) {
            self.http_auth.pop();
        }
        done
    }

    fn link(&self, link: Uid) -> Result<Outgoing, Error> {
        let page = self.page()?;
        let found =
            page.snapshot.links.iter().find(|found| found.uid == link).ok_or(Error::NoElement(link))?;
        Ok(Outgoing { from: Some(page.snapshot.url.clone()), ..Outgoing::get(found.href.clone()) })
    }
}

#[async_trait]
impl Driver for HttpDriver {
    async fn perform(&mut self, action: &Action) -> Result<(), Error> {
        match action {
            Action::Open(url) => self.go(Outgoing::get(url.clone())).await,
            Action::Reload => {
                let url = self.url()?;
                self.go(Outgoing::get(url)).await
            }
            Action::Fill { input, value } => self.fill(*input, value),
            Action::Pick(input) => self.pick(*input),
            Action::Submit { form, button } => {
                let outgoing = form::submit(self.page()?, (*form, *button), &self.tools.origins)?;
                self.go(outgoing).await
            }
            Action::Follow(link) => {
                let outgoing = self.link(*link)?;
                self.go(outgoing).await
            }
            Action::Authenticate { identifier, password } => self.authenticate(identifier, password).await,
        }
    }

    async fn snapshot(&mut self) -> Result<PageSnapshot, Error> {
        Ok(self.page()?.snapshot.clone())
    }

    async fn find(&mut self, selector: &str) -> Result<Vec<Found>, Error> {
        select::find(self.page()?, selector)
    }

    async fn mark(&mut self, recipe: &Recipe) -> Result<Marks, Error> {
        let page = self.page()?;
        if page.html.len() <= fetch::PARSED_HERE {
            return Ok(select::mark(page, recipe));
        }
        let (page, recipe) = (self.page.take().ok_or(Error::NoPage)?, recipe.clone());
        let marking = tokio::task::spawn_blocking(move || (select::mark(&page, &recipe), page));
        let (marks, page) = marking.await.map_err(|_| Error::Unreadable)?;
        self.page = Some(page);
        Ok(marks)
    }

    async fn picture(&mut self, image: Uid) -> Result<Picture, Error> {
        self.fetch_picture(image).await
    }

    async fn table(&mut self, element: Uid) -> Result<Vec<Vec<Cell>>, Error> {
        table::rows(&loaded::tree(self.page()?), element)
    }

    async fn download(&mut self, element: Uid, most: usize) -> Result<Download, Error> {
        self.save_file(element, most).await
    }

    async fn save(&mut self) -> Result<Session, Error> {
        Ok(Session {
            driver: entity::Driver::Http,
            storage: Vec::new(),
            cookies: self.jar.save(),
            http_auth: self.http_auth.clone(),
            url: self.url().ok().map(String::from),
        })
    }

    fn runs_scripts(&self) -> bool {
        false
    }
}
