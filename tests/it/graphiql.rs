//! GraphiQL: off unless the operator wants it, and made of our own files only.

use reqwest::header::{ACCEPT, ACCEPT_ENCODING};

use crate::house::{House, http};

stories! {
    a_server_has_no_graphiql_unless_the_operator_says_so,
    a_browser_gets_the_page_and_every_file_it_needs_from_us,
}

/// What a browser says of itself.
const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

async fn a_server_has_no_graphiql_unless_the_operator_says_so(house: &mut House) {
    for path in ["/graphiql", "/graphiql/graphiql.js", "/graphql"] {
        let answer = http().get(house.url(path)).header(ACCEPT, BROWSER).send().await.unwrap();

        assert!([401, 404].contains(&answer.status().as_u16()), "{path}: {}", answer.status());
        assert!(!answer.text().await.unwrap().contains("GraphiQL"), "{path}");
    }
}

async fn a_browser_gets_the_page_and_every_file_it_needs_from_us(house: &mut House) {
    house.set_api(|api| api.graphiql = true).await;
    for path in ["/graphiql", "/graphql"] {
        let answer = http().get(house.url(path)).header(ACCEPT, BROWSER).send().await.unwrap();

        assert_eq!(answer.status(), 200);
        let policy = answer.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
        let page = answer.text().await.unwrap();
        assert!(!page.contains("//"), "an address of somebody else: {page}");
        let files: Vec<_> = page.split('"').filter(|part| part.starts_with("/graphiql/")).collect();
        assert_eq!(files.len(), 6, "{page}");
        for file in files {
            let packed =
                http().get(house.url(file)).header(ACCEPT_ENCODING, "br, gzip").send().await.unwrap();
            let plain = http().get(house.url(file)).header(ACCEPT_ENCODING, "gzip;q=0").send().await.unwrap();
            assert_eq!((packed.status().as_u16(), plain.status().as_u16()), (200, 200), "{file}");
            assert_eq!(plain.headers().get("content-encoding"), None);
            assert_eq!(packed.headers()["content-type"], plain.headers()["content-type"]);
            assert!(plain.bytes().await.unwrap().len() >= packed.bytes().await.unwrap().len(), "{file}");
        }
    }
    house.partner.call("{ viewer { id } }", serde_json::json!({})).await;
}
