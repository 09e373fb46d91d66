//! Workspaces: what belongs to one does not exist for another.
//!
//! The table below names every place of the schema that takes an id; the schema is asked for its places,
//! so that a new one without a row here is a failure.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};

use crate::house::{House, Partner, bank};

stories! {
    every_place_that_takes_an_id_is_in_the_table,
    the_id_of_another_workspace_is_as_unknown_as_any,
    lists_show_nothing_of_another_workspace,
}

/// Shows only what happens while somebody watches: see `hub`.
const LIVE: &str = "Subscription.deliveryAttempted.endpointId";

/// A place of the schema that takes an id, whose id it takes, and how it is asked.
const PLACES: [(&str, &str, &str); 32] = [
    ("Query.link.id", "lnk", "query($id: ID!) { link(id: $id) { id linkUrl externalId run { id } } }"),
    ("Query.node.id", "lnk", "query($id: ID!) { node(id: $id) { __typename ... on Link { linkUrl externalId } } }"),
    ("Query.links.filter.jobId", "job", "query($id: ID) { links(filter: { jobId: $id }) { nodes { id } } }"),
    ("Query.sourceSystem.id", "src", "query($id: ID!) { sourceSystem(id: $id) { id name } }"),
    ("Query.job.id", "job", "query($id: ID!) { job(id: $id) { id name } }"),
    ("Query.run.id", "run", "query($id: ID!) { run(id: $id) { id output } }"),
    ("Query.webhookEndpoint.id", "ep", "query($id: ID!) { webhookEndpoint(id: $id) { id url } }"),
    ("Query.webhookDelivery.id", "dlv", "query($id: ID!) { webhookDelivery(id: $id) { id event { data } } }"),
    (
        "Query.webhookDeliveries.filter.endpointId",
        "ep",
        "query($id: ID) { webhookDeliveries(filter: { endpointId: $id }) { nodes { id } } }",
    ),
    (
        "Query.webhookDeliveries.filter.linkId",
        "lnk",
        "query($id: ID) { webhookDeliveries(filter: { linkId: $id }) { nodes { id } } }",
    ),
    (
        "Mutation.createLink.input.jobId",
        "job",
        "mutation($id: ID!) { createLink(input: { externalId: \"x\", jobId: $id }) {
            link { status } userErrors { code field message } } }",
    ),
    (
        "Mutation.createLink.input.relogin",
        "run",
        "mutation($id: ID!) { createLink(input: {
            externalId: \"x\", jobId: \"job_0193b5a0000070008000000000000000\", relogin: $id }) {
            link { status } userErrors { code field message } } }",
    ),
    (
        "Mutation.createLinks.input.links.jobId",
        "job",
        "mutation($id: ID!) { createLinks(input: { links: [{ externalId: \"x\", jobId: $id }] }) {
            links { status } userErrors { code field message } } }",
    ),
    (
        "Mutation.createLinks.input.links.relogin",
        "run",
        "mutation($id: ID!) { createLinks(input: { links: [{
            externalId: \"x\", jobId: \"job_0193b5a0000070008000000000000000\", relogin: $id }] }) {
            links { status } userErrors { code field message } } }",
    ),
    (
        "Mutation.updateJob.input.id",
        "job",
        "mutation($id: ID!) { updateJob(input: { id: $id, name: \"x\" }) {
            job { id } userErrors { code field message } } }",
    ),
    (
        "Mutation.rerunJob.input.linkId",
        "lnk",
        "mutation($id: ID!) { rerunJob(input: { linkId: $id }) { run { id } userErrors { code field message } } }",
    ),
    (
        "Mutation.revokeSession.input.linkId",
        "lnk",
        "mutation($id: ID!) { revokeSession(input: { linkId: $id }) {
            link { id } userErrors { code field message } } }",
    ),
    (
        "Mutation.createJob.input.sourceSystemId",
        "src",
        "mutation($id: ID!) { createJob(input: { name: \"x\", sourceSystemId: $id }) {
            job { name } userErrors { code field message } } }",
    ),
    (
        "Mutation.updateSourceSystem.input.id",
        "src",
        "mutation($id: ID!) { updateSourceSystem(input: { id: $id, name: \"x\" }) {
            sourceSystem { id } userErrors { code field message } } }",
    ),
    (
        "Mutation.expireLink.input.id",
        "lnk",
        "mutation($id: ID!) { expireLink(input: { id: $id }) { link { id } userErrors { code field message } } }",
    ),
    (
        "Mutation.revokeApiKey.input.id",
        "key",
        "mutation($id: ID!) { revokeApiKey(input: { id: $id }) { apiKey { name } userErrors { code field message } } }",
    ),
    (
        "Mutation.updateWebhookEndpoint.input.id",
        "ep",
        "mutation($id: ID!) { updateWebhookEndpoint(input: { id: $id, description: \"x\" }) {
            endpoint { id } userErrors { code field message } } }",
    ),
    (
        "Mutation.rotateWebhookSecret.input.id",
        "ep",
        "mutation($id: ID!) { rotateWebhookSecret(input: { id: $id }) { secret userErrors { code field message } } }",
    ),
    (
        "Mutation.sendTestEvent.input.id",
        "ep",
        "mutation($id: ID!) { sendTestEvent(input: { id: $id }) { delivery { id } userErrors { code field message } } }",
    ),
    (
        "Mutation.resendDelivery.input.id",
        "dlv",
        "mutation($id: ID!) { resendDelivery(input: { id: $id }) { delivery { id } userErrors { code field message } } }",
    ),
    (
        "Mutation.recoverDeliveries.input.endpointId",
        "ep",
        "mutation($id: ID!) { recoverDeliveries(input: { endpointId: $id, since: \"2026-11-22T00:00:00Z\" }) {
            count userErrors { code field message } } }",
    ),
    (
        "Mutation.deleteWebhookEndpoint.input.id",
        "ep",
        "mutation($id: ID!) { deleteWebhookEndpoint(input: { id: $id }) {
            endpoint { id } userErrors { code field message } } }",
    ),
    (
        LIVE,
        "ep",
        "subscription($id: ID) { deliveryAttempted(endpointId: $id) { number } }",
    ),
    (
        "Subscription.linkStatusChanged.linkId",
        "lnk",
        "subscription($id: ID) { linkStatusChanged(linkId: $id, after: \"AQAAAAAAAAAA\") { status } }",
    ),
    (
        "Subscription.linkStatusChanged.jobId",
        "job",
        "subscription($id: ID) { linkStatusChanged(jobId: $id, after: \"AQAAAAAAAAAA\") { status } }",
    ),
    (
        "Subscription.linkStatusChanged.externalId",
        "customer-1",
        "subscription($id: String) { linkStatusChanged(externalId: $id, after: \"AQAAAAAAAAAA\") { link { id } } }",
    ),
    // Last: nobody finds the customer by that name any more.
    (
        "Mutation.eraseCustomer.input.externalId",
        "customer-1",
        "mutation($id: String!) { eraseCustomer(input: { externalId: $id }) {
            erasedLinks userErrors { code field message } } }",
    ),
];

