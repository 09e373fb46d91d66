//! What can be said only when the whole page is known: whose a lost control is, and where the page sends
//! its reader by itself.

use url::Url;

use super::elements::is_web;
use super::walk::Walker;
use crate::domain::snapshot::Uid;

/// Seconds that a page may wait before it sends its reader on by itself.
const LONGEST_REFRESH: u32 = 10;

/// Reads `5; url=/next` as a header or a meta element has it.
pub(in crate::driver) fn refresh(content: &str, base: &Url) -> Option<(u32, Url)> {
    let (seconds, rest) = content.split_once([';', ',']).unwrap_or((content, ""));
    let seconds: u32 = seconds.trim().split('.').next()?.parse().ok().filter(|s| *s <= LONGEST_REFRESH)?;
    let rest = rest.trim();
    let target = match rest.get(..3) {
        Some(name) if name.eq_ignore_ascii_case("url") => rest[3..].trim_start().strip_prefix('=')?,
        _ => rest,
    };
    let target = target.trim().trim_matches(['"', '\'']);
    // Without an address a page only renews itself; that is not followed.
    let url = base.join(target).ok().filter(|url| !target.is_empty() && is_web(url))?;
    Some((seconds, url))
}

/// A form between the parts of a table loses its controls in the tree; what comes after it is its own.
pub(in crate::driver) fn settle_forms(walker: &mut Walker<'_>) {
    let emptied = std::mem::take(&mut walker.forms_in_tables);
    let owner = |uid: Uid| {
        let last = walker.forms.iter().map(|form| form.uid).filter(|form| *form < uid).max();
        last.filter(|form| emptied.contains(form))
    };
    if emptied.is_empty() || walker.layout.is_some() {
        return;
    }
    walker.controls.iter_mut().filter(|c| c.form.is_none()).for_each(|c| c.form = owner(c.uid));
    walker.page.inputs.iter_mut().filter(|i| i.form.is_none()).for_each(|i| i.form = owner(i.uid));
    walker.page.buttons.iter_mut().filter(|b| b.form.is_none()).for_each(|b| b.form = owner(b.uid));
}

/// The form that a page sends by itself: its only one, with nothing to type, on a page with next to no
/// text, and a script that sends it when the page is there.
pub(in crate::driver) fn self_submit(walker: &Walker<'_>) -> Option<Uid> {
    let [form] = walker.page.forms.as_slice() else { return None };
    let script = walker.scripts.trim();
    let on_its_own = script.contains(".submit()") && script.len() < 3_000 && !script.contains("click");
    let bare = walker.page.text_length < 400 && walker.page.links.len() <= 2 && walker.page.inputs.is_empty();
    let carries =
        walker.controls.iter().any(|control| control.form == Some(form.uid) && !control.name.is_empty());
    ((walker.onload || on_its_own) && bare && carries && form.post).then_some(form.uid)
}
