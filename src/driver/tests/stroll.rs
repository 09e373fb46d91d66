//! A customer's way through each scenario of the sandbox, by http, with every page that was shown on it. Tests only.

use std::time::Duration;

use super::agreement::Case;
use super::stage::{Shown, Stage};
use crate::domain::Secret;
use crate::domain::detector::Sent;
use crate::domain::prompt::{Action as Wish, Answer, Choice, FieldRole, Prompt, PromptKind};
use crate::domain::sign_in::{Action, Machine, Move, Perform, Target};
use crate::domain::snapshot::PageSnapshot;
use crate::driver::http::HttpDriver;
use crate::driver::{self, Tools};
use crate::sandbox::{Scenario, scenarios};

/// The site has a page that takes for ever.
const PATIENCE: Duration = Duration::from_secs(6);
/// An approval is there by then.
const LOOKS: usize = 5;

/// One customer in one scenario.
struct Walk<'a> {
    stage: &'a Stage,
    scenario: &'a Scenario,
    driver: HttpDriver,
    machine: Machine,
    before: Option<(Shown, Sent)>,
    password_sent: bool,
    cases: Vec<Case>,
}

/// Every page of the sandbox, along the way through each of its scenarios.
pub(super) async fn along_the_way(stage: &Stage, tools: &Tools) -> Vec<Case> {
    let mut cases = Vec::new();
    for scenario in scenarios() {
        let login_url = stage.url(&scenario.login_path);
        let mut driver = HttpDriver::new(tools.clone(), None);
        driver.patience = PATIENCE;
        let target = Target { login_url, origins: tools.origins.clone(), runs_scripts: false };
        let machine = Machine::new(target);
        let (before, password_sent) = (None, false);
        let walk = Walk { stage, scenario, driver, machine, before, password_sent, cases: Vec::new() };
        cases.extend(walk.go().await);
    }
    cases
}

impl Walk<'_> {
    /// Goes the whole way and returns every page on it.
    async fn go(mut self) -> Vec<Case> {
        let mut acts = self.scenario.walk.iter();
        let mut step = self.machine.start();
        loop {
            let next = match step {
                Move::Perform(_) | Move::Probe(_) => {
                    let page = self.load(&step).await;
                    page.map(|page| self.machine.observe(&page))
                }
                Move::Ask(prompt) => match acts.next() {
                    Some(act) => self.act(&prompt, act).await,
                    None => None,
                },
                Move::End(_) => None,
            };
            match next {
                Some(next) => step = next,
                None => return self.cases,
            }
        }
    }

    async fn load(&mut self, step: &Move) -> Option<PageSnapshot> {
        let page = driver::carry_out(&mut self.driver, step).await.ok()??;
        self.cases.push(Case {
            name: format!("{} {}", self.scenario.username, page.url.path()),
            page: self.stage.last()?,
            before: self.before.clone(),
            password_sent: self.password_sent,
            probed: matches!(step, Move::Probe(_)),
        });
        Some(page)
    }

    async fn act(&mut self, prompt: &Prompt, act: &str) -> Option<Move> {
        let asked = self.stage.last()?;
        if act == "wait" {
            self.before = Some((asked, Sent::Approval));
            for _ in 0..LOOKS {
                let again = Move::Perform(Perform { actions: vec![Action::Reload], submit: None });
                let page = self.load(&again).await?;
                if let Some(step) = self.machine.look_again(&page) {
                    return Some(step);
                }
            }
            return None;
        }
        let answer = answer(self.scenario, prompt, act)?;
        let sent = sent(prompt, &answer);
        self.password_sent |= sent == Sent::Password;
        self.before = Some((asked, sent));
        Some(self.machine.answer(&answer))
    }
}

fn sent(prompt: &Prompt, answer: &Answer) -> Sent {
    match prompt.kind {
        _ if answer.values.is_empty() => Sent::Other,
        PromptKind::Credentials if prompt.asks_password() => Sent::Password,
        PromptKind::Credentials => Sent::Identifier,
        PromptKind::Code => Sent::Code,
        _ => Sent::Other,
    }
}

/// What the customer replies; nothing if the prompt asks for something else.
fn answer(scenario: &Scenario, prompt: &Prompt, act: &str) -> Option<Answer> {
    let of = |action| Answer { action, values: [].into(), choice: None, keep: false };
    let choosing = |offers: &[Choice], words: &str| {
        let found = offers.iter().find(|offer| offer.label.contains(words))?;
        Some(Answer { choice: Some(found.id.clone()), ..of(Wish::Submit) })
    };
    match act.split_once(' ').unwrap_or((act, "")) {
        ("press", "resend") => Some(of(Wish::Resend)),
        ("press", "cancel") => Some(of(Wish::Cancel)),
        ("press", "accept") => Some(of(Wish::Accept)),
        ("press", "decline") => Some(of(Wish::Decline)),
        ("press", "done") => Some(of(Wish::Done)),
        ("choose", words) => choosing(&prompt.choices, words),
        ("other", words) => choosing(&prompt.alternatives, words),
        _ => {
            let values = values(scenario, prompt, act)?.into_iter().map(Secret::new);
            let names = prompt.fields.iter().map(|field| field.name.clone());
            Some(Answer { values: names.zip(values).collect(), ..of(Wish::Submit) })
        }
    }
}

/// What is typed into the fields, in their order.
fn values(scenario: &Scenario, prompt: &Prompt, act: &str) -> Option<Vec<String>> {
    let code = |code: &str| if code == "$totp" { scenario.code_now() } else { Some(code.to_owned()) };
    let each = |value: &dyn Fn(FieldRole) -> Option<String>| {
        prompt.fields.iter().map(|field| value(field.role)).collect::<Option<Vec<_>>>()
    };
    if let Some(new) = act.strip_prefix("new password ") {
        let current = |role| if role == FieldRole::Password { &scenario.password } else { new };
        return each(&|role| Some(current(role).to_owned()));
    }
    if let Some(typed) = act.strip_prefix("code ") {
        return each(&|_| code(typed));
    }
    if let Some(answers) = act.strip_prefix("answer ") {
        return Some(answers.split(" | ").map(str::to_owned).collect());
    }
    let wrong = if act.starts_with("wrong") { "not-" } else { "" };
    each(&|role| match role {
        FieldRole::Password => Some(format!("{wrong}{}", scenario.password)),
        FieldRole::Code => code("$totp"),
        _ => Some(scenario.username.clone()),
    })
}
