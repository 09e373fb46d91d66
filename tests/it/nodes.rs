//! Any object by its id alone: the right one, to whoever may see it, and nothing of anybody else's.

use std::collections::BTreeSet;

use entity::Scope;
use serde_json::{Value, json};

use crate::house::{House, bank};

stories! {
    every_noun_is_found_by_its_id_and_by_nobody_else,
    every_noun_is_in_the_story,
    an_id_that_cannot_be_is_as_unknown_as_any,
}

const NODE: &str = "query($id: ID!) { node(id: $id) { id __typename } }";

/// The type of each noun, the scope it needs, and where a partner with one of everything finds its id.
const NOUNS: [(&str, Option<Scope>, &str); 10] = [
    ("Link", Some(Scope::LinksRead), "/links/nodes/0/id"),
    ("Login", Some(Scope::LinksRead), "/links/nodes/0/logins/nodes/0/id"),
    ("Event", Some(Scope::LinksRead), "/events/nodes/0/id"),
    ("SourceSystem", Some(Scope::JobsRead), "/sourceSystems/nodes/0/id"),
    ("Job", Some(Scope::JobsRead), "/jobs/nodes/0/id"),
    ("Run", Some(Scope::RunsRead), "/links/nodes/0/run/id"),
    ("WebhookEndpoint", Some(Scope::WebhooksRead), "/webhookEndpoints/nodes/0/id"),
    ("WebhookDelivery", Some(Scope::WebhooksRead), "/webhookDeliveries/nodes/0/id"),
    ("ApiKey", Some(Scope::Admin), "/viewer/id"),
    ("Workspace", None, "/workspace/id"),
];

const EVERYTHING: &str = "{ viewer { id } workspace { id }
    links { nodes { id run { id } logins { nodes { id } } } } events { nodes { id } }
    sourceSystems { nodes { id } } jobs { nodes { id } }
    webhookEndpoints { nodes { id } } webhookDeliveries { nodes { id } } }";

async fn one_of_everything(house: &mut House) -> Value {
    house.subscribe([]).await;
    let link = house.partner.create_link().await;
    house.sign_in(&link, "good", bank::PASSWORD).await;
    house.run().await;
    house.partner.call(EVERYTHING, json!({})).await
}

async fn every_noun_is_found_by_its_id_and_by_nobody_else(house: &mut House) {
    let everything = one_of_everything(house).await;
    let stranger = house.stranger().await;
    for (noun, scope, path) in NOUNS {
        let id = everything.pointer(path).unwrap_or_else(|| panic!("no {noun}: {everything}"));
        let asked = json!({ "id": id });
        let entitled =
            house.partner_with(scope.as_slice().first().map_or(&[Scope::Admin], std::slice::from_ref)).await;
        let others: Vec<_> = Scope::ALL.iter().copied().filter(|other| Some(*other) != scope).collect();

        let found = entitled.call(NODE, asked.clone()).await["node"].clone();
        assert_eq!(found, json!({ "id": id, "__typename": noun }));
        assert_eq!(stranger.call(NODE, asked.clone()).await["node"], Value::Null, "{noun}");
        let refused = house.partner_with(&others).await.ask(NODE, asked).await;
        let code = &refused["errors"][0]["extensions"]["code"];
        assert_eq!(*code == "FORBIDDEN", scope.is_some(), "{noun}: {refused}");
    }
}

async fn every_noun_is_in_the_story(house: &mut House) {
    let query = "{ __type(name: \"Node\") { possibleTypes { name } } }";
    let types = house.partner.call(query, json!({})).await["__type"]["possibleTypes"].clone();

    let types: BTreeSet<_> = crate::house::texts(&types, "name").into_iter().collect();
    assert_eq!(types, NOUNS.iter().map(|(noun, ..)| (*noun).to_owned()).collect());
}

async fn an_id_that_cannot_be_is_as_unknown_as_any(house: &mut House) {
    let link = house.partner.create_link().await.id;
    let unknown = "lnk_0193b5a0000070008000000000000000";
    for id in
        [unknown, "", "_", "lnk_", "lnk", "é_", "cus_0193b5a0000070008000000000000000", &link.to_uppercase()]
            .into_iter()
            .map(str::to_owned)
            .chain([format!("{link} "), format!("job{}", &link[3..]), "x_".repeat(10_000)])
    {
        let answer = house.partner.ask(NODE, json!({ "id": id })).await;

        assert_eq!(answer, json!({ "data": { "node": null } }), "{id:.80}");
    }
}
