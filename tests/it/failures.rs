//! Every code of failure can happen, and something here makes it happen.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use entity::FailureCode;
use postern::sandbox::scenarios;
use serde_json::json;

use crate::house::House;
use crate::house::bank::PASSWORD;

/// Codes that no site brings about, each with the story that tells it.
const TOLD: [(FailureCode, &str, &str); 10] = [
    (FailureCode::InputTimeout, "sign_in", "a_customer_who_says_nothing_for_ten_minutes_can_come_back"),
    (FailureCode::EngineTimeout, "budgets", "a_login_ends_after_twenty_minutes_whatever_the_customer_does"),
    (FailureCode::Capacity, "budgets", "a_customer_who_waits_too_long_for_an_engine_is_told_so"),
    (
        FailureCode::CertificateInvalid,
        "certificates",
        "a_site_whose_certificate_cannot_be_trusted_gets_no_request",
    ),
    (FailureCode::EngineCrash, "crash", "a_login_ends_honestly_if_a_secret_had_left"),
    (FailureCode::LinkExpired, "expiry", "a_link_expires_when_its_time_is_over"),
    (FailureCode::LinkRevoked, "sign_in", "a_revoked_link_ends_the_login_and_nothing_more_is_sent"),
    (FailureCode::StepFailed, "sign_in", "a_job_that_fails_fails_the_link_but_not_the_customer"),
    (FailureCode::Interrupted, "crash", "a_run_at_a_step_that_must_not_be_repeated_is_interrupted"),
    (FailureCode::ReloginRequired, "failures", "a_session_that_has_ended_asks_for_a_new_sign_in"),
];

stories! {
    a_session_that_has_ended_asks_for_a_new_sign_in,
}

async fn a_session_that_has_ended_asks_for_a_new_sign_in(house: &mut House) {
    let origin = &house.bank.origin;
    let source = json!({ "name": "Bank", "loginUrl": format!("{origin}/login") });
    let extract = json!({ "extract": { "name": "holder", "selector": "#holder" } });
    let steps = json!([{ "goto": { "url": format!("{origin}/logout") } }, extract]);
    let job = house.partner.job_of(source, "work", steps).await;
    let link = house.partner.create_link_with(json!({ "jobId": job })).await;

    house.sign_in(&link, "good", PASSWORD).await.says("You are signed in");
    house.run().await;

    let shown = house.partner.link(&link.id, "status failure { code }").await;
    assert_eq!(shown, json!({ "status": "FAILED", "failure": { "code": "RELOGIN_REQUIRED" } }));
}

#[test]
fn every_failure_has_a_scenario_or_a_story() {
    let ends = scenarios().iter().flat_map(|scenario| [&scenario.expected.http, &scenario.expected.browser]);
    let refusals = scenarios().iter().flat_map(|scenario| scenario.rejections.iter().flatten());
    let played: BTreeSet<&str> = ends.chain(refusals).map(String::as_str).collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    for code in FailureCode::ALL {
        let told = TOLD.iter().find(|(told, ..)| told == code).is_some_and(|(_, chapter, story)| {
            fs::read_to_string(folder.join(chapter).with_extension("rs"))
                .is_ok_and(|text| text.contains(story))
        });
        assert!(told || played.contains(code.as_str()), "nothing makes {} happen", code.as_str());
    }
}

#[test]
fn what_scenarios_expect_are_codes_of_the_enum() {
    for scenario in scenarios() {
        let wanted = [&scenario.expected.http, &scenario.expected.browser];
        for word in wanted.into_iter().chain(scenario.rejections.iter().flatten()) {
            assert!(
                word == "SIGNED_IN" || FailureCode::parse(word).is_some(),
                "{}: {word}",
                scenario.username
            );
        }
    }
}

#[test]
fn the_detector_knows_no_word_of_the_sandbox() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/domain");
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.path().is_dir() {
                folders.push(entry.path());
                continue;
            }
            let text = fs::read_to_string(entry.path()).unwrap().to_lowercase();
            for word in ["sandbox", "mill lane", "mill_lane", "correct-horse"] {
                assert!(!text.contains(word), "{} speaks of {word}", entry.path().display());
            }
        }
    }
}
