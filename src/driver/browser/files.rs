//! Files that a page hands out: fetched beside Chromium, with its cookies and by the same rules as without it.
//!
//! Chromium itself may save nothing. What a page's own scripts put together is no file here.

use serde_json::json;

use super::BrowserDriver;
use crate::domain::snapshot::Uid;
use crate::driver::http::{HttpDriver, Told};
use crate::driver::{Download, Error};

impl BrowserDriver {
    /// Follows `element` to a file; a page that comes instead is opened.
    pub(super) async fn save_file(&mut self, element: Uid, most: usize) -> Result<Download, Error> {
        let page = self.whole().await?;
        let tab = self.tab()?;
        let context = self.open.as_ref().map(|open| open.place.context.clone());
        let told = json!({ "browserContextId": context });
        let mut told = tab.cdp.call("", "Storage.getCookies", told).await?;
        let cookies: Vec<Told> =
            serde_json::from_value(told["cookies"].take()).map_err(|_| Error::Unreadable)?;
        let http_auth = tab.state().gate.http_auth.clone();
        let agent = self.open.as_ref().map(|open| open.place.chromium.agent.clone()).unwrap_or_default();
        let tools = self.tools.clone();
        let mut beside = HttpDriver::beside((tools, agent), page, (&cookies, http_auth));
        let file = beside.save_file(element, most).await;
        if matches!(file, Err(Error::NoFile)) {
            self.go(&beside.url()?).await?;
        }
        file
    }
}
