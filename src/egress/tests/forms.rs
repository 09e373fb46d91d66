//! The address table: how a forbidden place can be written, and that every door sees through it.

use super::*;

/// Refused without the operator's leave, whatever the name resolves to.
const FORBIDDEN: [&str; 95] = [
    // Not a URL of ours.
    "",
    "example.com",
    "//example.com/",
    "https://",
    "https:///",
    "https://[::1",
    "https://256.256.256.256/",
    "https://1.2.3.4.5/",
    "https://exa mple.com/",
    "https://example.com\t/",
    "https://example.com\\@127.0.0.1/",
    "https://example.com:65536/",
    "https://[fe80::1%25eth0]/",
    "file:///etc/passwd",
    "ftp://example.com/",
    "gopher://example.com/",
    "javascript:alert(1)",
    "data:text/plain,x",
    "nats:main/subject",
    "http://example.com/",
    "http://example.com:443/",
    // Someone's name and password.
    "https://user@example.com/",
    "https://user:password@example.com/",
    "https://:password@example.com/",
    "https://example.com:443@127.0.0.1/",
    "https://example.com%40127.0.0.1/",
    // Loopback in every spelling.
    "https://127.0.0.1/",
    "https://127.0.0.1./",
    "https://127.1/",
    "https://127.0.1/",
    "https://127.255.255.254/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0x7f.1/",
    "https://0177.0.0.1/",
    "https://017700000001/",
    "https://0177.0x0.0.1/",
    "https://%31%32%37.0.0.1/",
    "https://①②⑦.0.0.1/",
    "https://127。0。0。1/",
    "https://１２７．０．０．１/",
    "https://[::1]/",
    "https://[0:0:0:0:0:0:0:1]/",
    "https://[0000::0001]/",
    "https://[::127.0.0.1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[0:0:0:0:0:ffff:127.0.0.1]/",
    "https://localhost/",
    "https://LOCALHOST/",
    "https://localhost./",
    "https://a.localhost/",
    // Names of a local network.
    "https://intranet/",
    "https://printer.local/",
    "https://metadata.google.internal/",
    "https://router.lan/",
    "https://nas.home.arpa/",
    // Addresses of a local network or of no network at all.
    "https://0.0.0.0/",
    "https://0/",
    "https://0.1.2.3/",
    "https://10.0.0.1/",
    "https://10.1/",
    "https://100.64.0.1/",
    "https://100.127.255.254/",
    "https://169.254.1.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://168.63.129.16/",
    "https://100.100.100.200/",
    "https://[fd00:ec2::254]/",
    "https://172.16.0.1/",
    "https://172.31.255.255/",
    "https://192.168.1.1/",
    "https://192.0.0.192/",
    "https://192.0.2.1/",
    "https://192.88.99.1/",
    "https://198.18.0.1/",
    "https://198.19.255.255/",
    "https://198.51.100.1/",
    "https://203.0.113.1/",
    "https://224.0.0.1/",
    "https://239.255.255.255/",
    "https://240.0.0.1/",
    "https://255.255.255.255/",
    "https://[::]/",
    "https://[fc00::1]/",
    "https://[fe80::1]/",
    "https://[fec0::1]/",
    "https://[ff02::1]/",
    "https://[64:ff9b::127.0.0.1]/",
    "https://[2002:7f00:1::]/",
    "https://[2001::1]/",
    "https://[2001:db8::1]/",
    "https://[3fff::1]/",
    "https://[4000::1]/",
];

/// Of the public internet, however they look.
const PUBLIC: [&str; 18] = [
    "https://example.com/",
    "https://example.com:8443/a?b#c",
    "https://EXAMPLE.com./",
    "https://bücher.example/",
    "https://xn--bcher-kva.example/",
    "https://127.0.0.1.example.com/",
    "https://localhost.example.com/",
    "https://8.8.8.8/",
    "https://134744072/",
    "https://100.63.255.255/",
    "https://100.128.0.1/",
    "https://172.15.255.255/",
    "https://172.32.0.1/",
    "https://198.17.255.255/",
    "https://223.255.255.255/",
    "https://[2606:2800:220:1::1]/",
    "https://[2001:4860:4860::8888]/",
    "https://[2a00:1450:4001::1]/",
];

fn is_refused<T>(result: &Result<T, Error>) -> bool {
    matches!(result, Err(Error::Refused(_)))
}

#[tokio::test]
async fn a_forbidden_place_is_refused_at_register_test_and_send_however_it_is_written() {
    let client = client("", resolving(vec![vec![[8, 8, 8, 8]]]));

    for text in FORBIDDEN {
        let Ok(url) = policy::parse(text) else { continue };
        assert!(client.policy().check(&url).is_err(), "{text}");
        assert!(is_refused(&client.vet(&url).await), "{text}");
        assert!(is_refused(&client.exchange(get(url)).await), "{text}");
    }
}

#[tokio::test]
async fn a_public_place_passes() {
    let client = client("", resolving(vec![vec![[8, 8, 8, 8]]]));

    for text in PUBLIC {
        let url = policy::parse(text).unwrap();
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
