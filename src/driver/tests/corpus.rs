//! A table of small pages, each with the trap of some real site in it, and what the detector must make of
//! them. When it fails it prints what was taken for what.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{LOGIN, after, at, loaded, told};
use crate::domain::detector::{Before, Context, Sent, detect};
use crate::domain::snapshot::CookieMark;

/// What was sent before the page came, and from where.
#[derive(Clone, Copy)]
pub(super) enum Came {
    First,
    AfterName,
    AfterPassword,
    AfterCode,
}

impl Came {
    pub(super) const fn sent(self) -> Sent {
        match self {
            First => Sent::Nothing,
            AfterName => Sent::Identifier,
            AfterPassword => Sent::Password,
            AfterCode => Sent::Code,
        }
    }
}

use Came::{AfterCode, AfterName, AfterPassword, First};

fn step(came: Came, html: &str) -> String {
    let page = at("https://site.example/login", 200, html).snapshot;
    let seen = match came {
        First => super::first(html),
        _ => after(LOGIN, came.sent(), &page),
    };
    assert!(seen.reasons.iter().all(|reason| !reason.is_empty() && reason.len() < 400));
    // A decision without a reason cannot be understood by whoever has to help a site.
    assert!(!seen.reasons.is_empty(), "no reason: {html}");
    told(&seen.step)
}

