//! Files that a run is handed out: kept sealed, told with the run, fetched by URLs that soon end.

use std::time::Duration;

use entity::Scope;
use serde_json::{Value, json};

use crate::house::bank::PASSWORD;
use crate::house::{Act, House, Link, Partner, Peer, http, texts};

stories! {
    files_are_told_with_the_run_and_fetched_by_their_urls,
    a_url_that_is_forged_or_too_old_never_reaches_the_database,
    files_are_nobody_elses,
    a_file_that_is_not_wanted_fails_its_step,
    files_of_a_run_are_limited_together,
    a_large_file_comes_back_byte_by_byte,
    files_go_when_their_time_is_over,
    a_download_that_was_cut_off_is_made_again_once,
}

/// What the partner reads of a link's run.
const SHOWN: &str = "status run { id status output failure { code } steps { kind status error }
    files { name workflow fileName size contentType downloadUrl expiresAt } }";

impl House {
    /// A link of a job with these steps at the bank, signed in to; its run waits.
    async fn signed_in_to(&mut self, steps: Value) -> Link {
        let source = json!({ "name": "Bank", "loginUrl": format!("{}/login", self.bank.origin) });
        let job = self.partner.job_of(source, "papers", steps).await;
        let link = self.partner.create_link_with(json!({ "jobId": job })).await;
        self.sign_in(&link, "good", PASSWORD).await.says("You are signed in");
        link
    }

    /// The same at a site of one page with links to files, which needs no sign-in.
    async fn before_files(&mut self, site: &Peer, steps: Value) -> Link {
        let origins = json!([self.bank.origin, site.url("")]);
        let login_url = format!("{}/login", self.bank.origin);
        let source = json!({ "name": "Shop", "loginUrl": login_url, "allowedOrigins": origins });
        let job = self.partner.job_of(source, "papers", steps).await;
        let link = self.partner.create_link_with(json!({ "jobId": job })).await;
        self.sign_in(&link, "good", PASSWORD).await.says("You are signed in");
        link
    }

    fn statements(&self) -> Value {
        json!([
            { "goto": { "url": format!("{}/statements", self.bank.origin) } },
            { "extract": { "name": "list", "selector": "#statements", "as": "OBJECTS" } },
            { "download": { "name": "latest", "selector": "a.pdf" } },
            { "download": { "name": "all", "selector": "#csv" } },
        ])
    }
}

/// A site that shows one link, and answers it like this.
async fn site_with(file: Vec<Act>) -> Peer {
    let page = Act::Page("<a class=file href=/files/bill.csv>Bill</a>".to_owned());
    Peer::start([vec![page.clone()], file].concat()).await
}

fn as_file(kind: &str, body: &str) -> Act {
    Act::StatusWith(200, format!("content-type: {kind}\r\n\r\n{body}"))
}

fn fetching(site: &Peer) -> Value {
    json!([
        { "goto": { "url": site.url("/") } },
        { "download": { "name": "bill", "selector": "a.file" } },
    ])
}

fn url_of(shown: &Value, number: usize) -> String {
    shown["run"]["files"][number]["downloadUrl"].as_str().unwrap_or_else(|| panic!("{shown}")).to_owned()
}

async fn fetch(url: &str) -> (u16, reqwest::header::HeaderMap, Vec<u8>) {
    let answer = http().get(url).send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    (status, headers, answer.bytes().await.unwrap().to_vec())
}

async fn files_are_told_with_the_run_and_fetched_by_their_urls(house: &mut House) {
    let link = house.signed_in_to(house.statements()).await;
    house.run().await;

    let shown = house.partner.link(&link.id, SHOWN).await;
    assert_eq!(shown["status"], "COMPLETED", "{shown}");
    assert_eq!(shown["run"]["output"]["papers"]["list"][1]["Number"], "ML-2026-09");
    let files = &shown["run"]["files"];
    assert_eq!(texts(files, "name"), ["latest", "all"]);
    assert_eq!(texts(files, "fileName"), ["ML-2026-10.pdf", "statements.csv"]);
    assert_eq!(texts(files, "contentType"), ["application/pdf", "text/csv"]);

    let (status, headers, body) = fetch(&url_of(&shown, 0)).await;
    assert_eq!((status, body.len()), (200, usize::try_from(files[0]["size"].as_u64().unwrap()).unwrap()));
    assert!(body.starts_with(b"%PDF-1.4") && body.ends_with(b"%%EOF\n"));
    assert_eq!(
        headers["content-disposition"],
        "attachment; filename=\"ML-2026-10.pdf\"; filename*=UTF-8''ML-2026-10.pdf"
    );
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert_eq!(headers["cache-control"], "no-store");
    assert_eq!(headers["content-security-policy"], "default-src 'none'; sandbox");
    let (_, _, csv) = fetch(&url_of(&shown, 1)).await;
    assert!(String::from_utf8(csv).unwrap().starts_with("month,number,closing balance\r\nOctober 2026"));
}

async fn a_url_that_is_forged_or_too_old_never_reaches_the_database(house: &mut House) {
    let link = house.signed_in_to(house.statements()).await;
    house.run().await;
    let url = url_of(&house.partner.link(&link.id, SHOWN).await, 0);
    let of_a_link = link.url.replace("/l/", "/files/");
    let forged = format!("{}{}", &url[..url.len() - 1], if url.ends_with('A') { 'Q' } else { 'A' });

    house.app().db.close().await;

    for forged in [of_a_link, forged, house.url("/files/x").to_string()] {
        assert_eq!(fetch(&forged).await.0, 404, "{forged}");
    }
    assert_ne!(fetch(&url).await.0, 200, "what is authentic is looked for in the database");
    house.pass(Duration::from_mins(10));
    let (status, headers, _) = fetch(&url).await;
    assert_eq!(status, 410);
    assert_eq!(headers["cache-control"], "no-store");
    house.restart().await;
}

