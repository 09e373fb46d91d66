//! Logins from the first page to their outcome.

use std::time::Duration;

use entity::FailureCode as F;
use entity::PromptKind;

use super::house::{Login, both, tools};
use super::site::Site;
use crate::domain::prompt::Action;
use crate::domain::sign_in::Action::Open;
use crate::driver::Driver;
use crate::driver::http::HttpDriver;

#[tokio::test]
async fn a_wrong_password_brings_the_prompt_back_with_the_sites_words() {
    both(async |kind| {
        let site = Site::start().await;
        let mut login = Login::at(kind, &site, "plain").await;
        assert_eq!(login.verdict(), (None, None));

        login.types(&["ann", "wrong"]).await;
        assert_eq!(login.verdict(), (Some(F::CredentialsRejected), Some("Sorry, that password is wrong.")));
        assert_eq!((login.prompt().attempts_used, login.prompt().attempts_max), (1, Some(3)));

        login.types(&["ann", "right"]).await;
        assert!(login.is_signed_in());
        assert_eq!((site.posts_with("pw=wrong"), site.posts_with("pw=right"), login.counted), (1, 1, 2));
    })
    .await;
}

#[tokio::test]
async fn a_submit_carries_the_hidden_controls_and_only_the_button_that_was_pressed() {
    both(async |kind| {
        let site = Site::start().await;
        let mut login = Login::at(kind, &site, "plain").await;
        login.types(&["ann & co", "wröng"]).await;
        assert_eq!(site.last_post(), "token=t-1&user=ann+%26+co&pw=wr%C3%B6ng");
    })
    .await;
}

#[tokio::test]
async fn three_wrong_passwords_use_the_tries_up() {
    both(async |kind| {
        let site = Site::start().await;
        let mut login = Login::at(kind, &site, "plain").await;
        for password in ["one", "two", "three"] {
            login.types(&["ann", password]).await;
        }
        assert_eq!(login.failure(), F::AttemptsExhausted);
        assert_eq!(login.machine.rejected(), Some(F::CredentialsRejected));
        assert_eq!(site.posts_with("pw="), 3);
    })
    .await;
}

#[tokio::test]
async fn the_name_and_the_password_may_be_on_two_pages() {
    both(async |kind| {
        let site = Site::start().await;
        let mut login = Login::at(kind, &site, "pages").await;
        login.types(&["ann"]).await;
        assert_eq!(login.verdict(), (None, None));
        login.types(&["wrong"]).await;
        assert_eq!(login.verdict(), (Some(F::CredentialsRejected), Some("Wrong password")));
        login.types(&["right"]).await;
        assert!(login.is_signed_in());
        assert_eq!(login.counted, 2);
    })
    .await;
}

#[tokio::test]
async fn a_code_is_asked_for_sent_again_on_wish_and_accepted() {
    both(async |kind| {
        let site = Site::start().await;
        let mut login = Login::at(kind, &site, "code").await;
        login.types(&["ann", "right"]).await;
        assert_eq!((login.prompt().kind, login.prompt().resend.is_some()), (PromptKind::Code, true));

        login.types(&["000 000"]).await;
        assert_eq!(login.verdict(), (Some(F::CodeRejected), Some("That code is not valid.")));
        assert_eq!(site.posts_with("otp=000000"), 1);

        login.answer(Action::Resend, &[], None).await;
        assert_eq!(login.verdict(), (None, None));

        login.types(&["123456"]).await;
        assert!(login.is_signed_in());
        assert_eq!((site.posts_with("again=1"), login.counted), (1, 3));
    })
    .await;
}

#[tokio::test]
async fn five_wrong_codes_use_the_tries_up() {
    both(async |kind| {
        let site = Site::start().await;
        let mut login = Login::at(kind, &site, "code").await;
        login.types(&["ann", "right"]).await;
        for _ in 0..5 {
            login.types(&["999999"]).await;
        }
        assert_eq!(login.failure(), F::AttemptsExhausted);
        assert_eq!(site.posts_with("otp=999999"), 5);
    })
    .await;
}

#[tokio::test]
async fn success_without_a_way_out_is_proved_by_a_probe() {
    both(async |kind| {
        let site = Site::start().await;
        let mut login = Login::at(kind, &site, "probe").await;
        login.types(&["ann", "right"]).await;
        assert!(login.is_signed_in());
        assert!(login.machine.reasons().iter().any(|reason| reason.contains("Probe")));
    })
    .await;
}

#[tokio::test]
async fn the_same_form_without_a_word_is_uncertain_once_and_then_unknown() {
    both(async |kind| {
        let site = Site::start().await;
        let mut login = Login::at(kind, &site, "mute").await;
        login.types(&["ann", "right"]).await;
        assert_eq!(login.verdict(), (Some(F::Uncertain), None));
        login.types(&["ann", "right"]).await;
        assert_eq!(login.failure(), F::UnknownPage);
        assert_eq!(site.posts_with("pw=right"), 2);
    })
    .await;
}

