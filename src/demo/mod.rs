//! The guests of `postern demo`: a partner that uses the API, and a receiver of its webhooks.
//!
//! They know only public addresses and an API key, like strangers; what they do, any program can do.

mod notes;
mod partner;
mod receiver;

use std::path::Path;

use serde_json::json;

pub use notes::Notes;
pub use partner::{Opening, Partner};
pub use receiver::Receiver;

/// How the guests speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Says where everything is; `program` is how this program can be called again.
pub fn announce(voice: Voice, opening: &Opening, notes: &Notes, data_dir: &Path, program: &str) {
    let sandbox = notes.sandbox.map(|address| format!("http://{address}/")).unwrap_or_default();
    let receiver = notes.receiver.map(|address| format!("http://{address}/")).unwrap_or_default();
    let metrics = notes.metrics.map(|address| format!("http://{address}/metrics")).unwrap_or_default();
    let key = notes.api_key.as_deref().unwrap_or_default();
    if voice == Voice::Json {
        let line = json!({
            "graphql_url": opening.graphql_url,
            "ws_url": opening.ws_url,
            "api_key": key,
            "link_url": opening.link_url,
            "link_id": opening.link_id,
            "job_id": opening.job_id,
            "sandbox_url": sandbox,
            "receiver_url": receiver,
            "metrics_url": metrics,
            "webhook_secret": notes.webhook_secret,
            "data_dir": data_dir,
        });
        println!("{line}");
        return;
    }
    println!(
        "Postern runs.

  API         {}
  API key     {key}
  Metrics     {metrics}  (for operators)
  Sandbox     {sandbox}  (the site to sign in to; its start page lists what you can try)

Open this link and sign in as the customer:

  {}

  User name   otp_app
  Password    correct-horse-1 (try a wrong one first)
  Code        from an authenticator app with the secret JBSWY3DPEHPK3PXP,
              or printed by: {program} sandbox --code

What the partner sees, as it happens (Ctrl-C stops):
",
        opening.graphql_url, opening.link_url,
    );
}
