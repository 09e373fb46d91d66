//! A partner's program: it sets up a job, makes a link and follows what happens, all by the API.

use anyhow::{Context as _, bail};
use reqwest::header::{ACCEPT, AUTHORIZATION, HeaderMap, HeaderValue};
use serde_json::{Value, json};
use url::Url;

use super::{Notes, Voice};

/// How long to wait before a broken stream is taken up again.
const RECONNECT: std::time::Duration = std::time::Duration::from_secs(1);

/// The partner's program.
pub struct Partner {
    http: reqwest::Client,
    graphql: Url,
}

/// What the first line of the demo tells.
pub struct Opening {
    /// The API.
    pub graphql_url: String,
    /// Its WebSocket.
    pub ws_url: String,
    /// The link to open.
    pub link_url: String,
    /// Its id.
    pub link_id: String,
    /// What it runs.
    pub job_id: String,
    /// Where following begins.
    cursor: String,
}

impl Partner {
    /// A program that uses the API at `public_url` with the key of the notes.
    ///
    /// # Errors
    /// If there is no key.
    #[expect(clippy::disallowed_methods, reason = "a guest talks to the house like any stranger")]
    pub fn new(public_url: &Url, notes: &Notes) -> anyhow::Result<Self> {
        let key = notes.api_key.as_deref().context("the demo's notes hold no API key")?;
        let mut bearer = HeaderValue::try_from(format!("Bearer {key}"))?;
        bearer.set_sensitive(true);
        let headers = HeaderMap::from_iter([(AUTHORIZATION, bearer)]);
        let http = reqwest::Client::builder().no_proxy().default_headers(headers).build()?;
        Ok(Self { http, graphql: public_url.join("/graphql")? })
    }

    /// Sets up what is not there yet, and makes a link unless the last one can still be used.
    ///
    /// # Errors
    /// If the API refuses.
    pub async fn prepare(&self, notes: &mut Notes) -> anyhow::Result<Opening> {
        if notes.job_id.is_none() || notes.job_at != notes.sandbox {
            notes.job_id = Some(self.job(notes).await?);
            (notes.job_at, notes.link_id) = (notes.sandbox, None);
        }
        if notes.webhook_secret.is_none() || notes.webhook_at != notes.receiver {
            notes.webhook_secret = Some(self.endpoint(notes).await?);
            notes.webhook_at = notes.receiver;
        }
        let job_id = notes.job_id.clone().unwrap_or_default();
        let cursor = self.call("{ workspace { eventCursor } }", json!({})).await?;
        let link = match &notes.link_id {
            Some(id) => self.usable(id).await?,
            None => None,
        };
        let link = match link {
            Some(link) => link,
            None => self.link(&job_id).await?,
        };
        let link_id = text(&link["id"])?;
        notes.link_id = Some(link_id.clone());
        let mut ws_url = self.graphql.clone();
        let _ = ws_url.set_scheme(if ws_url.scheme() == "https" { "wss" } else { "ws" });
        Ok(Opening {
            graphql_url: self.graphql.to_string(),
            ws_url: ws_url.into(),
            link_url: text(&link["linkUrl"])?,
            link_id,
            job_id,
            cursor: text(&cursor["workspace"]["eventCursor"])?,
        })
    }

