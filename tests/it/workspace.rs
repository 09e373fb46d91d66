//! The workspace: how customers see it, where they may go afterwards, and how much it may have.

use std::time::Duration;

use postern::service::workspace;
use serde_json::{Value, json};

use crate::house::{House, RETURN_URL, http};

stories! {
    what_is_left_out_stays_and_null_takes_away,
    customers_see_the_branding_on_every_page_of_theirs,
    a_branding_that_cannot_be_is_refused_by_the_part_that_is_wrong,
    new_links_go_back_by_the_new_list_and_old_ones_as_they_were_made,
    a_name_that_another_workspace_has_is_nobodys_secret_and_nobodys_key,
    the_limits_that_are_told_are_those_that_hold,
    the_operators_limits_are_told,
}

const SHOWN: &str = "{ workspace { name returnUrls
    branding { displayName accentColor supportUrl supportEmail privacyUrl } } }";

async fn shown(house: &House) -> Value {
    house.partner.call(SHOWN, json!({})).await["workspace"].clone()
}

async fn update(house: &House, input: Value) -> Value {
    house.partner.mutate("updateWorkspace", input).await
}

fn branding() -> Value {
    json!({
        "displayName": "Acme Books",
        "accentColor": "#7A1F5C",
        "supportUrl": "https://acme.example/help?topic=\"sign-in\"",
        "supportEmail": "help@acme.example",
        "privacyUrl": "https://acme.example/privacy",
    })
}

async fn what_is_left_out_stays_and_null_takes_away(house: &mut House) {
    let before = shown(house).await;
    assert_eq!(update(house, json!({})).await["userErrors"], json!([]));
    assert_eq!(shown(house).await, before);

    update(house, json!({ "name": "Acme Ltd", "branding": branding() })).await;
    update(house, json!({ "branding": { "supportEmail": null, "displayName": "Acme & Co" } })).await;
    let after = shown(house).await;
    let mut expected = branding();
    expected["accentColor"] = json!("#7a1f5c");
    (expected["supportEmail"], expected["displayName"]) = (Value::Null, json!("Acme & Co"));
    assert_eq!(after["branding"], expected);
    assert_eq!((&after["name"], &after["returnUrls"]), (&json!("Acme Ltd"), &before["returnUrls"]));

    let cleared = update(house, json!({ "branding": null })).await;
    assert_eq!(cleared["workspace"]["branding"], before["branding"]);
    for field in ["name", "returnUrls"] {
        let refused = update(house, json!({ field: null })).await;
        assert_eq!(refused["userErrors"][0]["field"], json!([field]));
    }
}

async fn customers_see_the_branding_on_every_page_of_theirs(house: &mut House) {
    let link = house.partner.create_link().await;
    let mut customer = house.customer();
    let plain = customer.open(&link.url).await;
    plain.says("Acme asks you to sign in");
    assert!(!plain.html.contains("accent-") && !plain.html.contains("mailto:"));

    update(house, json!({ "branding": branding() })).await;
    let landing = customer.open(&link.url).await;
    let login = customer.begin(&link.url).await;

    landing.says("Acme Books asks you to sign in");
    for page in [landing, login] {
        page.says("for Acme Books.").says("Help from Acme Books").says("Privacy at Acme Books");
        page.says("Write to help@acme.example");
        let help = "href=\"https://acme.example/help?topic=&#34;sign-in&#34;\"";
        assert!(page.html.contains(help), "{}", page.html);
        let sheet = page.html.split('"').find(|text| text.contains("/accent-7a1f5c.css")).unwrap();
        let sheet = http().get(page.url.join(sheet).unwrap()).send().await.unwrap();
        assert_eq!(sheet.headers()["content-type"], "text/css; charset=utf-8");
        assert!(sheet.text().await.unwrap().contains("--accent: #7a1f5c;"));
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("default-src 'none'") && !policy.contains("acme"), "{policy}");
    }
}

async fn a_branding_that_cannot_be_is_refused_by_the_part_that_is_wrong(house: &mut House) {
    let before = shown(house).await;
    for (part, value, code) in [
        ("displayName", json!(""), "INVALID"),
        ("displayName", json!("x".repeat(65)), "TOO_LONG"),
        ("accentColor", json!("red"), "INVALID"),
        ("accentColor", json!("#fff"), "INVALID"),
        ("accentColor", json!("#ffcc00"), "INVALID"),
        ("accentColor", json!("#000;}"), "INVALID"),
        ("supportUrl", json!("http://acme.example"), "FORBIDDEN_URL"),
        ("supportUrl", json!("javascript:alert(1)"), "FORBIDDEN_URL"),
        ("privacyUrl", json!("https://user@acme.example"), "FORBIDDEN_URL"),
        ("privacyUrl", json!("/privacy"), "INVALID"),
        ("supportEmail", json!("help@acme.example?subject=x"), "INVALID"),
    ] {
        let refused = update(house, json!({ "name": "Never", "branding": { part: value } })).await;

        assert_eq!(refused["userErrors"][0]["field"], json!(["branding", part]), "{part} {value}: {refused}");
        assert_eq!(refused["userErrors"][0]["code"], code, "{part} {value}");
        assert_eq!(refused["workspace"], Value::Null);
    }
    assert_eq!(shown(house).await, before);
}

