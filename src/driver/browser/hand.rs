//! Types and presses: by key and mouse events, on elements that are still what they were when they were read.

use serde::Deserialize;
use serde_json::json;
use url::Url;

use super::tab::{Page, Tab};
use super::{BrowserDriver, check, settle, view};
use crate::domain::Secret;
use crate::domain::snapshot::Uid;
use crate::driver::{Error, Picture};

/// An element at the moment of acting on it.
#[derive(Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a state of the element")]
struct Looked {
    visible: bool,
    readonly: bool,
    disabled: bool,
    checked: bool,
    /// The address of the page or frame it is in.
    url: String,
    /// Where its form goes, if it has one.
    target: Option<String>,
}

/// Where to press.
#[derive(Deserialize)]
struct Spot {
    point: Option<(f64, f64)>,
}

/// Where an element is on its page, in CSS pixels.
#[derive(Deserialize)]
struct Area {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

impl Area {
    /// Whether it has the size of something that people look at.
    fn is_a_pictures(&self) -> bool {
        (4.0..=1_200.0).contains(&self.width) && (4.0..=1_200.0).contains(&self.height)
    }
}

impl BrowserDriver {
    /// Types into an input: only if it can be seen, and only where its page and its form's target are of the
    /// allowed origins.
    pub(super) async fn fill(&mut self, input: Uid, value: &Secret) -> Result<(), Error> {
        let (tab, page, who) = self.element(input)?;
        let looked: Option<Looked> = view::ask(tab, &page, &format!("focus({who})")).await?;
        let looked = looked.filter(|looked| looked.visible && !looked.readonly && !looked.disabled);
        let looked = looked.ok_or(Error::NoElement(input))?;
        for place in [Some(&looked.url), looked.target.as_ref()].into_iter().flatten() {
            check(&Url::parse(place).map_err(|_| Error::NotWeb)?, &self.tools.origins)?;
        }
        if self.is(input, "select") {
            let chosen = json!(value.expose());
            let done: Option<bool> = view::ask(tab, &page, &format!("choose({chosen}, {who})")).await?;
            return done.map(drop).ok_or(Error::NoElement(input));
        }
        tab.state().typed(value);
        type_text(tab, &page, value).await?;
        self.focus = Some(input);
        Ok(())
    }

    /// Picks a radio button or ticks a box, if it is not yet.
    pub(super) async fn pick(&mut self, input: Uid) -> Result<(), Error> {
        let (tab, page, who) = self.element(input)?;
        let look = format!("look({who})");
        let ticked = async || -> Result<bool, Error> {
            let looked: Option<Looked> = view::ask(tab, &page, &look).await?;
            let looked = looked.filter(|looked| !looked.disabled).ok_or(Error::NoElement(input))?;
            Ok(looked.checked)
        };
        if ticked().await? {
            return Ok(());
        }
        press(tab, &page, &who).await?;
        if !ticked().await? {
            view::ask::<bool>(tab, &page, &format!("press({who})")).await?;
        }
        Ok(())
    }

    /// Presses a button; without one, the Enter key where something was typed last.
    pub(super) async fn submit(&mut self, form: Option<Uid>, button: Option<Uid>) -> Result<(), Error> {
        let Some(uid) = button.or(form) else { return self.enter().await };
        let (tab, page, who) = self.element(uid)?;
        settle::begin(tab);
        if button.is_some() {
            let looked: Option<Looked> = view::ask(tab, &page, &format!("look({who})")).await?;
            looked.filter(|looked| !looked.disabled).ok_or(Error::NoElement(uid))?;
            press(tab, &page, &who).await?;
        } else if self.focus.is_some() {
            return self.enter().await;
        } else {
            let sent: Option<bool> = view::ask(tab, &page, &format!("send({who})")).await?;
            sent.ok_or(Error::NoElement(uid))?;
        }
        self.settled(Some(&page.document)).await
    }

    /// Follows a link by pressing it: scripts may have their own idea of it.
    pub(super) async fn follow(&mut self, link: Uid) -> Result<(), Error> {
        let (tab, page, who) = self.element(link)?;
        settle::begin(tab);
        press(tab, &page, &who).await?;
        self.settled(Some(&page.document)).await
    }

