//! Whole logins on pages that nobody wrote: bytes, soup, and forms with pieces missing or doubled. Nothing
//! panics, nothing takes long, and a password is never typed where people would not type it.
//!
//! `scripts/fuzz` runs these for as long as one likes.

use std::time::Duration;

use proptest::prelude::*;
use tokio::time::Instant;
use url::Url;

use crate::domain::prompt::{Action as Wish, Answer, FieldRole, Prompt};
use crate::domain::recipe::{Recipe, read};
use crate::domain::sign_in::{Action, Machine, Move, Target};
use crate::domain::snapshot::PageSnapshot;
use crate::domain::{Origins, Secret};
use crate::driver::page::loaded::{Fetched, Loaded, load};
use crate::driver::page::{html, select};

const PASSWORD: &str = "the-password-17";
/// Moves of one login; the machine's own guards end it long before.
const MOST_MOVES: usize = 60;
/// For one page in a slow build on a busy machine; in peace it is milliseconds.
const PATIENCE: Duration = Duration::from_secs(20);

fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }
}

/// A page of forms such as sites have, in any combination.
fn forms() -> impl Strategy<Value = String> {
    let field = prop::sample::select(vec![
        "<label>User name <input name=user></label>",
        "<input name=email type=email placeholder=E-mail>",
        "<label>Password <input type=password name=pw></label>",
        "<input type=password name=pw2 placeholder='Repeat password'>",
        "<input type=password name=trap style='display:none'>",
        "<div hidden><input type=password name=trap2></div>",
        "<input type=hidden name=pw3>",
        "<input name=password placeholder=Password>",
        "<input name=pw4 autocomplete=current-password>",
        "<textarea name=password></textarea>",
        "<input type=password readonly name=pw5>",
        "<label>Code <input name=otp maxlength=6></label>",
        "<input type=password name=pin placeholder=PIN>",
        "<input maxlength=1 name=a><input maxlength=1 name=b><input maxlength=1 name=c><input maxlength=1 name=d>",
        "<label><input type=radio name=m value=1>Text message to ***23</label>",
        "<label><input type=radio name=m value=2>E-mail to j***@x.example</label>",
        "<select name=tenant><option value=1>A</option><option value=2>B</option></select>",
        "<label>What is your pet's name? <input name=q1></label>",
        "<label>Phone <input type=tel name=tel></label>",
        "<p role=alert>Wrong password</p>",
        "<p class=error>Your account is locked</p>",
        "<p>We trust this device</p><label><input type=checkbox name=t required>I agree</label>",
        "<p>Approve the sign-in in your app</p><p>42</p>",
        "<h1>Sign in</h1>",
        "<h2>Verification code</h2>",
        "<h1>Create account</h1>",
    ]);
    let end = prop::sample::select(vec![
        "<button>Sign in</button>",
        "<button name=back>Back</button><button>Verify</button>",
        "<button formaction=//evil.example/x>Sign in</button>",
        "<input type=submit value='' hidden><button name=r>Resend code</button>",
        "<button>I agree</button><button>Not now</button>",
        "",
    ]);
    let open = prop::sample::select(vec![
        "<form method=post>",
        "<form method=post action=/next>",
        "<form method=post action=https://evil.example/>",
        "<form hidden method=post>",
        "<div>",
        "<table><form method=post><tr><td>",
    ]);
    let beside = prop::sample::select(vec![
        "",
        "<a href=/logout>Log out</a><a href=/a>A</a><a href=/b>B</a><p>Welcome back</p>",
        "<a href=/login>Sign in</a>",
        "<iframe src=https://captcha.example/recaptcha></iframe>",
        "<script src=x></script><div id=root></div>",
        "<noscript>Please enable JavaScript</noscript>",
    ]);
    let form = (open, prop::collection::vec(field, 0..7), end)
        .prop_map(|(open, fields, end)| format!("{open}{}{end}</form></div>", fields.concat()));
    (prop::collection::vec(form, 0..4), beside).prop_map(|(forms, beside)| forms.concat() + beside)
}

