//! A login with the real driver and the real machine, one answer at a time. Tests only.

use entity::FailureCode;

use url::Url;

use super::site::Site;
use crate::domain::prompt::{Action, Answer, Prompt};
use crate::domain::sign_in::{Machine, Move, Outcome, Target};
use crate::domain::{Origins, Secret};
use crate::driver::browser::{Browsers, Isolation, Settings};
use crate::driver::{self, Driver, Error, Session, Tools};
use crate::egress::{Client, Policy, Purpose};

pub(super) struct Login {
    pub(super) driver: Box<dyn Driver>,
    pub(super) machine: Machine,
    step: Result<Move, Error>,
    /// Passwords and codes that the worker was told to count.
    pub(super) counted: usize,
}

pub(super) fn tools(site: &Site) -> Tools {
    policy_tools(&site.url("/"), "http://127.0.0.0/8:*")
}

/// What a driver works with at the site of `url`, if only `allow` is open.
pub(super) fn policy_tools(url: &Url, allow: &str) -> Tools {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let policy = Policy::new(allow.parse().unwrap());
    let origins = Origins::new(url, &[] as &[&str]);
    let egress = Client::try_new(policy, Purpose::Sources).unwrap();
    let browsers = browsers(egress.clone());
    Tools { egress, origins, browsers: Some(browsers), language: None }
}

/// The same story with each of the drivers.
pub(super) async fn both(story: impl AsyncFn(entity::Driver)) {
    for kind in [entity::Driver::Http, entity::Driver::Browser] {
        println!("with the driver {kind:?}");
        story(kind).await;
    }
}

/// Browsers whose profiles are below the temporary directory.
fn browsers(egress: Client) -> Browsers {
    let profiles = std::env::temp_dir().join("postern-test-browsers");
    Browsers::new(Settings { program: None, isolation: Isolation::Context, limit: 2, profiles }, egress)
}

/// Opens a login page.
pub(super) async fn login_at(kind: entity::Driver, tools: Tools, login_url: Url) -> Login {
    let driver = driver::start(kind, tools.clone(), None).unwrap();
    let runs_scripts = driver.runs_scripts();
    let machine = Machine::new(Target { login_url, origins: tools.origins, runs_scripts });
    let step = Ok(machine.start());
    let mut login = Login { driver, machine, step, counted: 0 };
    login.settle().await;
    login
}

impl Login {
    /// Opens the login page of one way of the site to sign in.
    pub(super) async fn at(kind: entity::Driver, site: &Site, scene: &str) -> Self {
        login_at(kind, tools(site), site.url(&format!("/{scene}/login"))).await
    }

    /// Acts until the customer is asked or the login is over.
    async fn settle(&mut self) {
        while let Ok(step) = &self.step {
            if let Move::Perform(perform) = step {
                self.counted += usize::from(perform.submit.is_some());
            }
            self.step = match driver::carry_out(self.driver.as_mut(), step).await {
                Ok(None) => return,
                Ok(Some(page)) => Ok(self.machine.observe(&page)),
                Err(error) => Err(error),
            };
        }
    }

    pub(super) async fn answer(&mut self, action: Action, values: &[&str], choice: Option<&str>) {
        let named = values.iter().enumerate();
        let values =
            named.map(|(at, value)| (format!("f{}", at + 1), Secret::new((*value).to_owned()))).collect();
        let answer = Answer { action, values, choice: choice.map(str::to_owned), keep: false };
        self.step = Ok(self.machine.answer(&answer));
        self.settle().await;
    }

    /// Types into the fields in their order and submits.
    pub(super) async fn types(&mut self, values: &[&str]) {
        self.answer(Action::Submit, values, None).await;
    }

    pub(super) fn prompt(&self) -> &Prompt {
        match &self.step {
            Ok(Move::Ask(prompt)) => prompt,
            Ok(Move::End(outcome)) => panic!("{outcome:?} {:?}", self.machine.reasons()),
            Ok(_) => panic!("it acts"),
            Err(error) => panic!("{error:?}"),
        }
    }

    /// The prompt's verdict on the answer before, and the site's words for it.
    pub(super) fn verdict(&self) -> (Option<FailureCode>, Option<&str>) {
        (self.prompt().rejected, self.prompt().site_error.as_deref())
    }

    pub(super) fn is_signed_in(&self) -> bool {
        matches!(&self.step, Ok(Move::End(Outcome::SignedIn)))
    }

    /// How the login failed: by the machine, or by the driver.
    pub(super) fn failure(&self) -> FailureCode {
        match &self.step {
            Ok(Move::End(Outcome::Failed(failure))) => failure.code,
            Ok(Move::Ask(prompt)) => panic!("asks for {:?}: {:?}", prompt.kind, prompt.site_error),
            Ok(_) => panic!("signed in"),
            Err(error) => error.code(),
        }
    }

    /// The session through its sealed form, as a run opens it.
    pub(super) async fn session(&mut self) -> Session {
        Session::from_bytes(&self.driver.save().await.unwrap().to_bytes()).unwrap()
    }
}
