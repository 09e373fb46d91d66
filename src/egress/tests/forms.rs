//! The address table: how a forbidden place can be written, and that every door sees through it.

use super::*;

/// How a forbidden place can be written, and what is public however it looks; the stories knock at the
/// doors of the API with the same table.
const TABLE: &str = include_str!("../../../tests/addresses.json");

/// Refused without the operator's leave, whatever the name resolves to.
fn forbidden() -> Vec<String> {
    let table: serde_json::Value = serde_json::from_str(TABLE).unwrap();
    table["forbidden"].as_object().unwrap().values().flat_map(texts).collect()
}

fn public() -> Vec<String> {
    let table: serde_json::Value = serde_json::from_str(TABLE).unwrap();
    texts(&table["public"])
}

fn texts(list: &serde_json::Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

fn is_refused<T>(result: &Result<T, Error>) -> bool {
    matches!(result, Err(Error::Refused(_)))
}

#[tokio::test]
async fn a_forbidden_place_is_refused_at_register_test_and_send_however_it_is_written() {
    let client = client("", resolving(vec![vec![[8, 8, 8, 8]]]));

    for text in forbidden() {
        let Ok(url) = policy::parse(&text) else { continue };
        assert!(client.policy().check(&url).is_err(), "{text}");
        assert!(is_refused(&client.vet(&url).await), "{text}");
        assert!(is_refused(&client.exchange(get(url)).await), "{text}");
    }
}

#[tokio::test]
async fn a_public_place_passes() {
    let client = client("", resolving(vec![vec![[8, 8, 8, 8]]]));

    for text in public() {
        let url = policy::parse(&text).unwrap();
        assert_eq!(client.policy().check(&url), Ok(()), "{text}");
        assert!(client.vet(&url).await.is_ok(), "{text}");
    }
}

#[tokio::test]
async fn a_public_name_is_refused_for_each_forbidden_address_it_resolves_to() {
    let url: Url = "https://example.com/".parse().unwrap();
    for address in
        ["0.0.0.0", "10.0.0.1", "100.64.0.1", "127.0.0.1", "169.254.169.254", "192.168.0.1", "224.0.0.1"]
    {
        let octets = address.parse::<Ipv4Addr>().unwrap().octets();
        let client = client("", resolving(vec![vec![octets]]));

        let vetted = client.vet(&url).await;
        let sent = client.exchange(get(url.clone())).await;

        assert!(is_refused(&vetted), "{address}");
        assert!(is_refused(&sent), "{address}");
    }
}

#[test]
fn ports_of_other_services_are_refused_and_those_of_web_servers_are_not() {
    let check = |port: u16| Policy::default().check(&format!("https://example.com:{port}/").parse().unwrap());

    for port in [22, 25, 110, 143, 3306, 5432, 6379, 11211, 27017] {
        assert_eq!(check(port), Err(Refusal::Port(port)));
    }
    for port in [80, 443, 8000, 8080, 8443, 9443, 49152] {
        assert_eq!(check(port), Ok(()));
    }
}

#[test]
fn what_the_operator_lists_is_allowed_and_nothing_beside_it() {
    let policy = Policy::new("http://127.0.0.0/8:*,http://intranet:22,https://[::1]:6379".parse().unwrap());
    let check = |text: &str| policy.check(&text.parse().unwrap());

    for text in ["http://127.0.0.1:22/", "http://localhost/", "http://intranet:22/", "https://[::1]:6379/"] {
        assert_eq!(check(text), Ok(()), "{text}");
    }
    assert_eq!(check("https://127.0.0.1/"), Err(Refusal::Address(Ipv4Addr::LOCALHOST.into(), "loopback")));
    assert_eq!(check("http://8.8.8.8/"), Err(Refusal::Scheme));
    assert_eq!(check("https://intranet/"), Err(Refusal::LocalName));
    assert_eq!(check("http://u@127.0.0.1/"), Err(Refusal::Userinfo));
}

#[test]
fn the_refusal_says_what_to_change() {
    let words = |text: &str| Policy::default().check(&text.parse().unwrap()).unwrap_err().to_string();

    assert_eq!(words("http://example.com/"), "must start with https://");
    assert_eq!(words("https://0x7f.1/"), "must not lead to 127.0.0.1, a loopback address");
    assert_eq!(policy::parse(&format!("https://a.example/{}", "x".repeat(2_048))), Err(Refusal::TooLong));
}
