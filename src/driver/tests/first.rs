//! First pages: where to type a name and a password, and where not to.

use super::{first, loaded, told};
use crate::domain::detector::{Press, Question, Step};

fn question(html: &str) -> Box<Question> {
    match first(html).step {
        Step::Ask(question) => question,
        other => panic!("{}", told(&other)),
    }
}

fn pressed(html: &str) -> Option<String> {
    let page = loaded(html).snapshot;
    match question(html).submit {
        Some(Press::Submit { button: Some(uid), .. }) => {
            page.buttons.iter().find(|button| button.uid == uid).map(|button| button.text.clone())
        }
        _ => None,
    }
}

fn form(inside: &str) -> String {
    format!("<form method=post action=/go>{inside}</form>")
}

#[test]
fn the_form_to_sign_in_with_is_found_in_six_languages() {
    for (heading, name, password, button) in [
        ("Sign in", "User name", "Password", "Log in"),
        ("Anmelden", "Benutzername", "Passwort", "Anmelden"),
        ("Connexion", "Identifiant", "Mot de passe", "Se connecter"),
        ("Iniciar sesión", "Usuario", "Contraseña", "Entrar"),
        ("Accedi", "Nome utente", "Password", "Accedi"),
        ("Inloggen", "Gebruikersnaam", "Wachtwoord", "Inloggen"),
    ] {
        let html = format!(
            "<h1>{heading}</h1><form method=post><label for=a>{name}</label><input id=a name=x1>\
             <label for=b>{password}</label><input id=b name=x2 type=password><button>{button}</button></form>"
        );
        assert_eq!(told(&first(&html).step), "credentials identifier password", "{heading}");
        assert_eq!(question(&html).fields[0].field.label, name);
    }
}

#[test]
fn pages_that_ask_only_for_the_name_are_a_first_step() {
    for (html, step) in [
        (
            "<h1>Sign in</h1><form method=post><input name=email type=email><button>Next</button></form>",
            "credentials email",
        ),
        (
            "<h1>Anmelden</h1><form method=post><label>Kundennummer <input name=k></label><button>Weiter</button></form>",
            "credentials identifier",
        ),
        (
            "<title>Log in</title><form method=post><input name=u autocomplete='username webauthn'><button>Continue</button></form>",
            "credentials identifier",
        ),
        (
            "<h1>Our shop</h1><form method=post><input name=email type=email><button>Subscribe</button></form>",
            "unknown",
        ),
        (
            "<h1>Newsletter</h1><form method=post><input name=email type=email><button>Go</button></form>",
            "unknown",
        ),
        (
            "<h1>Forgot your password?</h1><form method=post><input name=email type=email><button>Send</button></form>",
            "unknown",
        ),
    ] {
        assert_eq!(told(&first(html).step), step, "{html}");
    }
}

#[test]
fn signing_in_is_told_from_signing_up_and_searching() {
    let login = form("<input name=user><input type=password name=pw><button>Log in</button>");
    let sign_up = "<form method=post action=/register id=signup><h2>Create account</h2><input name=mail type=email>\
        <input type=password name=p1 autocomplete=new-password><input type=password name=p2><button>Register</button></form>";
    let search =
        "<form role=search action=/find><input name=q placeholder=Search><button>Search</button></form>";
    for html in [
        format!("{search}<h1>Welcome</h1>{login}"),
        format!("{sign_up}<h2>Log in</h2>{login}"),
        format!("{login}{sign_up}{search}"),
    ] {
        assert_eq!(told(&first(&html).step), "credentials identifier password", "{html}");
        assert_eq!(pressed(&html).as_deref(), Some("Log in"));
    }
    assert_eq!(told(&first(sign_up).step), "unknown");
    assert_eq!(told(&first(search).step), "unknown");
}

#[test]
fn two_different_forms_to_sign_in_with_are_not_guessed_between() {
    let one = form("<input name=user><input type=password name=pw><button>Log in</button>");
    let other = "<form method=post action=/card><input name=card><input type=password name=pin2><button>Log in</button></form>";
    assert_eq!(told(&first(&format!("{one}{other}")).step), "LOGIN_FORM_NOT_FOUND");
    assert_eq!(told(&first(&format!("{one}{one}")).step), "credentials identifier password");
}