    async fn job(&self, notes: &Notes) -> anyhow::Result<String> {
        let site = format!("http://{}", notes.sandbox.context("the sandbox has no address")?);
        let system = "mutation($input: CreateSourceSystemInput!) { createSourceSystem(input: $input) {
            sourceSystem { id } userErrors { field message } } }";
        let input = json!({ "name": "Mill Lane Savings", "loginUrl": format!("{site}/login") });
        let made = self.call(system, json!({ "input": input })).await?;
        let id = text(&made["createSourceSystem"]["sourceSystem"]["id"])?;
        let job = "mutation($input: CreateJobInput!) { createJob(input: $input) {
            job { id } userErrors { field message } } }";
        let steps = json!([
            { "goto": { "url": format!("{site}/account") } },
            { "extract": { "name": "holder", "selector": "#holder" } },
            { "extract": { "name": "balance", "selector": "#balance" } },
            { "extract": { "name": "movements", "selector": "#movements td.amount", "many": true } },
        ]);
        let workflows = json!([{ "name": "account", "steps": steps }]);
        let input = json!({ "name": "Read the account", "sourceSystemId": id, "workflows": workflows });
        let made = self.call(job, json!({ "input": input })).await?;
        text(&made["createJob"]["job"]["id"])
    }

    async fn endpoint(&self, notes: &Notes) -> anyhow::Result<String> {
        let url = format!("http://{}/", notes.receiver.context("the receiver has no address")?);
        let query = "mutation($input: CreateWebhookEndpointInput!) { createWebhookEndpoint(input: $input) {
            secret userErrors { field message } } }";
        let made = self.call(query, json!({ "input": { "url": url, "description": "demo" } })).await?;
        text(&made["createWebhookEndpoint"]["secret"])
    }

    async fn usable(&self, id: &str) -> anyhow::Result<Option<Value>> {
        let query = "query($id: ID!) { link(id: $id) { id linkUrl usable } }";
        let found = self.call(query, json!({ "id": id })).await?;
        Ok((found["link"]["usable"] == json!(true)).then(|| found["link"].clone()))
    }

    async fn link(&self, job_id: &str) -> anyhow::Result<Value> {
        let query = "mutation($input: CreateLinkInput!) { createLink(input: $input) {
            link { id linkUrl } userErrors { field message } } }";
        let input = json!({ "externalId": "customer-1", "jobId": job_id });
        let made = self.call(query, json!({ "input": input })).await?;
        Ok(made["createLink"]["link"].clone())
    }

    async fn call(&self, query: &str, variables: Value) -> anyhow::Result<Value> {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let request =
            self.http.post(self.graphql.clone()).header("content-type", "application/json").body(body);
        let answer: Value = serde_json::from_str(&request.send().await?.text().await?)?;
        if let Some(errors) = answer.get("errors") {
            bail!("the API refused: {errors}");
        }
        let refused = answer["data"].as_object().and_then(|fields| {
            fields
                .values()
                .filter_map(|field| field["userErrors"].as_array())
                .find(|errors| !errors.is_empty())
        });
        match refused {
            Some(errors) => bail!("the API refused: {}", json!(errors)),
            None => Ok(answer["data"].clone()),
        }
    }

    /// Tells every change of status, for ever; takes a broken stream up again where it broke.
    ///
    /// # Errors
    /// If the API refuses the subscription.
    pub async fn follow(&self, opening: &Opening, voice: Voice) -> anyhow::Result<()> {
        let mut cursor = opening.cursor.clone();
        loop {
            // A stream that breaks (a restart, say) is no end: the log is still there.
            if let Err(error) = self.stream(&mut cursor, voice).await {
                tracing::debug!("The stream broke: {error:#}");
            }
            tokio::time::sleep(RECONNECT).await;
        }
    }

    /// GraphQL over server-sent events: lines of `data: …`.
    async fn stream(&self, cursor: &mut String, voice: Voice) -> anyhow::Result<()> {
        let query = "subscription($after: EventCursor) { linkStatusChanged(after: $after) {
            cursor status previousStatus failure { code siteMessage } link { id run { output } } } }";
        let body = json!({ "query": query, "variables": { "after": cursor } }).to_string();
        let request = self.http.post(self.graphql.clone()).header(ACCEPT, "text/event-stream");
        let mut answer = request.header("content-type", "application/json").body(body).send().await?;
        let mut text = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            text.extend_from_slice(&chunk);
            while let Some(end) = text.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = text.drain(..=end).collect();
                let Some(data) = line.strip_prefix(b"data:") else { continue };
                let change: Value = serde_json::from_slice(data).unwrap_or_default();
                let change = &change["data"]["linkStatusChanged"];
                if let Some(next) = change["cursor"].as_str() {
                    next.clone_into(cursor);
                    tell(voice, change);
                }
            }
        }
        Ok(())
    }
}

fn tell(voice: Voice, change: &Value) {
    let status = change["status"].as_str().unwrap_or_default();
    if voice == Voice::Json {
        println!("{}", json!({ "status": status, "link_id": change["link"]["id"] }));
        return;
    }
    let failure = change["failure"]["code"].as_str().map(|code| format!("({code})")).unwrap_or_default();
    println!("  status   {status} {failure}");
    if status == "COMPLETED" {
        println!("  output   {}", change["link"]["run"]["output"]);
    }
}

fn text(value: &Value) -> anyhow::Result<String> {
    value.as_str().map(ToOwned::to_owned).context("the API gave no text where one was expected")
}
