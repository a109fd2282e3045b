//! What it costs to keep tenants apart by roles: `cargo bench -p tenancy --bench isolation`.
//!
//! Starts a PostgreSQL of its own that waits for no disk. `README.md` says what each figure means.

#![expect(clippy::print_stdout, reason = "a terminal is what this is for")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, DbBackend, Statement};
use tenancy::testing::{FIRST, ShopMigrations, SupplierMigrations, fresh_database};
use tenancy::{
    Access, ActiveTenant, Database, History, Isolation, Logins, Operator, PoolOptions, SchemaName,
    Status, Tenant, TenantId,
};

type Failure = Box<dyn std::error::Error>;

/// How many tenants a database has when it is measured.
const FLEETS: [usize; 3] = [100, 1_000, 5_000];

/// How much more a scope with a role may cost than one without.
const MOST_RATIO: f64 = 1.25;

/// How long the audit at the start may take, in milliseconds.
const MOST_AUDIT: f64 = 200.0;

/// How many tenants a serving login has before the next one is taken: the server's default.
const PER_LOGIN: usize = 1_000;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    requests().await?;
    println!("\nEntering a tenant, by the number of tenants; milliseconds (median of 15)");
    println!(
        "  {:>7}  {:>28}  {:>28}",
        "tenants", "one login", "a login per 1,000"
    );
    println!(
        "  {:>7}  {:>13}  {:>13}  {:>13}  {:>13}",
        "", "after a role", "usually", "after a role", "usually"
    );
    let (mut one, mut many) = (Fleet::new(usize::MAX).await?, Fleet::new(PER_LOGIN).await?);
    for size in FLEETS {
        one.grow(size).await?;
        many.grow(size).await?;
        let ((first, then), (shared_first, shared_then)) =
            (one.enter().await?, many.enter().await?);
        println!(
            "  {size:>7}  {first:>13.2}  {then:>13.2}  {shared_first:>13.2}  {shared_then:>13.2}"
        );
    }
    println!("\nWith {} tenants", FLEETS[2]);
    println!("  one more tenant       {:>7.1} ms", many.create().await?);
    let audit = many.audit().await?;
    println!("  the audit at start    {audit:>7.1} ms  (limit {MOST_AUDIT})");
    if audit > MOST_AUDIT {
        return Err("the audit takes too long".into());
    }
    Ok(())
}

/// A request's scope with a role beside one without: enter, read a row by its key, leave.
async fn requests() -> Result<(), Failure> {
    const ROUNDS: usize = 41;
    const REQUESTS: u32 = 500;
    let mut by_role = Fleet::with(Isolation::Role, usize::MAX).await?;
    by_role.grow(100).await?;
    let mut by_path = Fleet::with(Isolation::Path, usize::MAX).await?;
    by_path.grow(100).await?;
    let (mut role, mut path, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        // Neither always comes first.
        let (first, second) = if round % 2 == 0 {
            (&by_role, &by_path)
        } else {
            (&by_path, &by_role)
        };
        let times = [
            first.requests(REQUESTS).await?,
            second.requests(REQUESTS).await?,
        ];
        let [with, without] = if round % 2 == 0 {
            times
        } else {
            [times[1], times[0]]
        };
        role.push(with);
        path.push(without);
        ratios.push(with / without);
    }
    println!("A request of one statement, on one connection; microseconds (median of {ROUNDS})");
    println!("  with the path alone   {:>7.0}", median(&mut path));
    println!("  with a role           {:>7.0}", median(&mut role));
    let ratio = median(&mut ratios);
    println!("  ratio                 {ratio:>7.2}  (limit {MOST_RATIO})");
    if ratio > MOST_RATIO {
        return Err("a scope with a role costs too much".into());
    }
    Ok(())
}

/// A database with many tenants.
struct Fleet {
    operator: Operator,
    database: Database,
    history: History,
    tenants: Vec<ActiveTenant>,
    per_login: usize,
}

impl Fleet {
    async fn new(per_login: usize) -> Result<Self, Failure> {
        Self::with(Isolation::Role, per_login).await
    }

    async fn with(isolation: Isolation, per_login: usize) -> Result<Self, Failure> {
        let operators = fresh_database().await?;
        // Logins of its own: the other fleets' roles are not to count.
        let name = format!("//serving_{}:secret@", TenantId::new().as_uuid().simple());
        let (_, place) = operators.split_once('@').ok_or("an address with a user")?;
        let logins = Logins::new(&format!("postgres:{name}{place}"), &operators, isolation)?;
        let options = PoolOptions {
            max_connections: 1,
            ..PoolOptions::default()
        };
        let operator = Operator::new(&logins, &options);
        History::of::<SupplierMigrations>(&[])
            .migrate_shared(&operator)
            .await?;
        Ok(Self {
            database: Database::new(&logins, &options),
            operator,
            history: History::of::<ShopMigrations>(&[]),
            tenants: Vec::new(),
            per_login,
        })
    }

    async fn grow(&mut self, size: usize) -> Result<(), Failure> {
        while self.tenants.len() < size {
            self.create().await?;
        }
        Ok(())
    }

    /// Makes one more tenant; answers how many milliseconds that took.
    async fn create(&mut self) -> Result<f64, Failure> {
        let id = TenantId::new();
        let tenant = Tenant {
            id,
            slug: format!("tenant-{}", self.tenants.len()).parse()?,
            schema: SchemaName::of(id),
            login: u16::try_from(self.tenants.len() / self.per_login + 1)?,
            status: Status::Active,
            version: Some(self.history.latest().to_owned()),
            breaking: None,
        };
        let begun = Instant::now();
        self.history.migrate_tenant(&self.operator, &tenant).await?;
        let took = begun.elapsed();
        let entered = Arc::new(tenant).enter(self.history.latest());
        self.tenants.push(entered?);
        Ok(milliseconds(took))
    }

    /// How long it takes to enter a tenant after a role was made, and when none was; milliseconds.
    async fn enter(&mut self) -> Result<(f64, f64), Failure> {
        let (mut after, mut usually) = (Vec::new(), Vec::new());
        for _ in 0..15 {
            self.create().await?;
            // The first login has as many as a login may have, where there are enough.
            let tenant = &self.tenants[0];
            after.push(milliseconds(self.request(tenant).await?));
            usually.push(milliseconds(self.request(tenant).await?));
        }
        Ok((median(&mut after), median(&mut usually)))
    }

    /// The microseconds of a request, of as many as this one after the other.
    async fn requests(&self, count: u32) -> Result<f64, Failure> {
        let begun = Instant::now();
        for tenant in self.tenants.iter().cycle().take(count as usize) {
            self.request(tenant).await?;
        }
        Ok(milliseconds(begun.elapsed()) * 1_000.0 / f64::from(count))
    }

    async fn request(&self, tenant: &ActiveTenant) -> Result<Duration, Failure> {
        let begun = Instant::now();
        let db = self.database.tenant(tenant, Access::Read);
        let sql = "SELECT name FROM employee WHERE id = $1";
        let by_key = Statement::from_sql_and_values(DbBackend::Postgres, sql, [FIRST.into()]);
        db.query_one_raw(by_key).await?;
        db.end().await;
        Ok(begun.elapsed())
    }

    async fn audit(&self) -> Result<f64, Failure> {
        let mut times = Vec::new();
        for _ in 0..5 {
            let begun = Instant::now();
            let dangers = self.database.audit(self.tenants.last()).await?;
            times.push(milliseconds(begun.elapsed()));
            if let Some(danger) = dangers.first() {
                return Err(danger.problem.clone().into());
            }
        }
        Ok(median(&mut times))
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
