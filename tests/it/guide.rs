//! The partners' guide: its code is that of the examples, which `scripts/verify-webhooks` runs, and its
//! operations are understood as they stand.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::house::House;

stories! {
    every_operation_of_the_guide_does_what_it_says,
}

/// What partners can take from the guide.
const EXAMPLES: [&str; 6] = [
    "examples/receiver.py",
    "examples/receiver.mjs",
    "examples/receiver.go",
    "examples/receiver.rs",
    "examples/signatures.py",
    "examples/signatures.mjs",
];
const LANGUAGES: [&str; 4] = ["python", "js", "go", "rust"];

/// A fenced block of the guide.
#[derive(Debug)]
pub(crate) struct Block {
    pub(crate) language: String,
    /// `file=…` behind the language.
    file: Option<String>,
    pub(crate) lines: Vec<String>,
}

pub(crate) fn read(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)).unwrap()
}

/// The fenced blocks of a text, in order; those in lists without their indentation.
pub(crate) fn blocks(text: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.trim_start().strip_prefix("```") else { continue };
        let mut words = info.split_whitespace();
        let language = words.next().unwrap_or_default().to_owned();
        let file = words.next().and_then(|word| word.strip_prefix("file=")).map(str::to_owned);
        let block = lines.by_ref().take_while(|line| line.trim_start() != "```").map(str::to_owned);
        found.push(Block { language, file, lines: block.collect() });
    }
    found
}

/// Whether these lines stand in `text` one after another, all of them moved by the same indentation.
fn stands_in(lines: &[String], text: &str) -> bool {
    let all: Vec<_> = text.lines().collect();
    all.windows(lines.len()).any(|window| {
        let Some(indentation) = window[0].strip_suffix(lines[0].as_str()) else { return false };
        let moved =
            |line: &String| if line.is_empty() { String::new() } else { format!("{indentation}{line}") };
        indentation.trim().is_empty() && window.iter().zip(lines).all(|(line, own)| *line == moved(own))
    })
}

#[test]
fn every_piece_of_code_is_that_of_an_example() {
    let blocks = blocks(&read("webhooks.md"));
    let code = blocks.iter().filter(|block| LANGUAGES.contains(&block.language.as_str()));

    let mut shown = Vec::new();
    for block in code {
        let file = block.file.as_deref().unwrap_or_else(|| panic!("no file is named: {block:?}"));
        assert!(stands_in(&block.lines, &read(file)), "{file} has not: {:#?}", block.lines);
        shown.push(file);
    }

    for example in EXAMPLES {
        assert!(shown.contains(&example), "{example} is not shown");
    }
}

#[test]
fn code_is_found_only_as_it_stands() {
    let file = "def a():\n    one\n\n    two\nthree\n";
    let own = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();

    assert!(stands_in(&own("one\n\ntwo"), file) && stands_in(&own("def a():\n    one"), file));
    assert!(!stands_in(&own("one\ntwo"), file) && !stands_in(&own("two\nthree"), file));
}

async fn every_operation_of_the_guide_does_what_it_says(house: &mut House) {
    let receiver = house.subscribe([]).await;
    house.partner.create_link().await;
    house.deliver().await;
    let query = "{ webhookDeliveries { nodes { id } } }";
    let delivery = house.partner.call(query, json!({})).await["webhookDeliveries"]["nodes"][0]["id"].clone();
    let real = |text: &str| {
        let text = text.replace("ep_…", &receiver.id).replace("dlv_…", delivery.as_str().unwrap());
        text.replace("https://api.acme.example/webhooks/postern", receiver.peer.url("/guide").as_str())
    };

    let blocks = blocks(&read("webhooks.md"));
    let mut operations = 0;
    for (number, block) in blocks.iter().enumerate().filter(|(_, block)| block.language == "graphql") {
        let document = real(&block.lines.join("\n"));
        let variables = if document.contains("$input") { &blocks[number + 1].lines.join("\n") } else { "{}" };
        let data = house.partner.call(&document, serde_json::from_str(&real(variables)).unwrap()).await;
        assert!(!data.to_string().contains("\"code\""), "{document}: {data}");
        assert!(data.as_object().unwrap().values().all(|value| *value != Value::Null), "{document}: {data}");
        operations += 1;
    }

    assert!(operations >= 8, "only {operations} were found");
}