const SCHEMA: &str = "{ __schema { types { name kind
    inputFields { name type { ...T } } fields { name args { name type { ...T } } } } } }
    fragment T on __Type { name ofType { name ofType { name ofType { name } } } }";

async fn every_place_that_takes_an_id_is_in_the_table(house: &mut House) {
    let schema = house.partner.call(SCHEMA, json!({})).await["__schema"]["types"].clone();
    let mut places = BTreeSet::new();
    for kind in schema.as_array().unwrap().iter().filter(|kind| !name(kind).starts_with("__")) {
        for field in list(&kind["fields"]) {
            let path = format!("{}.{}", name(kind), name(field));
            for argument in list(&field["args"]) {
                collect(&schema, &path, argument, &mut places);
            }
        }
    }

    // A customer's name is no id, but belongs to a workspace as well.
    let table: BTreeSet<_> = PLACES.iter().map(|(place, ..)| (*place).to_owned()).collect();
    places.insert("Subscription.linkStatusChanged.externalId".to_owned());
    places.insert("Mutation.eraseCustomer.input.externalId".to_owned());
    assert_eq!(places, table);
}

/// Adds each place in an argument, or in the fields of an input, whose type is an id.
fn collect(schema: &Value, path: &str, argument: &Value, places: &mut BTreeSet<String>) {
    let path = format!("{path}.{}", name(argument));
    let mut kind = &argument["type"];
    while kind["name"].is_null() {
        kind = &kind["ofType"];
    }
    if kind["name"] == "ID" {
        places.insert(path);
    } else if let Some(input) = list(schema).iter().find(|one| one["name"] == kind["name"]) {
        for field in list(&input["inputFields"]) {
            collect(schema, &path, field, places);
        }
    }
}

