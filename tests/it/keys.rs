//! API keys: who may come in, who may do what, and who has to go.

use std::collections::BTreeSet;
use std::time::Duration;

use entity::Scope;
use postern::service::key;
use serde_json::{Value, json};

use crate::house::{House, Partner, Told, texts};

stories! {
    who_shows_no_valid_key_stays_outside,
    a_socket_without_a_valid_key_is_closed,
    a_revoked_key_ends_within_a_moment_also_on_an_open_socket,
    every_field_has_its_scope_in_the_table,
    without_its_scope_a_field_is_forbidden_and_with_it_alone_it_is_not,
    a_url_and_an_output_need_a_scope_of_their_own,
    what_another_object_leads_to_needs_its_own_scope,
}

/// Keys that open nothing.
fn useless_keys(house: &House) -> Vec<String> {
    let valid = &house.partner.key;
    let other = valid.chars().rev().collect::<String>();
    let last = if valid.ends_with('0') { "1" } else { "0" };
    let (prefix, _) = valid.rsplit_once('_').unwrap();
    vec![
        String::new(),
        "psk_".to_owned(),
        "psk__".to_owned(),
        other,
        prefix.to_owned(),
        format!("{prefix}_"),
        format!("{prefix}_{}", "0".repeat(64)),
        format!("{}{last}", &valid[..valid.len() - 1]),
        format!("{valid}0"),
        valid.to_uppercase(),
        format!("psk_{}", "a".repeat(60_000)),
        "psk_%00_' OR 1=1".to_owned(),
    ]
}

async fn who_shows_no_valid_key_stays_outside(house: &mut House) {
    for useless in useless_keys(house) {
        let answer =
            house.partner.with_key(&useless).request().body(r#"{"query":"{ viewer { id } }"}"#).send().await;
        let answer = answer.unwrap();

        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["www-authenticate"]),
            (401, &"Bearer".parse().unwrap())
        );
        let body: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        assert_eq!(body["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{useless:.80}");
    }
    for wrong in [None, Some(format!("Basic {}", house.partner.key)), Some(house.partner.key.clone())] {
        let request = reqwest::Client::builder().no_proxy().build().unwrap().post(house.url("/graphql"));
        let request = wrong.iter().fold(request, |request, value| request.header("authorization", value));
        assert_eq!(request.send().await.unwrap().status(), 401, "{wrong:?}");
    }
}

async fn a_socket_without_a_valid_key_is_closed(house: &mut House) {
    for useless in useless_keys(house).into_iter().take(8) {
        let refused = house.partner.with_key(&useless).try_socket().await.err();

        assert!(matches!(refused, Some(4401 | 4403)), "{useless}: {refused:?}");
    }
}

async fn a_revoked_key_ends_within_a_moment_also_on_an_open_socket(house: &mut House) {
    let leaving = house.partner_with(Scope::ALL).await;
    let mut socket = leaving.socket().await;
    socket.follow_status(json!({})).await;
    leaving.call("{ viewer { id } }", json!({})).await;

    let (prefix, _) = leaving.key.rsplit_once('_').unwrap();
    key::revoke(house.app(), prefix).await.unwrap();

    // Within a second, and half a one for a busy machine.
    let closed = tokio::time::timeout(Duration::from_millis(1_500), socket.next()).await;
    assert_eq!(closed, Ok(Told::Closed(4403)));
    assert_eq!(leaving.request().body("{}").send().await.unwrap().status(), 401);
    house.partner.call("{ viewer { id } }", json!({})).await;
}

