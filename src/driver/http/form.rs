//! A form as a request: its hidden and default controls, what was typed, and the button that was pressed.

use reqwest::Method;
use url::{Url, form_urlencoded};

use super::fetch::Outgoing;
use crate::domain::snapshot::Uid;
use crate::domain::{Origins, Secret, origins};
use crate::driver::Error;
use crate::driver::page::controls::{Control, FormTarget};
use crate::driver::page::loaded::Loaded;

type Entries = Vec<(String, Secret)>;

/// The request that sends `form` by `button`, or by its first button if none is named: that is what the
/// Enter key does.
pub(super) fn submit(
    page: &Loaded,
    (form, button): (Option<Uid>, Option<Uid>),
    origins: &Origins,
) -> Result<Outgoing, Error> {
    let form = form.ok_or(Error::NeedsScripts("its fields are in no form"))?;
    let target = page.forms.iter().find(|target| target.uid == form).ok_or(Error::NoElement(form))?;
    let owned = || page.controls.iter().filter(|control| control.form == Some(form));
    let pressed = match button {
        Some(uid) => {
            Some(owned().find(|c| c.uid == uid && c.submits() && !c.disabled).ok_or(Error::NoElement(uid))?)
        }
        None => owned().find(|control| control.submits()).filter(|control| !control.disabled),
    };
    let url = target_url(page, target, pressed)?;
    let carries_typed = owned().any(|control| page.typed.values.contains_key(&control.uid));
    if carries_typed {
        for place in [&page.snapshot.url, &url] {
            check(place, origins)?;
        }
    }
    let uid = pressed.map(|control| control.uid);
    let entries: Entries = owned().flat_map(|control| control.entries(&page.typed, uid)).collect();
    let method = overridden(pressed, |control| control.overrides.method.as_ref(), target.method.as_ref());
    let enctype = overridden(pressed, |control| control.overrides.enctype.as_ref(), target.enctype.as_ref());
    let posts = method.eq_ignore_ascii_case("post");
    let mut outgoing = if posts { post(url, &entries, enctype) } else { get(url, &entries) };
    outgoing.carries_secret = carries_typed;
    outgoing.from = Some(page.snapshot.url.clone());
    Ok(outgoing)
}

/// Where a form goes when `button` is pressed.
pub(super) fn target_of(page: &Loaded, form: Option<Uid>, button: Option<Uid>) -> Result<Url, Error> {
    let form = form.ok_or(Error::NeedsScripts("its fields are in no form"))?;
    let target = page.forms.iter().find(|target| target.uid == form).ok_or(Error::NoElement(form))?;
    target_url(page, target, button.and_then(|uid| page.control(uid)))
}

/// Whether something secret may be typed or sent here.
pub(super) fn check(url: &Url, origins: &Origins) -> Result<(), Error> {
    if origins.allow(url) {
        return Ok(());
    }
    Err(Error::OriginNotAllowed(origins::text_of(url).unwrap_or_else(|| url.scheme().to_owned())))
}

fn target_url(page: &Loaded, form: &FormTarget, pressed: Option<&Control>) -> Result<Url, Error> {
    let action = pressed.and_then(|control| control.overrides.action.as_ref()).or(form.action.as_ref());
    let mut url = match action {
        // Without a target a form goes to its page, not to the base of its links.
        None => page.snapshot.url.clone(),
        Some(action) => page.base.join(action.trim()).map_err(|_| Error::NotWeb)?,
    };
    url.set_fragment(None);
    match url.scheme() {
        "http" | "https" => Ok(url),
        "javascript" => Err(Error::NeedsScripts("its form is sent by a script")),
        _ => Err(Error::NotWeb),
    }
}

fn overridden<'a>(
    pressed: Option<&'a Control>,
    own: impl Fn(&'a Control) -> Option<&'a String>,
    form: Option<&'a String>,
) -> &'a str {
    pressed.and_then(own).or(form).map_or("", |text| text.trim())
}

fn get(mut url: Url, entries: &Entries) -> Outgoing {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(entries.iter().map(|(name, value)| (name.as_str(), value.expose())));
    url.set_query(Some(&query.finish()).filter(|query| !query.is_empty()).map(String::as_str));
    Outgoing::get(url)
}

fn post(url: Url, entries: &Entries, enctype: &str) -> Outgoing {
    let (content_type, body) = match enctype.to_ascii_lowercase().as_str() {
        "multipart/form-data" => multipart(entries),
        "text/plain" => ("text/plain".to_owned(), lines(entries)),
        _ => {
            let mut body = form_urlencoded::Serializer::new(String::new());
            body.extend_pairs(entries.iter().map(|(name, value)| (name.as_str(), value.expose())));
            ("application/x-www-form-urlencoded".to_owned(), body.finish())
        }
    };
    Outgoing { method: Method::POST, body: Some((content_type, Secret::new(body))), ..Outgoing::get(url) }
}

fn multipart(entries: &Entries) -> (String, String) {
    let boundary = format!("--------{}", uuid::Uuid::new_v4().simple());
    let parts = entries.iter().flat_map(|(name, value)| {
        let name = name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A");
        let head = format!("--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n");
        [head, value.expose().to_owned(), "\r\n".to_owned()]
    });
    let body = parts.chain([format!("--{boundary}--\r\n")]).collect();
    (format!("multipart/form-data; boundary={boundary}"), body)
}

fn lines(entries: &Entries) -> String {
    entries.iter().flat_map(|(name, value)| [name.as_str(), "=", value.expose(), "\r\n"]).collect()
}
