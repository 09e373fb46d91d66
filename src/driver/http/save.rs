//! Files: what a link or a button hands out is read up to a limit, and the page stays as it is.

use std::time::Duration;

use reqwest::header::CONTENT_TYPE;
use url::Url;

use super::fetch::{MOST_HOPS, Outgoing, redirected};
use super::{HttpDriver, disposition, form};
use crate::domain::origins;
use crate::domain::snapshot::Uid;
use crate::driver::{Download, Error, download};
use crate::egress::Reply;

/// For one exchange: as long as a step may take. Who asked gives up before by dropping it.
const EXCHANGE: Duration = Duration::from_mins(5);
/// Bytes that are read in any case: a page that comes instead of a small file has to be understood.
const READ_ANYWAY: usize = 256 * 1_024;

impl HttpDriver {
    /// What `element` would ask for when it is pressed.
    fn asked_for(&self, element: Uid) -> Result<Outgoing, Error> {
        let page = self.page()?;
        if let Some(control) = page.control(element).filter(|control| control.submits()) {
            return form::submit(page, (control.form, Some(element)), &self.tools.origins);
        }
        self.link(element)
    }

    /// Follows `element` to a file of at most `most` bytes, inside the allowed origins on every hop.
    pub(in crate::driver) async fn save_file(
        &mut self,
        element: Uid,
        most: usize,
    ) -> Result<Download, Error> {
        let mut outgoing = self.asked_for(element)?;
        for _ in 0..=MOST_HOPS {
            inside(self, &outgoing.url)?;
            let request = self.request(&outgoing, EXCHANGE, most.max(READ_ANYWAY))?;
            let reply = self.tools.egress.exchange(request).await?;
            self.jar.store(&reply.headers, &outgoing.url);
            if let Some(next) = redirected(&outgoing, &reply)? {
                outgoing = next;
                continue;
            }
            if is_file(&reply) {
                return file(&outgoing.url, reply, most);
            }
            let page = self.load(&outgoing.url, reply).await?;
            let Some(next) = self.onward(&page)? else {
                self.page = Some(page);
                return Err(Error::NoFile);
            };
            outgoing = next;
        }
        Err(Error::TooManyRedirects(MOST_HOPS))
    }
}

fn inside(driver: &HttpDriver, url: &Url) -> Result<(), Error> {
    if driver.tools.origins.allow(url) {
        return Ok(());
    }
    Err(Error::OutsideOrigins(origins::text_of(url).unwrap_or_else(|| url.scheme().to_owned())))
}

/// An error is not what was asked for, and a page is one only if the site says that it is to be saved.
fn is_file(reply: &Reply) -> bool {
    let given = reply.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = download::content_type(given);
    let is_page = matches!(kind.as_str(), "text/html" | "application/xhtml+xml");
    reply.status.is_success() && (!is_page || disposition::is_attachment(&reply.headers))
}

fn file(url: &Url, reply: Reply, most: usize) -> Result<Download, Error> {
    if reply.truncated || reply.body.len() > most {
        return Err(Error::TooLarge(most));
    }
    let given = reply.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    Ok(Download {
        name: disposition::name(&reply.headers, url),
        content_type: download::content_type(given),
        body: reply.body,
    })
}
