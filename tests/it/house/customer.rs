//! The customer: a browser without scripts, which reads pages as a person does and keeps cookies.

use std::collections::BTreeMap;

use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, COOKIE, HeaderMap, LOCATION, SET_COOKIE};
use scraper::{ElementRef, Html, Selector};
use url::{Url, form_urlencoded};

use super::PATIENCE;
use super::partner::http;

pub(crate) struct Customer {
    http: reqwest::Client,
    pub(crate) cookies: BTreeMap<String, String>,
}

/// A page as it came.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) url: Url,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) html: String,
}

impl Customer {
    pub(crate) fn new() -> Self {
        Self { http: http(), cookies: BTreeMap::new() }
    }

    /// Opens an address.
    pub(crate) async fn open(&mut self, url: &str) -> Page {
        self.go(Method::GET, url.parse().unwrap(), None).await
    }

    /// Opens an address with another method, without a form.
    pub(crate) async fn send(&mut self, method: Method, url: &str) -> Page {
        self.go(method, url.parse().unwrap(), None).await
    }

    /// Opens a link and presses "Continue": a login begins.
    pub(crate) async fn begin(&mut self, url: &str) -> Page {
        let landing = self.open(url).await;
        self.press(&landing, "Continue", &[]).await
    }

    /// Loads a page again.
    pub(crate) async fn reload(&mut self, page: &Page) -> Page {
        self.open(page.url.as_str()).await
    }

    /// Fills in fields by their labels and presses the button with that label.
    #[track_caller]
    pub(crate) fn press<'a>(
        &'a mut self,
        page: &Page,
        button: &str,
        typed: &[(&str, &str)],
    ) -> impl Future<Output = Page> + Send + use<'a> {
        let (url, form) = filled(page, button, typed);
        self.go(Method::POST, url, Some(form.into_bytes()))
    }

    /// Posts these bytes as a form to a page's address, whatever the page says.
    pub(crate) async fn post(&mut self, page: &Page, form: impl Into<Vec<u8>>) -> Page {
        self.go(Method::POST, page.url.clone(), Some(form.into())).await
    }

    /// Waits as an open page does, until there is something new, and shows it. That nobody is ahead any more is
    /// not yet anything new.
    pub(crate) async fn wait(&mut self, page: &Page) -> Page {
        let mut shown = page.clone();
        while let Some(events) = shown.events() {
            self.moved(&shown.url.join(&events).unwrap()).await;
            let was_in_line = shown.is_in_line();
            shown = self.reload(&shown).await;
            if !was_in_line || shown.is_in_line() || shown.prompt().is_some() {
                break;
            }
        }
        shown
    }

    async fn moved(&self, events: &Url) {
        let request = self.http.get(events.clone()).header(COOKIE, self.jar());
        let told = tokio::time::timeout(PATIENCE, async {
            let mut answer = request.send().await.unwrap();
            let mut text = String::new();
            while !text.contains("event: moved") {
                let chunk = answer.chunk().await.unwrap().expect("the stream goes on until something moves");
                text += &String::from_utf8_lossy(&chunk);
            }
        });
        told.await.expect("something moves in time");
    }

    async fn go(&mut self, mut method: Method, mut url: Url, mut form: Option<Vec<u8>>) -> Page {
        loop {
            let mut request = self.http.request(method.clone(), url.clone()).header(COOKIE, self.jar());
            if let Some(form) = form.take() {
                request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form);
            }
            let answer = request.send().await.unwrap();
            let (status, headers) = (answer.status(), answer.headers().clone());
            self.keep(&headers);
            if !status.is_redirection() {
                let html = answer.text().await.unwrap();
                return Page { url, status: status.as_u16(), headers, html };
            }
            url = url.join(headers[LOCATION].to_str().unwrap()).unwrap();
            method = Method::GET;
        }
    }

    fn keep(&mut self, headers: &HeaderMap) {
        for cookie in headers.get_all(SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
    }

    fn jar(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }
}

impl Page {
    /// What a person reads, spaces between all words.
    pub(crate) fn text(&self) -> String {
        let html = Html::parse_document(&self.html);
        let body = html.select(&selector("body")).next().unwrap();
        body.text().flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
    }

    /// Asserts that a person reads these words.
    #[track_caller]
    pub(crate) fn says(&self, words: &str) -> &Self {
        let text = self.text();
        assert!(text.contains(words), "{:?} is not on the page ({}): {text}", words, self.status);
        self
    }

    /// Asserts that the page alerts with these words.
    #[track_caller]
    pub(crate) fn alerts(&self, words: &str) -> &Self {
        let html = Html::parse_document(&self.html);
        let alert =
            html.select(&selector("[role=alert]")).next().map(|alert| alert.text().collect::<String>());
        assert!(alert.as_deref().unwrap_or_default().contains(words), "{words:?} is no alert: {alert:?}");
        self
    }

    /// The number of the prompt the page shows.
    pub(crate) fn prompt(&self) -> Option<String> {
        self.find("input[name=prompt]", "value")
    }

    /// Where an open page listens.
    fn events(&self) -> Option<String> {
        self.find("main[data-events]", "data-events")
    }

    fn is_in_line(&self) -> bool {
        self.events().is_some_and(|events| events.contains("place="))
    }

    fn find(&self, css: &str, attribute: &str) -> Option<String> {
        let html = Html::parse_document(&self.html);
        html.select(&selector(css)).next()?.attr(attribute).map(str::to_owned)
    }
}

/// Where the form with that button goes, and what a person who typed that would send.
#[track_caller]
fn filled(page: &Page, button: &str, typed: &[(&str, &str)]) -> (Url, String) {
    let html = Html::parse_document(&page.html);
    let label = |element: &ElementRef<'_>| element.text().collect::<String>().trim() == button;
    let pressed = html.select(&selector("form button")).find(label);
    let pressed = pressed.unwrap_or_else(|| panic!("there is no button {button:?}: {}", page.text()));
    let form =
        pressed.ancestors().filter_map(ElementRef::wrap).find(|element| element.value().name() == "form");
    let form = form.unwrap();
    let mut fields = form_urlencoded::Serializer::new(String::new());
    for hidden in form.select(&selector("input[type=hidden]")) {
        fields.append_pair(hidden.attr("name").unwrap(), hidden.attr("value").unwrap_or_default());
    }
    for (label, value) in typed {
        fields.append_pair(&field_labelled(&form, label), value);
    }
    if let Some(name) = pressed.attr("name") {
        fields.append_pair(name, pressed.attr("value").unwrap_or_default());
    }
    (page.url.join(form.attr("action").unwrap_or_default()).unwrap(), fields.finish())
}

#[track_caller]
fn field_labelled(form: &ElementRef<'_>, words: &str) -> String {
    let labels: Vec<_> = form.select(&selector("label[for]")).collect();
    let texts: Vec<String> =
        labels.iter().map(|label| label.text().collect::<String>().trim().to_owned()).collect();
    let index = texts.iter().position(|text| text.starts_with(words));
    let index = index.unwrap_or_else(|| panic!("no field is called {words:?}; there are {texts:?}"));
    let id = labels[index].attr("for").unwrap();
    let field = form.select(&selector(&format!("[id='{id}']"))).next().unwrap();
    field.attr("name").unwrap().to_owned()
}

fn selector(css: &str) -> Selector {
    Selector::parse(css).unwrap()
}
