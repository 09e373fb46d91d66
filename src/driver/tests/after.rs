//! Pages after something was sent: refusals, second steps, interstitials, success.

use entity::FailureCode as F;

use super::{LOGIN, after, after_password, at, told};
use crate::domain::detector::{Seen, Sent, Step};
use crate::domain::prompt::CodeDelivery;

fn page(html: &str) -> Seen {
    after_password(&at("https://site.example/next", 200, html).snapshot)
}

fn with(message: &str) -> String {
    LOGIN.replace("<form", &format!("{message}<form"))
}

#[test]
fn complaints_are_kept_verbatim_wherever_a_site_puts_them() {
    for html in [
        with("<div class='alert alert-danger'>No luck with that.</div>"),
        with("<p role=alert>No luck with that.</p>"),
        with("<ul class=errorlist><li>No luck with that.</li></ul>"),
        LOGIN.replace("name=pw>", "name=pw aria-describedby=e aria-invalid=true><span id=e class=field-error>No luck with that.</span>"),
        with("<span class=flash_message>No luck with that.</span>"),
    ] {
        let error = after_password(&at("https://site.example/login", 200, &html).snapshot).error;
        assert_eq!(error.map(|error| error.text).as_deref(), Some("No luck with that."), "{html}");
    }
}

#[test]
fn what_was_there_before_the_submit_is_no_complaint() {
    let hint = with("<div class='alert alert-danger'>Never tell anyone your password.</div>");
    let now = at("https://site.example/login", 200, &hint).snapshot;
    assert_eq!(after(&hint, Sent::Password, &now).error, None);
    assert!(after(LOGIN, Sent::Password, &now).error.is_some());
}

#[test]
fn accounts_that_cannot_sign_in_end_the_login_with_the_sites_words() {
    for (message, code) in [
        ("Your account has been locked. Call us.", F::AccountLocked),
        ("Ihr Zugang wurde gesperrt.", F::AccountLocked),
        ("Su cuenta está desactivada.", F::AccountDisabled),
        ("Il tuo account è stato disattivato.", F::AccountDisabled),
        ("Votre mot de passe a expiré.", F::PasswordExpired),
        ("Te veel pogingen. Probeer het later opnieuw.", F::RateLimited),
    ] {
        for html in [with(&format!("<p class=error>{message}</p>")), format!("<h1>{message}</h1>")] {
            let seen = page(&html);
            assert_eq!(told(&seen.step), code.as_str(), "{html}");
            assert_eq!(seen.error.unwrap().text, message);
        }
    }
}

#[test]
fn one_time_codes_are_found_by_token_by_name_and_by_shape() {
    for (inside, step) in [
        ("<input name=x autocomplete=one-time-code>", "code code"),
        ("<label>Verification code <input name=x></label>", "code code"),
        ("<label>Bestätigungscode <input name=x></label>", "code code"),
        ("<label>Code de vérification <input name=x></label>", "code code"),
        ("<label>Código de verificación <input name=x></label>", "code code"),
        ("<label>Codice di verifica <input name=x></label>", "code code"),
        ("<label>Verificatiecode <input name=x></label>", "code code"),
        ("<label>Code <input name=x maxlength=6></label>", "code code"),
        ("<label>PIN <input name=pin type=password></label>", "code code"),
        ("<label>Enter it here <input name=x maxlength=6 inputmode=numeric></label>", "code code"),
        (
            "<input name=a maxlength=1><input name=b maxlength=1><input name=c maxlength=1><input name=d maxlength=1>",
            "code code",
        ),
        ("<label>Coupon code <input name=coupon></label>", "unknown"),
        ("<label>Postal code <input name=zip></label>", "unknown"),
    ] {
        let html = format!("<h1>One more step</h1><form method=post>{inside}<button>Verify</button></form>");
        assert_eq!(told(&page(&html).step), step, "{inside}");
    }
}

#[test]
fn a_code_page_offers_its_other_ways_and_a_new_code() {
    let html = "<h1>Check your phone</h1><p>We sent a text message to +1 ***-**23.</p>\
        <form method=post><input name=code maxlength=6><button name=again value=1>Resend code</button>\
        <button name=back value=1>Back</button><button>Verify</button></form>\
        <form method=post action=/list><label>Backup code <input name=backup></label><button>Use it</button></form>\
        <a href=/other>Try another way</a>";
    let seen = page(html);
    assert_eq!(told(&seen.step), "code code +2 other ways +resend");
    let Step::Ask(question) = seen.step else { panic!() };
    assert_eq!(question.delivery, Some(CodeDelivery::Sms));
    assert_eq!(question.masked_target.as_deref(), Some("+1 ***-**23"));
    assert_eq!(question.message.as_deref(), Some("We sent a text message to +1 ***-**23."));
}