/// The same with a piece cut out, doubled or broken.
fn mutated() -> impl Strategy<Value = String> {
    (forms(), any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0..4_u8).prop_map(
        |(page, a, b, how)| {
            let (a, b) = (a.index(page.len() + 1), b.index(page.len() + 1));
            let (from, to) = (a.min(b), a.max(b));
            match how {
                0 => format!("{}{}", &page[..from], &page[to..]),
                1 => format!("{}{}{}", &page[..to], &page[from..to], &page[to..]),
                2 => format!("{}\u{0}\u{202e}<!--{}", &page[..from], &page[from..]),
                _ => page,
            }
        },
    )
}

fn bytes() -> impl Strategy<Value = String> {
    prop::collection::vec(any::<u8>(), 0..3_000).prop_map(|bytes| html::decode(&bytes, None))
}

fn any_page() -> impl Strategy<Value = String> {
    prop_oneof![4 => mutated(), 2 => forms(), 1 => bytes()]
}

fn recipe() -> impl Strategy<Value = Option<Recipe>> {
    let selector = || {
        prop::sample::select(vec![
            "input",
            "[name=pw]",
            "[type=password]",
            "form *",
            "button",
            "[name^=p]",
            "p",
        ])
    };
    (any::<bool>(), selector(), selector(), selector(), any::<bool>()).prop_map(|(with, user, password, submit, trust)| {
        let json = serde_json::json!({
            "steps": [
                { "match": { "has": user }, "fields": { "identifier": user, "password": password }, "submit": submit },
                { "match": { "path": "/*" }, "fields": { "code": user } }
            ],
            "results": { "success": [{ "text": "Welcome" }], "CREDENTIALS_REJECTED": [{ "has": submit }] },
            "messages": [submit],
            "policy": { "trustDevice": trust }
        });
        with.then(|| read(&json).unwrap())
    })
}

fn page_of(html: &str, status: u16) -> Loaded {
    let url = Url::parse("https://site.example/login").unwrap();
    load(Fetched { url, status, challenge: None, html: html.to_owned() })
}

/// Gives the password where one is asked for, and something else everywhere else.
fn answer(prompt: &Prompt, wish: Wish) -> Answer {
    let value = |role: FieldRole| match role {
        FieldRole::Password | FieldRole::NewPassword | FieldRole::ConfirmPassword => PASSWORD,
        FieldRole::Code => "1234",
        _ => "ann@x.example",
    };
    let values = prompt.fields.iter().map(|field| {
        let listed = field.options.first().map(|(option, _)| option.clone());
        (field.name.clone(), Secret::new(listed.unwrap_or_else(|| value(field.role).to_owned())))
    });
    let choice = prompt.choices.first().filter(|_| wish == Wish::Submit).map(|choice| choice.id.clone());
    Answer { action: wish, values: values.collect(), choice, keep: false }
}

fn is_sane(page: &PageSnapshot, action: &Action) {
    match action {
        Action::Fill { input, value } => {
            let input = page.inputs.iter().find(|known| known.uid == *input).unwrap();
            assert!(input.visible.likely() && input.frame.is_none() && !input.readonly, "{input:?}");
            if value.expose() == PASSWORD {
                assert_eq!(input.kind, "password");
            }
        }
        Action::Pick(input) => assert!(page.inputs.iter().any(|known| known.uid == *input)),
        Action::Submit { form, button } => {
            assert!(form.is_none_or(|form| page.forms.iter().any(|known| known.uid == form)));
            assert!(button.is_none_or(|button| page.buttons.iter().any(|known| known.uid == button)));
        }
        Action::Follow(link) => assert!(page.links.iter().any(|known| known.uid == *link)),
        Action::Open(_) | Action::Reload | Action::Authenticate { .. } => {}
    }
}

fn is_bounded(prompt: &Prompt) {
    let longest = |text: &Option<String>, most: usize| {
        assert!(text.as_ref().is_none_or(|text| text.chars().count() <= most), "{text:?}");
    };
    longest(&prompt.title, 200);
    longest(&prompt.message, 600);
    longest(&prompt.site_error, 300);
    let shown = serde_json::to_string(prompt).unwrap();
    assert!(shown.len() < 200_000 && !shown.contains("\\u0000") && !shown.contains('\u{202e}'));
}

