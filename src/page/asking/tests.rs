//! The page of every kind of prompt.

use askama::Template;

use super::*;
use crate::domain::prompt::{PromptKind as Kind, Resend};
use crate::page::words;
use crate::service::visit::SceneState;

fn scene() -> Scene {
    Scene {
        workspace: "Acme".into(),
        branding: entity::Branding::default(),
        site: "Harbour".into(),
        site_origin: "https://login.harbour.example".into(),
        locale: None,
        state: SceneState::Working { seen: 0 },
    }
}

fn prompt(kind: Kind) -> Prompt {
    Prompt {
        kind,
        title: None,
        message: None,
        origin: "https://login.harbour.example".into(),
        site_error: None,
        rejected: None,
        because: None,
        fields: vec![],
        choices: vec![],
        media: vec![],
        delivery: None,
        masked_target: None,
        attempts_used: 0,
        attempts_max: Some(3),
        resend: None,
        alternatives: vec![],
        purpose: None,
        polls: false,
        expires_at: None,
        cancelable: true,
        may_keep: false,
    }
}

fn field(name: &str, role: FieldRole) -> Field {
    Field {
        name: name.into(),
        role,
        label: format!("The {name}"),
        hint: None,
        required: true,
        secret: true,
        inputmode: None,
        autocomplete: None,
        max_length: None,
        length: None,
        charset: None,
        options: vec![],
    }
}

fn choice(id: &str, label: &str) -> Choice {
    Choice { id: id.into(), label: label.into(), description: None, masked_target: None }
}

fn html_after(prompt: &Prompt, remark: &Remark) -> String {
    let frame = Frame::bare(words::pick(None, None), String::new());
    question(frame, &scene(), 7, prompt, remark).render().unwrap()
}

fn html(prompt: &Prompt) -> String {
    html_after(prompt, &Remark::None)
}

#[test]
fn every_kind_has_a_heading_and_a_way_on_and_out() {
    for kind in Kind::ALL {
        let page = html(&prompt(*kind));

        let action = match kind {
            Kind::Approval | Kind::Handoff => "done",
            Kind::Notice => "accept",
            _ => "submit",
        };
        assert!(page.contains(&format!("name=\"action\" value=\"{action}\"")), "{kind:?}");
        assert!(page.contains("name=\"action\" value=\"cancel\""), "{kind:?}");
        assert!(page.contains("name=\"prompt\" value=\"7\""), "{kind:?}");
    }
}

#[test]
fn the_sites_words_appear_verbatim_with_their_origin_and_never_as_markup() {
    let hostile = "<img src=x onerror=alert(1)>\"'";
    let told = Prompt {
        title: Some("Log in".into()),
        message: Some(hostile.into()),
        fields: vec![Field {
            label: hostile.into(),
            hint: Some(hostile.into()),
            ..field("a", FieldRole::Other)
        }],
        choices: vec![choice("\" autofocus x=\"", hostile)],
        site_error: Some(hostile.into()),
        ..prompt(Kind::Credentials)
    };

    let page = html(&told);

    assert!(page.contains("https://login.harbour.example says"));
    assert!(page.contains("<p class=\"quote-title\">Log in</p>"));
    assert_eq!(page.matches("&#60;img src=x onerror=alert(1)&#62;&#34;&#39;").count(), 5);
    assert!(!page.contains("<img"));
    assert!(!page.contains("\" autofocus x="));
}

#[test]
fn an_error_takes_the_focus_and_the_title_and_says_how_many_tries_are_left() {
    let refused = Prompt {
        site_error: Some("Wrong password.".into()),
        rejected: Some(entity::FailureCode::CredentialsRejected),
        attempts_used: 2,
        fields: vec![field("password", FieldRole::Password)],
        ..prompt(Kind::Credentials)
    };

    let page = html(&refused);

    assert!(page.contains("<title>Error: Sign in to Harbour"));
    assert!(page.contains("role=\"alert\" tabindex=\"-1\" autofocus"));
    assert_eq!(page.matches("autofocus").count(), 1, "focus goes to one place");
    assert!(page.contains("Wrong password."));
    assert!(page.contains("You have 1 try left here."));
    assert!(!page.contains("The site did not accept"), "the site has said it already");
}

#[test]
fn a_rejection_without_words_of_the_site_is_told_in_ours() {
    let refused =
        Prompt { rejected: Some(entity::FailureCode::CredentialsRejected), ..prompt(Kind::Credentials) };

    assert!(html(&refused).contains("The site did not accept the user name or the password."));
}

#[test]
fn a_code_is_one_numeric_field_that_the_browser_can_fill() {
    let asked = Prompt {
        fields: vec![field("otp", FieldRole::Code)],
        delivery: Some(CodeDelivery::Sms),
        masked_target: Some("+44 417".into()),
        resend: Some(Resend { wait: Some(30), available_at: None }),
        alternatives: vec![choice("a1", "Call me")],
        ..prompt(Kind::Code)
    };

    let page = html(&asked);

    assert!(
        page.contains("name=\"f.otp\" type=\"text\" inputmode=\"numeric\" autocomplete=\"one-time-code\"")
    );
    assert!(page.contains("The code comes by text message.") && page.contains("Sent to +44 417"));
    assert!(page.contains("name=\"action\" value=\"resend\""));
    assert!(page.contains("You can ask for a new one in 30 seconds."));
    assert!(page.contains("name=\"choice\" value=\"a1\""));
    assert!(!page.contains("maxlength"), "a pasted code with spaces must not be cut");
}

#[test]
fn the_site_cannot_make_the_browser_fill_in_what_no_sign_in_needs() {
    let greedy = Field { autocomplete: Some("cc-number".into()), ..field("a", FieldRole::Identifier) };
    let asked = Prompt { fields: vec![greedy], ..prompt(Kind::Credentials) };

    let page = html(&asked);

    assert!(!page.contains("cc-number"));
    assert!(page.contains("autocomplete=\"username\""));
}

#[test]
fn pictures_come_inside_the_page_and_only_of_harmless_types() {
    let image = |content_type: &str| Media::Image { content_type: content_type.into(), data: "QUJD".into() };
    let asked = Prompt {
        media: vec![image("image/png"), image("image/svg+xml"), Media::Number { text: "42".into() }],
        ..prompt(Kind::Captcha)
    };

    let page = html(&asked);

    assert!(page.contains("<img src=\"data:image/png;base64,QUJD\" alt=\"Picture from https://login"));
    assert!(!page.contains("svg+xml;base64"));
    assert!(page.contains("</span>42</p>"));
}

#[test]
fn a_refused_answer_is_told_at_its_field_and_an_old_one_on_top() {
    let asked = Prompt { fields: vec![field("user", FieldRole::Identifier)], ..prompt(Kind::Credentials) };
    let refused = Remark::Refused { field: "user".into(), message: "must be at most 200 characters".into() };

    let page = html_after(&asked, &refused);
    assert!(page.contains("id=\"error-1\">must be at most 200 characters</p>"));
    assert!(page.contains("aria-invalid=\"true\""));

    let nowhere = Remark::Refused { field: "choice".into(), message: "is not offered".into() };
    assert!(html_after(&asked, &nowhere).contains("Field: choice (is not offered)"));

    assert!(html_after(&asked, &Remark::OldPrompt).contains("answered an earlier question"));
}
