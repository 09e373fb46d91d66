//! What a recipe changes about a login, and what a login teaches a recipe.

use entity::Driver;
use url::Url;

use super::answering::pressing;
use super::machine::{Asked, MOST_PASSWORDS, Machine};
use super::moves::Move;
use crate::domain::detector::{self, Sent};
use crate::domain::prompt::PromptKind;
use crate::domain::recipe::Recipe;

impl Machine {
    /// The same login with the help of a recipe. Its login URL and its probe count only inside the allowed
    /// origins, and its budget only if it is smaller than the machine's own.
    #[must_use]
    pub fn with_recipe(mut self, recipe: Option<Recipe>) -> Self {
        let begins = recipe.as_ref().and_then(|recipe| recipe.login_url.clone());
        if let Some(url) = begins.filter(|url| self.target.origins.allow(url)) {
            self.target.login_url = url;
        }
        self.recipe = recipe.map(Box::new);
        self
    }

    /// The recipe, for the driver to look for its selectors.
    #[must_use]
    pub fn recipe(&self) -> Option<&Recipe> {
        self.recipe.as_deref()
    }

    /// Where to ask whether the customer is in.
    pub(super) fn probe_url(&self) -> &Url {
        let told = self.recipe.as_ref().and_then(|recipe| recipe.probe.as_ref()).map(|probe| &probe.url);
        told.filter(|url| self.target.origins.allow(url)).unwrap_or(&self.target.login_url)
    }

    /// Puts a question to the customer, unless the recipe has decided it: only whether to trust this device.
    pub(super) fn pose_or_decide(&mut self, asked: Asked) -> Move {
        let trust = self.recipe.as_ref().and_then(|recipe| recipe.policy.trust_device);
        let asks = asked.question.kind == PromptKind::Notice && detector::is_about_trust(&asked.question);
        match (trust.filter(|_| asks), asked.question.decline) {
            (Some(true), _) if asked.question.submit.is_some() => self.agree(asked),
            (Some(false), Some(press)) => self.go(asked, vec![pressing(press)], Sent::Other),
            _ => self.pose(asked),
        }
    }

    /// Remembers where an answer was typed, for the recipe of this login.
    pub(super) fn learn(&mut self, asked: &Asked) {
        let step = detector::step_of(&asked.page, &asked.question).filter(|_| !asked.by_http);
        self.gone.extend(step.filter(|step| !self.gone.contains(step)));
    }

    /// The recipe that would take this login's way again: its steps, and nothing of what was typed. `None`
    /// if no step of it can be told.
    #[must_use]
    pub fn learned(&self) -> Option<Recipe> {
        let target = &self.target;
        let origin = Url::parse(&target.login_url.origin().ascii_serialization()).ok()?;
        let driver = if target.runs_scripts { Driver::Browser } else { Driver::Http };
        let recipe = Recipe {
            origins: vec![origin],
            driver: Some(driver),
            steps: self.gone.clone(),
            ..Recipe::default()
        };
        Some(recipe).filter(|recipe| !recipe.steps.is_empty())
    }

    /// Passwords that this login may send.
    pub(super) fn most_passwords(&self) -> u32 {
        let told = self.recipe.as_ref().and_then(|recipe| recipe.policy.max_password_submits);
        told.map_or(MOST_PASSWORDS, |most| most.min(MOST_PASSWORDS))
    }
}