async fn new_links_go_back_by_the_new_list_and_old_ones_as_they_were_made(house: &mut House) {
    let old = house.partner.create_link_with(json!({ "returnUrl": RETURN_URL })).await;
    let elsewhere = "https://books.acme.example/done";

    let refused = update(house, json!({ "returnUrls": ["https://books.acme.example", "not a URL"] })).await;
    update(house, json!({ "returnUrls": ["https://books.acme.example"] })).await;

    assert_eq!(refused["userErrors"][0]["field"], json!(["returnUrls", "1"]));
    house.partner.create_link_with(json!({ "returnUrl": elsewhere })).await;
    let before_it = house.partner.try_create_link(json!({ "returnUrl": RETURN_URL })).await;
    assert_eq!(before_it["userErrors"][0]["code"], "FORBIDDEN_URL");
    let kept = house.partner.link(&old.id, "returnUrl").await;
    assert_eq!(kept["returnUrl"], RETURN_URL);
}

async fn a_name_that_another_workspace_has_is_nobodys_secret_and_nobodys_key(house: &mut House) {
    let acme = workspace::find(house.app(), "Acme").await.unwrap();
    let stranger = house.stranger().await;

    let renamed = stranger.mutate("updateWorkspace", json!({ "name": "Acme" })).await;

    assert_eq!(renamed["userErrors"], json!([]), "who else is called so is not told");
    let unclear = workspace::find(house.app(), "Acme").await.unwrap_err().to_string();
    assert!(unclear.contains(&acme.id.to_string()), "{unclear}");
    assert_eq!(workspace::find(house.app(), &acme.id.to_string()).await.unwrap(), acme);
}

const LIMITS: &str =
    "{ workspace { limits { liveApiKeys webhookEndpoints returnUrls allowedOrigins workflows steps
    nameCharacters urlBytes metadataBytes shortestLinkLife longestLinkLife pageSize fileBytes runBytes
    refusedPasswordsPerAccount retention } } }";

async fn limits(house: &House) -> Value {
    house.partner.call(LIMITS, json!({})).await["workspace"]["limits"].clone()
}

async fn the_limits_that_are_told_are_those_that_hold(house: &mut House) {
    let limits = limits(house).await;
    let text =
        |name: &str, more: usize| "x".repeat(usize::try_from(limits[name].as_u64().unwrap()).unwrap() + more);
    let many = |name: &str, more: usize| {
        let count = usize::try_from(limits[name].as_u64().unwrap()).unwrap() + more;
        json!(vec![&house.bank.origin; count])
    };
    // `{"a":""}` is eight bytes around the text.
    let metadata = |more: usize| json!({ "a": text("metadataBytes", more)[8..] });
    let login_url = format!("{}/login", house.bank.origin);
    for more in [0, 1] {
        let link = house.partner.try_create_link(json!({ "metadata": metadata(more) })).await;
        let name = json!({ "name": text("nameCharacters", more), "scopes": ["LINKS_READ"] });
        let key = house.partner.mutate("createApiKey", name).await;
        let urls = update(house, json!({ "returnUrls": many("returnUrls", more) })).await;
        let origins =
            json!({ "name": "x", "loginUrl": login_url, "allowedOrigins": many("allowedOrigins", more) });
        let site = house.partner.mutate("createSourceSystem", origins).await;

        for (what, payload) in
            [("metadata", link), ("name", key), ("returnUrls", urls), ("allowedOrigins", site)]
        {
            let is_refused = payload["userErrors"] != json!([]);
            assert_eq!(is_refused, more == 1, "{what} with {more} more: {payload}");
        }
    }
    let page = house.partner.ask("{ links(first: 101) { nodes { id } } }", json!({})).await;
    assert_eq!(
        (&limits["pageSize"], &page["errors"][0]["extensions"]["code"]),
        (&json!(100), &json!("BAD_REQUEST"))
    );
    for (name, just_beyond) in [("shortestLinkLife", "PT59S"), ("longestLinkLife", "P90DT1S")] {
        let within = house.partner.try_create_link(json!({ "expiresIn": limits[name] })).await;
        let beyond = house.partner.try_create_link(json!({ "expiresIn": just_beyond })).await;
        assert_eq!((&within["userErrors"], &beyond["link"]), (&json!([]), &Value::Null), "{name}");
    }
}

async fn the_operators_limits_are_told(house: &mut House) {
    let before = limits(house).await;
    assert_eq!(before["refusedPasswordsPerAccount"], Value::Null);
    assert_eq!(before["retention"], "P90D");

    house.allow_passwords_per_account(7).await;
    house.take_files(1_000, 5_000).await;
    house.keep_events_for(Some(Duration::from_hours(48))).await;

    let after = limits(house).await;
    let told =
        ["refusedPasswordsPerAccount", "fileBytes", "runBytes", "retention"].map(|name| after[name].clone());
    assert_eq!(told, [json!(7), json!(1_000), json!(5_000), json!("P2D")]);
}
