//! The partner's program: GraphQL over HTTP, with a key.

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE};
use serde_json::{Map, Value, json};
use url::Url;

use super::{Bank, House, Socket};

/// What a payload shows of each object, by mutation.
const SHOWN: [(&str, &str); 20] = [
    (
        "createLink",
        "link { id externalId status linkUrl expiresAt createdAt sequence usable metadata returnUrl locale
                failure { code } job { id } eventCursor }
         eventCursor replayed",
    ),
    ("createLinks", "links { id externalId status linkUrl eventCursor }"),
    ("expireLink", "link { id status usable sequence }"),
    ("createSourceSystem", "sourceSystem { id name loginUrl allowedOrigins driver recipe }"),
    ("updateSourceSystem", "sourceSystem { id name loginUrl allowedOrigins driver recipe }"),
    ("createJob", "job { id name keepCredentials workflows { name steps } }"),
    ("updateJob", "job { id name keepCredentials workflows { name steps } }"),
    ("eraseCustomer", "erasedLinks"),
    ("createWebhookEndpoint", "endpoint { id url status eventTypes headerNames signature format } secret"),
    (
        "updateWebhookEndpoint",
        "endpoint { id url description status disabledReason eventTypes headerNames format ordering rateLimit }",
    ),
    ("deleteWebhookEndpoint", "endpoint { id url status }"),
    ("rotateWebhookSecret", "endpoint { id } secret previousExpiresAt"),
    ("sendTestEvent", "delivery { id status event { type data } endpoint { id } }"),
    ("resendDelivery", "delivery { id status attemptCount nextAttemptAt }"),
    ("recoverDeliveries", "count"),
    ("rerunJob", "run { id status }"),
    ("revokeSession", "link { id status }"),
    ("createApiKey", "apiKey { id name prefix scopes createdAt expiresAt } secret"),
    ("revokeApiKey", "apiKey { id name scopes revokedAt }"),
    (
        "updateWorkspace",
        "workspace { id name returnUrls branding { displayName accentColor supportUrl supportEmail privacyUrl } }",
    ),
];

/// A link that was made.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) id: String,
    pub(crate) url: String,
    pub(crate) cursor: String,
}

#[derive(Clone)]
pub(crate) struct Partner {
    http: reqwest::Client,
    graphql: Url,
    pub(crate) key: String,
    /// The job of the partner's links.
    pub(crate) job: String,
}

impl Partner {
    pub(crate) fn new(graphql: Url, key: &str) -> Self {
        Self { http: http(), graphql, key: key.to_owned(), job: String::new() }
    }

    /// The same, with a job that reads the account at the bank.
    pub(crate) async fn with_job_at(mut self, bank: &Bank) -> Self {
        self.job = self.job_at(&format!("{}/login", bank.origin)).await;
        self
    }

    /// The same, with another key.
    pub(crate) fn with_key(&self, key: &str) -> Self {
        Self { key: key.to_owned(), ..self.clone() }
    }

    /// Makes a source system and a job that reads an account there, and returns the job's id.
    pub(crate) async fn job_at(&self, login_url: &str) -> String {
        let account = Url::parse(login_url).unwrap().join("/account").unwrap();
        let steps = json!([
            { "goto": { "url": account } },
            { "extract": { "name": "holder", "selector": "#holder" } },
            { "extract": { "name": "balance", "selector": "#balance" } },
        ]);
        self.job_of(json!({ "name": "Mill Lane Savings", "loginUrl": login_url }), "account", steps).await
    }

    /// Makes a source system and a job with one workflow, and returns the job's id.
    pub(crate) async fn job_of(&self, source_system: Value, workflow: &str, steps: Value) -> String {
        let workflows = json!([{ "name": workflow, "steps": steps }]);
        self.job(source_system, json!({ "name": "Read the account", "workflows": workflows })).await
    }

    /// The same for a job after which the session is kept.
    pub(crate) async fn job_that_keeps_the_session(&self, source_system: Value, steps: Value) -> String {
        let workflows = json!([{ "name": "work", "steps": steps }]);
        let job = json!({ "name": "Read the account", "workflows": workflows, "keepCredentials": "SESSION" });
        self.job(source_system, job).await
    }

    /// Makes a source system and a job at it, and returns the job's id.
    pub(crate) async fn job(&self, source_system: Value, mut job: Value) -> String {
        let made = self.mutate("createSourceSystem", source_system).await;
        job["sourceSystemId"] = made["sourceSystem"]["id"].clone();
        let made = self.mutate("createJob", job).await;
        made["job"]["id"].as_str().unwrap_or_else(|| panic!("no job: {made}")).to_owned()
    }

    /// A request as it is, for those who want to change it.
    pub(crate) fn request(&self) -> reqwest::RequestBuilder {
        self.http
            .post(self.graphql.clone())
            .header(AUTHORIZATION, format!("Bearer {}", self.key))
            .header(CONTENT_TYPE, "application/json")
            .header(ACCEPT, "application/json")
    }

    /// The whole answer, errors included.
    pub(crate) async fn ask(&self, query: &str, variables: Value) -> Value {
        let body = json!({ "query": query, "variables": variables }).to_string();
        let answer = self.request().body(body).send().await.unwrap();
        serde_json::from_str(&answer.text().await.unwrap()).unwrap()
    }

