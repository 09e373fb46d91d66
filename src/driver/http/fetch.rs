//! From one request to a page that has settled: redirects, pages that send their reader on, forms that
//! send themselves. Every hop goes out through `egress` and is looked at again.

use std::time::Duration;

use reqwest::header::{
    ACCEPT, ACCEPT_LANGUAGE, AUTHORIZATION, CONTENT_TYPE, COOKIE, HeaderMap, HeaderName, HeaderValue,
    LOCATION, ORIGIN, REFERER, REFRESH, USER_AGENT,
};
use reqwest::{Method, StatusCode};
use url::Url;

use super::{HttpDriver, auth, form};
use crate::domain::snapshot::Uid;
use crate::domain::{Secret, origins};
use crate::driver::page::loaded::{self, Fetched, Loaded};
use crate::driver::page::{html, settle};
use crate::driver::{Error, Picture};
use crate::egress::{Reply, Request};

/// Requests until a page must have settled.
pub(super) const MOST_HOPS: u32 = 10;
/// For one exchange; slow sites answer in seconds.
pub(super) const EXCHANGE: Duration = Duration::from_secs(20);
/// For an action with all its hops.
const ACTION: Duration = Duration::from_mins(1);
/// Bytes of a page that are read; the forms of larger pages stand at their beginning.
const MOST_BODY: usize = 2 * 1_024 * 1_024;
/// Pages above this size are parsed on a thread that may block.
pub(super) const PARSED_HERE: usize = 64 * 1_024;
/// Honest about who asks, in the form that sites expect.
pub(super) const AGENT: &str = concat!("Mozilla/5.0 (compatible; Postern/", env!("CARGO_PKG_VERSION"), ")");

/// A request to be.
pub(super) struct Outgoing {
    pub(super) method: Method,
    pub(super) url: Url,
    /// Content type and body.
    pub(super) body: Option<(String, Secret)>,
    /// Whether it carries what the customer typed.
    pub(super) carries_secret: bool,
    /// The page it comes from.
    pub(super) from: Option<Url>,
}

impl Outgoing {
    /// A request for a page, from nowhere.
    pub(super) const fn get(url: Url) -> Self {
        Self { method: Method::GET, url, body: None, carries_secret: false, from: None }
    }
}

impl HttpDriver {
    /// Sends `outgoing` and follows it until a page has settled.
    pub(super) async fn go(&mut self, outgoing: Outgoing) -> Result<(), Error> {
        tokio::time::timeout(ACTION, self.follow(outgoing)).await.map_err(|_| Error::Timeout)?
    }

    async fn follow(&mut self, mut outgoing: Outgoing) -> Result<(), Error> {
        // What was typed into the page before must not stay for the next.
        self.page = None;
        for _ in 0..=MOST_HOPS {
            let reply = self.exchange(&outgoing).await?;
            self.jar.store(&reply.headers, &outgoing.url);
            if let Some(next) = redirected(&outgoing, &reply)? {
                outgoing = next;
                continue;
            }
            let page = self.load(&outgoing.url, reply).await?;
            let Some(next) = self.onward(&page)? else {
                self.page = Some(page);
                return Ok(());
            };
            outgoing = next;
        }
        Err(Error::TooManyRedirects(MOST_HOPS))
    }