/// Pages that all want the same.
type Row = (Came, &'static str, &'static [&'static str]);

fn judge(table: &[Row]) {
    let mut confused: BTreeMap<(&str, String), Vec<&str>> = BTreeMap::new();
    let mut right = 0;
    for (came, expected, pages) in table {
        for page in *pages {
            let found = step(*came, page);
            if found == *expected {
                right += 1;
            } else {
                confused.entry((expected, found)).or_default().push(page);
            }
        }
    }
    let mut summary = format!("{right} pages are understood\n");
    for ((expected, found), pages) in &confused {
        let _ = writeln!(summary, "{} × {expected:?} taken for {found:?}: {pages:#?}", pages.len());
    }
    assert!(confused.is_empty(), "{summary}");
}

const PAGE: &str = "credentials identifier password";

const TRAPS: &[Row] = &[(
    First,
    PAGE,
    &[
        // Labels that only assistive technology reads.
        "<h1>Sign in</h1><form method=post><input name=a1 aria-label='User name'>\
             <input type=password name=a2 aria-label=Password><button aria-label='Sign in'><svg></svg></button></form>",
        // Named by another element.
        "<h2>Log in</h2><form method=post><span id=l1>Username</span><input name=x aria-labelledby=l1>\
             <span id=l2>Password</span><input type=password name=y aria-labelledby=l2><input type=submit value=Go></form>",
        // A table, a label cell before each field.
        "<form method=post><table><tr><td>User:</td><td><input name=__ac_n></td></tr><tr><td>Pass:</td>\
             <td><input type=password name=__ac_p></td></tr></table><input type=submit value=Login></form>",
        // Signing up beside it, with the same names of fields.
        "<form method=post action=/login><h2>Returning customers</h2><input name=u><input name=p type=password>\
             <button name=login_submit>Log in</button></form><form method=post action=/join><h2>Register</h2><input name=u>\
             <input name=p type=password><input name=p2 type=password placeholder='Confirm password'>\
             <button name=reg>Register</button></form>",
    ],
)];

#[test]
fn forms_to_sign_in_with_are_found_among_traps() {
    judge(TRAPS);
}

const OTHER_FORMS: &[Row] = &[(
    First,
    PAGE,
    &[
        // The search of the page's head comes first.
        "<form action=/s role=search><input name=q><button>Search</button></form><h1>Login</h1>\
             <form method=post><input name=login><input type=password name=passwd><button>Login</button></form>",
        // Buttons for other people's accounts stand before the real one.
        "<h1>Sign in</h1><form method=post><button name=p value=g>Sign in with Google</button><button name=p value=a>\
             Continue with Apple</button><input name=user><input type=password name=pw><button>Sign in</button></form>",
        // The reset form of a lost password on the same page.
        "<h1>Sign in</h1><form method=post action=/in><input name=login><input type=password name=password>\
             <button name=submit>Log in</button></form><h2>Forgot your password?</h2><form method=post action=/reset>\
             <input name=login><button name=reset>Reset password</button></form>",
        // A field that only robots see.
        "<h1>Sign in</h1><form method=post><input name=user><input name=website style='position:absolute;left:-9999px'>\
             <input type=password name=pw><button>Sign in</button></form>",
        // A confused page: password token on the name.
        "<h1>Sign in</h1><form method=post><input name=user autocomplete=current-password><input type=password name=pw \
             autocomplete=new-password><button>Sign in</button></form>",
        // Either will do, and an address field would refuse the other.
        "<h1>Sign in</h1><form method=post><label>Username or e-mail <input name=login autocomplete=email></label>\
             <input type=password name=pw><button>Sign in</button></form>",
        // Two copies of one form: in the menu and on the page.
        "<form method=post action=/in><input name=u><input type=password name=p><button>Log in</button></form>\
             <h1>Log in</h1><form method=post action=/in><input name=u><input type=password name=p><button>Log in</button></form>",
        // The wish for a newsletter is no sign-up.
        "<h1>Anmelden</h1><form method=post><input name=kennung><input type=password name=kw>\
             <label><input type=checkbox name=m>Angemeldet bleiben</label><button>Anmelden</button></form>\
             <form method=post><h3>Newsletter</h3><input type=email name=e><button>Abonnieren</button></form>",
        // A captcha that asks nobody anything.
        "<h1>Sign in</h1><form method=post><input name=u><input type=password name=p><button>Sign in</button></form>\
             <iframe src='https://other.example/recaptcha/anchor?k=1&size=invisible'></iframe>",
        // Fields outside of their form, tied to it by its id.
        "<h1>Sign in</h1><form id=f method=post></form><input name=u form=f><input type=password name=p form=f>\
             <button form=f>Sign in</button>",
    ],
)];

#[test]
fn forms_to_sign_in_with_are_found_among_other_forms_and_buttons() {
    judge(OTHER_FORMS);
}

const MORE_FIELDS: &[Row] = &[
    (
        First,
        "credentials password",
        &[
            // A machine with one owner.
            "<h1>Router</h1><form method=post><label>Password <input type=password name=p></label><button>Log in</button></form>",
        ],
    ),
    (
        First,
        "credentials tenant identifier password",
        &[
            "<h1>Sign in</h1><form method=post><label>Company ID <input name=c></label><label>User name <input name=u></label>\
             <label>Password <input type=password name=p></label><button>Sign in</button></form>",
        ],
    ),
    (
        First,
        "credentials identifier password code",
        &[
            // The code is asked for at once.
            "<h1>Sign in</h1><form method=post><input name=user><input type=password name=pw><label>Verification code \
             <input name=otp></label><button>Sign in</button></form>",
        ],
    ),
    (
        AfterName,
        "credentials password",
        &[
            "<h1>Welcome ann</h1><form method=post><input type=hidden name=u value=ann><input type=password name=p>\
             <button>Next</button></form>",
        ],
    ),
];

#[test]
fn what_else_a_form_wants_is_asked_for_with_the_password() {
    judge(MORE_FIELDS);
}

/// Every page of the tables, with what was sent before it came.
pub(super) fn pages() -> impl Iterator<Item = (Came, &'static str)> {
    let tables = [TRAPS, OTHER_FORMS, MORE_FIELDS, NO_SIGN_IN, CODES, INTERSTITIALS];
    let rows = tables.into_iter().flatten();
    rows.flat_map(|(came, _, pages)| pages.iter().map(|page| (*came, *page)))
}

/// What is made of a page that is empty without its scripts, after a password was sent.
fn shell(path: &str, cookies: &[CookieMark], probed: bool) -> String {
    let empty = "<div id=root></div><script src=/a.js></script>";
    let mut page = at(&format!("https://site.example{path}"), 200, empty).snapshot;
    page.cookies = cookies.to_vec();
    let login = loaded(LOGIN).snapshot;
    let before = Before { page: &login, sent: Sent::Password, complaints: &[] };
    let context = Context {
        login_url: &login.url,
        before: Some(&before),
        password_sent: true,
        probed,
        runs_scripts: false,
    };
    told(&detect(&page, &context).step)
}

#[test]
fn the_inside_of_a_site_may_need_scripts_where_its_door_does_not() {
    let session = [CookieMark { name: "sid".to_owned(), mark: 7 }];

    assert_eq!(shell("/app", &session, false), "perhaps signed in");
    assert_eq!(shell("/app", &session, true), "signed in");
    assert_eq!(shell("/app", &[], false), "METHOD_UNSUPPORTED");
    for behind in ["/login", "/mfa", "/two-factor/otp", "/auth/challenge"] {
        assert_eq!(shell(behind, &session, true), "METHOD_UNSUPPORTED", "{behind}");
    }
}

const NO_SIGN_IN: &[Row] = &[
    (
        First,
        "unknown",
        &[
            "<h1>Create your account</h1><form method=post><input type=email name=email><input type=password name=p1>\
             <input type=password name=p2 placeholder='Repeat password'><button>Create account</button></form>",
            "<h1>Change password</h1><form method=post><input type=password name=old placeholder='Current password'>\
             <input type=password name=n1 placeholder='New password'><input type=password name=n2 placeholder='Confirm password'>\
             <button>Save</button></form>",
            "<h1>Payment</h1><form method=post><input name=card placeholder='Card number'><input type=password name=cvv \
             placeholder='CVV'><button>Pay</button></form>",
            "<h1>Delivery</h1><form method=post><label>Postal code <input name=zip maxlength=5></label><button>Check</button></form>",
            "<h1>Voucher</h1><form method=post><label>Coupon code <input name=code maxlength=8></label><button>Redeem</button></form>",
            "<h1>Sign in</h1><form method=post><input name=user><input name=pw><input type=password name=t hidden>\
             <button>Save this</button></form>",
        ],
    ),
    (
        First,
        "LOGIN_FORM_NOT_FOUND",
        &[
            "<h1>Sign in</h1><form method=post action=/a><input name=u><input type=password name=p><button>Sign in</button></form>\
             <form method=post action=/b><input name=v><input type=password name=q><button>Sign in</button></form>",
        ],
    ),
    (
        First,
        "METHOD_UNSUPPORTED",
        &[
            "<h1>Sign in</h1><div><input aria-label='User name'><input type=password aria-label=Password><button>Sign in</button></div>",
            "<div id=root></div><script src=/a.js></script>",
        ],
    ),
    (
        First,
        "CAPTCHA_UNSOLVABLE",
        &[
            // Whoever made it: the site's key is there, or the frame says what it is.
            "<h1>Sign in</h1><form method=post><input name=u><input type=password name=p><div data-sitekey=k></div>\
             <button>Sign in</button></form>",
            "<h1>Sign in</h1><form method=post><input name=u><input type=password name=p>\
             <iframe src=https://other.example/w title='Widget with a security challenge'></iframe><button>Sign in</button></form>",
            "<h1>Verify you are human</h1><form method=post><iframe src=https://other.example/turnstile></iframe></form>",
            "<h1>Sign in</h1><form method=post><input name=u><input type=password name=p><div class=g-recaptcha></div>\
             <button>Sign in</button></form>",
        ],
    ),
];

#[test]
fn what_is_no_sign_in_is_not_taken_for_one() {
    judge(NO_SIGN_IN);
}

const CODES: &[Row] = &[
    (
        AfterPassword,
        "code code",
        &[
            "<h1>Two-step verification</h1><form method=post><input name=t inputmode=numeric maxlength=6><button>OK</button></form>",
            "<h1>Check your phone</h1><form method=post><label>Code <input name=c></label><button>Verify</button></form>",
            "<form method=post><label>Authenticator code <input name=c></label><button>Sign in</button></form>",
            "<h1>Bestätigung</h1><form method=post><label>mTAN <input name=t></label><button>Weiter</button></form>",
            "<h1>Vérification</h1><form method=post><label>Code à usage unique <input name=t></label><button>Valider</button></form>",
            "<h1>Verificación en dos pasos</h1><form method=post><label>Código de seguridad <input name=t></label><button>Enviar</button></form>",
            "<h1>Verifica</h1><form method=post><label>Codice di verifica <input name=t></label><button>Conferma</button></form>",
            "<h1>Verificatie</h1><form method=post><label>Beveiligingscode <input name=t></label><button>Bevestigen</button></form>",
            // Typed where nobody looks over the shoulder.
            "<h1>Sign in</h1><form method=post><label>PIN <input type=password name=pin maxlength=6></label><button>OK</button></form>",
            // One character a box.
            "<h1>Enter the code</h1><form method=post><input maxlength=1 name=a><input maxlength=1 name=b><input maxlength=1 name=c>\
             <input maxlength=1 name=d><input maxlength=1 name=e><input maxlength=1 name=f><button>Go</button></form>",
            // Back is the first button of the form.
            "<h1>Code</h1><form method=post><button name=back>Back</button><input name=otp><button name=go>Verify</button></form>",
        ],
    ),
    (
        AfterPassword,
        "code code +resend",
        &[
            "<h1>Code</h1><form method=post><input name=otp><button name=r>Resend code</button><button>Verify</button></form>",
            "<h1>Code</h1><form method=post><input name=otp><button>Prüfen</button></form><a href=/r>Neuen Code anfordern</a>",
        ],
    ),
    (
        AfterCode,
        "code code",
        &[
            "<h1>Code</h1><p class=error>Wrong code</p><form method=post><input name=otp><button>Verify</button></form>",
        ],
    ),
    (
        AfterPassword,
        "questions answer",
        &[
            "<h1>Security question</h1><form method=post><label>What was your first pet's name? <input name=q></label>\
             <button>Continue</button></form>",
            "<h1>Sicherheitsfrage</h1><p>Wie heißt Ihr Hund?</p><form method=post><input name=q><button>Weiter</button></form>",
        ],
    ),
    (
        AfterPassword,
        "phone phone",
        &[
            "<h1>Your phone</h1><form method=post><label>Mobile number <input type=tel name=m></label><button>Send</button></form>",
        ],
    ),
];

#[test]
fn codes_are_told_from_pins_and_postal_codes() {
    judge(CODES);
}

const INTERSTITIALS: &[Row] = &[
    (
        AfterPassword,
        "notice",
        &[
            "<h1>Trust this browser?</h1><p>You will not be asked for a code again.</p><form method=post>\
             <button name=a value=1>Yes, trust</button><button name=a value=0>Not now</button></form>",
            "<h1>Terms have changed</h1><p>Please accept our terms of use.</p><form method=post><button>I agree</button></form>",
            "<h1>Neue Nutzungsbedingungen</h1><p>Bitte stimmen Sie den Bedingungen zu.</p><form method=post><button>Zustimmen</button></form>",
        ],
    ),
    (
        AfterPassword,
        "new_password newpassword confirmpassword",
        &[
            "<h1>Choose a new password</h1><form method=post><input type=password name=n1 autocomplete=new-password>\
             <input type=password name=n2 autocomplete=new-password placeholder='Confirm password'><button>Save</button></form>",
        ],
    ),
    (
        AfterPassword,
        "approval",
        &[
            "<h1>Approve the sign-in</h1><p>Scan this code with the app on your phone.</p><div class=qr><img src=/q></div>",
            "<h1>Approve the sign-in</h1><p>Open the app on your phone and approve this request.</p><p>42</p>",
        ],
    ),
    (
        AfterPassword,
        "choice +2 choices",
        &[
            "<h1>How do you want to confirm?</h1><form method=post><label><input type=radio name=m value=1> Text message to ***23</label>\
             <label><input type=radio name=m value=2> E-mail to j***@x.example</label><button>Continue</button></form>",
        ],
    ),
    (AfterPassword, PAGE, &[LOGIN]),
];

#[test]
fn interstitials_are_asked_for_what_they_are() {
    judge(INTERSTITIALS);
}