    /// What can be seen where a picture is: asked for again it might be another one.
    pub(super) async fn photograph(&self, image: Uid) -> Result<Picture, Error> {
        let (tab, page, who) = self.element(image)?;
        let area: Option<Area> = view::ask(tab, &page, &format!("area({who})")).await?;
        let area = area.filter(Area::is_a_pictures).ok_or(Error::NoElement(image))?;
        let clip =
            json!({ "x": area.x, "y": area.y, "width": area.width, "height": area.height, "scale": 1 });
        let asked = json!({ "format": "png", "clip": clip, "captureBeyondViewport": true });
        let shot = tab.cdp.call(&page.session, "Page.captureScreenshot", asked).await?;
        Picture::from_base64(shot["data"].as_str().unwrap_or_default())
    }

    async fn enter(&mut self) -> Result<(), Error> {
        let tab = self.tab()?;
        let page = tab.page()?;
        self.focus.ok_or(Error::NoElement(0))?;
        settle::begin(tab);
        key(
            tab,
            &page,
            json!({ "key": "Enter", "code": "Enter", "text": "\r", "windowsVirtualKeyCode": 13 }),
        )
        .await?;
        self.settled(Some(&page.document)).await
    }

    /// How the script finds the element of a place again, and knows that it is the same.
    fn element(&self, uid: Uid) -> Result<(&Tab, Page, String), Error> {
        let told = self.told.as_ref().ok_or(Error::NoPage)?;
        let (tag, value) = told.element(uid).ok_or(Error::NoElement(uid))?;
        let who = json!([uid, tag, value("type"), value("name"), value("id")]).to_string();
        let tab = self.tab()?;
        Ok((tab, tab.page()?, format!("...{who}")))
    }

    fn is(&self, uid: Uid, tag: &str) -> bool {
        self.told.as_ref().and_then(|told| told.element(uid)).is_some_and(|(known, _)| known == tag)
    }
}

/// Presses an element with the mouse, or, if something lies over it, without.
async fn press(tab: &Tab, page: &Page, who: &str) -> Result<(), Error> {
    let spot: Option<Spot> = view::ask(tab, page, &format!("point({who})")).await?;
    let Some((x, y)) = spot.ok_or(Error::NoElement(0))?.point else {
        return view::ask::<bool>(tab, page, &format!("press({who})")).await.map(drop);
    };
    for (kind, buttons) in [("mouseMoved", 0), ("mousePressed", 1), ("mouseReleased", 0)] {
        let button = if kind == "mouseMoved" { "none" } else { "left" };
        let event =
            json!({ "type": kind, "x": x, "y": y, "button": button, "buttons": buttons, "clickCount": 1 });
        tab.cdp.call(&page.session, "Input.dispatchMouseEvent", event).await?;
    }
    Ok(())
}

/// Types in place of what is selected: plain characters by their keys, others as an input method would.
async fn type_text(tab: &Tab, page: &Page, value: &Secret) -> Result<(), Error> {
    if value.expose().is_empty() {
        return key(tab, page, json!({ "key": "Delete", "code": "Delete", "windowsVirtualKeyCode": 46 }))
            .await;
    }
    for typed in value.expose().chars() {
        let mut bytes = [0; 4];
        let text: &str = typed.encode_utf8(&mut bytes);
        if typed.is_ascii_graphic() || typed == ' ' {
            let code = u32::from(typed.to_ascii_uppercase());
            let code = if typed.is_ascii_alphanumeric() || typed == ' ' { code } else { 0 };
            let event =
                json!({ "key": text, "text": text, "unmodifiedText": text, "windowsVirtualKeyCode": code });
            key(tab, page, event).await?;
        } else {
            tab.cdp.call(&page.session, "Input.insertText", json!({ "text": text })).await?;
        }
    }
    Ok(())
}

async fn key(tab: &Tab, page: &Page, mut event: serde_json::Value) -> Result<(), Error> {
    for kind in ["keyDown", "keyUp"] {
        event["type"] = json!(kind);
        if kind == "keyUp" {
            event["text"] = json!("");
        }
        tab.cdp.call(&page.session, "Input.dispatchKeyEvent", &event).await?;
    }
    Ok(())
}
