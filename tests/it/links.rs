//! Links: made with what the partner asks for, or not at all.

use serde_json::{Value, json};

use crate::house::{House, RETURN_URL};

stories! {
    a_link_is_made_with_defaults,
    a_link_keeps_what_the_partner_gave,
    the_url_of_a_link_is_short_and_stays_the_same,
    a_qr_code_shows_the_same_url,
    bad_input_is_told_by_its_field_and_changes_nothing,
    a_job_of_another_workspace_is_as_unknown_as_any,
    what_is_no_value_of_its_type_is_told_by_its_field,
    a_link_can_be_revoked_once,
    an_unknown_link_cannot_be_revoked,
}

async fn a_link_is_made_with_defaults(house: &mut House) {
    let made = house.partner.try_create_link(json!({})).await;

    let link = &made["link"];
    assert_eq!(made["userErrors"], json!([]));
    assert_eq!(
        (&link["status"], &link["sequence"], &link["usable"]),
        (&json!("CREATED"), &json!(1), &json!(true))
    );
    assert_eq!(link["expiresAt"], "2026-11-29T10:00:00.000Z");
    assert_eq!(
        [&link["metadata"], &link["returnUrl"], &link["locale"]],
        [&json!({}), &Value::Null, &Value::Null]
    );
    assert_eq!(made["replayed"], false);
    assert_eq!(made["eventCursor"], link["eventCursor"]);
}

async fn a_link_keeps_what_the_partner_gave(house: &mut House) {
    let given = json!({
        "externalId": "Jürgen & Söhne / 42",
        "expiresIn": "P90D",
        "metadata": { "order": 7, "tags": ["a", null], "ünï": { "deep": true } },
        "returnUrl": format!("{RETURN_URL}/done?order=7"),
        "locale": "de-CH",
    });

    let id = house.partner.create_link_with(given.clone()).await.id;

    let link = house.partner.link(&id, "externalId metadata returnUrl locale expiresAt job { id }").await;
    for field in ["externalId", "metadata", "returnUrl", "locale"] {
        assert_eq!(link[field], given[field], "{field}");
    }
    assert_eq!(link["expiresAt"], "2027-02-20T10:00:00.000Z");
    assert_eq!(link["job"]["id"], house.partner.job);
}

async fn the_url_of_a_link_is_short_and_stays_the_same(house: &mut House) {
    let link = house.partner.create_link().await;

    house.restart().await;

    let path = link.url.strip_prefix(house.url("").as_str().trim_end_matches('/')).expect("our own address");
    assert!(path.starts_with("/l/") && path.len() <= 80, "{path}");
    assert_eq!(house.partner.link(&link.id, "linkUrl").await["linkUrl"], link.url);
}

async fn a_qr_code_shows_the_same_url(house: &mut House) {
    let link = house.partner.create_link().await;
    let other = house.partner.create_link().await;

    let code = async |id| house.partner.link(id, "linkUrl(format: QR_SVG)").await["linkUrl"].clone();
    let (first, again, another) = (code(&link.id).await, code(&link.id).await, code(&other.id).await);

    assert!(first.as_str().unwrap().contains("<svg"), "{first}");
    assert_eq!(first, again);
    assert_ne!(first, another);
}

