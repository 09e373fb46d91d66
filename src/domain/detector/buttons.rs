//! Which button sends a form, and what the others are for.

use super::page::Group;
use super::step::{Act, Press, Way};
use super::words::{Folded, controls};
use crate::domain::snapshot::{Button, Link, PageSnapshot};

/// How the form is sent: the button with the clearest words, else the form's default way.
///
/// The default button of a form is its first and may be hidden on purpose; naming another one can mean
/// something else to the site, such as "send a text message" or "back".
pub(super) fn submit(group: &Group<'_>) -> Press {
    let form = group.uid();
    let submits = || group.buttons.iter().filter(|button| button.submits && !button.disabled);
    let best = submits().map(|button| (score(button), button)).reduce(better);
    let button = match best {
        Some((points, button)) if points > 0 => Some(button.uid),
        // Nothing speaks for one: the default one, unless it is known to do something else.
        _ => match submits().next() {
            Some(first) if score(first) >= 0 || is_silent_default(first) => None,
            _ => best.map(|(_, button)| button.uid),
        },
    };
    Press::Submit { form, button }
}

/// A button that nobody sees and that sends nothing of its own stands first to be the default.
fn is_silent_default(button: &Button) -> bool {
    !button.visible.likely() && button.name.is_none() && button.text.is_empty()
}

type Scored<'a> = (i32, &'a &'a Button);

/// Of equals the first: it is what the Enter key would press.
const fn better<'a>(kept: Scored<'a>, next: Scored<'a>) -> Scored<'a> {
    if kept.0 >= next.0 { kept } else { next }
}

/// How much speaks for a button as the one that sends what was typed.
pub(super) fn score(button: &Button) -> i32 {
    let text = Folded::new(&button.text);
    let names = Folded::of_name(&button.names);
    let mut points = 0;
    for (words, plus) in [(&controls::SIGN_IN, 6), (&controls::CONTINUE, 4)] {
        points += if words.hit(&text) { plus } else { 0 };
    }
    let against = [
        (&controls::CANCEL, 12),
        (&controls::RESEND, 12),
        (&controls::ANOTHER_WAY, 8),
        (&controls::PROVIDER, 8),
        (&controls::SHOW, 12),
        (&controls::SIGN_UP, 8),
        (&controls::FORGOT, 8),
        (&controls::LOG_OUT, 12),
    ];
    for (words, minus) in against {
        points -= if words.hit(&text) { minus } else { 0 };
    }
    if names.as_str().split(' ').any(|word| matches!(word, "primary" | "submit")) {
        points += 2;
    }
    if names.as_str().split(' ').any(|word| matches!(word, "secondary" | "link" | "cancel" | "back")) {
        points -= 2;
    }
    // Sending the form elsewhere is rarely the main way.
    points - i32::from(button.action.is_some()) * 2 - i32::from(!button.visible.likely()) * 3
}

/// What asks the site to send a code again.
pub(super) fn resend(page: &PageSnapshot) -> Option<Press> {
    let says = |text: &str| controls::RESEND.hit(&Folded::new(text));
    let button = page.buttons.iter().find(|button| pressable(button) && says(&button.text));
    let link = || page.links.iter().find(|link| link.visible.likely() && says(&link.text));
    button.map(press).or_else(|| link().map(|link| Press::Follow(link.uid)))
}

/// Buttons and links that lead to another way of proving who one is.
pub(super) fn other_ways(page: &PageSnapshot, main: &Group<'_>, chosen: Press) -> Vec<Way> {
    let offers = |text: &str| {
        let folded = Folded::new(text);
        controls::ANOTHER_WAY.hit(&folded) && !controls::RESEND.hit(&folded) && text.chars().count() <= 120
    };
    let buttons = page.buttons.iter().filter(|button| {
        pressable(button) && offers(&button.text) && press(button) != chosen && is_way(button, main)
    });
    let links =
        page.links.iter().filter(|link| link.visible.likely() && offers(&link.text) && !here(page, link));
    let pressed = buttons.map(|button| way(&button.text, press(button)));
    pressed.chain(links.map(|link| way(&link.text, Press::Follow(link.uid)))).take(8).collect()
}

/// A button without a form does nothing that can be told from here.
fn is_way(button: &Button, main: &Group<'_>) -> bool {
    button.submits && (button.form.is_some() || main.form.is_none())
}

fn here(page: &PageSnapshot, link: &Link) -> bool {
    link.href.fragment().is_some() && link.href.path() == page.url.path()
}

fn way(label: &str, press: Press) -> Way {
    Way { label: label.to_owned(), act: Act::Press(press) }
}

/// How a button is pressed.
pub(super) fn press(button: &Button) -> Press {
    Press::Submit { form: button.form, button: Some(button.uid) }
}

/// Whether a button can be pressed by people.
pub(super) fn pressable(button: &Button) -> bool {
    button.submits && !button.disabled && button.visible.likely()
}
