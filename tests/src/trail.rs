//! What the audit trail tells since a moment.

use serde_json::{Value, json};

use crate::server::TestServer;

/// The events since it was begun.
pub struct Trail<'s> {
    server: &'s TestServer,
    before: Value,
}

impl<'s> Trail<'s> {
    pub async fn begin(server: &'s TestServer) -> Self {
        server.state.crossings.flush().await;
        let last = "SELECT id FROM audit_event ORDER BY id DESC LIMIT 1";
        let last = server.shared_sql().rows(last).await;
        let before = last.first().map_or_else(
            || json!("00000000-0000-0000-0000-000000000000"),
            |row| row["id"].clone(),
        );
        Self { server, before }
    }

    /// Whole rows, the oldest first.
    pub async fn rows(&self) -> Vec<Value> {
        self.server.state.crossings.flush().await;
        let since = self.before.as_str().expect("an id");
        let query = format!("SELECT * FROM audit_event WHERE id > '{since}' ORDER BY id");
        self.server.shared_sql().rows(&query).await
    }

    /// Each event in a few words: who, what, whom, what came of it.
    pub async fn told(&self) -> Vec<String> {
        let word = |row: &Value, key: &str| row[key].as_str().unwrap_or("-").to_owned();
        let words = |row: &Value| {
            [
                "actor_kind",
                "actor_name",
                "action",
                "tenant_slug",
                "outcome",
            ]
            .map(|key| word(row, key))
            .join(" ")
        };
        self.rows().await.iter().map(words).collect()
    }
}