#[tokio::test]
async fn words_on_a_page_without_the_form_are_told_beside_the_form() {
    both(async |kind| {
        let site = Site::start().await;
        let mut login = Login::at(kind, &site, "wordy").await;
        login.types(&["ann", "wrong"]).await;
        assert_eq!(login.verdict(), (Some(F::CredentialsRejected), Some("Login failed: wrong password.")));
    })
    .await;
}

#[tokio::test]
async fn a_form_token_that_was_too_old_is_not_a_wrong_password() {
    both(async |kind| {
        let site = Site::start().await;
        let mut login = Login::at(kind, &site, "stale").await;
        login.types(&["ann", "right"]).await;
        assert_eq!(login.verdict().0, Some(F::Uncertain));
    })
    .await;
}

#[tokio::test]
async fn a_question_that_is_not_understood_ends_the_login_as_that() {
    both(async |kind| {
        let site = Site::start().await;
        let mut login = Login::at(kind, &site, "lost").await;
        login.types(&["ann", "right"]).await;
        assert_eq!(login.failure(), F::UnknownPage);
        assert_eq!(site.posts_with("pw=right"), 1);
    })
    .await;
}

#[tokio::test]
async fn nothing_that_was_typed_leaves_the_allowed_origins() {
    both(async |kind| {
        let site = Site::start().await;
        for (scene, asks) in [("aimed", false), ("away", false), ("handed", true), ("leaky", true)] {
            let mut login = Login::at(kind, &site, scene).await;
            if asks {
                login.types(&["ann", "right"]).await;
            }
            assert_eq!(login.failure(), F::OriginNotAllowed, "{scene}");
        }
        assert_eq!(site.posts_outside(), 0);
    })
    .await;
}

#[tokio::test]
async fn a_form_that_sends_itself_is_followed_to_another_host() {
    both(async |kind| {
        let site = Site::start().await;
        let mut login = Login::at(kind, &site, "assertion").await;
        login.types(&["ann", "right"]).await;
        assert_eq!((site.posts_outside(), site.posts_with("assertion=assertion-1")), (1, 1));
        assert_eq!(site.posts_with("pw=right"), 1);
    })
    .await;
}

#[tokio::test]
async fn http_basic_is_asked_for_refused_and_accepted() {
    both(async |kind| {
        let site = Site::start().await;
        let mut login = Login::at(kind, &site, "basic").await;
        assert_eq!(login.prompt().title.as_deref(), Some("Archive"));
        login.types(&["ann", "wrong"]).await;
        assert_eq!(login.verdict(), (Some(F::CredentialsRejected), None));
        login.types(&["ann", "right"]).await;
        assert!(login.is_signed_in());
    })
    .await;
}

#[tokio::test]
async fn bad_sites_end_in_a_clear_outcome() {
    both(async |kind| {
        let site = Site::start().await;
        for (scene, code) in [("loop", F::SiteError), ("image", F::LoginFormNotFound)] {
            assert_eq!(Login::at(kind, &site, scene).await.failure(), code, "{scene}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_huge_page_is_read_only_so_far() {
    both(async |kind| {
        let site = Site::start().await;
        let mut login = Login::at(kind, &site, "huge").await;
        login.types(&["ann", "right"]).await;
        assert!(login.is_signed_in());
    })
    .await;
}

#[tokio::test]
async fn a_site_that_does_not_answer_is_unavailable() {
    let site = Site::start().await;
    let mut driver = HttpDriver::new(tools(&site), None);
    driver.patience = Duration::from_millis(200);
    for url in [site.url("/slow/login"), "http://127.0.0.1:1/".parse().unwrap()] {
        let error = driver.perform(&Open(url)).await.unwrap_err();
        assert_eq!(error.code(), F::SiteUnavailable);
    }
}

#[tokio::test]
async fn an_answer_counts_once_and_one_that_does_not_fit_sends_nothing() {
    both(async |kind| {
        let site = Site::start().await;
        let mut login = Login::at(kind, &site, "plain").await;
        login.types(&["ann", ""]).await;
        assert_eq!(login.verdict().0, Some(F::AnswerRejected));
        login.types(&["ann", &"x".repeat(2_000)]).await;
        assert_eq!((login.verdict().0, site.posts_with("pw=")), (Some(F::AnswerRejected), 0));

        login.answer(Action::Cancel, &[], None).await;
        assert_eq!(login.failure(), F::CustomerCancelled);
        login.types(&["ann", "right"]).await;
        assert_eq!(site.posts_with("pw="), 0);
    })
    .await;
}
