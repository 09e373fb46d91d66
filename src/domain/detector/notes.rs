//! What the detector makes of single elements, for people who look at a site with it.

use std::collections::BTreeMap;

use super::words::{Folded, controls};
use super::{fields, page};
use crate::domain::snapshot::{PageSnapshot, Uid};

/// What each input that can be seen is taken for.
#[must_use]
pub fn uses(page: &PageSnapshot) -> BTreeMap<Uid, String> {
    let groups = page::groups(page);
    let known = groups.iter().flat_map(fields::of_group);
    known.map(|known| (known.input.uid, format!("{:?}", known.used))).collect()
}

/// What a link or button with those words is for, as far as it matters to a login.
#[must_use]
pub fn means(words: &str) -> Option<&'static str> {
    let folded = Folded::new(words);
    let meanings = [
        (&controls::PROVIDER, "another sign-in"),
        (&controls::SIGN_UP, "sign-up"),
        (&controls::LOG_OUT, "log-out"),
        (&controls::FORGOT, "help"),
        (&controls::RESEND, "resend"),
        (&controls::ANOTHER_WAY, "another way"),
        (&controls::SIGN_IN, "sign-in"),
    ];
    let short = words.chars().count() <= 80;
    meanings.into_iter().find(|(words, _)| short && words.hit(&folded)).map(|(_, meaning)| meaning)
}
