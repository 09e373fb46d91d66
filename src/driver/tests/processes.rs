//! The processes behind the browser driver: apart where they must be, and gone when they should.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use entity::FailureCode as F;

use super::house::policy_tools;
use super::pages::{Pages, html};
use crate::domain::sign_in::Action;
use crate::driver::browser::{Browsers, Isolation, Settings};
use crate::driver::{self, Driver, Tools};

/// Chromium's own processes, not its helpers, that use a profile below `profiles`.
fn chromiums(profiles: &Path) -> Vec<String> {
    let mark = format!("--user-data-dir={}/", profiles.display());
    let all = std::fs::read_dir("/proc").unwrap().flatten();
    let lines = all.filter_map(|entry| {
        let line = std::fs::read(entry.path().join("cmdline")).ok()?;
        let line = String::from_utf8_lossy(&line).into_owned();
        let is_main = line.contains(&mark) && !line.contains("--type=");
        is_main.then(|| entry.file_name().to_string_lossy().into_owned())
    });
    lines.collect()
}

async fn tools(profiles: &Path, isolation: Isolation, limit: usize) -> (Pages, Tools) {
    let pages = Pages::start(vec![("/a", html("<h1>Page</h1>"))]).await;
    let mut tools = policy_tools(&pages.url("/"), "http://127.0.0.1:*");
    let settings = Settings { program: None, isolation, limit, profiles: profiles.to_owned() };
    tools.browsers = Some(Browsers::new(settings, tools.egress.clone()));
    (pages, tools)
}

async fn open(pages: &Pages, tools: &Tools) -> Result<Box<dyn Driver>, driver::Error> {
    let mut driver = driver::start(entity::Driver::Browser, tools.clone(), None)?;
    driver.perform(&Action::Open(pages.url("/a"))).await?;
    Ok(driver)
}

#[tokio::test]
async fn logins_share_a_chromium_or_have_one_each() {
    for (isolation, count) in [(Isolation::Context, 1), (Isolation::Process, 2)] {
        let profiles = tempfile::tempdir().unwrap();
        let (pages, tools) = tools(profiles.path(), isolation, 2).await;
        let _logins = (open(&pages, &tools).await.unwrap(), open(&pages, &tools).await.unwrap());
        assert_eq!(chromiums(profiles.path()).len(), count, "{isolation:?}");
    }
}

#[tokio::test]
async fn a_login_beyond_the_limit_waits_until_another_one_is_over() {
    let profiles = tempfile::tempdir().unwrap();
    let (pages, tools) = tools(profiles.path(), Isolation::Context, 1).await;
    let first = open(&pages, &tools).await.unwrap();
    let second = open(&pages, &tools);
    tokio::pin!(second);
    let waiting = tokio::time::timeout(Duration::from_secs(1), &mut second).await;
    assert!(waiting.is_err());
    drop(first);
    assert!(second.await.is_ok());
}

#[tokio::test]
async fn a_chromium_that_is_killed_ends_its_own_logins_only() {
    let profiles = tempfile::tempdir().unwrap();
    let (pages, tools) = tools(profiles.path(), Isolation::Process, 3).await;
    let mut first = open(&pages, &tools).await.unwrap();
    let [victim] = chromiums(profiles.path()).try_into().unwrap();
    let mut second = open(&pages, &tools).await.unwrap();

    Command::new("kill").args(["-KILL", &victim]).status().unwrap();

    let error = first.perform(&Action::Reload).await.unwrap_err();
    assert_eq!(error.code(), F::EngineCrash);
    second.perform(&Action::Reload).await.unwrap();
    open(&pages, &tools).await.unwrap();
}

#[tokio::test]
async fn nothing_is_left_when_the_browsers_are_stopped() {
    let profiles = tempfile::tempdir().unwrap();
    let (pages, tools) = tools(profiles.path(), Isolation::Context, 2).await;
    let login = open(&pages, &tools).await.unwrap();
    assert_eq!(chromiums(profiles.path()).len(), 1);
    tools.browsers.as_ref().unwrap().stop().await;
    assert_eq!(
        (chromiums(profiles.path()).len(), std::fs::read_dir(profiles.path()).unwrap().count()),
        (0, 0)
    );
    drop(login);
}

#[tokio::test]
async fn what_a_server_has_left_that_was_killed_is_swept_away() {
    let profiles = tempfile::tempdir().unwrap();
    let dir = profiles.path().join("0a");
    std::fs::create_dir(&dir).unwrap();
    std::fs::write(profiles.path().join("0a.lock"), "").unwrap();
    let flag = format!("--user-data-dir={}", dir.display());
    let mut left = Command::new("/bin/sh").args(["-c", "sleep 60; true", &flag]).spawn().unwrap();

    let (pages, tools) = tools(profiles.path(), Isolation::Context, 2).await;

    assert!(!left.wait().unwrap().success() && !dir.exists());
    let login = open(&pages, &tools).await.unwrap();
    // A server that starts beside this one leaves its profile alone.
    let settings = Settings {
        program: None,
        isolation: Isolation::Context,
        limit: 1,
        profiles: profiles.path().to_owned(),
    };
    drop(Browsers::new(settings, tools.egress.clone()));
    assert_eq!(chromiums(profiles.path()).len(), 1);
    drop(login);
}

#[tokio::test]
async fn a_profile_may_be_far_down_in_the_file_system() {
    let profiles = tempfile::tempdir().unwrap();
    let far_down = profiles.path().join("a-rather-long-name-of-a-directory/".repeat(4));
    let (pages, tools) = tools(&far_down, Isolation::Context, 1).await;
    open(&pages, &tools).await.unwrap();
}

#[tokio::test]
async fn without_chromium_what_needs_it_is_refused() {
    let profiles = tempfile::tempdir().unwrap();
    let (_pages, mut tools) = tools(profiles.path(), Isolation::Context, 1).await;
    let settings = Settings {
        program: Some("/nowhere/chromium".into()),
        isolation: Isolation::Context,
        limit: 1,
        profiles: profiles.path().to_owned(),
    };
    tools.browsers = Some(Browsers::new(settings, tools.egress.clone()));
    let error = driver::start(entity::Driver::Browser, tools, None).err().unwrap();
    assert_eq!(error.code(), F::MethodUnsupported);
}
