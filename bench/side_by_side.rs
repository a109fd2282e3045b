//! Requests per second and how long they take, beside what the same SQL reaches without us.

use std::time::{Duration, Instant};

use futures::future::try_join_all;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use crate::client::Client;
use crate::{Failure, milliseconds, pgbench, quantile};

const CONNECTIONS: usize = 8;
const ROUNDS: usize = 3;
const ROUND: Duration = Duration::from_secs(4);

/// A query, and the transaction that does the same.
struct Case {
    name: &'static str,
    query: String,
    sql: String,
}

pub(crate) async fn run(owner: &Client, database: &str) -> Result<(), Failure> {
    println!(
        "\n{CONNECTIONS:<2}connections{:>19}{:>12}{:>12}",
        "a second", "p50", "p99"
    );
    for case in cases(owner, database).await? {
        hammer(owner, &case.query, ROUND / 4).await?;
        let (mut ours, mut bare) = (Vec::new(), Vec::new());
        // In turns, so that whatever else the machine does meets both.
        for _ in 0..ROUNDS {
            ours.extend(hammer(owner, &case.query, ROUND).await?);
            bare.extend(pgbench::hammer(database, &case.sql, CONNECTIONS, ROUND)?);
        }
        println!("{}", case.name);
        let ours = figures("insula", &mut ours);
        if bare.is_empty() {
            println!("  (no pgbench here to compare with)");
            continue;
        }
        let bare = figures("pgbench", &mut bare);
        let [rate, p50, p99] = [0, 1, 2].map(|place| ours[place] / bare[place]);
        println!("  {:<18}{rate:>12.2}{p50:>12.2}{p99:>12.2}", "ratio");
    }
    Ok(())
}

/// Asks over and over, on so many connections at once; how long each answer took.
async fn hammer(client: &Client, query: &str, time: Duration) -> Result<Vec<Duration>, Failure> {
    let end = Instant::now() + time;
    let connection = async |_| {
        let mut times = Vec::new();
        while Instant::now() < end {
            let start = Instant::now();
            client.ask(query, json!({})).await?;
            times.push(start.elapsed());
        }
        Ok::<_, Failure>(times)
    };
    Ok(try_join_all((0..CONNECTIONS).map(connection))
        .await?
        .concat())
}

/// How many a second, and the seconds that half and nearly all of them stayed below.
fn figures(name: &str, times: &mut [Duration]) -> [f64; 3] {
    #[expect(clippy::cast_precision_loss, reason = "thousands of requests")]
    let rate = times.len() as f64 / (ROUND.as_secs_f64() * ROUNDS as f64);
    let (p50, p99) = (quantile(times, 0.5), quantile(times, 0.99));
    println!(
        "  {name:<18}{rate:>12.0}{:>12}{:>12}",
        milliseconds(p50),
        milliseconds(p99)
    );
    [rate, p50.as_secs_f64(), p99.as_secs_f64()]
}

async fn cases(owner: &Client, database: &str) -> Result<[Case; 2], Failure> {
    let mut connection = PgConnection::connect(database).await?;
    let mut ask = async |sql: String| -> Result<String, sqlx::Error> {
        sqlx::query_scalar(AssertSqlSafe(sql))
            .fetch_one(&mut connection)
            .await
    };
    let python = "SELECT schema_name FROM shared.tenant WHERE slug = 'python'";
    let schema = ask(python.to_owned()).await?;
    let key = ask(format!(
        "SELECT id::text FROM {schema}.employee WHERE number = 'E-7'"
    ))
    .await?;
    let keys = ask(format!(
        "SELECT array_agg(id)::text FROM {schema}.department"
    ))
    .await?;
    let seven = "{ employees(filter: { number: { eq: \"E-7\" } }) { nodes { id } } }";
    let seven = owner.ask(seven, json!({})).await?;
    let id = &seven["employees"]["nodes"][0]["id"];

    let columns = "id, number, name, email, title, department_id, manager_id, hired_on, created_at";
    // A tenant's role is named like its schema.
    let enter = format!(
        "BEGIN;\nSET LOCAL ROLE {schema};\nSET LOCAL search_path = {schema};\n\
         SELECT {columns} FROM employee"
    );
    Ok([
        Case {
            name: "one employee",
            query: format!("{{ employee(id: {id}) {{ number name }} }}"),
            sql: format!("{enter} WHERE id = '{key}';\nCOMMIT;\n"),
        },
        Case {
            name: "20 employees with their departments",
            query: "{ employees { nodes { number name department { name } } } }".to_owned(),
            sql: format!(
                "{enter} ORDER BY id LIMIT 21;\n\
                 SELECT id, name, created_at FROM department WHERE id = ANY ('{keys}');\nCOMMIT;\n"
            ),
        },
    ])
}
