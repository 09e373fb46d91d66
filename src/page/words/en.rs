//! English.

use entity::FailureCode;
use entity::FailureCode as F;

use super::{Told, Words};

pub(super) static WORDS: Words = Words {
    lang: "en",
    step: "Step {n} of 3",
    steps: ["Start", "Sign in", "Done"],
    footer: "This page signs you in at {site} for {workspace}. It is not run by {site}.",
    help: "Help from {workspace}",
    write_to: "Write to {email}",
    privacy: "Privacy at {workspace}",

    landing: Told {
        title: "Sign in to {site}",
        text: "{workspace} asks you to sign in, so that it can fetch what it needs from your account.",
    },
    landing_title: "Sign in to {site} for {workspace}",
    landing_button: "Continue",
    landing_unexpected: "Not expecting this? Close the page. Nothing happens until you continue.",
    landing_how: "What happens next",
    landing_here: "You type your sign-in details on this page, and it signs you in at {origin} on your behalf.",
    landing_hidden: "{workspace} never sees your password or your codes.",
    keep_never: "Nothing is kept: your password is used to sign in and then forgotten, and the session at {site} \
                 is deleted when the work is done.",
    keep_session: "The password is not kept. The session at {site} is stored encrypted for up to 30 days.",
    keep_vault: "The session at {site} is stored encrypted for up to 30 days. Your password is kept only if you \
                 agree to that where you type it.",

    opening: Told { title: "Opening {site}", text: "This usually takes a few seconds." },
    in_line: Told {
        title: "You are number {place} in line",
        text: "Everything that can open {site} is busy right now. Keep this page open: it goes on by itself as \
               soon as it is your turn.",
    },
    checking: Told { title: "Checking with {site}", text: "This usually takes a few seconds." },
    slow: "It is taking longer than usual. You can keep this page open: nothing is lost.",
    reload: "Nothing happening? Load this page again",

    ask_credentials: "Sign in to {site}",
    ask_code: "Enter your code",
    ask_questions: "Answer a security question",
    ask_choice: "Choose how to go on",
    ask_approval: "Approve the sign-in",
    ask_phone: "Enter a phone number",
    ask_captcha: "Type what the picture shows",
    ask_notice: "A notice from {site}",
    ask_new_password: "Set a new password",
    ask_handoff: "Something to do at {site}",

    says: "{origin} says",
    goes_to: "Your answer goes to {origin}",
    problem: "That did not work",
    error_prefix: "Error: ",
    tries_one: "You have 1 try left here.",
    tries_many: "You have {n} tries left here.",
    old_prompt: "What you sent answered an earlier question and was not used. This is where you are now.",
    not_taken: "What you typed could not be used.",
    optional: "optional",
    consent: "Keep my user name and password, encrypted, so that {workspace} can have me signed in at {site} again without asking me. I can have them deleted by {workspace} at any time.",
    choose: "Please choose",
    show_secret: "Show",
    hide_secret: "Hide",
    picture: "Picture from {origin}",
    scan: "Picture from {origin}, to be scanned with the app",
    waiting: "Waiting for you …",
    resend_in: "You can ask for a new one in {n} seconds.",
    number: "Number to compare",
    by_itself: "This page goes on by itself as soon as {site} knows.",
    prove_there: "{site} wants proof that a person is there, which it takes only in your own browser. Sign in at \
                  {origin} there once, then come back and go on here: often it no longer asks.",
    open_site: "Open {origin} in a new tab",

    code_sms: "The code comes by text message.",
    code_email: "The code comes by e-mail.",
    code_call: "You will get a call with the code.",
    code_app: "Your authenticator app shows the code.",
    code_list: "The code is on the list you printed or saved.",
    code_somewhere: "",
    sent_to: "Sent to {target}",

    button_sign_in: "Sign in",
    button_continue: "Continue",
    button_busy: "One moment …",
    button_resend: "Send a new code",
    button_ask_again: "Send the request again",
    button_approved: "I have approved it",
    button_done: "I have done it",
    button_accept: "Accept",
    button_decline: "Decline",
    button_cancel: "Cancel",
    another_way: "Try another way",

    label_identifier: "User name",
    label_password: "Password",
    label_new_password: "New password",
    label_code: "Code",
    label_phone: "Phone number",
    label_answer: "Your answer",

    done: Told {
        title: "You are signed in",
        text: "{workspace} goes on by itself from here. You can close this page.",
    },
    already: Told {
        title: "You have already signed in",
        text: "There is nothing more to do here. You can close this page.",
    },
    back_to: "Go back to {host}",
    superseded: Told {
        title: "You went on somewhere else",
        text: "This sign-in was started again on another device or in another window. Go on there; you can close \
               this page. To use this device instead, open the link you received once more.",
    },
    ended: "The sign-in did not work",
    ended_retry: "You can try again with the same link.",
    again: "Try again",
    ended_final: "Trying again here will not help. {workspace} can tell you how to go on.",
    cancelled: "You cancelled the sign-in",
    expired: Told {
        title: "This link has expired",
        text: "Nobody can sign in with it any more. Ask {workspace} for a new one.",
    },
    finished: "This link is finished",
    finished_told: "You need not do anything; {workspace} can tell you how to go on.",
    locked_before: "The site has locked this account a short while ago. To keep it safe nothing was sent: unlock it at \
                    the site first, and try again in half an hour.",
    failure,

    bad_link: Told {
        title: "This link is not valid",
        text: "Please check that you opened the whole link. If it still does not work, ask whoever sent it to you \
               for a new one.",
    },
    bad_login: Told {
        title: "This sign-in is not open in this browser",
        text: "It may have been started in another browser, or long ago. Open the link you received once more to \
               start again.",
    },
    bad_path: Told {
        title: "There is nothing at this address",
        text: "Please open the link you received once more.",
    },
    gone: Told {
        title: "This link no longer exists",
        text: "What belonged to it has been deleted. Ask whoever sent it to you for a new one.",
    },
    forbidden: Told { title: "This is not allowed", text: "Ask whoever sent you the link how to go on." },
    conflict: Told {
        title: "This is not possible now",
        text: "Things have moved on in the meantime. Open the link you received once more to see where you are.",
    },
    limited: Told { title: "Too many tries", text: "Please wait {wait} and then load this page again." },
    unavailable: Told {
        title: "We cannot go on right now",
        text: "Please wait a moment and load this page again. Nothing is lost.",
    },
    internal: Told {
        title: "Something went wrong on our side",
        text: "Please load this page again. If it happens again, tell whoever sent you the link the reference \
               below.",
    },
    too_large: Told {
        title: "That was too much text",
        text: "What you sent is larger than any sign-in needs, and none of it was used. Go back and send less.",
    },
    too_slow: Told {
        title: "That took too long to arrive",
        text: "What you sent did not arrive in time, and none of it was used. Go back and send it again.",
    },
    bad_method: Told {
        title: "This page cannot be used that way",
        text: "Please open the link you received once more in a browser.",
    },
    bad_type: Told {
        title: "This was not sent by our form",
        text: "Answers are taken as application/x-www-form-urlencoded only. None of it was used.",
    },
    bad_text: Told {
        title: "That text cannot be read",
        text: "What you sent is not valid UTF-8 text, and none of it was used. Go back and type it again.",
    },
    bad_form: Told {
        title: "This was not sent by our form",
        text: "Something in it does not fit, and none of it was used. Go back, load the page again and retry.",
    },
    foreign: Told {
        title: "This came from another site",
        text: "For your safety, answers are taken from our own page only. Open the link you received once more.",
    },
    wait_one: "a minute",
    wait_many: "{n} minutes",
    field: "Field: {field} ({why})",
    reference: "Reference: {reference}",
};