#[test]
fn a_choice_of_ways_is_asked_with_the_sites_words() {
    for html in [
        "<h1>Choose a method</h1><form method=post><label><input type=radio name=m value=1>Text message</label>\
         <label><input type=radio name=m value=2>Authenticator app</label><button>Next</button></form>",
        "<h1>Verify it is you</h1><form method=post><input type=radio name=m value=1> SMS to ***23\
         <input type=radio name=m value=2> E-mail to j***@example.org<button>Send</button></form>",
        "<h1>Wählen Sie ein Verfahren</h1><form method=post><select name=m><option value=''>–</option>\
         <option value=1>SMS</option><option value=2>E-Mail</option></select><button>Weiter</button></form>",
        "<h1>How would you like to get your code?</h1><form method=post><button name=m value=1>Text message</button>\
         <button name=m value=2>E-mail</button></form>",
    ] {
        assert_eq!(told(&page(html).step), "choice +2 choices", "{html}");
    }
}

#[test]
fn what_stands_between_a_password_and_the_account_is_asked_for_what_it_is() {
    for (html, step) in [
        (
            "<h1>Trust this browser?</h1><form method=post><button name=a value=n>Not now</button><button name=a value=y>Yes</button></form>",
            "notice",
        ),
        (
            "<h1>Our terms</h1><p>The terms and conditions have changed.</p><form method=post><label><input type=checkbox name=ok required>I agree</label><button>Accept</button></form>",
            "notice other",
        ),
        (
            "<h1>Security question</h1><form method=post><label>What was your first pet? <input name=q1></label><button>Continue</button></form>",
            "questions answer",
        ),
        (
            "<h1>Choose a new password</h1><form method=post><input type=password name=a placeholder='New password'><input type=password name=b placeholder='Repeat new password'><button>Save</button></form>",
            "new_password newpassword confirmpassword",
        ),
        (
            "<h1>Change password</h1><form method=post><input type=password name=o placeholder='Current password'><input type=password name=a placeholder='New password'><input type=password name=b placeholder='Confirm password'><button>Save</button></form>",
            "new_password password newpassword confirmpassword",
        ),
        (
            "<h1>Your phone number</h1><form method=post><label>Mobile number <input type=tel name=t></label><button>Send</button></form>",
            "phone phone",
        ),
        (
            "<h1>Approve the sign-in</h1><p>Open the app on your phone and approve. Is this the number?</p><div>42</div>",
            "approval",
        ),
    ] {
        assert_eq!(told(&page(html).step), step, "{html}");
    }
}

#[test]
fn an_approval_shows_the_number_to_compare() {
    let Step::Ask(question) = page("<p>Open the app and approve.</p><b><p>42</p></b>").step else { panic!() };
    assert_eq!(question.number.as_deref(), Some("42"));
}

#[test]
fn success_needs_two_signs() {
    for (html, step) in [
        ("<h1>Orders</h1><p>Three orders are on their way.</p><a href=/out>Log out</a>", "signed in"),
        ("<h1>Bestellungen</h1><form method=post action=/out><button>Abmelden</button></form>", "signed in"),
        ("<h1>Orders</h1><p>Three orders are on their way.</p>", "perhaps signed in"),
        (
            "<h1>Almost there</h1><a href=/out>Log out</a><form method=post><label>Authentication code <input name=c></label><button>OK</button></form>",
            "code code",
        ),
        (
            "<h1>Tell us more</h1><form method=post><label>Date of birth <input name=d></label><button>OK</button></form>",
            "unknown",
        ),
    ] {
        assert_eq!(told(&page(html).step), step, "{html}");
    }
}

#[test]
fn words_in_a_table_of_a_signed_in_page_are_no_complaint() {
    let rows = "<tr><td>Payment failed</td></tr><tr><td>Account locked</td></tr>".repeat(3);
    let html = format!(
        "<nav><a href=/a>A</a><a href=/b>B</a><a href=/out>Sign out</a></nav><div class='alert alert-warning'>\
         Please look at your invalid invoices.</div><table>{rows}</table>"
    );
    assert_eq!(told(&page(&html).step), "signed in");
}

#[test]
fn forms_on_a_page_of_the_account_are_not_part_of_the_login() {
    let nav = "<a href=/a>A</a><a href=/b>B</a><a href=/c>C</a><a href=/d>E-mail devices</a><a href=/e>SMS devices</a>\
        <form method=post action=/out><button>Log out</button></form>";
    for form in [
        "",
        "<form method=post><label>Your phone number <input type=tel name=t></label><button>Save</button></form>",
        "<form method=post><label>Invitation code <input name=i></label><button>Use</button></form>",
        "<h2>Choose</h2><form method=post><input type=radio name=m> SMS <input type=radio name=m> E-mail<button>Save</button></form>",
        "<form method=post><input type=password name=a autocomplete=new-password><input type=password name=b autocomplete=new-password></form>",
    ] {
        let html = format!("<h1>Your place</h1>{nav}{form}");
        assert_eq!(told(&page(&html).step), "signed in", "{form}");
    }
}

#[test]
fn error_pages_are_told_by_their_status() {
    for (status, code) in [(429, "RATE_LIMITED"), (503, "SITE_UNAVAILABLE"), (500, "SITE_ERROR")] {
        let seen = after_password(&at("https://site.example/x", status, "<h1>Oops</h1>").snapshot);
        assert_eq!(told(&seen.step), code);
    }
}
