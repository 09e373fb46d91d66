//! Scopes: who may ask what, cell by cell.
//!
//! The table below names every field at the top of the schema; the schema is asked for its fields, so that a
//! new one without a row here is a failure.

use std::collections::BTreeSet;

use entity::Scope;
use serde_json::json;

use crate::house::{House, Partner, Told, texts};

stories! {
    every_field_has_its_scope_in_the_table,
    without_its_scope_a_field_is_forbidden_and_with_it_alone_it_is_not,
    a_url_and_an_output_need_a_scope_of_their_own,
    what_another_object_leads_to_needs_its_own_scope,
}

/// Every field at the top of the schema, what it needs, and how it is asked so that nothing comes of it.
const FIELDS: [(&str, Option<Scope>, &str); 50] = [
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
    ("Query.node", Some(Scope::LinksRead), "{ node(id: \"lnk_x\") { id } }"),
    ("Query.node", Some(Scope::LinksRead), "{ node(id: \"lgn_x\") { id } }"),
    ("Query.node", Some(Scope::LinksRead), "{ node(id: \"evt_x\") { id } }"),
    ("Query.node", Some(Scope::JobsRead), "{ node(id: \"src_x\") { id } }"),
    ("Query.node", Some(Scope::JobsRead), "{ node(id: \"job_x\") { id } }"),
    ("Query.node", Some(Scope::RunsRead), "{ node(id: \"run_x\") { id } }"),
    ("Query.node", Some(Scope::WebhooksRead), "{ node(id: \"ep_x\") { id } }"),
    ("Query.node", Some(Scope::WebhooksRead), "{ node(id: \"dlv_x\") { id } }"),
    ("Query.node", Some(Scope::Admin), "{ node(id: \"key_x\") { id } }"),
    ("Query.node", None, "{ node(id: \"wsp_x\") { id } }"),
    ("Query.node", None, "{ node(id: \"x\") { id } }"),
    ("Query.apiKeys", Some(Scope::Admin), "{ apiKeys { nodes { id } } }"),
    ("Query.auditLog", Some(Scope::Admin), "{ auditLog { nodes { id } } }"),
    (
        "Mutation.createLink",
        Some(Scope::LinksWrite),
        "mutation { createLink(input: { externalId: \"x\", jobId: \"x\" }) { replayed } }",
    ),
    (
        "Mutation.createLinks",
        Some(Scope::LinksWrite),
        "mutation { createLinks(input: { links: [] }) { links { id } } }",
    ),
    (
        "Mutation.updateJob",
        Some(Scope::JobsWrite),
        "mutation { updateJob(input: { id: \"x\" }) { job { id } } }",
    ),
    (
        "Mutation.eraseCustomer",
        Some(Scope::Admin),
        "mutation { eraseCustomer(input: { externalId: \"\" }) { erasedLinks } }",
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
    (
        "Mutation.createApiKey",
        Some(Scope::Admin),
        "mutation { createApiKey(input: { name: \"\", scopes: [] }) { secret } }",
    ),
    (
        "Mutation.revokeApiKey",
        Some(Scope::Admin),
        "mutation { revokeApiKey(input: { id: \"x\" }) { apiKey { id } } }",
    ),
    (
        "Mutation.updateWorkspace",
        Some(Scope::Admin),
        "mutation { updateWorkspace(input: { name: \"\" }) { workspace { id } } }",
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