fn failure(code: FailureCode) -> &'static str {
    match code {
        F::CredentialsRejected => "The site did not accept the user name or the password.",
        F::CodeRejected => "The site did not accept the code.",
        F::CodeExpired => "The code was too old. You need a new one.",
        F::AnswerRejected => "The site did not accept the answer.",
        F::ApprovalDenied => "The approval was declined.",
        F::ApprovalTimeout => "The approval did not come in time.",
        F::Uncertain => "We could not tell whether the site accepted this. Please try once more.",
        F::InputTimeout => "There was no answer for a while, so the sign-in was closed for your safety.",
        F::CustomerCancelled => "Nothing was sent after that.",
        F::AccountLocked => "The site has locked this account. Unlock it at the site first.",
        F::AccountDisabled => "The site has disabled this account. Please ask the site.",
        F::PasswordExpired => "The site wants you to set a new password there first.",
        F::ActionRequired => "The site wants you to do something there first.",
        F::OtherSessionActive => "You are signed in to the site elsewhere. Sign out there first.",
        F::NoAccess => "This account has no access to what is needed.",
        F::SiteUnavailable => "The site cannot be reached at the moment.",
        F::SiteError => "The site answered with an error.",
        F::CertificateInvalid => {
            "The site could not prove that it is the one it says: its certificate is not valid. For your safety \
             nothing was sent there."
        }
        F::BlockedAsBot => "The site refused to let us sign you in from here.",
        F::RateLimited => "There were too many tries. Please wait a while before the next one.",
        F::CaptchaUnsolvable => {
            "The site wants proof that a person is there, which it takes only in your own browser and not from \
             here."
        }
        F::LoginFormNotFound | F::UnknownPage | F::StuckLoop => {
            "The site showed something we do not understand."
        }
        F::OriginNotAllowed => "The site wanted to go on at another address, which is not allowed here.",
        F::MethodUnsupported => "The site wants a way of signing in that is not offered here.",
        F::AttemptsExhausted => "The tries for this sign-in are used up.",
        F::LinkExpired => "The link's time was over.",
        F::LinkRevoked => "The link was withdrawn by whoever sent it.",
        F::EngineCrash => "Something went wrong on our side in the middle of the sign-in.",
        F::EngineTimeout => "The sign-in took too long.",
        F::Capacity => "Too many people are signing in right now.",
        F::StepFailed | F::Interrupted => "You signed in, but the work after it could not be finished.",
        F::ReloginRequired => "The session has ended, and you need to sign in again.",
    }
}
