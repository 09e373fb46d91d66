//! Recipes: what a partner tells the detector about a site, checked when it is given and obeyed in logins.

use serde_json::{Value, json};

use crate::house::bank::PASSWORD;
use crate::house::{Customer, House, Page};

stories! {
    a_recipe_is_checked_when_it_is_given_and_told_as_it_was,
    a_recipe_that_is_wrong_is_refused_with_its_place,
    a_source_system_is_changed_or_nothing_is,
    a_recipe_decides_what_a_page_means,
    what_a_login_has_taught_drives_the_next_one,
    what_the_page_about_source_systems_shows_is_so,
    the_program_tells_what_it_sees_of_a_page_and_draws_a_recipe,
}

fn login_url(house: &House) -> String {
    format!("{}/login", house.bank.origin)
}

fn recipe(house: &House) -> Value {
    json!({
        "origins": [format!("{}/", house.bank.origin)],
        "steps": [{
            "match": { "path": "/login" },
            "fields": { "identifier": "input[name=username]", "password": "input[type=password]" }
        }],
        "policy": { "maxPasswordSubmits": 1 }
    })
}

async fn make(house: &House, recipe: Value) -> Value {
    let input = json!({ "name": "Bank", "loginUrl": login_url(house), "recipe": recipe });
    house.partner.mutate("createSourceSystem", input).await
}

/// A customer before the bank's first question, at a source system with that recipe.
async fn before_the_form(house: &mut House, recipe: Value) -> (String, Customer, Page) {
    let source = json!({ "name": "Bank", "loginUrl": login_url(house), "recipe": recipe });
    let job = house.partner.job_of(source, "none", json!([{ "goto": { "url": login_url(house) } }])).await;
    let link = house.partner.create_link_with(json!({ "jobId": job })).await;
    let mut customer = house.customer();
    let opening = customer.begin(&link.url).await;
    house.engage().await;
    let asked = customer.wait(&opening).await;
    (link.id, customer, asked)
}

async fn a_recipe_is_checked_when_it_is_given_and_told_as_it_was(house: &mut House) {
    let recipe = recipe(house);

    let made = make(house, recipe.clone()).await;
    let id = &made["sourceSystem"]["id"];
    let read =
        house.partner.call("query($id: ID!) { sourceSystem(id: $id) { recipe } }", json!({ "id": id })).await;
    let plain = house
        .partner
        .mutate("createSourceSystem", json!({ "name": "B", "loginUrl": login_url(house) }))
        .await;

    assert_eq!(made["sourceSystem"]["recipe"], recipe);
    assert_eq!(read["sourceSystem"]["recipe"], recipe);
    assert_eq!(plain["sourceSystem"]["recipe"], Value::Null);
}

async fn a_recipe_that_is_wrong_is_refused_with_its_place(house: &mut House) {
    let before = house.inventory().await;

    for (recipe, field, words) in [
        (json!({ "stepz": [] }), "recipe.stepz", "expected one of `origins`"),
        (json!({ "messages": ["]"] }), "recipe.messages.0", "not a CSS selector"),
        (json!({ "origins": ["https://elsewhere.example"] }), "recipe.origins.0", "allowedOrigins"),
        (json!({ "loginUrl": "https://elsewhere.example/" }), "recipe.loginUrl", "allowedOrigins"),
        (json!({ "driver": "LYNX" }), "recipe.driver", "must be AUTO, HTTP or BROWSER"),
    ] {
        let refused = make(house, recipe).await;
        let error = &refused["userErrors"][0];
        let path: Vec<_> =
            error["field"].as_array().unwrap().iter().map(|part| part.as_str().unwrap()).collect();
        assert_eq!(path.join("."), field, "{refused}");
        assert!(error["message"].as_str().unwrap().contains(words), "{refused}");
        assert_eq!(refused["sourceSystem"], Value::Null);
    }
    assert_eq!(house.inventory().await, before);
}

