//! Both drivers on the same pages: what the detector makes of a page must not depend on who has loaded it.
//!
//! The pages are those that the sandbox shows on the way through each of its scenarios, and those of the corpus, as
//! far as they need no scripts: then one driver can see nothing that the other cannot.

use std::collections::HashSet;
use std::fmt::Write as _;

use super::corpus;
use super::house::policy_tools;
use super::stage::{Shown, Stage};
use super::stroll::along_the_way;
use super::{LOGIN, told};
use crate::domain::detector::{Before, Context, Sent, detect};
use crate::domain::sign_in::Action;
use crate::domain::snapshot::PageSnapshot;
use crate::driver::{self, Driver};

/// Pages in a hundred on which both must see the same.
const ENOUGH: usize = 95;
/// Bytes of a page: beyond this each driver stops reading at a place of its own.
const LONGEST: usize = 2_000_000;

/// A page, and what was sent from which page before it came.
pub(super) struct Case {
    pub(super) name: String,
    pub(super) page: Shown,
    pub(super) before: Option<(Shown, Sent)>,
    pub(super) password_sent: bool,
    pub(super) probed: bool,
}

impl Case {
    fn needs_no_scripts(&self) -> bool {
        let pages = [Some(&self.page), self.before.as_ref().map(|(page, _)| page)];
        pages.into_iter().flatten().all(|page| page.body.len() <= LONGEST && !page.is_active())
    }

    /// What makes it another case: the same form is shown in many scenarios.
    fn key(&self) -> (String, Option<String>, bool, bool) {
        let before = self.before.as_ref().map(|(page, sent)| format!("{sent:?} {}", page.key()));
        (self.page.key(), before, self.password_sent, self.probed)
    }
}

/// Every page of the corpus.
fn of_the_corpus() -> impl Iterator<Item = Case> {
    corpus::pages().map(|(came, html)| {
        let sent = came.sent();
        Case {
            name: format!("corpus {}", html.chars().take(60).collect::<String>()),
            page: Shown::html("/login", html),
            before: (sent != Sent::Nothing).then(|| (Shown::html("/login", LOGIN), sent)),
            password_sent: matches!(sent, Sent::Password | Sent::Code),
            probed: false,
        }
    })
}

/// What the detector makes of a case, if this driver loads its pages.
async fn seen(driver: &mut dyn Driver, stage: &Stage, case: &Case) -> String {
    let mut before = None;
    if let Some((page, sent)) = &case.before {
        before = Some((load(driver, stage, page).await, *sent));
    }
    let page = load(driver, stage, &case.page).await;
    let before = before.as_ref().map(|(page, sent)| Before { page, sent: *sent, complaints: &[] });
    let context = Context {
        login_url: &stage.url("/login"),
        before: before.as_ref(),
        password_sent: case.password_sent,
        probed: case.probed,
        runs_scripts: false,
    };
    told(&detect(&page, &context).step)
}

async fn load(driver: &mut dyn Driver, stage: &Stage, page: &Shown) -> PageSnapshot {
    stage.show_again(page);
    driver.perform(&Action::Open(stage.url(&page.path))).await.unwrap();
    driver.snapshot().await.unwrap()
}

#[tokio::test]
async fn the_detector_sees_the_same_through_both_drivers() {
    let stage = Stage::open().await;
    let tools = policy_tools(&stage.url("/"), "http://127.0.0.0/8:*");
    let mut cases = along_the_way(&stage, &tools).await;
    cases.extend(of_the_corpus());
    let all = cases.len();
    cases.retain(Case::needs_no_scripts);
    let plain = cases.len();
    let mut known = HashSet::new();
    cases.retain(|case| known.insert(case.key()));

    let mut http = driver::start(entity::Driver::Http, tools.clone(), None).unwrap();
    let mut browser = driver::start(entity::Driver::Browser, tools, None).unwrap();
    let (mut differences, mut listed) = (0, String::new());
    for case in &cases {
        let by_http = seen(http.as_mut(), &stage, case).await;
        let by_browser = seen(browser.as_mut(), &stage, case).await;
        if by_http != by_browser {
            differences += 1;
            let _ = writeln!(listed, "{}: {by_http:?} by http, {by_browser:?} in the browser", case.name);
        }
    }

    let (count, same) = (cases.len(), cases.len() - differences);
    let summary = format!(
        "{all} pages on the way, {plain} of them without scripts, {count} of those different; the same through both \
         drivers: {same}, {differences} not\n{listed}"
    );
    println!("{summary}");
    assert!(count > 100 && same * 100 >= count * ENOUGH, "{summary}");
}