/// Every field at the top of the schema, what it needs, and how it is asked.
const FIELDS: [(&str, Option<Scope>, &str); 31] = [
    ("Query.viewer", None, "{ viewer { id scopes } }"),
    ("Query.workspace", None, "{ workspace { id name returnUrls eventCursor } }"),
    ("Query.link", Some(Scope::LinksRead), "{ link(id: \"x\") { id } }"),
    ("Query.links", Some(Scope::LinksRead), "{ links { nodes { id } } }"),
    ("Query.sourceSystem", Some(Scope::JobsRead), "{ sourceSystem(id: \"x\") { id } }"),
    ("Query.sourceSystems", Some(Scope::JobsRead), "{ sourceSystems { nodes { id } } }"),
    ("Query.job", Some(Scope::JobsRead), "{ job(id: \"x\") { id } }"),
    ("Query.jobs", Some(Scope::JobsRead), "{ jobs { nodes { id } } }"),
    ("Query.run", Some(Scope::RunsRead), "{ run(id: \"x\") { id } }"),
    ("Query.events", Some(Scope::LinksRead), "{ events { nodes { id } } }"),
    ("Query.webhookEndpoint", Some(Scope::WebhooksRead), "{ webhookEndpoint(id: \"x\") { id } }"),
    ("Query.webhookEndpoints", Some(Scope::WebhooksRead), "{ webhookEndpoints { nodes { id } } }"),
    ("Query.webhookDelivery", Some(Scope::WebhooksRead), "{ webhookDelivery(id: \"x\") { id } }"),
    ("Query.webhookDeliveries", Some(Scope::WebhooksRead), "{ webhookDeliveries { nodes { id } } }"),
    (
        "Mutation.createLink",
        Some(Scope::LinksWrite),
        "mutation { createLink(input: { externalId: \"x\", jobId: \"x\" }) { replayed } }",
    ),
    (
        "Mutation.expireLink",
        Some(Scope::LinksWrite),
        "mutation { expireLink(input: { id: \"x\" }) { link { id } } }",
    ),
    (
        "Mutation.rerunJob",
        Some(Scope::JobsWrite),
        "mutation { rerunJob(input: { linkId: \"x\" }) { run { id } } }",
    ),
    (
        "Mutation.revokeSession",
        Some(Scope::JobsWrite),
        "mutation { revokeSession(input: { linkId: \"x\" }) { link { id } } }",
    ),
    (
        "Mutation.createSourceSystem",
        Some(Scope::JobsWrite),
        "mutation { createSourceSystem(input: { name: \"\", loginUrl: \"x\" }) { sourceSystem { id } } }",
    ),
    (
        "Mutation.updateSourceSystem",
        Some(Scope::JobsWrite),
        "mutation { updateSourceSystem(input: { id: \"x\" }) { sourceSystem { id } } }",
    ),
    (
        "Mutation.createJob",
        Some(Scope::JobsWrite),
        "mutation { createJob(input: { name: \"\", sourceSystemId: \"x\" }) { job { id } } }",
    ),
    (
        "Mutation.createWebhookEndpoint",
        Some(Scope::WebhooksWrite),
        "mutation { createWebhookEndpoint(input: { url: \"x\" }) { secret } }",
    ),
    (
        "Mutation.updateWebhookEndpoint",
        Some(Scope::WebhooksWrite),
        "mutation { updateWebhookEndpoint(input: { id: \"x\" }) { endpoint { id } } }",
    ),
    (
        "Mutation.deleteWebhookEndpoint",
        Some(Scope::WebhooksWrite),
        "mutation { deleteWebhookEndpoint(input: { id: \"x\" }) { endpoint { id } } }",
    ),
    (
        "Mutation.rotateWebhookSecret",
        Some(Scope::WebhooksWrite),
        "mutation { rotateWebhookSecret(input: { id: \"x\" }) { secret } }",
    ),
    (
        "Mutation.sendTestEvent",
        Some(Scope::WebhooksWrite),
        "mutation { sendTestEvent(input: { id: \"x\" }) { delivery { id } } }",
    ),
    (
        "Mutation.resendDelivery",
        Some(Scope::WebhooksWrite),
        "mutation { resendDelivery(input: { id: \"x\" }) { delivery { id } } }",
    ),
    (
        "Mutation.recoverDeliveries",
        Some(Scope::WebhooksWrite),
        "mutation { recoverDeliveries(input: { endpointId: \"x\", since: \"2026-11-22T10:00:00Z\" }) { count } }",
    ),
    // An id that cannot be: who may watch is told so at once.
    (
        "Subscription.deliveryAttempted",
        Some(Scope::WebhooksRead),
        "subscription { deliveryAttempted(endpointId: \"x\") { number } }",
    ),
    (
        "Subscription.events",
        Some(Scope::LinksRead),
        "subscription { events(after: \"AQAAAAAAAAAA\") { type } }",
    ),
    (
        "Subscription.linkStatusChanged",
        Some(Scope::LinksRead),
        "subscription { linkStatusChanged(after: \"AQAAAAAAAAAA\") { status } }",
    ),
];

