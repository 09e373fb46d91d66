//! The partners' page about workflows: its operations do what it says, and its steps are steps.

use postern::domain::step::Step;
use serde_json::{Value, json};

use crate::guide::{blocks, read};
use crate::house::{House, KEPT, Shop};

stories! {
    every_operation_of_the_page_is_understood,
}

#[test]
fn every_step_of_the_page_is_one_and_every_kind_is_there() {
    let mut kinds: Vec<&str> = Vec::new();
    for block in blocks(&read("workflows.md")) {
        let text = block.lines.join("\n");
        let Ok(Value::Object(object)) = serde_json::from_str(&text) else { continue };
        if block.language == "json" && !object.contains_key("input") && !object.contains_key("id") {
            let step: Step = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
            // Nothing was left out on the way: what is shown is what is understood.
            assert_eq!(serde_json::from_str::<Step>(&serde_json::to_string(&step).unwrap()).unwrap(), step);
            kinds.push(step.kind());
        }
    }
    kinds.dedup();
    assert_eq!(kinds, ["goto", "fill", "click", "waitFor", "extract", "download"]);
}

async fn every_operation_of_the_page_is_understood(house: &mut House) {
    let shop = Shop::open().await;
    let source = json!({ "name": "Shop", "loginUrl": format!("{}/login", shop.origin) });
    let source = house.partner.mutate("createSourceSystem", source).await["sourceSystem"]["id"].clone();
    let steps = json!([{ "goto": { "url": format!("{}/orders", shop.origin) } }]);
    let job = json!({ "name": "Read", "sourceSystemId": source, "keepCredentials": "SESSION",
        "workflows": [{ "name": "orders", "steps": steps }] });
    let job = house.partner.mutate("createJob", job).await["job"]["id"].clone();
    let link = house.partner.create_link_with(json!({ "jobId": job })).await;
    house.sign_in(&link, "ann", KEPT).await.says("You are signed in");
    house.run().await;
    shop.forget_sessions();
    house.partner.mutate("rerunJob", json!({ "linkId": link.id })).await;
    house.run().await;
    let run = house.partner.link(&link.id, "run { id }").await["run"]["id"].clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let real = |shown: &str| {
        let shown = shown.replace("src_…", &text(&source)).replace("job_…", &text(&job));
        let shown = shown.replace("lnk_…", &link.id).replace("run_…", &text(&run));
        shown.replace("https://shop.example", &shop.origin)
    };

    let blocks = blocks(&read("workflows.md"));
    let mut operations = 0;
    for (number, block) in blocks.iter().enumerate().filter(|(_, block)| block.language == "graphql") {
        let document = block.lines.join("\n");
        let variables = real(&blocks[number + 1].lines.join("\n"));
        let data = house.partner.call(&document, serde_json::from_str(&variables).unwrap()).await;
        let answered = data.as_object().unwrap().values().next().unwrap();
        let is_read = answered["steps"].is_array() || answered["session"].is_object();
        assert!(is_read || answered["userErrors"].is_array(), "{document}: {data}");
        assert!(answered["userErrors"].as_array().is_none_or(Vec::is_empty), "{document}: {data}");
        operations += 1;
    }

    assert_eq!(operations, 6);
}