    /// The data of an answer without errors.
    pub(crate) async fn call(&self, query: &str, variables: Value) -> Value {
        let answer = self.ask(query, variables).await;
        assert!(answer.get("errors").is_none(), "{query}: {answer}");
        answer["data"].clone()
    }

    /// The payload of a mutation, user errors included.
    pub(crate) async fn mutate(&self, mutation: &str, input: Value) -> Value {
        let answer = self.try_mutate(mutation, input).await;
        assert!(answer.get("errors").is_none(), "{mutation}: {answer}");
        answer["data"][mutation].clone()
    }

    /// The whole answer to a mutation, errors included.
    pub(crate) async fn try_mutate(&self, mutation: &str, input: Value) -> Value {
        self.ask(&document(mutation), json!({ "input": input })).await
    }

    /// A link with nothing special about it.
    pub(crate) async fn create_link(&self) -> Link {
        self.create_link_with(json!({})).await
    }

    /// A link with some fields of its input set.
    pub(crate) async fn create_link_with(&self, fields: Value) -> Link {
        let made = self.try_create_link(fields).await;
        let text = |value: &Value| value.as_str().unwrap_or_else(|| panic!("no link: {made}")).to_owned();
        let link = &made["link"];
        Link { id: text(&link["id"]), url: text(&link["linkUrl"]), cursor: text(&made["eventCursor"]) }
    }

    /// What comes of `createLink` with some fields of its input set.
    pub(crate) async fn try_create_link(&self, fields: Value) -> Value {
        self.mutate("createLink", self.link_input(fields)).await
    }

    /// The input of an ordinary link, some fields set.
    pub(crate) fn link_input(&self, fields: Value) -> Value {
        let mut input = json!({ "externalId": "customer-1", "jobId": self.job });
        let Value::Object(fields) = fields else { panic!("fields are an object") };
        input.as_object_mut().unwrap().extend(fields);
        input
    }

    /// What `selection` shows of a link.
    pub(crate) async fn link(&self, id: &str, selection: &str) -> Value {
        let query = format!("query($id: ID!) {{ link(id: $id) {{ {selection} }} }}");
        self.call(&query, json!({ "id": id })).await["link"].clone()
    }

    pub(crate) async fn status(&self, id: &str) -> String {
        self.link(id, "status").await["status"].as_str().unwrap().to_owned()
    }

    /// The types of a link's events, in order.
    pub(crate) async fn events_of(&self, id: &str) -> Vec<String> {
        let link = self.link(id, "events(first: 100) { nodes { type } }").await;
        texts(&link["events"]["nodes"], "type")
    }

    /// The end of the log now.
    pub(crate) async fn cursor(&self) -> String {
        let data = self.call("{ workspace { eventCursor } }", json!({})).await;
        data["workspace"]["eventCursor"].as_str().unwrap().to_owned()
    }

    /// A WebSocket on which the partner is welcome.
    pub(crate) async fn socket(&self) -> Socket {
        self.try_socket().await.unwrap_or_else(|code| panic!("closed with {code}"))
    }

    /// A WebSocket, or the code with which it was closed.
    pub(crate) async fn try_socket(&self) -> Result<Socket, u16> {
        Socket::open(&self.graphql, &self.key).await
    }
}

impl House {
    /// How many rows of each kind the partner can see: what a refused request must not change.
    pub(crate) async fn inventory(&self) -> Value {
        let lists = ["links", "sourceSystems", "jobs", "events", "webhookEndpoints", "webhookDeliveries"];
        let lists = lists.into_iter().chain(["apiKeys", "auditLog"]);
        let lists: Vec<_> = lists.map(|list| format!("{list}(first: 100) {{ nodes {{ id }} }}")).collect();
        let data = self.partner.call(&format!("{{ {} }}", lists.join(" ")), json!({})).await;
        let count =
            |(list, page): (&String, &Value)| (list.clone(), json!(page["nodes"].as_array().unwrap().len()));
        Value::Object(data.as_object().unwrap().iter().map(count).collect::<Map<_, _>>())
    }
}

/// The document of a mutation: everything it can show.
pub(crate) fn document(mutation: &str) -> String {
    let shown = SHOWN.iter().find(|(name, _)| *name == mutation).expect("a mutation").1;
    let input = format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]);
    format!(
        "mutation($input: {input}!) {{ {mutation}(input: $input) {{
            {shown} userErrors {{ code field message }} }} }}"
    )
}

/// One text of each object in a list.
pub(crate) fn texts(list: &Value, field: &str) -> Vec<String> {
    list.as_array().unwrap().iter().map(|item| item[field].as_str().unwrap().to_owned()).collect()
}

/// A client that goes where it is told and nowhere else. It speaks no TLS, whose preparation takes long.
pub(crate) fn http() -> reqwest::Client {
    super::install_provider();
    let nowhere_else = reqwest::redirect::Policy::none();
    let plain = reqwest::Client::builder().no_proxy().tls_certs_only([]);
    plain.redirect(nowhere_else).build().unwrap()
}
