//! The site, as a browser without scripts sees it.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::{Method, Request};
use totp_rs::Secret;
use tower::ServiceExt;
use url::form_urlencoded;

use super::*;
use crate::sandbox::scenarios;

const PASSWORD: &str = "correct-horse-1";
const WRONG_NAME_OR_PASSWORD: &str =
    "That user name and password do not match. Please check both and try again.";
const WRONG_CODE: &str = "That code is not right. Wait for the next one in your app and try again.";

/// A page, after all redirects.
struct Page {
    status: StatusCode,
    path: String,
    html: String,
}

/// A browser with one cookie jar at one site.
struct Browser {
    site: Router,
    cookie: String,
}

impl Browser {
    fn at_the_site() -> Self {
        Self { site: router(), cookie: String::new() }
    }

    async fn open(&mut self, path: &str) -> Page {
        self.request(Method::GET, path, String::new()).await
    }

    /// Opens the form at `path`, fills it in and sends it off.
    async fn fill(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let form = self.open(path).await;
        let token = form.html.split("name=\"csrf\" value=\"").nth(1).unwrap_or_default();
        self.send(path, token.split('"').next().unwrap_or_default(), fields).await
    }

    async fn send(&mut self, path: &str, csrf: &str, fields: &[(&str, &str)]) -> Page {
        let form = form_urlencoded::Serializer::new(format!("csrf={csrf}")).extend_pairs(fields).finish();
        self.request(Method::POST, path, form).await
    }

    async fn sign_in(&mut self, username: &str, password: &str) -> Page {
        self.fill("/login", &[("username", username), ("password", password)]).await
    }

    async fn count(&mut self, username: &str) -> serde_json::Value {
        let counts = self.open("/_counts").await.html;
        serde_json::from_str::<serde_json::Value>(&counts).unwrap()[username].clone()
    }

    async fn request(&mut self, method: Method, path: &str, body: String) -> Page {
        let (mut method, mut path, mut body) = (method, path.to_owned(), body);
        loop {
            let request = Request::builder()
                .method(method)
                .uri(&path)
                .header(header::COOKIE, &self.cookie)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(Body::from(body))
                .unwrap();
            let response = self.site.clone().oneshot(request).await.unwrap();
            if let Some(cookie) = response.headers().get(header::SET_COOKIE) {
                self.cookie = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
            }
            let Some(location) = response.headers().get(header::LOCATION) else {
                let status = response.status();
                let html = to_bytes(response.into_body(), usize::MAX).await.unwrap();
                return Page { status, path, html: String::from_utf8(html.to_vec()).unwrap() };
            };
            (method, path, body) = (Method::GET, location.to_str().unwrap().to_owned(), String::new());
        }
    }
}

fn code_of_the_app() -> String {
    let secret = Secret::try_from_base32("JBSWY3DPEHPK3PXP").unwrap();
    totp_rs::Builder::new().with_secret(secret).build_noncompliant().generate_current().to_string()
}

#[tokio::test]
async fn the_right_password_leads_to_the_account() {
    let mut browser = Browser::at_the_site();
    let before = browser.open("/account").await;
    assert_eq!(before.path, "/login");

    let page = browser.sign_in("good", PASSWORD).await;

    assert_eq!(page.path, "/account");
    assert!(page.html.contains("<span id=\"holder\">good</span>"));
    assert!(page.html.contains("<b id=\"balance\">3,474.45</b>"));
    assert!(browser.open("/statements").await.html.contains("ML-2026-09"));
    assert_eq!(browser.open("/login").await.path, "/account");
}

#[tokio::test]
async fn a_wrong_password_is_refused_in_the_sites_own_words() {
    let mut browser = Browser::at_the_site();

    let page = browser.sign_in("good", "correct-horse-2").await;

    assert_eq!(page.path, "/login");
    assert!(page.html.contains(&format!("role=\"alert\" id=\"error\">{WRONG_NAME_OR_PASSWORD}<")));
    assert!(page.html.contains("name=\"username\" type=\"text\" value=\"good\""));
    assert_eq!(browser.open("/account").await.path, "/login");
}

#[tokio::test]
async fn an_unknown_user_name_is_refused_in_the_same_words() {
    let page = Browser::at_the_site().sign_in("<b>nobody</b>", PASSWORD).await;

    assert!(page.html.contains(WRONG_NAME_OR_PASSWORD));
    assert!(!page.html.contains("<b>nobody"));
}

