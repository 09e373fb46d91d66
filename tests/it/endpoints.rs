//! Endpoints: what may be registered, and what is refused before anything is stored.

use serde_json::{Value, json};

use crate::house::House;

stories! {
    an_address_that_policy_forbids_is_refused_at_registration,
    without_the_operators_word_only_public_https_is_left,
    bad_input_is_told_by_its_field_and_changes_nothing,
    a_source_system_at_a_forbidden_address_is_refused,
    a_job_that_leaves_the_allowed_origins_is_refused,
    a_secret_is_shown_once,
    a_secret_of_the_partners_own_is_taken,
}

/// Addresses that no policy of these stories opens, and what they try.
const FORBIDDEN: [&str; 15] = [
    "https://10.0.0.1/hook",
    "https://192.168.1.1/",
    "https://172.16.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://127.0.0.1/",
    "http://127.0.0.2/",
    "https://[::1]/",
    "https://[::ffff:10.0.0.1]/",
    "https://[fd00::1]/",
    "https://0.0.0.0/",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://localhost/",
    "file:///etc/passwd",
    "https://user:password@example.com/",
];

async fn an_address_that_policy_forbids_is_refused_at_registration(house: &mut House) {
    let before = house.inventory().await;

    for url in FORBIDDEN {
        let refused = house.partner.mutate("createWebhookEndpoint", json!({ "url": url })).await;

        let error = &refused["userErrors"][0];
        assert_eq!(
            (&error["code"], &error["field"]),
            (&json!("FORBIDDEN_URL"), &json!(["url"])),
            "{url}: {refused}"
        );
        assert_eq!((&refused["endpoint"], &refused["secret"]), (&Value::Null, &Value::Null));
    }
    assert_eq!(house.inventory().await, before);
}

async fn without_the_operators_word_only_public_https_is_left(house: &mut House) {
    let receiver = house.subscribe(["link.created"]).await;
    house.close_the_ways_out().await;

    for url in [receiver.peer.url("/hook").as_str(), "http://example.com/"] {
        let refused = house.partner.mutate("createWebhookEndpoint", json!({ "url": url })).await;
        assert_eq!(refused["userErrors"][0]["code"], "FORBIDDEN_URL", "{url}: {refused}");
    }
    house.partner.create_link().await;
    house.deliver().await;

    receiver.saw([]);
    let query = "{ webhookDeliveries { nodes { attempts { nodes { outcome } } } } }";
    let attempts =
        house.partner.call(query, json!({})).await["webhookDeliveries"]["nodes"][0]["attempts"].clone();
    assert_eq!(attempts["nodes"], json!([{ "outcome": "REFUSED_BY_POLICY" }]));
}

async fn bad_input_is_told_by_its_field_and_changes_nothing(house: &mut House) {
    let before = house.inventory().await;
    for (path, field, value) in [
        (json!(["eventTypes", "1"]), "eventTypes", json!(["link.created", "link.creatd"])),
        (json!(["eventTypes"]), "eventTypes", json!(vec!["link.created"; 51])),
        (json!(["description"]), "description", json!("x".repeat(1_001))),
        (json!(["secret"]), "secret", json!("whsec_c2hvcnQ=")),
        (json!(["secret"]), "secret", json!("no secret at all")),
        (json!(["headers"]), "headers", json!({ "webhook-id": "evt_1" })),
        (json!(["headers"]), "headers", json!({ "x-a": "line\r\nbreak" })),
        (json!(["headers"]), "headers", json!({ "x-a": 7 })),
        (json!(["retrySchedule"]), "retrySchedule", json!(["P8D"])),
        (json!(["retrySchedule"]), "retrySchedule", json!(["-PT1S"])),
        (json!(["retrySchedule"]), "retrySchedule", json!(vec!["PT1S"; 21])),
        (json!(["rateLimit"]), "rateLimit", json!(0)),
        (json!(["rateLimit"]), "rateLimit", json!(10_001)),
        (json!(["url"]), "url", json!("")),
        (json!(["url"]), "url", json!(format!("http://127.0.0.1:9/{}", "x".repeat(2_048)))),
    ] {
        let mut input = json!({ "url": "http://127.0.0.1:9/hook" });
        input[field] = value.clone();
        let refused = house.partner.mutate("createWebhookEndpoint", input).await;

        assert_eq!(refused["userErrors"][0]["field"], path, "{value}: {refused}");
        assert_eq!(refused["endpoint"], Value::Null, "{value}");
    }
    assert_eq!(house.inventory().await, before);
}

async fn a_source_system_at_a_forbidden_address_is_refused(house: &mut House) {
    let before = house.inventory().await;

    for url in FORBIDDEN {
        let input = json!({ "name": "Bank", "loginUrl": url });
        let refused = house.partner.mutate("createSourceSystem", input).await;
        let input = json!({ "name": "Bank", "loginUrl": format!("{}/login", house.bank.origin), "allowedOrigins": [url] });
        let beside = house.partner.mutate("createSourceSystem", input).await;

        assert_eq!(refused["userErrors"][0]["code"], "FORBIDDEN_URL", "{url}: {refused}");
        assert_eq!(refused["userErrors"][0]["field"], json!(["loginUrl"]), "{url}");
        assert_eq!(beside["userErrors"][0]["field"], json!(["allowedOrigins", "0"]), "{url}: {beside}");
    }
    assert_eq!(house.inventory().await, before);
}

async fn a_job_that_leaves_the_allowed_origins_is_refused(house: &mut House) {
    let login_url = format!("{}/login", house.bank.origin);
    let made =
        house.partner.mutate("createSourceSystem", json!({ "name": "Bank", "loginUrl": login_url })).await;
    let source = &made["sourceSystem"]["id"];
    let before = house.inventory().await;

    let origin = house.bank.origin.as_str();
    for url in [
        "https://evil.example/",
        "http://127.0.0.1:1/",
        &format!("{origin}@evil.example/"),
        &origin.replace("http", "https"),
    ] {
        let steps = json!([{ "goto": { "url": format!("{origin}/account") } }, { "goto": { "url": url } }]);
        let input = json!({ "name": "Read", "sourceSystemId": source, "workflows": [{ "name": "w", "steps": steps }] });
        let refused = house.partner.mutate("createJob", input).await;

        assert_eq!(
            refused["userErrors"][0]["field"].as_array().unwrap()[..4],
            ["workflows", "0", "steps", "1"],
            "{refused}"
        );
        assert_eq!(refused["userErrors"][0]["code"], "FORBIDDEN_URL", "{url}");
    }
    assert_eq!(house.inventory().await, before);
}

async fn a_secret_is_shown_once(house: &mut House) {
    let input = json!({ "url": "http://127.0.0.1:9/hook", "idempotencyKey": "once" });

    let first = house.partner.mutate("createWebhookEndpoint", input.clone()).await;
    let again = house.partner.mutate("createWebhookEndpoint", input).await;

    assert!(first["secret"].as_str().unwrap().starts_with("whsec_"));
    assert_eq!((&again["secret"], &again["endpoint"]), (&Value::Null, &first["endpoint"]));
}

async fn a_secret_of_the_partners_own_is_taken(house: &mut House) {
    let own = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    let receiver = house.subscribe(["link.created"]).with("secret", json!(own)).await;

    house.partner.create_link().await;
    house.deliver().await;

    assert_eq!(receiver.secret, own);
    receiver.saw([204]).with_valid_signatures();
}