async fn every_field_has_its_scope_in_the_table(house: &mut House) {
    let query = "{ __schema { queryType { fields { name } } mutationType { fields { name } }
        subscriptionType { fields { name } } } }";
    let schema = house.partner.call(query, json!({})).await["__schema"].clone();

    let roots = [("Query", "queryType"), ("Mutation", "mutationType"), ("Subscription", "subscriptionType")];
    let of_root = |(root, kind): (&str, &str)| {
        let names = texts(&schema[kind]["fields"], "name");
        names.into_iter().map(|name| format!("{root}.{name}")).collect::<Vec<_>>()
    };
    let fields: BTreeSet<_> = roots.into_iter().flat_map(of_root).collect();
    let table: BTreeSet<_> = FIELDS.iter().map(|(field, ..)| (*field).to_owned()).collect();
    assert_eq!(fields, table);
}

/// Whether a key is told that it lacks a scope.
async fn is_forbidden(partner: &Partner, document: &str) -> bool {
    if !document.starts_with("subscription") {
        return partner.ask(document, json!({})).await["errors"][0]["extensions"]["code"] == "FORBIDDEN";
    }
    let mut socket = partner.socket().await;
    socket.subscribe(document, json!({})).await;
    match socket.next().await {
        Told::Next(_) => false,
        Told::Error(errors) => errors[0]["extensions"]["code"] == "FORBIDDEN",
        other => panic!("{other:?}"),
    }
}

async fn without_its_scope_a_field_is_forbidden_and_with_it_alone_it_is_not(house: &mut House) {
    house.partner.create_link().await;
    for scope in Scope::ALL {
        let alone = house.partner_with(&[*scope]).await;
        let others: Vec<_> = Scope::ALL.iter().copied().filter(|other| other != scope).collect();
        let others = house.partner_with(&others).await;

        for (field, needed, document) in FIELDS {
            let needs_it = needed == Some(*scope);
            let is_open = needed.is_none() || needs_it;
            assert_eq!(is_forbidden(&alone, document).await, !is_open, "{field} with {scope:?} alone");
            assert_eq!(is_forbidden(&others, document).await, needs_it, "{field} without {scope:?}");
        }
    }
}

async fn a_url_and_an_output_need_a_scope_of_their_own(house: &mut House) {
    let link = house.partner.create_link().await;
    house.sign_in(&link, "good", crate::house::bank::PASSWORD).await;
    house.run().await;
    let reader = house.partner_with(&[Scope::LinksRead]).await;

    for (field, shown) in [("linkUrl", "linkUrl"), ("output", "run { output }")] {
        let query = format!("query($id: ID!) {{ link(id: $id) {{ status {shown} }} }}");
        let partner = house.partner.call(&query, json!({ "id": link.id })).await;
        let refused = reader.ask(&query, json!({ "id": link.id })).await;

        assert_eq!(partner["link"]["status"], "COMPLETED");
        assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN", "{field}");
        assert!(!refused["data"].to_string().contains("/l/"), "{field}");
    }
}

async fn what_another_object_leads_to_needs_its_own_scope(house: &mut House) {
    house.subscribe([]).await;
    house.partner.create_link().await;
    let links = house.partner_with(&[Scope::LinksRead]).await;
    let hooks = house.partner_with(&[Scope::WebhooksRead]).await;

    let mut customer = house.customer();
    let link = house.partner.create_link().await;
    customer.begin(&link.url).await;

    for (reader, document) in [
        (&links, "{ links { nodes { logins { nodes { recipe } } } } }"),
        (&links, "{ links { nodes { job { sourceSystem { loginUrl } } } } }"),
        (&links, "{ links { nodes { job { workflows { name } } } } }"),
        (&hooks, "{ webhookDeliveries { nodes { event { data } } } }"),
        (&hooks, "{ webhookDeliveries { nodes { event { link { externalId } } } } }"),
    ] {
        assert!(is_forbidden(reader, document).await, "{document}");
        assert!(!is_forbidden(&house.partner, document).await, "{document}");
    }
    assert!(!is_forbidden(&links, "{ links { nodes { job { id name } } } }").await);
    assert!(!is_forbidden(&hooks, "{ webhookDeliveries { nodes { event { id type } } } }").await);
}