fn name(value: &Value) -> &str {
    value["name"].as_str().unwrap()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// One of everything, in the first workspace: by prefix, and the customer's name.
async fn one_of_everything(house: &mut House) -> Vec<(&'static str, String)> {
    let receiver = house.subscribe([]).await;
    let link = house.partner.create_link().await;
    house.sign_in(&link, "good", bank::PASSWORD).await;
    house.run().await;
    house.deliver().await;
    let query = "query($id: ID!) {
        link(id: $id) { run { id } job { id sourceSystem { id } } } webhookDeliveries(first: 1) { nodes { id } } }";
    let data = house.partner.call(query, json!({ "id": link.id })).await;
    let spare = json!({ "name": "spare", "scopes": ["LINKS_READ"] });
    let key = house.partner.mutate("createApiKey", spare).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    vec![
        ("run", text(&data["link"]["run"]["id"])),
        ("job", text(&data["link"]["job"]["id"])),
        ("src", text(&data["link"]["job"]["sourceSystem"]["id"])),
        ("dlv", text(&data["webhookDeliveries"]["nodes"][0]["id"])),
        ("lnk", link.id),
        ("key", text(&key["apiKey"]["id"])),
        ("ep", receiver.id),
        ("customer-1", "customer-1".to_owned()),
    ]
}

/// How long nothing has to come until it is nothing.
const SILENCE: Duration = Duration::from_millis(150);
/// How long something may take to come.
const PATIENCE: Duration = Duration::from_secs(10);

/// What an id brings at a place, without the id itself.
async fn brings(partner: &Partner, document: &str, id: &str, patience: Duration) -> String {
    let variables = json!({ "id": id });
    if document.starts_with("subscription") {
        let mut socket = partner.socket().await;
        socket.subscribe(document, variables).await;
        return format!("{:?}", socket.told_within(patience).await);
    }
    partner.ask(document, variables).await.to_string().replace(id, "ID")
}

async fn the_id_of_another_workspace_is_as_unknown_as_any(house: &mut House) {
    let ours = one_of_everything(house).await;
    let stranger = house.stranger().await;
    let before = house.inventory().await;

    for (place, noun, document) in PLACES {
        let our_id = &ours.iter().find(|(prefix, _)| *prefix == noun).unwrap().1;
        let unknown_id = format!("{noun}_0193b5a0000070008000000000000000");
        let unknown = brings(&stranger, document, &unknown_id, SILENCE).await;

        assert_eq!(brings(&stranger, document, our_id, SILENCE).await, unknown, "{place}");
        assert_eq!(house.inventory().await, before, "{place}");
        assert!(!unknown.contains("INTERNAL"), "{place}: {unknown}");
    }
    for (place, noun, document) in PLACES.into_iter().filter(|(place, ..)| *place != LIVE) {
        let our_id = &ours.iter().find(|(prefix, _)| *prefix == noun).unwrap().1;
        let unknown_id = format!("{noun}_0193b5a0000070008000000000000000");

        let known = brings(&house.partner, document, our_id, PATIENCE).await;
        let unknown = brings(&house.partner, document, &unknown_id, SILENCE).await;
        assert_ne!(known, unknown, "{place} shows nothing at all");
    }
}

async fn lists_show_nothing_of_another_workspace(house: &mut House) {
    one_of_everything(house).await;
    let stranger = house.stranger().await;

    let lists = ["links", "events", "webhookEndpoints", "webhookDeliveries"];
    for list in lists {
        let query = format!("{{ {list}(first: 100) {{ nodes {{ id }} }} }}");
        let theirs = stranger.call(&query, json!({})).await[list]["nodes"].clone();
        let ours = house.partner.call(&query, json!({})).await[list]["nodes"].clone();

        assert_eq!(theirs, json!([]), "{list}");
        assert_ne!(ours, json!([]), "{list}");
    }
    let query =
        "{ workspace { id name } viewer { id } sourceSystems { nodes { id } } jobs { nodes { id } } }";
    let (ours, theirs) = (house.partner.call(query, json!({})).await, stranger.call(query, json!({})).await);
    for part in ["workspace", "viewer", "sourceSystems", "jobs"] {
        assert_ne!(ours[part], theirs[part], "{part}");
    }
    assert_eq!(theirs["jobs"]["nodes"].as_array().unwrap().len(), 1);
}
