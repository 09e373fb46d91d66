//! Receivers by TLS, as all are outside of tests: the real program, which trusts whom the system trusts.

use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use axum_server::tls_rustls::RustlsConfig;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::house::{Database, Kind, Partner, Setup, certificate};

/// A receiver with a certificate that only those trust who were told to; returns its address.
async fn receiver(file: &str, key: &str) -> String {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let tls = RustlsConfig::from_pem_file(file, key).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let app = Router::new().route("/hook", post(async || StatusCode::NO_CONTENT));
    let server = axum_server::from_tcp_rustls(listener, tls).unwrap();
    tokio::spawn(server.serve(app.into_make_service()));
    format!("https://{address}/hook")
}

/// Sends one event; returns the outcome of its first attempt and the status of the answer.
async fn sent(partner: &Partner, url: &str) -> (Value, Value) {
    let input = json!({ "url": url, "retrySchedule": [] });
    let made = partner.mutate("createWebhookEndpoint", input).await;
    let tried = partner.mutate("sendTestEvent", json!({ "id": made["endpoint"]["id"] })).await;
    let query =
        "query($id: ID!) { webhookDelivery(id: $id) { attempts { nodes { outcome responseStatus } } } }";
    for _ in 0..100 {
        let data = partner.call(query, json!({ "id": tried["delivery"]["id"] })).await;
        if let Some(attempt) = data["webhookDelivery"]["attempts"]["nodes"].get(0) {
            return (attempt["outcome"].clone(), attempt["responseStatus"].clone());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("no attempt was made");
}

/// What comes of a delivery to `url` by a server that trusts `authorities`.
async fn tried(dir: &Path, authorities: &Path, url: &str) -> (Value, Value) {
    let database = Database::create(Kind::Sqlite, dir).await;
    let setup = Setup::new(dir, &database.url).trusting(authorities);
    let key = setup.key();
    let server = setup.serve();
    sent(&server.partner(&key), url).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receiver_is_reached_by_tls_only_if_its_certificate_is_trusted() {
    let [trusting, wary] = [(); 2].map(|()| TempDir::new().unwrap());
    let [file, key] = certificate(trusting.path());
    let [other, _] = certificate(wary.path());
    let url = receiver(&file, &key).await;

    let trusted = tried(trusting.path(), Path::new(&file), &url).await;
    let doubted = tried(wary.path(), Path::new(&other), &url).await;

    assert_eq!(trusted, (json!("DELIVERED"), json!(204)));
    assert_eq!(doubted, (json!("TLS_ERROR"), Value::Null));
}
