//! The sandbox as the stories meet it: a site of strangers, at its own address.

use serde_json::Value;
use tokio::net::TcpListener;

pub(crate) struct Bank {
    pub(crate) origin: String,
}

/// What a job reads from the account of whoever signed in.
pub(crate) const PASSWORD: &str = "correct-horse-1";

impl Bank {
    pub(crate) async fn open() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(postern::sandbox::serve(listener, std::future::pending()));
        Self { origin }
    }

    /// How many forms, passwords and codes the site has received for a user name.
    pub(crate) async fn received(&self, username: &str) -> [u64; 3] {
        let answer = super::partner::http().get(format!("{}/_counts", self.origin)).send().await.unwrap();
        let counts: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        ["submits", "passwords", "codes"].map(|what| counts[username][what].as_u64().unwrap())
    }
}

/// What the authenticator app of the user `otp_app` shows now.
pub(crate) fn code_now() -> String {
    let scenario = postern::sandbox::scenarios().iter().find(|scenario| scenario.username == "otp_app");
    scenario.and_then(postern::sandbox::Scenario::code_now).unwrap()
}
