//! GraphQL over HTTP, at one tenant.

use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::error::{Error, Result};

/// How many rows are asked for at once: the most that the server gives.
const PAGE: usize = 100;

pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
    domain: String,
    token: Option<String>,
}

/// What is wrong with an input.
#[derive(Debug, Deserialize)]
pub(crate) struct UserError {
    pub code: String,
    pub message: String,
    field: Option<Vec<String>>,
}

impl UserError {
    pub(crate) fn text(&self) -> String {
        let field = self.field.as_deref().unwrap_or_default().join(".");
        format!("{field} {} ({})", self.message, self.code)
            .trim()
            .to_owned()
    }
}

#[derive(Deserialize)]
struct Answer {
    data: Option<Value>,
    #[serde(default)]
    errors: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page<T> {
    nodes: Vec<T>,
    page_info: PageInfo,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

impl Client {
    pub(crate) fn new(url: &str, domain: &str) -> Result<Self> {
        let url = format!("{}/graphql", url.trim_end_matches('/'));
        let http = reqwest::Client::builder().timeout(Duration::from_mins(1));
        Ok(Self {
            http: http.build().map_err(|source| Error::Http {
                url: url.clone(),
                source,
            })?,
            url,
            domain: domain.to_owned(),
            token: None,
        })
    }

    pub(crate) fn with_token(self, token: &str) -> Self {
        Self {
            token: Some(token.trim().to_owned()),
            ..self
        }
    }

    pub(crate) async fn log_in(self, email: &str, password: &str) -> Result<Self> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Login {
            access_token: Option<String>,
            user_errors: Vec<UserError>,
        }
        let query = "mutation Login($input: LoginInput!) {
            login(input: $input) { accessToken userErrors { code message field } } }";
        let input = json!({ "input": { "email": email, "password": password } });
        let mut data = self.ask(query, input).await?;
        let login: Login = serde_json::from_value(data["login"].take())?;
        login
            .access_token
            .map(|token| self.with_token(&token))
            .ok_or_else(|| Error::Refused {
                what: format!("the login of {email}"),
                why: login.user_errors.iter().map(UserError::text).collect(),
            })
    }

    /// The data that an operation answers.
    pub(crate) async fn ask(&self, query: &str, variables: Value) -> Result<Value> {
        let failed = |source| Error::Http {
            url: self.url.clone(),
            source,
        };
        let body = json!({ "query": query, "variables": variables });
        let mut request = self.http.post(&self.url).json(&body);
        request = request.header("x-tenant-domain", &self.domain);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token);
        }
        let response = request.send().await.map_err(failed)?;
        let status = response.status().as_u16();
        let text = response.bytes().await.map_err(failed)?;
        let answer: Answer = serde_json::from_slice(&text).map_err(|_| Error::NotGraphql {
            url: self.url.clone(),
            status,
        })?;
        match answer {
            Answer {
                data: Some(data),
                errors,
            } if errors.is_empty() => Ok(data),
            Answer { errors, .. } => Err(refusal(&errors)),
        }
    }

    /// A whole list, page by page, and how many pages it had.
    pub(crate) async fn all<T: DeserializeOwned>(
        &self,
        list: &str,
        fields: &str,
    ) -> Result<(Vec<T>, usize)> {
        let query = format!(
            "query Page($after: String) {{ page: {list}(first: {PAGE}, after: $after) {{
                nodes {{ {fields} }} pageInfo {{ hasNextPage endCursor }} }} }}"
        );
        let (mut all, mut pages, mut after) = (Vec::new(), 0, None);
        loop {
            let mut data = self.ask(&query, json!({ "after": after })).await?;
            let page: Page<T> = serde_json::from_value(data["page"].take())?;
            all.extend(page.nodes);
            pages += 1;
            if !page.page_info.has_next_page {
                return Ok((all, pages));
            }
            after = page.page_info.end_cursor;
        }
    }
}

fn refusal(errors: &[Value]) -> Error {
    let text = |value: &Value| value.as_str().unwrap_or("unknown").to_owned();
    let first = errors.first().cloned().unwrap_or_default();
    Error::Server {
        code: text(&first["extensions"]["code"]),
        message: text(&first["message"]),
    }
}
