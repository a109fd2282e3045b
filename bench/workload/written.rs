//! The rows that a run has left, counted and taken away again.

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use crate::Failure;
use crate::fleet::Tenant;

/// How many tenants one statement looks at.
const AT_ONCE: usize = 50;

/// Invoices, their lines, and how many of them don't add up.
pub(crate) struct Written {
    pub(crate) invoices: i64,
    pub(crate) lines: i64,
    pub(crate) wrong: i64,
}

/// Counts what was written into all tenants, and removes it.
pub(crate) async fn take(database: &str, tenants: &[Tenant]) -> Result<Written, Failure> {
    let mut connection = PgConnection::connect(database).await?;
    let mut all = Written {
        invoices: 0,
        lines: 0,
        wrong: 0,
    };
    for some in tenants.chunks(AT_ONCE) {
        let counts: Vec<_> = some.iter().map(count).collect();
        let sum = format!(
            "SELECT sum(a)::bigint, sum(b)::bigint, sum(c)::bigint FROM ({}) t",
            counts.join(" UNION ALL ")
        );
        let (invoices, lines, wrong): (i64, i64, i64) = sqlx::query_as(AssertSqlSafe(sum))
            .persistent(false)
            .fetch_one(&mut connection)
            .await?;
        all.invoices += invoices;
        all.lines += lines;
        all.wrong += wrong;
        let schemas = some.iter().map(|tenant| &tenant.schema);
        // The lines go with their invoices.
        let removals = schemas.map(|schema| format!("DELETE FROM {schema}.invoice WHERE {NEW};"));
        let removals: String = removals.collect();
        connection
            .execute(sqlx::raw_sql(AssertSqlSafe(removals)))
            .await?;
        let tables = some.iter().map(|tenant| &tenant.schema);
        let tables = tables.map(|schema| format!("{schema}.invoice, {schema}.invoice_line"));
        let tables: Vec<_> = tables.collect();
        let vacuum = format!("VACUUM {}", tables.join(", "));
        connection
            .execute(sqlx::raw_sql(AssertSqlSafe(vacuum)))
            .await?;
    }
    Ok(all)
}

/// What no seeded invoice is called by.
const NEW: &str = "number LIKE 'B-%'";

fn count(tenant: &Tenant) -> String {
    let schema = &tenant.schema;
    format!(
        "SELECT count(*) AS a, coalesce(sum(n), 0) AS b, count(*) FILTER (WHERE n <> 3 OR s <> total) AS c
         FROM (SELECT i.total, count(l.id) AS n, sum(l.quantity * l.unit_price) AS s
             FROM {schema}.invoice i LEFT JOIN {schema}.invoice_line l ON l.invoice_id = i.id
             WHERE {NEW} GROUP BY i.id, i.total) x"
    )
}