async fn a_source_system_is_changed_or_nothing_is(house: &mut House) {
    let made = make(house, recipe(house)).await;
    let id = made["sourceSystem"]["id"].clone();
    let change = async |field: &str, value: Value| {
        house.partner.mutate("updateSourceSystem", json!({ "id": id, field: value })).await
    };

    let renamed = change("name", json!("Mill Lane")).await;
    let cleared = change("recipe", Value::Null).await;
    let given = change("recipe", recipe(house)).await;
    let empty = change("name", json!("")).await;
    let null = change("name", Value::Null).await;
    let away = change("loginUrl", json!("http://10.0.0.1/login")).await;
    let moved = change("loginUrl", json!("https://example.com/login")).await;
    let stranger = json!({ "id": "src_00000000000000000000000000", "name": "x" });
    let stranger = house.partner.mutate("updateSourceSystem", stranger).await;
    let now = house.partner.call(
        "query($id: ID!) { sourceSystem(id: $id) { name loginUrl allowedOrigins recipe } }",
        json!({ "id": id }),
    );
    let now = now.await;

    assert_eq!(renamed["sourceSystem"]["name"], "Mill Lane");
    assert_eq!(renamed["sourceSystem"]["recipe"], recipe(house));
    assert_eq!(cleared["sourceSystem"]["recipe"], Value::Null);
    assert_eq!(given["sourceSystem"]["recipe"], recipe(house));
    for (refused, field) in [(&empty, "name"), (&null, "name"), (&away, "loginUrl"), (&moved, "recipe")] {
        assert_eq!(refused["userErrors"][0]["field"][0], field, "{refused}");
    }
    assert_eq!(away["userErrors"][0]["code"], "FORBIDDEN_URL");
    assert_eq!(stranger["userErrors"][0]["code"], "NOT_FOUND");
    let expected = json!({ "name": "Mill Lane", "loginUrl": login_url(house),
        "allowedOrigins": [house.bank.origin], "recipe": recipe(house) });
    assert_eq!(now["sourceSystem"], expected);
}

async fn a_recipe_decides_what_a_page_means(house: &mut House) {
    let mut recipe = recipe(house);
    recipe["results"] = json!({ "ACCOUNT_DISABLED": [{ "text": "password do not match" }] });
    let (link, mut customer, asked) = before_the_form(house, recipe).await;

    customer.press(&asked, "Sign in", &[("User name", "good"), ("Password", "wrong")]).await;

    let failure = house.partner.link(&link, "failure { code siteMessage }").await["failure"].clone();
    assert_eq!(failure["code"], "ACCOUNT_DISABLED", "{failure}");
    assert_eq!(house.bank.received("good").await, [1, 1, 0]);
}

async fn what_a_login_has_taught_drives_the_next_one(house: &mut House) {
    let (link, mut customer, asked) = before_the_form(house, Value::Null).await;
    customer.press(&asked, "Sign in", &[("User name", "good"), ("Password", PASSWORD)]).await;
    let logins = house.partner.link(&link, "logins { nodes { outcome recipe } }").await;
    let learned = logins["logins"]["nodes"][0]["recipe"].clone();

    let (link, mut customer, asked) = before_the_form(house, learned.clone()).await;
    let done = customer.press(&asked, "Sign in", &[("User name", "good"), ("Password", PASSWORD)]).await;

    assert_eq!(
        learned["steps"][0]["fields"],
        json!({
        "identifier": "[name=\"username\"]", "password": "[name=\"password\"]" }),
        "{learned}"
    );
    for secret in [PASSWORD, "good"] {
        assert!(!learned.to_string().contains(secret), "{learned}");
    }
    done.says("You are signed in");
    assert_eq!(house.partner.status(&link).await, "IN_PROGRESS");
    assert_eq!(house.bank.received("good").await, [2, 2, 0]);
}

fn the_page() -> String {
    std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/source-systems.md")).unwrap()
}

