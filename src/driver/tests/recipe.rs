//! Recipes on real pages: what they say comes first, and what must never happen does not.

use entity::FailureCode;
use serde_json::{Value, json};
use url::Url;

use super::{LOGIN, at, loaded, told};
use crate::domain::detector::{Before, Context, Guide, Press, Seen, Sent, Step, detect_with};
use crate::domain::recipe::{Recipe, read};
use crate::driver::page::select;

/// What the detector makes of a page with a recipe, after `sent` left the usual form.
fn seen(recipe: &Value, sent: Sent, url: &str, html: &str) -> Seen {
    let (page, before) = (at(url, 200, html), loaded(LOGIN).snapshot);
    let recipe: Recipe = read(recipe).unwrap();
    let marks = select::mark(&page, &recipe);
    let before = Before { page: &before, sent, complaints: &[] };
    let login_url = Url::parse("https://site.example/login").unwrap();
    let context = Context {
        login_url: &login_url,
        before: (sent != Sent::Nothing).then_some(&before),
        password_sent: sent == Sent::Password,
        probed: false,
        runs_scripts: false,
    };
    detect_with(&page.snapshot, &context, Some(Guide { recipe: &recipe, marks: &marks }))
}

fn first(recipe: &Value, html: &str) -> Seen {
    seen(recipe, Sent::Nothing, "https://site.example/login", html)
}

fn after(recipe: &Value, html: &str) -> Seen {
    seen(recipe, Sent::Password, "https://site.example/x", html)
}

fn step(fields: &Value) -> Value {
    json!({ "steps": [{ "match": { "path": "/login" }, "fields": fields }] })
}

/// Two forms to sign in with, which nobody can tell apart without help.
const TWO: &str = "<h1>Sign in</h1><form method=post action=/a><input name=user><input type=password name=pw>\
    <button>Sign in</button></form><form method=post action=/b><input name=nr><input type=password name=pin>\
    <button name=x>Sign in</button><button class=go name=y>Weird</button></form>";

#[test]
fn a_recipe_says_which_of_two_forms_is_meant_and_what_sends_it() {
    assert_eq!(told(&super::first(TWO).step), "LOGIN_FORM_NOT_FOUND");
    let mut recipe = step(&json!({ "identifier": "input[name=nr]", "password": "[name=pin]" }));
    recipe["steps"][0]["submit"] = json!("button.go");
    let seen = first(&recipe, TWO);
    let Step::Ask(question) = seen.step else { panic!("{seen:?}") };
    let page = loaded(TWO).snapshot;
    let named = |name: &str| page.inputs.iter().find(|i| i.name.as_deref() == Some(name)).unwrap().uid;
    let inputs: Vec<_> = question.fields.iter().flat_map(|typed| typed.inputs.clone()).collect();
    assert_eq!(inputs, [named("nr"), named("pin")]);
    let button = page.buttons.iter().find(|button| button.name.as_deref() == Some("y")).unwrap().uid;
    assert_eq!(question.submit, Some(Press::Submit { form: Some(page.forms[1].uid), button: Some(button) }));
    assert_eq!(seen.reasons, ["the recipe's steps.0 matches"]);
}

#[test]
fn a_recipe_never_types_a_password_into_what_is_not_a_password_or_not_to_be_seen() {
    let trap =
        |input: &str| format!("<h1>x</h1><form method=post><input name=u>{input}<button>Go</button></form>");
    for (input, why) in [
        ("<input name=p>", "is not a password input"),
        ("<input type=password name=p style='display:none'>", "is not on the page, hidden or closed"),
        ("<div hidden><input type=password name=p></div>", "is not on the page, hidden or closed"),
        ("<input type=password name=p readonly>", "is not on the page, hidden or closed"),
        ("<input type=password name=p><input type=password name=p>", "matches more than one input"),
        ("<input type=hidden name=p>", "is not on the page, hidden or closed"),
        ("<textarea name=p></textarea>", "is not a password input"),
    ] {
        let seen = first(&step(&json!({ "identifier": "[name=u]", "password": "[name=p]" })), &trap(input));
        let said = seen.reasons.iter().any(|reason| reason.contains(why));
        assert!(said, "{input}: {:?}", seen.reasons);
        if let Step::Ask(question) = &seen.step {
            assert!(question.fields.iter().flat_map(|f| &f.inputs).count() < 3, "{input}");
        }
    }
}

#[test]
fn conditions_are_words_paths_and_elements_that_can_be_seen() {
    let page = "<h1>Please wait</h1><p class=bad hidden>Wrong</p><div class=box><p>Our   Offers</p></div>";
    for (condition, holds) in [
        (json!({ "has": ".box" }), true),
        (json!({ "has": ".bad" }), false),
        (json!({ "text": "our offers" }), true),
        (json!({ "text": "wrong" }), false),
        (json!({ "path": "/x", "has": ".box" }), true),
        (json!({ "path": "/y", "has": ".box" }), false),
    ] {
        let recipe = json!({ "results": { "ACCOUNT_LOCKED": [condition] } });
        let locked = after(&recipe, page).step == Step::Refused(FailureCode::AccountLocked);
        assert_eq!(locked, holds, "{recipe}");
    }
}

#[test]
fn a_rejection_of_the_recipe_has_the_sites_own_words() {
    let recipe = json!({ "results": { "CREDENTIALS_REJECTED": [{ "has": ".x1" }] }, "messages": [".x1"] });
    let page = LOGIN.replace("<form", "<p class=x1>Das war wohl nichts.</p><form");
    let seen = after(&recipe, &page);
    let error = seen.error.unwrap();
    assert_eq!(
        (error.text.as_str(), error.meaning),
        ("Das war wohl nichts.", Some(FailureCode::CredentialsRejected))
    );
    assert_eq!(told(&seen.step), "credentials identifier password");
    let unsent = first(&recipe, &page);
    assert_eq!(unsent.error, None);
}

#[test]
fn success_is_what_the_recipe_says_and_that_nothing_secret_is_asked_for() {
    let home = "<h1>Start</h1><p>Balance 12</p>";
    let code = "<h1>Code</h1><form method=post><input name=otp autocomplete=one-time-code><button>Go</button></form>";
    let out = "<h1>Start</h1><a href=/logout>Log out</a><a href=/a>A</a><a href=/b>B</a><p>Hello</p>";
    let recipe = json!({ "results": { "success": [{ "text": "Balance" }] } });
    assert_eq!(told(&after(&recipe, home).step), "signed in");
    assert_eq!(told(&after(&recipe, &format!("{home}{code}")).step), "code code");
    assert_eq!(told(&after(&json!({}), out).step), "signed in");
    // The recipe knows success, and this is none: it is asked again by the probe, not believed.
    assert_eq!(told(&after(&recipe, out).step), "perhaps signed in");
    assert_eq!(told(&first(&recipe, home).step), "unknown");
}

#[test]
fn what_matches_no_step_is_left_to_the_detector() {
    let recipe = json!({ "steps": [
        { "match": { "path": "/elsewhere" }, "fields": { "password": "[name=pw]" } },
        { "match": { "has": "form" }, "not": { "text": "User name" }, "fields": { "password": "[name=pw]" } }
    ] });
    assert_eq!(told(&first(&recipe, LOGIN).step), "credentials identifier password");
}
