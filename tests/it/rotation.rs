//! Rotation: a secret is exchanged and no delivery is without a signature that its receiver can verify.

use std::time::Duration;

use serde_json::{Value, json};
use standardwebhooks::Webhook;

use crate::house::{House, Receiver};

stories! {
    during_the_overlap_both_secrets_verify_and_after_it_only_the_new_one,
    without_an_overlap_the_old_secret_ends_at_once,
    a_later_overlap_of_zero_ends_all_that_went_before,
    a_secret_of_the_partners_own_can_be_the_new_one,
    an_overlap_that_cannot_be_is_refused,
    no_more_than_five_secrets_sign_at_a_time,
    what_signs_no_more_is_swept_away,
}

async fn rotate(house: &House, receiver: &Receiver, mut fields: Value) -> Value {
    fields["id"] = json!(receiver.id);
    house.partner.mutate("rotateWebhookSecret", fields).await
}

fn secret(rotated: &Value) -> String {
    rotated["secret"].as_str().unwrap_or_else(|| panic!("no secret: {rotated}")).to_owned()
}

/// Which of the secrets the published package verifies the last request with.
fn verifying<'a>(receiver: &Receiver, secrets: &[&'a str]) -> Vec<&'a str> {
    let requests = receiver.peer.seen();
    let request = requests.last().unwrap();
    let signed_at = request.header("webhook-timestamp").parse().unwrap();
    let signatures: Vec<_> = request.header("webhook-signature").split(' ').collect();
    let verifies = |secret: &&str| {
        let webhook = Webhook::new(secret).unwrap();
        let expected = webhook.sign(request.header("webhook-id"), signed_at, &request.body).unwrap();
        signatures.contains(&expected.as_str())
    };
    secrets.iter().copied().filter(verifies).collect()
}

async fn send(house: &House) {
    house.partner.create_link().await;
    assert_eq!(house.deliver().await, 1);
}

async fn during_the_overlap_both_secrets_verify_and_after_it_only_the_new_one(house: &mut House) {
    let receiver = house.subscribe(["link.created"]).await;
    let old = receiver.secret.as_str();

    let rotated = rotate(house, &receiver, json!({})).await;
    let new = secret(&rotated);
    send(house).await;
    assert_eq!(verifying(&receiver, &[old, &new]), [old, &new]);
    house.pass(Duration::from_hours(24) - Duration::from_millis(1));
    send(house).await;
    assert_eq!(verifying(&receiver, &[old, &new]), [old, &new]);
    house.pass(Duration::from_millis(1));
    send(house).await;

    assert_eq!(verifying(&receiver, &[old, &new]), [&new]);
    assert_eq!(rotated["previousExpiresAt"], "2026-11-23T10:00:00.000Z");
    assert!(receiver.peer.seen()[0].header("webhook-signature").split(' ').count() == 2);
}

async fn without_an_overlap_the_old_secret_ends_at_once(house: &mut House) {
    let receiver = house.subscribe(["link.created"]).await;

    let new = secret(&rotate(house, &receiver, json!({ "overlap": "PT0S" })).await);
    send(house).await;

    assert_eq!(verifying(&receiver, &[&receiver.secret, &new]), [&new]);
}

async fn a_later_overlap_of_zero_ends_all_that_went_before(house: &mut House) {
    let receiver = house.subscribe(["link.created"]).await;
    let second = secret(&rotate(house, &receiver, json!({ "overlap": "P7D" })).await);
    send(house).await;
    assert_eq!(verifying(&receiver, &[&receiver.secret, &second]).len(), 2);

    let third = secret(&rotate(house, &receiver, json!({ "overlap": "PT0S" })).await);
    send(house).await;

    assert_eq!(verifying(&receiver, &[&receiver.secret, &second, &third]), [&third]);
}

async fn a_secret_of_the_partners_own_can_be_the_new_one(house: &mut House) {
    let receiver = house.subscribe(["link.created"]).await;
    let own = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

    let refused = rotate(house, &receiver, json!({ "secret": "whsec_c2hvcnQ=" })).await;
    let rotated = rotate(house, &receiver, json!({ "secret": own })).await;
    send(house).await;

    assert_eq!(refused["userErrors"][0]["field"], json!(["secret"]));
    assert!(!refused.to_string().contains("c2hvcnQ"), "{refused}");
    assert_eq!(secret(&rotated), own);
    assert_eq!(verifying(&receiver, &[own]), [own]);
}

async fn an_overlap_that_cannot_be_is_refused(house: &mut House) {
    let receiver = house.subscribe(["link.created"]).await;

    for overlap in ["P7DT1S", "P36500D", "PT0.5S", "-PT1H"] {
        let refused = rotate(house, &receiver, json!({ "overlap": overlap })).await;

        let error = &refused["userErrors"][0];
        assert_eq!((&error["code"], &error["field"]), (&json!("INVALID"), &json!(["overlap"])), "{refused}");
        assert_eq!((&refused["secret"], &refused["previousExpiresAt"]), (&Value::Null, &Value::Null));
    }
    send(house).await;
    receiver.saw([204]).with_valid_signatures();
}

async fn no_more_than_five_secrets_sign_at_a_time(house: &mut House) {
    let receiver = house.subscribe(["link.created"]).await;
    for _ in 0..4 {
        secret(&rotate(house, &receiver, json!({})).await);
    }

    let refused = rotate(house, &receiver, json!({})).await;
    send(house).await;
    let at_once = rotate(house, &receiver, json!({ "overlap": "PT0S" })).await;

    assert_eq!(refused["userErrors"][0]["code"], "LIMIT_EXCEEDED", "{refused}");
    assert_eq!(receiver.peer.seen()[0].header("webhook-signature").split(' ').count(), 5);
    assert_eq!(at_once["userErrors"], json!([]));
}

async fn what_signs_no_more_is_swept_away(house: &mut House) {
    let receiver = house.subscribe(["link.created"]).await;
    rotate(house, &receiver, json!({ "overlap": "PT1H" })).await;
    let database = house.database.open().await;
    let count = async || {
        let sql = "SELECT COUNT(*) AS n FROM endpoint_secret";
        let sql =
            sea_orm::Statement::from_string(sea_orm::ConnectionTrait::get_database_backend(&database), sql);
        let row = sea_orm::ConnectionTrait::query_one_raw(&database, sql).await.unwrap().unwrap();
        row.try_get::<i64>("", "n").unwrap()
    };

    house.sweep().await;
    assert_eq!(count().await, 2);
    house.pass(Duration::from_hours(1));
    house.sweep().await;

    assert_eq!(count().await, 1);
    send(house).await;
}