#[test]
fn the_default_button_is_kept_when_no_other_is_clearly_meant() {
    let fields = "<input name=user><input type=password name=pw>";
    for (buttons, pressed_one) in [
        ("<input type=submit value='' hidden><button name=resend value=1>Resend code</button>", None),
        ("<button name=back value=1>Back</button><button>Next</button>", Some("Next")),
        (
            "<button name=sms value=1>Send text message</button><button class='btn primary'>Log in</button>",
            Some("Log in"),
        ),
        ("<button name=g>Sign in with Google</button><button>Sign in</button>", Some("Sign in")),
        ("<button type=button>Show password</button><button>Vai</button>", None),
        (
            "<input type=submit name=a value='Send code' formaction=/code><input type=submit name=b value=Submit>",
            Some("Submit"),
        ),
    ] {
        let html = format!("<h1>Log in</h1>{}", form(&format!("{fields}{buttons}")));
        assert_eq!(pressed(&html).as_deref(), pressed_one, "{buttons}");
    }
}

#[test]
fn fields_that_people_do_not_see_are_never_used() {
    let html = "<style>.hp{position:absolute;left:-5000px}</style><h1>Log in</h1><form method=post>\
        <input name=username class=hp><input name=account><input name=mail style='display:none'>\
        <div hidden><input type=password name=old></div><input type=password name=pw><button>Log in</button></form>";
    let page = loaded(html).snapshot;
    let names: Vec<&str> = question(html)
        .fields
        .iter()
        .flat_map(|typed| &typed.inputs)
        .filter_map(|uid| page.inputs.iter().find(|input| input.uid == *uid)?.name.as_deref())
        .collect();
    assert_eq!(names, ["account", "pw"]);
}

#[test]
fn contradicting_autocomplete_tokens_are_not_believed() {
    let html = form(
        "<input name=search autocomplete=username><input name=user autocomplete=username>\
         <input type=password name=pw><button>Log in</button>",
    );
    let page = loaded(&html).snapshot;
    let uid = question(&html).fields[0].inputs[0];
    assert_eq!(page.inputs.iter().find(|input| input.uid == uid).unwrap().name.as_deref(), Some("user"));
}

#[test]
fn what_cannot_be_driven_without_scripts_is_said_before_anything_is_asked() {
    for html in [
        "<div id=root></div><script src=/app.js></script>",
        "<noscript>You need to enable JavaScript to run this app.</noscript><p>Loading the shop, one moment please</p><script></script>",
        "<h1>Log in</h1><div><input id=user><input type=password id=pw><button>Log in</button></div><script></script>",
        "<h1>Log in</h1><form method=post><input id=user><input type=password id=pw><button>Log in</button></form>",
    ] {
        assert_eq!(told(&first(html).step), "METHOD_UNSUPPORTED", "{html}");
    }
}

#[test]
fn a_captcha_beside_the_form_ends_the_login_before_a_password_is_asked_for() {
    let login = form(
        "<input name=user><input type=password name=pw><div class=g-recaptcha></div><button>Log in</button>",
    );
    assert_eq!(told(&first(&login).step), "CAPTCHA_UNSOLVABLE");
    let unseen = login.replace("class=g-recaptcha", "class=g-recaptcha data-size=invisible");
    assert_eq!(told(&first(&unseen).step), "credentials identifier password");
}

#[test]
fn a_page_without_a_form_leads_to_the_one_with_it() {
    let html = "<h1>Our shop</h1><p>Nice things.</p><a href=/register>Sign up</a> <a href=/in>Sign in</a>";
    assert_eq!(told(&first(html).step), "go to");
}

#[test]
fn old_and_broken_markup_keeps_its_fields() {
    for html in [
        "<h1>Login</h1><table><form method=post action=/in><tr><td>User:<td><input name=u><tr><td>Password:<td><input type=password name=p><tr><td><input type=submit value=Login></form></table>",
        "<H1>Login<FORM METHOD=POST><P>User name<BR><INPUT NAME=u><P>Password<BR><INPUT TYPE=PASSWORD NAME=p><INPUT TYPE=SUBMIT VALUE=Login>",
        "<h1>Login</h1><form id=f method=post></form><input form=f name=u aria-label=User><input form=f type=password name=p><button form=f>Login</button>",
    ] {
        assert_eq!(told(&first(html).step), "credentials identifier password", "{html}");
    }
}
