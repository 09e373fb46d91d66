//! `postern inspect`: what the engine sees of a live page, what it would do there, and why.
//!
//! It opens one page with the real driver, through the real way out, and sends nothing.

mod sheet;
mod text;

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use entity::{Driver, FailureCode};
use serde_json::Value;
use url::Url;

use self::sheet::Sheet;
use crate::config::{Flags, Settings};
use crate::domain::detector::{Context, Guide, Step, detect_with};
use crate::domain::recipe::{self, Marks, Recipe};
use crate::domain::sign_in::Action;
use crate::domain::{Origins, origins};
use crate::driver::browser::Browsers;
use crate::driver::{self, Tools};
use crate::egress::{Allow, Client, Policy, Purpose};

#[derive(clap::Args)]
pub(super) struct Args {
    /// The page to look at, such as <https://bank.example/login>.
    url: String,
    /// How to reach it.
    #[arg(long, value_enum, default_value_t = Kind::Auto)]
    driver: Kind,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Print a recipe for the step this page is, to be completed and given to a source system.
    #[arg(long, conflicts_with = "json")]
    recipe: bool,
    /// Look with the help of the recipe in this file.
    #[arg(long = "with", value_name = "FILE")]
    with: Option<PathBuf>,
    /// Further addresses that may be reached, beside those of egress.sources.allow, such as <http://127.0.0.1:*>.
    #[arg(long, value_name = "SCHEME://HOST:PORT")]
    allow: Vec<String>,
    /// The language to ask the site for, such as de.
    #[arg(long, value_name = "TAG")]
    language: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    Auto,
    Http,
    Browser,
}

pub(super) async fn run(flags: &Flags, args: Args) -> anyhow::Result<()> {
    let url = page_url(&args.url)?;
    let recipe = args.with.as_ref().map(read_recipe).transpose()?;
    let settings = Settings::read(flags)?;
    let further: Allow = args.allow.join(",").parse().context("--allow")?;
    let policy = Policy::new(settings.sources_allow.and(further));
    let egress = Client::try_new(policy, Purpose::Sources).context("the way out")?;
    let browsers = Browsers::new(settings.browser.clone(), egress.clone());
    let tools = Tools {
        egress,
        origins: Origins::new(&url, &[] as &[&str]),
        browsers: Some(browsers.clone()),
        language: args.language.clone(),
    };
    let looked = look(&url, (args.driver, tools), recipe.as_ref()).await;
    browsers.stop().await;
    let Looked { sheet, drawn, .. } = looked?;
    if args.recipe {
        let Some(recipe) = drawn else {
            bail!("no recipe can be drawn from this page: it asks for nothing that has a lasting name")
        };
        println!("{}", serde_json::to_string_pretty(&recipe)?);
    } else if args.json {
        println!("{}", serde_json::to_string_pretty(&sheet)?);
    } else {
        print!("{}", text::of(&sheet));
    }
    Ok(())
}

fn page_url(text: &str) -> anyhow::Result<Url> {
    let url = Url::parse(text).with_context(|| format!("{text} is no absolute URL"))?;
    if origins::text_of(&url).is_none() {
        bail!("{text} is no page: the URL must start with https:// or http://");
    }
    Ok(url)
}

fn read_recipe(path: &PathBuf) -> anyhow::Result<Recipe> {
    let name = path.display();
    let text = std::fs::read_to_string(path).with_context(|| format!("{name} cannot be read"))?;
    let json: Value = serde_json::from_str(&text).with_context(|| format!("{name} is no JSON"))?;
    recipe::read(&json).with_context(|| format!("{name} is no recipe"))
}

/// Opens the page and writes down what is seen, and the recipe that would see it again.
/// With AUTO as a login would: by plain requests, and in a browser if scripts are missed.
async fn look(url: &Url, (kind, tools): (Kind, Tools), recipe: Option<&Recipe>) -> anyhow::Result<Looked> {
    let first = match kind {
        Kind::Browser => Driver::Browser,
        Kind::Auto | Kind::Http => Driver::Http,
    };
    let has_browser = tools.browsers.as_ref().is_some_and(Browsers::are_there);
    let looked = look_by(first, url, tools.clone(), recipe).await?;
    if kind == Kind::Auto && looked.misses_scripts && has_browser {
        return look_by(Driver::Browser, url, tools, recipe).await;
    }
    Ok(looked)
}

/// What was seen.
struct Looked {
    sheet: Sheet,
    drawn: Option<Recipe>,
    /// Whether more might be there for a driver that runs the page's scripts.
    misses_scripts: bool,
}

async fn look_by(kind: Driver, url: &Url, tools: Tools, recipe: Option<&Recipe>) -> anyhow::Result<Looked> {
    let mut driver = driver::start(kind, tools, None).context("the driver")?;
    driver.perform(&Action::Open(url.clone())).await.with_context(|| format!("opening {url}"))?;
    let page = driver.snapshot().await.context("looking at the page")?;
    let marks = match recipe {
        Some(recipe) => driver.mark(recipe).await.context("looking for what the recipe names")?,
        None => Marks::new(),
    };
    let runs_scripts = driver.runs_scripts();
    let context = Context { login_url: url, before: None, password_sent: false, probed: false, runs_scripts };
    let seen = detect_with(&page, &context, recipe.map(|recipe| Guide { recipe, marks: &marks }));
    let drawn = sheet::recipe(&page, &seen, runs_scripts);
    let is_lost = matches!(
        seen.step,
        Step::Unknown
            | Step::Refused(
                FailureCode::MethodUnsupported
                    | FailureCode::LoginFormNotFound
                    | FailureCode::CaptchaUnsolvable
            )
    );
    let misses_scripts = is_lost && page.scripts > 0 && !runs_scripts;
    Ok(Looked { sheet: Sheet::new(&page, seen, runs_scripts), drawn, misses_scripts })
}
