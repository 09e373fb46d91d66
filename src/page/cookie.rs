//! The cookie that binds one login to one browser.
//!
//! Its name holds the login's id, so that two links in one browser do not disturb each other.

use std::time::Duration;

use axum::http::HeaderMap;
use axum_extra::extract::CookieJar;
use axum_extra::extract::cookie::{Cookie, SameSite};
use entity::LoginId;

use super::Settings;
use crate::domain::Secret;

/// No cookie of ours is longer; anything else need not be hashed or looked up.
const LONGEST: usize = 256;

/// What the browser is told to keep for this login, and no script to see.
pub(super) fn bake(settings: &Settings, login: LoginId, secret: &Secret, keep_for: Duration) -> CookieJar {
    let cookie = Cookie::build((name(settings, login), secret.expose().to_owned()))
        .path("/")
        .http_only(true)
        .secure(is_https(settings))
        // Lax, not Strict: coming back from a mail or the site itself must find the login.
        .same_site(SameSite::Lax)
        .max_age(keep_for.try_into().unwrap_or_default());
    CookieJar::new().add(cookie)
}

/// What the browser has kept for this login, if anything.
pub(super) fn read(settings: &Settings, login: LoginId, headers: &HeaderMap) -> Option<Secret> {
    let jar = CookieJar::from_headers(headers);
    let value = jar.get(&name(settings, login))?.value();
    (1..=LONGEST).contains(&value.len()).then(|| Secret::new(value.to_owned()))
}

/// The prefix makes browsers refuse the cookie from anywhere but this very host over https.
fn name(settings: &Settings, login: LoginId) -> String {
    let prefix = if is_https(settings) { "__Host-" } else { "" };
    format!("{prefix}login-{login}")
}

fn is_https(settings: &Settings) -> bool {
    settings.public_url.scheme() == "https"
}

#[cfg(test)]
mod tests {
    use axum::http::header;
    use axum::response::IntoResponse;
    use entity::Timestamp;

    use super::*;

    fn settings(public_url: &str) -> Settings {
        Settings { public_url: public_url.parse().unwrap(), trusted_proxies: Vec::new() }
    }

    fn baked(settings: &Settings, login: LoginId, secret: &str) -> String {
        let jar = bake(settings, login, &Secret::new(secret.into()), Duration::from_mins(30));
        jar.into_response().headers()[header::SET_COOKIE].to_str().unwrap().to_owned()
    }

    #[test]
    fn over_https_the_cookie_is_bound_to_the_host_and_secure() {
        let login = LoginId::new(Timestamp(1));
        let cookie = baked(&settings("https://p.example/"), login, "s3");

        let expected =
            format!("__Host-login-{login}=s3; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=1800");
        assert_eq!(cookie, expected);
    }

    #[test]
    fn over_plain_http_on_loopback_it_has_neither_prefix_nor_secure() {
        let login = LoginId::new(Timestamp(1));
        let cookie = baked(&settings("http://127.0.0.1:8080/"), login, "s3");

        assert_eq!(cookie, format!("login-{login}=s3; HttpOnly; SameSite=Lax; Path=/; Max-Age=1800"));
    }

    #[test]
    fn two_logins_in_one_browser_do_not_disturb_each_other() {
        let settings = settings("https://p.example/");
        let (first, second) = (LoginId::new(Timestamp(1)), LoginId::new(Timestamp(2)));
        let sent = |login, secret| baked(&settings, login, secret).split(';').next().unwrap().to_owned();
        let both = format!("{}; {}", sent(first, "one"), sent(second, "two"));
        let headers = HeaderMap::from_iter([(header::COOKIE, both.parse().unwrap())]);

        let kept = |login| read(&settings, login, &headers).map(|secret| secret.expose().to_owned());
        assert_eq!(kept(first).as_deref(), Some("one"));
        assert_eq!(kept(second).as_deref(), Some("two"));
        assert_eq!(kept(LoginId::new(Timestamp(3))), None);
    }
}