#[tokio::test]
async fn the_code_is_the_one_that_the_authenticator_app_shows() {
    let mut browser = Browser::at_the_site();
    assert_eq!(browser.sign_in("otp_app", PASSWORD).await.path, "/login/code");
    assert_eq!(browser.open("/account").await.path, "/login");

    let refused = browser.fill("/login/code", &[("code", "12345")]).await;
    assert!(refused.html.contains(&format!("role=\"alert\" id=\"error\">{WRONG_CODE}<")));

    let page = browser.fill("/login/code", &[("code", &code_of_the_app())]).await;
    assert_eq!(page.path, "/account");
}

#[tokio::test]
async fn two_pages_ask_for_the_password_after_the_user_name() {
    let mut browser = Browser::at_the_site();
    // The password on the first page is not even looked at.
    assert_eq!(browser.sign_in("two_pages", PASSWORD).await.path, "/login/password");

    let refused = browser.fill("/login/password", &[("password", "wrong")]).await;
    assert!(refused.html.contains(WRONG_NAME_OR_PASSWORD));

    let page = browser.fill("/login/password", &[("password", PASSWORD)]).await;
    assert_eq!(page.path, "/account");
}

#[tokio::test]
async fn the_user_name_can_always_be_given_alone_at_its_own_address() {
    for username in ["good", "two_pages"] {
        let mut browser = Browser::at_the_site();
        assert!(!browser.open("/login/name").await.html.contains("type=\"password\""));

        let next = browser.fill("/login/name", &[("username", username)]).await;
        assert_eq!(next.path, "/login/password");

        let page = browser.fill("/login/password", &[("password", PASSWORD)]).await;
        assert_eq!(page.path, "/account");
    }
}

#[tokio::test]
async fn a_locked_account_is_told_in_words_after_the_right_password_only() {
    let mut browser = Browser::at_the_site();
    assert!(browser.sign_in("locked", "wrong").await.html.contains(WRONG_NAME_OR_PASSWORD));

    let page = browser.sign_in("locked", PASSWORD).await;

    assert!(page.html.contains("Your account is locked."));
    assert!(!page.html.contains("<form"));
    assert_eq!(browser.open("/account").await.path, "/login");
}

#[tokio::test]
async fn the_slow_site_answers_after_three_seconds() {
    let mut browser = Browser::at_the_site();

    let mut sign_in = Box::pin(browser.sign_in("slow", PASSWORD));
    let early = tokio::time::timeout(Duration::from_millis(2_800), &mut sign_in).await;

    assert!(early.is_err());
    assert_eq!(sign_in.await.path, "/account");
}

#[tokio::test]
async fn the_site_that_is_down_answers_503() {
    let page = Browser::at_the_site().sign_in("down", "anything").await;

    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn signing_out_ends_the_session() {
    let mut browser = Browser::at_the_site();
    browser.sign_in("good", PASSWORD).await;

    browser.open("/logout").await;

    assert_eq!(browser.open("/account").await.path, "/login");
}

#[tokio::test]
async fn signing_in_changes_the_session_cookie() {
    let mut browser = Browser::at_the_site();
    browser.open("/login").await;
    let before = browser.cookie.clone();

    browser.sign_in("good", PASSWORD).await;

    assert_ne!(browser.cookie, before);
}

#[tokio::test]
async fn a_form_without_the_visitors_token_is_refused_and_still_counted() {
    let mut browser = Browser::at_the_site();
    browser.open("/login").await;

    let page = browser.send("/login", "forged", &[("username", "good"), ("password", PASSWORD)]).await;

    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert_eq!(browser.open("/account").await.path, "/login");
    assert_eq!(browser.count("good").await["submits"], 1);
}

#[tokio::test]
async fn every_form_is_counted_under_its_user_name() {
    let mut browser = Browser::at_the_site();
    browser.sign_in("otp_app", "wrong").await;
    browser.sign_in("otp_app", PASSWORD).await;
    browser.fill("/login/code", &[("code", "000")]).await;
    browser.sign_in("nobody", PASSWORD).await;

    let seen = serde_json::json!({ "submits": 3, "passwords": 2, "codes": 1, "let_in": 0 });
    assert_eq!(browser.count("otp_app").await, seen);
    assert_eq!(browser.count("unknown").await["submits"], 1);
    assert_eq!(browser.count("good").await["submits"], 0);
}

#[tokio::test]
async fn a_form_beyond_the_limit_is_refused() {
    let page = Browser::at_the_site().sign_in("good", &"x".repeat(MAX_FORM)).await;

    assert_eq!(page.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn the_start_page_shows_every_scenario() {
    let page = Browser::at_the_site().open("/").await;

    for scenario in scenarios() {
        assert!(page.html.contains(&format!("<code>{}</code>", scenario.username)), "{}", scenario.username);
    }
}