    /// Fetches a picture of the page as a browser does: with the session's cookies, and the page stays.
    pub(super) async fn fetch_picture(&mut self, image: Uid) -> Result<Picture, Error> {
        let page = self.page()?;
        let source = page.pictures.get(&image).ok_or(Error::NoElement(image))?.trim();
        if source.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:")) {
            return Picture::from_data_url(source);
        }
        let url = page.base.join(source).map_err(|_| Error::NotWeb)?;
        let from = Some(page.snapshot.url.clone());
        let reply = self.exchange(&Outgoing { from, ..Outgoing::get(url.clone()) }).await?;
        self.jar.store(&reply.headers, &url);
        if !reply.status.is_success() || reply.truncated {
            return Err(Error::Unreadable);
        }
        Picture::read(&reply.body)
    }

    async fn exchange(&self, outgoing: &Outgoing) -> Result<Reply, Error> {
        let request = self.request(outgoing, self.patience, MOST_BODY)?;
        Ok(self.tools.egress.exchange(request).await?)
    }

    /// What leaves for `outgoing`: a secret only for the allowed origins.
    pub(super) fn request(
        &self,
        outgoing: &Outgoing,
        deadline: Duration,
        max_body: usize,
    ) -> Result<Request, Error> {
        if outgoing.carries_secret {
            form::check(&outgoing.url, &self.tools.origins)?;
        }
        let body = outgoing.body.as_ref().map(|(_, body)| body.expose().as_bytes().to_vec());
        Ok(Request {
            method: outgoing.method.clone(),
            url: outgoing.url.clone(),
            headers: self.headers(outgoing),
            body: body.unwrap_or_default(),
            deadline,
            max_body,
        })
    }

    fn headers(&self, outgoing: &Outgoing) -> HeaderMap {
        let text = |text: &str| HeaderValue::from_str(text).ok();
        let language =
            self.tools.language.as_ref().map_or_else(|| "en".to_owned(), |tag| format!("{tag},en;q=0.5"));
        let sender = outgoing.from.as_ref().and_then(origins::text_of);
        let origin = (outgoing.method == Method::POST).then(|| sender.unwrap_or_else(|| "null".to_owned()));
        let wanted: [(HeaderName, Option<HeaderValue>); 8] = [
            (USER_AGENT, text(&self.agent)),
            (ACCEPT, text("text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")),
            (ACCEPT_LANGUAGE, text(&language)),
            (CONTENT_TYPE, outgoing.body.as_ref().and_then(|(kind, _)| text(kind))),
            (ORIGIN, origin.and_then(|origin| text(&origin))),
            (REFERER, outgoing.from.as_ref().and_then(|from| text(&referer(from, &outgoing.url)?))),
            (COOKIE, self.jar.header(&outgoing.url)),
            (AUTHORIZATION, self.authorization(&outgoing.url)),
        ];
        wanted.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// A name and a password of the HTTP layer go to their own origin, if that is still allowed.
    fn authorization(&self, url: &Url) -> Option<HeaderValue> {
        let origin = origins::text_of(url).filter(|_| self.tools.origins.allow(url))?;
        let known = self.http_auth.iter().find(|known| known.origin == origin)?;
        auth::basic(&known.identifier, &known.password)
    }

    pub(super) async fn load(&self, url: &Url, reply: Reply) -> Result<Loaded, Error> {
        let refresh = reply.headers.get(REFRESH).and_then(|value| settle::refresh(value.to_str().ok()?, url));
        let fetched = Fetched {
            url: url.clone(),
            status: reply.status.as_u16(),
            challenge: auth::challenge(&reply.headers),
            html: readable(&reply),
        };
        let mut page = if fetched.html.len() <= PARSED_HERE {
            loaded::load(fetched)
        } else {
            tokio::task::spawn_blocking(|| loaded::load(fetched)).await.map_err(|_| Error::Unreadable)?
        };
        page.refresh = page.refresh.or(refresh);
        page.snapshot.cookies = loaded::marks(self.jar.cookies(url).into_iter(), &self.key);
        Ok(page)
    }

    /// Where a page sends its reader by itself.
    pub(super) fn onward(&self, page: &Loaded) -> Result<Option<Outgoing>, Error> {
        if let Some(form) = page.self_submit {
            let mut next = form::submit(page, (Some(form), None), &self.tools.origins)?;
            // An assertion may go to another host; what the customer typed may not ride along.
            next.carries_secret = next.body.as_ref().is_some_and(|(_, body)| self.holds_typed(body));
            return Ok(Some(next));
        }
        let elsewhere = |url: &Url| *url != page.snapshot.url;
        let next = page.refresh.as_ref().filter(|(_, url)| page.snapshot.status < 400 && elsewhere(url));
        // A page with something to do on it waits for its reader.
        let idle = !page.snapshot.inputs.iter().any(|input| input.visible.likely());
        Ok(next
            .filter(|_| idle)
            .map(|(_, url)| Outgoing { from: Some(page.snapshot.url.clone()), ..Outgoing::get(url.clone()) }))
    }

    fn holds_typed(&self, body: &Secret) -> bool {
        let decoded: Vec<_> = url::form_urlencoded::parse(body.expose().as_bytes()).collect();
        let long = self.typed.iter().filter(|typed| typed.expose().len() >= 4);
        long.into_iter().any(|typed| {
            body.expose().contains(typed.expose())
                || decoded.iter().any(|(_, value)| value.contains(typed.expose()))
        })
    }
}

/// The next request, if the reply is a redirect (RFC 9110, section 15.4).
pub(super) fn redirected(outgoing: &Outgoing, reply: &Reply) -> Result<Option<Outgoing>, Error> {
    let moved = matches!(reply.status.as_u16(), 301 | 302 | 303 | 307 | 308);
    let Some(location) = reply.headers.get(LOCATION).filter(|_| moved) else { return Ok(None) };
    // Sites write raw UTF-8 here.
    let location = String::from_utf8_lossy(location.as_bytes());
    let mut url = outgoing.url.join(location.trim()).map_err(|_| Error::NotWeb)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Error::NotWeb);
    }
    if url.fragment().is_none() {
        url.set_fragment(outgoing.url.fragment());
    }
    // A name and a password in an address are a trick, not a login.
    if url.set_username("").and_then(|()| url.set_password(None)).is_err() {
        return Err(Error::NotWeb);
    }
    let keeps = matches!(reply.status, StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT);
    let next = Outgoing { from: outgoing.from.clone(), ..Outgoing::get(url) };
    if !keeps {
        return Ok(Some(next));
    }
    let (method, body) = (outgoing.method.clone(), outgoing.body.clone());
    Ok(Some(Outgoing { method, body, carries_secret: outgoing.carries_secret, ..next }))
}

/// The page's address for its own origin, only the origin for others, nothing from https to http.
fn referer(from: &Url, to: &Url) -> Option<String> {
    if from.origin() == to.origin() {
        let mut from = from.clone();
        from.set_fragment(None);
        from.set_username("").ok()?;
        from.set_password(None).ok()?;
        return Some(from.into());
    }
    let downgrade = from.scheme() == "https" && to.scheme() == "http";
    origins::text_of(from).filter(|_| !downgrade).map(|origin| format!("{origin}/"))
}

/// The text of a page; of plain text and JSON as a page of one block, of anything else nothing.
fn readable(reply: &Reply) -> String {
    let content_type = reply.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind =
        content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let markup = || reply.body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'<');
    match kind.as_str() {
        "text/html" | "application/xhtml+xml" => html::decode(&reply.body, content_type),
        "" if markup() => html::decode(&reply.body, None),
        "text/plain" | "application/json" | "application/problem+json" => {
            let head = &reply.body[..reply.body.len().min(4_096)];
            let text = html::decode(head, content_type);
            format!("<pre>{}</pre>", text.replace('&', "&amp;").replace('<', "&lt;"))
        }
        _ => String::new(),
    }
}
