//! Asking a server, and looking at what it answers.

use api::auth::{OperatorRole, Principal, TenantRole};
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};

use crate::server::TestServer;

/// Somebody who asks: at which tenant, as whom.
#[derive(Clone)]
#[must_use = "a client asks nothing by itself"]
pub struct Client<'s> {
    server: &'s TestServer,
    realm: Option<String>,
    headers: Vec<(String, String)>,
}

impl<'s> Client<'s> {
    pub(crate) fn new(server: &'s TestServer) -> Self {
        Self {
            server,
            realm: None,
            headers: Vec::new(),
        }
    }

    pub(crate) fn at_realm(mut self, slug: &str) -> Self {
        self.realm = Some(slug.to_owned());
        self
    }

    pub fn as_owner(self) -> Self {
        self.as_user(TenantRole::Owner)
    }

    pub fn as_manager(self) -> Self {
        self.as_user(TenantRole::Manager)
    }

    pub fn as_staff(self) -> Self {
        self.as_user(TenantRole::Staff)
    }

    /// The demo tenant's user of this role.
    pub fn as_user(self, role: TenantRole) -> Self {
        let slug = self.realm.as_deref().expect("a client at a demo tenant");
        let principal = self.server.people().user(slug, role);
        self.as_principal(&principal)
    }

    pub fn as_operator(self) -> Self {
        let principal = self.server.people().operator(OperatorRole::Operator);
        self.as_principal(&principal)
    }

    pub fn as_viewer(self) -> Self {
        let principal = self.server.people().operator(OperatorRole::Viewer);
        self.as_principal(&principal)
    }

    /// Somebody by a token that this server minted.
    pub fn as_principal(self, principal: &Principal) -> Self {
        let token = self.server.token(principal);
        self.bearing(&token)
    }

    /// Somebody by this token.
    pub fn bearing(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// One more header, even if there is one of this name.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The host that the request seems to be sent to.
    pub fn host(self, host: &str) -> Self {
        self.header(header::HOST.as_str(), host)
    }

    /// Sends a document by POST.
    pub async fn query(&self, document: &str) -> Answer {
        self.post(&json!({ "query": document })).await
    }

    /// Sends a document with variables by POST.
    pub async fn ask(&self, document: &str, variables: &Value) -> Answer {
        self.post(&json!({ "query": document, "variables": variables }))
            .await
    }

    /// Runs the mutation of this name with this input, and asks for `fields` of its payload and
    /// what is wrong with the input. The answer is the payload.
    pub async fn mutate(&self, name: &str, input: &Value, fields: &str) -> Payload {
        let title = name[..1].to_uppercase() + &name[1..];
        let wrong = "userErrors { code field message }";
        let document = format!(
            "mutation Do($input: {title}Input!) {{ {name}(input: $input) {{ {fields} {wrong} }} }}"
        );
        let answer = self.ask(&document, &json!({ "input": input })).await;
        Payload(answer.at(name))
    }

    /// Sends this JSON by POST.
    pub async fn post(&self, body: &Value) -> Answer {
        let request = self.server.http.post(self.server.url("/graphql"));
        self.send(request.json(body)).await
    }

    /// Sends a document by GET.
    pub async fn get(&self, document: &str) -> Answer {
        let mut url = reqwest::Url::parse(&self.server.url("/graphql")).expect("a URL");
        url.query_pairs_mut().append_pair("query", document);
        self.send(self.server.http.get(url)).await
    }

    /// Gets a path other than `/graphql`.
    pub async fn path(&self, path: &str) -> Answer {
        self.send(self.server.http.get(self.server.url(path))).await
    }

    async fn send(&self, mut request: reqwest::RequestBuilder) -> Answer {
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        let response = request.send().await.expect("the server answers");
        Answer {
            status: response.status(),
            headers: response.headers().clone(),
            text: response.text().await.expect("a text"),
        }
    }
}

/// What a server answered.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    #[track_caller]
    pub fn json(&self) -> Value {
        let json = serde_json::from_str(&self.text);
        json.unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// What is at a path of the data: `employees.nodes.name`, where a list answers with what is at
    /// the rest of the path of each of its items. Nothing may have gone wrong.
    #[track_caller]
    pub fn at(&self, path: &str) -> Value {
        let json = self.json();
        let fine = self.status == StatusCode::OK && json.get("errors").is_none();
        assert!(fine, "{} {}", self.status, self.text);
        at(&json["data"], path)
    }

    /// The codes of all errors.
    #[track_caller]
    pub fn codes(&self) -> Vec<String> {
        let codes = at(&self.json(), "errors.extensions.code");
        let codes = codes.as_array().into_iter().flatten();
        codes
            .map(|code| code.as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// The request was refused as a whole: no data, one error with this code.
    #[track_caller]
    pub fn assert_refused(&self, status: u16, code: &str) {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.codes(), [code], "{}", self.text);
        assert!(self.json().get("data").is_none(), "{}", self.text);
    }

    /// It was executed, and one field answered with this code.
    #[track_caller]
    pub fn assert_denied(&self, code: &str) {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text);
        assert_eq!(self.codes(), [code], "{}", self.text);
    }
}

/// What a mutation answered.
#[derive(Debug)]
pub struct Payload(pub Value);

impl Payload {
    /// What is at a path of the payload, with nothing wrong.
    #[track_caller]
    pub fn at(&self, path: &str) -> Value {
        assert_eq!(self.0["userErrors"], json!([]), "{}", self.0);
        at(&self.0, path)
    }

    /// What is wrong, as `CODE field.path`; the objects are null.
    #[track_caller]
    pub fn wrong(&self) -> Vec<String> {
        let payload = self.0.as_object().expect("a payload");
        for (name, value) in payload.iter().filter(|(name, _)| *name != "userErrors") {
            assert!(value.is_null(), "{name} of {}", self.0);
        }
        let errors = payload["userErrors"].as_array().expect("a list");
        let word = |error: &Value| {
            let path: Vec<_> = error["field"].as_array().into_iter().flatten().collect();
            let path: Vec<_> = path.iter().filter_map(|part| part.as_str()).collect();
            let code = error["code"].as_str().expect("a code");
            format!("{code} {}", path.join(".")).trim_end().to_owned()
        };
        errors.iter().map(word).collect()
    }
}

/// What is at a path: names of fields and places in lists, separated by dots.
#[track_caller]
pub fn at(value: &Value, path: &str) -> Value {
    let Some((step, rest)) = path
        .split_once('.')
        .or((!path.is_empty()).then_some((path, "")))
    else {
        return value.clone();
    };
    match value {
        Value::Array(items) => match step.parse::<usize>() {
            Ok(place) => at(items.get(place).unwrap_or(&Value::Null), rest),
            Err(_) => items.iter().map(|item| at(item, path)).collect(),
        },
        other => at(other.get(step).unwrap_or(&Value::Null), rest),
    }
}