async fn files_are_nobody_elses(house: &mut House) {
    let link = house.signed_in_to(house.statements()).await;
    house.run().await;
    let run = house.partner.link(&link.id, SHOWN).await["run"]["id"].clone();
    let query = "query($id: ID!) { run(id: $id) { files { downloadUrl } } }";

    let stranger = house.stranger().await;
    assert_eq!(stranger.call(query, json!({ "id": run })).await["run"], Value::Null);
    let less = house.partner_with(&[Scope::LinksRead]).await;
    let query = "query($id: ID!) { link(id: $id) { run { files { downloadUrl } } } }";
    let refused = less.ask(query, json!({ "id": link.id })).await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN", "{refused}");
}

/// How the run of a link ended: its code, and the error of its last step.
async fn failed(partner: &Partner, link: &Link) -> (String, String) {
    let shown = partner.link(&link.id, SHOWN).await;
    let steps = texts(&json!([shown["run"]["steps"].as_array().unwrap().last()]), "error");
    (shown["run"]["failure"]["code"].as_str().unwrap().to_owned(), steps[0].clone())
}

async fn a_file_that_is_not_wanted_fails_its_step(house: &mut House) {
    house.take_files(100, 1_000).await;
    for (act, why) in [
        (as_file("text/csv", &"x".repeat(101)), "the file is larger than 100 bytes"),
        (as_file("application/x-msdownload", "MZ"), "files of type application/x-msdownload are not taken"),
        (Act::Page("<p>Not today".to_owned()), "the site answered with a page instead of a file"),
        (Act::Status(503), "the site answered with status 503"),
        (
            Act::StatusWith(302, format!("location: {}", "http://127.0.0.1:9/elsewhere.csv")),
            "outside of the allowed origins: http://127.0.0.1:9",
        ),
    ] {
        let site = site_with(vec![act]).await;
        let link = house.before_files(&site, fetching(&site)).await;
        house.run().await;

        assert_eq!(failed(&house.partner, &link).await, ("STEP_FAILED".to_owned(), why.to_owned()));
        assert_eq!(house.partner.link(&link.id, SHOWN).await["run"]["files"], json!([]));
    }
}

async fn files_of_a_run_are_limited_together(house: &mut House) {
    house.take_files(100, 150).await;
    let site = site_with(vec![as_file("text/csv", &"x".repeat(80))]).await;
    let mut steps = fetching(&site);
    steps.as_array_mut().unwrap().push(json!({ "download": { "name": "again", "selector": "a.file" } }));
    let link = house.before_files(&site, steps).await;
    house.run().await;

    let (code, why) = failed(&house.partner, &link).await;
    assert_eq!((code.as_str(), why.as_str()), ("STEP_FAILED", "the file is larger than 66 bytes"));
    // The first one was whole before the second one failed.
    let shown = house.partner.link(&link.id, SHOWN).await;
    assert_eq!(texts(&shown["run"]["files"], "name"), ["bill"]);
    assert_eq!(fetch(&url_of(&shown, 0)).await.2.len(), 84);
}

async fn a_large_file_comes_back_byte_by_byte(house: &mut House) {
    let text: String = (0..200_000).map(|number| format!("{number};")).collect();
    let site = site_with(vec![as_file("text/csv", &text)]).await;
    let link = house.before_files(&site, fetching(&site)).await;
    house.run().await;

    let shown = house.partner.link(&link.id, SHOWN).await;
    let (status, headers, body) = fetch(&url_of(&shown, 0)).await;
    assert_eq!((status, headers["content-length"].to_str().unwrap()), (200, body.len().to_string().as_str()));
    assert!(body == format!("{text}\r\n\r\n").as_bytes(), "{} bytes came back", body.len());
}

async fn files_go_when_their_time_is_over(house: &mut House) {
    let link = house.signed_in_to(house.statements()).await;
    house.run().await;
    let late = url_of(&house.partner.link(&link.id, SHOWN).await, 0);

    house.pass(Duration::from_mins(9));
    assert_eq!(fetch(&late).await.0, 200);
    house.pass(Duration::from_hours(24));
    house.sweep().await;

    assert_eq!(house.partner.link(&link.id, SHOWN).await["run"]["files"], json!([]));
    assert_eq!(house.rows_of(&["run_file", "run_file_part"]).await, [0, 0]);
}

async fn a_download_that_was_cut_off_is_made_again_once(house: &mut House) {
    let page = Act::Page("<a class=file href=/files/bill.csv>Bill</a>".to_owned());
    let site = Peer::start([page.clone(), Act::Hang, page, as_file("text/csv", "a;b")]).await;
    let link = house.before_files(&site, fetching(&site)).await;
    house.begin_runs().await;
    site.has_seen(2).await;

    house.crash().await;
    assert_eq!(house.run().await, 1);

    let shown = house.partner.link(&link.id, SHOWN).await;
    assert_eq!(
        (&shown["status"], texts(&shown["run"]["files"], "name")),
        (&json!("COMPLETED"), vec!["bill".to_owned()])
    );
    assert_eq!(site.seen().len(), 4);
}
