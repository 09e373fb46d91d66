//! Source systems by TLS, as all are outside of tests: a site that cannot prove who it is gets no request, by
//! either driver, and the customer and the partner are told why.

use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::response::Html;
use axum_server::tls_rustls::RustlsConfig;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::house::{Customer, Database, GOOD, Kind, Page, Program, Setup, Wording, certificate_with};

const EXPIRED: Wording = Wording { times: ["20200101000000Z", "20200201000000Z"], ..GOOD };
const ANOTHERS: Wording = Wording { name: "DNS:elsewhere.example", ..GOOD };

const FORM: &str = "<h1>Sign in</h1><form method=post><label>User name <input name=u></label>\
    <label>Password <input name=p type=password></label><button>Sign in</button></form>";

/// A site that counts the requests that get through to it.
struct Site {
    url: String,
    requests: Arc<AtomicUsize>,
    certificate: String,
}

impl Site {
    async fn open(folder: &Path, wording: Wording) -> Self {
        let [certificate, key] = certificate_with(folder, wording);
        let _ = rustls::crypto::ring::default_provider().install_default();
        let tls = RustlsConfig::from_pem_file(&certificate, key).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("https://{}/login", listener.local_addr().unwrap());
        let requests = Arc::<AtomicUsize>::default();
        let counted = Arc::clone(&requests);
        let answer = async move || {
            counted.fetch_add(1, Ordering::Relaxed);
            Html(FORM)
        };
        let server = axum_server::from_tcp_rustls(listener, tls).unwrap();
        tokio::spawn(server.serve(Router::new().fallback(answer).into_make_service()));
        Self { url, requests, certificate }
    }

    fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }
}

/// What a customer sees at the end of the way to this site, and why the link failed, if it did.
async fn tried((server, key): (&Program, &str), site: &Site, driver: &str) -> (Page, Value) {
    let partner = server.partner(key);
    let source = json!({ "name": "Vault", "loginUrl": site.url, "driver": driver });
    let job = partner.job_of(source, "look", json!([{ "goto": { "url": site.url } }])).await;
    let link = partner.create_link_with(json!({ "jobId": job })).await;
    let mut customer = Customer::new();
    let opening = customer.begin(&link.url.replace("127.0.0.1:0", &server.address)).await;
    let page = customer.wait(&opening).await;
    let shown = partner.link(&link.id, "failure { code message retryable }").await;
    (page, shown["failure"].clone())
}

/// A server that trusts these certificates and no others, and a key for it.
async fn server_trusting(dir: &Path, sites: &[&Site]) -> (Program, String) {
    let authorities = dir.join("authorities.pem");
    let texts = sites.iter().map(|site| std::fs::read_to_string(&site.certificate).unwrap());
    std::fs::write(&authorities, texts.collect::<String>()).unwrap();
    let database = Database::create(Kind::Sqlite, dir).await;
    let setup = Setup::new(dir, &database.url).trusting(&authorities);
    let key = setup.key();
    (setup.serve(), key)
}

fn is_refused((page, failure): &(Page, Value), site: &Site) {
    page.says("its certificate is not valid").says("You can try again with the same link");
    assert_eq!(failure["code"], "CERTIFICATE_INVALID", "{failure}");
    assert!(failure["message"].as_str().unwrap().contains("certificate"), "{failure}");
    assert_eq!(site.requests(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_whose_certificate_cannot_be_trusted_gets_no_request() {
    let dir = TempDir::new().unwrap();
    let good = Site::open(&dir.path().join("good"), GOOD).await;
    let expired = Site::open(&dir.path().join("expired"), EXPIRED).await;
    let anothers = Site::open(&dir.path().join("anothers"), ANOTHERS).await;
    let unknown = Site::open(&dir.path().join("unknown"), GOOD).await;
    let (server, key) = server_trusting(dir.path(), &[&good, &expired, &anothers]).await;

    let (asked, failure) = tried((&server, &key), &good, "HTTP").await;
    asked.says("Sign in to Vault");
    assert_eq!((failure, good.requests()), (Value::Null, 1));
    for site in [&expired, &anothers, &unknown] {
        is_refused(&tried((&server, &key), site, "HTTP").await, site);
    }
    for site in [&expired, &unknown] {
        is_refused(&tried((&server, &key), site, "BROWSER").await, site);
    }
}
