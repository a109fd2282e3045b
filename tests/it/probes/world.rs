//! What all tables hold, in a form that can be compared.

use std::collections::BTreeMap;

use tests::TestServer;

/// A sum over the rows of each table, by `schema.table`.
pub(super) struct World(BTreeMap<String, String>);

/// Tables that tell what was tried, and so change where nothing else does.
const TRAIL: [&str; 1] = ["shared.audit"];

impl World {
    pub(super) async fn look(server: &TestServer) -> Self {
        let tables = server.shared_sql().rows(TABLES).await;
        let sums: Vec<_> = tables
            .iter()
            .map(|row| {
                let [schema, table] = ["schemaname", "tablename"].map(|name| row[name].as_str());
                let (schema, table) = (schema.unwrap(), table.unwrap());
                format!(
                    r#"SELECT '{schema}.{table}' AS name, count(*) || ' ' ||
                    md5(coalesce(string_agg(r::text, '|' ORDER BY r::text), '')) AS sum
                    FROM "{schema}"."{table}" r"#
                )
            })
            .collect();
        let rows = server.shared_sql().rows(&sums.join(" UNION ALL ")).await;
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let sums = rows
            .iter()
            .map(|row| (text(&row["name"]), text(&row["sum"])));
        Self(
            sums.filter(|(name, _)| !TRAIL.iter().any(|of| name.starts_with(of)))
                .collect(),
        )
    }

    /// The tables whose rows are no longer what they were; a new table that isn't empty is one of them.
    pub(super) fn changes(&self, before: &Self) -> Vec<String> {
        let changed = self.0.iter().filter(|(name, sum)| {
            let was = before.0.get(*name);
            was.map_or(!sum.starts_with("0 "), |was| was != *sum)
        });
        let gone = before.0.keys().filter(|name| !self.0.contains_key(*name));
        changed.map(|(name, _)| name).chain(gone).cloned().collect()
    }
}

const TABLES: &str = "SELECT schemaname::text, tablename::text FROM pg_tables
    WHERE schemaname = 'shared' OR schemaname LIKE 't\\_%'";