/// A login that meets these pages, whatever it does.
fn sign_in(pages: &[(String, u16)], wishes: &[Wish], recipe: Option<Recipe>) {
    let login_url = Url::parse("https://site.example/login").unwrap();
    let origins = Origins::new(&login_url, &[] as &[&str]);
    let mut machine = Machine::new(Target { login_url, origins, runs_scripts: false }).with_recipe(recipe);
    let mut step = machine.start();
    let mut last = page_of("", 200);
    for at in 0..MOST_MOVES {
        step = match step {
            Move::End(_) => {
                let learned = serde_json::to_value(machine.learned()).unwrap();
                assert!(learned.is_null() || read(&learned).is_ok(), "{learned}");
                assert!(!learned.to_string().contains(PASSWORD));
                return;
            }
            Move::Ask(prompt) => {
                is_bounded(&prompt);
                machine.answer(&answer(&prompt, wishes[at % wishes.len()]))
            }
            Move::Perform(_) | Move::Probe(_) => {
                if let Move::Perform(perform) = &step {
                    perform.actions.iter().for_each(|action| is_sane(&last.snapshot, action));
                }
                let (html, status) = &pages[at % pages.len()];
                let started = Instant::now();
                last = page_of(html, *status);
                let marks = machine.recipe().map(|recipe| select::mark(&last, recipe)).unwrap_or_default();
                let next = machine.observe_marked(&last.snapshot, marks);
                assert!(started.elapsed() < PATIENCE);
                next
            }
        };
    }
    panic!("a login without an end");
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_login_on_any_pages_ends_and_types_a_password_only_into_passwords(
        pages in prop::collection::vec((any_page(), prop_oneof![6 => Just(200_u16), 1 => 400..600_u16]), 1..6),
        wishes in prop::collection::vec(
            prop_oneof![5 => Just(Wish::Submit), 1 => Just(Wish::Resend), 1 => Just(Wish::Decline), 1 => Just(Wish::Done)], 1..5),
        recipe in recipe(),
    ) {
        sign_in(&pages, &wishes, recipe);
    }
}

#[test]
fn what_cannot_be_shown_is_not_offered() {
    let page = "<h1>Sign in</h1><form method=post><select name=tenant><option value='\u{202e}1'>A</option>\
                <option value=2>B</option></select><input name=user inputmode='\u{202e}x'><input type=password name=pw>\
                <button>Sign in</button></form>";
    sign_in(&[(page.to_owned(), 200)], &[Wish::Submit], None);
}

/// Pages that are made to cost: what they cost is printed, and bounded.
#[test]
fn pages_that_are_made_to_cost_have_a_bounded_price() {
    let megabytes = |text: &str, size: usize| text.repeat(size * 1_000_000 / text.len());
    let latin: String =
        html::decode(&megabytes("\u{e9}<p>", 2).into_bytes(), Some("text/html; charset=shift_jis"));
    for (name, page) in [
        ("50 MB of text", megabytes("words and more words ", 50)),
        ("50 MB of markup", megabytes("<p class=a>x</p>", 50)),
        ("10,000 inputs", "<form>".to_owned() + &"<input name=x type=password>".repeat(10_000)),
        (
            "10,000 forms",
            "<form><input name=u><input type=password><button>Log in</button></form>".repeat(10_000),
        ),
        ("400,000 levels", "<div>".repeat(400_000)),
        ("a label of 1 MB", format!("<label>{}<input name=u></label>", megabytes("L", 1))),
        ("1 MB of classes", format!("<p class='{}'>x", megabytes("c ", 1))),
        ("a style sheet of 2 MB", format!("<style>{}</style>", megabytes(".a{display:none}", 2))),
        ("20,000 options", format!("<select name=s>{}", "<option>o".repeat(20_000))),
        ("another encoding", latin),
    ] {
        let started = Instant::now();
        let loaded = page_of(&page, 200);
        let parsed = started.elapsed();
        let seen = super::look(&loaded.snapshot, None);
        let size = serde_json::to_string(&loaded.snapshot).unwrap().len();
        println!("{name}: {parsed:?} to read, {:?} in all, a snapshot of {size} bytes", started.elapsed());
        assert!(started.elapsed() < PATIENCE, "{name}: {:?}", started.elapsed());
        assert!(size < 2_000_000, "{name}: {size} bytes");
        assert!(seen.reasons.iter().map(String::len).sum::<usize>() < 100_000);
    }
}
