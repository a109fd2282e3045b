//! Access tokens from outside: revoked ones, forged ones, and what signs them.

/// How often passwords and refresh tokens may be tried.
mod attempts;
/// What isn't one of ours, or not for here, or not for now.
mod forged;
/// What was one of ours until its session ended.
mod revoked;
/// Two keys at once, and what is published of them.
mod rotation;
/// What no answer repeats.
mod secrets;

use serde_json::{Value, json};
use tests::Client;

const ME: &str = "{ me { email } }";

/// What `login` gives for the demo's password: the access token and the refresh token.
async fn login(client: &Client<'_>, email: &str) -> (String, String) {
    let input = json!({ "email": email, "password": api::app::demo::PASSWORD });
    let fields = "accessToken refreshToken";
    let payload = client.mutate("login", &input, fields).await;
    let text = |value: Value| value.as_str().unwrap().to_owned();
    (
        text(payload.at("accessToken")),
        text(payload.at("refreshToken")),
    )
}