/// The fenced blocks of the page in one language.
fn blocks(language: &str) -> Vec<String> {
    let page = the_page();
    let found = page.split("```").skip(1).step_by(2).filter_map(|block| block.split_once('\n'));
    found.filter(|(info, _)| *info == language).map(|(_, text)| text.to_owned()).collect()
}

async fn what_the_page_about_source_systems_shows_is_so(house: &mut House) {
    let whole: Value = serde_json::from_str(&blocks("json")[0]).unwrap();
    let bank = json!({ "name": "Bank", "loginUrl": "https://bank.example/login" });
    let made = house.partner.mutate("createSourceSystem", bank).await;
    let id = &made["sourceSystem"]["id"];
    let operations = blocks("graphql");
    let changed = house.partner.call(&operations[0], json!({ "id": id, "recipe": whole })).await;
    let link = house.partner.create_link().await;
    let taught = house.partner.call(&operations[1], json!({ "id": link.id })).await;

    let shown = &changed["updateSourceSystem"]["sourceSystem"]["recipe"];
    assert_eq!((&shown["steps"], &shown["results"]), (&whole["steps"], &whole["results"]), "{changed}");
    assert_eq!(taught["link"]["logins"]["nodes"], json!([]));
    let page = the_page();
    let refusals = page.lines().filter_map(|line| line.strip_prefix("| `{ "));
    let mut seen = 0;
    for row in refusals {
        let (recipe, told) = row.strip_suffix(" |").unwrap().split_once("` | `").unwrap();
        let recipe: Value = serde_json::from_str(&format!("{{ {recipe}")).unwrap();
        let input = json!({ "id": id, "recipe": recipe });
        let refused = house.partner.mutate("updateSourceSystem", input).await;
        let error = &refused["userErrors"][0];
        let field: Vec<_> =
            error["field"].as_array().unwrap().iter().map(|part| part.as_str().unwrap()).collect();
        assert_eq!(format!("{}`: {}", field.join("."), error["message"].as_str().unwrap()), told);
        seen += 1;
    }
    assert_eq!(seen, 5);
}

/// The program on a page of the bank; what it printed, and what it complained of.
async fn inspect(house: &House, options: &[&str]) -> (String, String) {
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_postern"));
    program.arg("inspect").arg(login_url(house)).args(options).current_dir(std::env::temp_dir());
    let done = tokio::task::spawn_blocking(move || program.output().unwrap()).await.unwrap();
    (String::from_utf8(done.stdout).unwrap(), String::from_utf8(done.stderr).unwrap())
}

async fn the_program_tells_what_it_sees_of_a_page_and_draws_a_recipe(house: &mut House) {
    let allow = format!("--allow={}", house.bank.origin);

    let (text, _) = inspect(house, &[&allow]).await;
    let (json, _) = inspect(house, &[&allow, "--json"]).await;
    let (drawn, _) = inspect(house, &[&allow, "--recipe"]).await;
    let (nothing, forbidden) = inspect(house, &[]).await;
    let (_, no_file) = inspect(house, &[&allow, "--with", "/nowhere/recipe.json"]).await;

    let plain = |text: &str| text.replace(|c: char| c.is_ascii_digit(), "");
    let decision = |text: &str| plain(&text[text.find("step:").unwrap()..]);
    assert_eq!(decision(&text), decision(&blocks("text")[0]));
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((&json["status"], &json["step"]["kind"]), (&json!(200), &json!("CREDENTIALS")));
    assert_eq!(json["forms"][0]["inputs"][0]["filled"], json!(false));
    let made = make(house, serde_json::from_str(&drawn).unwrap()).await;
    assert_eq!(made["userErrors"], json!([]), "{drawn}");
    assert!(nothing.is_empty() && forbidden.contains("the address is not allowed"), "{forbidden}");
    assert!(no_file.contains("/nowhere/recipe.json cannot be read"), "{no_file}");
    assert_eq!(house.bank.received("good").await, [0, 0, 0]);
}
