//! Logging in and out.

use api::app::demo::PASSWORD;
use serde_json::json;

use crate::probes::declare::{EVERYBODY, Probes, SIGNED_IN};

pub(in crate::probes) fn probes() -> Probes {
    let login = json!({ "email": "$email", "password": PASSWORD });
    let change = json!({ "currentPassword": PASSWORD, "newPassword": "battery staple" });
    let refresh = json!({ "refreshToken": "$refresh" });
    Probes::default()
        .query("me", SIGNED_IN, json!({}), "email")
        .shows("$email")
        .by_newcomer()
        .mutation("login", EVERYBODY, login, "user { email }")
        .shows("$email")
        .by_newcomer()
        .mutation("refreshToken", EVERYBODY, refresh, "user { email }")
        .shows("$email")
        .by_newcomer()
        .mutation("logout", SIGNED_IN, json!({}), "endedSessions")
        .by_newcomer()
        .mutation("changePassword", SIGNED_IN, change, "user { email }")
        .shows("$email")
        .by_newcomer()
}