/// A field of `createLink`, a value it does not take, and the code that says so.
fn bad_inputs() -> Vec<(&'static str, Value, &'static str)> {
    vec![
        ("externalId", json!(""), "INVALID"),
        ("externalId", json!("x".repeat(257)), "TOO_LONG"),
        ("externalId", json!("x".repeat(1_000_000)), "TOO_LONG"),
        ("externalId", json!("a\0b"), "INVALID"),
        ("expiresIn", json!("PT0S"), "INVALID"),
        ("expiresIn", json!("-PT1H"), "INVALID"),
        ("expiresIn", json!("PT90.5S"), "INVALID"),
        ("expiresIn", json!("PT59S"), "INVALID"),
        ("expiresIn", json!("P90DT1S"), "INVALID"),
        ("expiresIn", json!("P36500D"), "INVALID"),
        ("metadata", json!({ "a": "x".repeat(4096) }), "TOO_LONG"),
        ("metadata", json!({ "a": "\0" }), "INVALID"),
        ("metadata", json!({ "\0": "a" }), "INVALID"),
        ("jobId", json!("job_0193b5a0000070008000000000000000"), "NOT_FOUND"),
        ("jobId", json!("nonsense"), "NOT_FOUND"),
        ("jobId", json!(""), "NOT_FOUND"),
        ("returnUrl", json!("https://evil.example/back"), "FORBIDDEN_URL"),
        ("returnUrl", json!("https://acme.example.evil.example/back"), "FORBIDDEN_URL"),
        ("returnUrl", json!("https://acme.example/backdoor"), "FORBIDDEN_URL"),
        ("returnUrl", json!("https://acme.example/back/../admin"), "FORBIDDEN_URL"),
        ("returnUrl", json!("http://acme.example/back"), "FORBIDDEN_URL"),
        ("returnUrl", json!("https://acme.example@evil.example/back"), "FORBIDDEN_URL"),
        ("returnUrl", json!("javascript:alert(1)"), "FORBIDDEN_URL"),
        ("returnUrl", json!("/back"), "INVALID"),
        ("returnUrl", json!(format!("{RETURN_URL}/{}", "x".repeat(2048))), "TOO_LONG"),
        ("locale", json!("de_DE"), "INVALID"),
        ("locale", json!(""), "INVALID"),
        ("idempotencyKey", json!(""), "INVALID"),
        ("idempotencyKey", json!("x".repeat(256)), "TOO_LONG"),
    ]
}

async fn bad_input_is_told_by_its_field_and_changes_nothing(house: &mut House) {
    house.partner.create_link().await;
    let before = house.inventory().await;

    for (field, value, code) in bad_inputs() {
        let refused = house.partner.try_create_link(json!({ field: value })).await;

        let [error] = refused["userErrors"].as_array().unwrap().as_slice() else {
            panic!("{field}: {refused}")
        };
        assert_eq!((&error["field"], &error["code"]), (&json!([field]), &json!(code)), "{refused}");
        assert!(error["message"].as_str().unwrap().starts_with("must "), "{refused}");
        assert_eq!((&refused["link"], &refused["eventCursor"]), (&Value::Null, &Value::Null));
    }

    assert_eq!(house.inventory().await, before);
}

async fn a_job_of_another_workspace_is_as_unknown_as_any(house: &mut House) {
    let stranger = house.stranger().await;

    let unknown =
        house.partner.try_create_link(json!({ "jobId": "job_0193b5a0000070008000000000000000" })).await;
    let theirs = house.partner.try_create_link(json!({ "jobId": stranger.job })).await;

    assert_eq!(theirs["userErrors"][0]["code"], "NOT_FOUND");
    assert_eq!(theirs, unknown);
}

async fn what_is_no_value_of_its_type_is_told_by_its_field(house: &mut House) {
    for (field, value) in [
        ("externalId", json!(7)),
        ("externalId", Value::Null),
        ("expiresIn", json!("soon")),
        ("expiresIn", json!(60)),
        ("metadata", json!([1])),
        ("metadata", json!("{}")),
        ("returnUrl", json!(["https://acme.example/back"])),
    ] {
        let input = house.partner.link_input(json!({ field: value }));
        let answer = house.partner.try_mutate("createLink", input).await;

        let error = &answer["errors"][0];
        assert_eq!(error["extensions"]["code"], "BAD_REQUEST", "{answer}");
        assert!(error["message"].as_str().unwrap().contains(&format!("input.{field}")), "{answer}");
    }
}

async fn a_link_can_be_revoked_once(house: &mut House) {
    let link = house.partner.create_link().await;
    let input = json!({ "id": link.id });

    let first = house.partner.mutate("expireLink", input.clone()).await;
    let again = house.partner.mutate("expireLink", input).await;

    assert_eq!((&first["link"]["status"], &first["link"]["usable"]), (&json!("EXPIRED"), &json!(false)));
    assert_eq!((&again["link"], &again["userErrors"][0]["code"]), (&Value::Null, &json!("CONFLICT")));
    assert_eq!(house.partner.events_of(&link.id).await, ["link.created", "link.expired"]);
}

async fn an_unknown_link_cannot_be_revoked(house: &mut House) {
    for id in ["lnk_0193b5a0000070008000000000000000", "nonsense", ""] {
        let refused = house.partner.mutate("expireLink", json!({ "id": id })).await;

        assert_eq!(refused["userErrors"][0]["code"], "NOT_FOUND", "{id}");
        assert_eq!(refused["userErrors"][0]["field"], json!(["id"]), "{id}");
    }
}
