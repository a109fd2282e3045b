//! The tenants of the workload, made as operators make them.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use api::app::audit::{Actor, By, Origin};
use api::app::tenants::NewTenant;
use api::app::{fleet, tenants};
use api::auth::permission::ManageFleet;
use api::auth::{Hasher, Keys, Principal, TenantRole};
use api::config::{Config, Overrides, Profile};
use api::state::{Addresses, State};
use chrono::Utc;
use futures::{StreamExt, TryStreamExt, stream};
use indicatif::{ProgressBar, ProgressStyle};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use tenancy::Access;
use uuid::Uuid;

use crate::{Failure, server};

/// How many are made at once.
const AT_ONCE: usize = 4;

/// Where the tenants' domains live.
const SUFFIX: &str = "example.com";

/// The id of row 0 of every table. Ids are the same in all tenants, and in the order of their rows.
const ROW_0: u128 = 0x0190_b5a0_0000_7000_8000_0000_0000_0000;

/// Somebody's shop.
pub(crate) struct Tenant {
    /// Its slug, in which each of its texts ends.
    pub(crate) name: String,
    pub(crate) id: Uuid,
    pub(crate) schema: String,
    pub(crate) domain: String,
    /// Its owner's.
    pub(crate) token: String,
}

impl Tenant {
    /// A tenant that isn't there, as long as any other.
    pub(crate) fn nobody() -> Self {
        Self {
            name: "t0000".to_owned(),
            id: Uuid::nil(),
            schema: String::new(),
            domain: String::new(),
            token: String::new(),
        }
    }
}

/// The id of row `number` of a table.
pub(crate) fn row(number: usize) -> Uuid {
    Uuid::from_u128(ROW_0 + number as u128)
}

/// What the server is told, beside what every bench tells it.
pub(crate) fn settings() -> Vec<(&'static str, &'static str)> {
    let more = [
        ("INSULA_TENANT_SUFFIX", SUFFIX),
        // A run may take longer than a token lives.
        ("INSULA_JWT_ACCESS_TTL", "24 h"),
    ];
    [&server::SETTINGS[..], &more].concat()
}

/// So many tenants in this database, and those of them that are missing made.
pub(crate) async fn settle(database: &str, count: usize) -> Result<Vec<Tenant>, Failure> {
    let state = state(database, &[])?;
    let actor = Actor::at_console("bench", Origin::default());
    let by = actor.by::<ManageFleet>()?;
    let (scope, listener) = (fleet::Scope::default(), fleet::Listener::default());
    fleet::migrate(&state, &by, &scope, listener).await?;
    let bar = bar(count);
    let (one, by, bar) = (&state, &by, &bar);
    let made = stream::iter(1..=count)
        .map(|number| async move {
            let made = Box::pin(tenant(one, by, number)).await;
            bar.inc(1);
            made
        })
        .buffered(AT_ONCE);
    let made = made.try_collect().await?;
    bar.finish_and_clear();
    state.database.close().await;
    state.operator.close().await;
    Ok(made)
}

/// A line for each tenant: its name, its id, its owner's token.
pub(crate) fn write_tokens(tenants: &[Tenant], file: &Path) -> Result<(), Failure> {
    let mut text = String::new();
    for Tenant {
        name, id, token, ..
    } in tenants
    {
        writeln!(text, "{name} {id} {token}")?;
    }
    Ok(std::fs::write(file, text)?)
}

async fn tenant(state: &State, by: &By<ManageFleet>, number: usize) -> Result<Tenant, Failure> {
    let name = format!("t{number:04}");
    let shared = state.operator.shared(Access::Read);
    let found = tenants::find(&shared, &name).await;
    shared.end().await;
    let registered = if let Ok(found) = found {
        found
    } else {
        let new = NewTenant {
            slug: name.clone(),
            name: format!("Tenant {number}"),
            ..NewTenant::default()
        };
        tenants::create(state, by, new).await?
    };
    let known = tenants::known(&registered)?;
    fill(state, &known, &name).await?;
    let id = known.id.as_uuid();
    let owner = Principal::of_tenant(id, row(1), row(1), TenantRole::Owner);
    Ok(Tenant {
        token: state.tokens.mint(&owner, Utc::now()).token,
        domain: format!("{name}.{SUFFIX}"),
        schema: known.schema.to_string(),
        id,
        name,
    })
}

/// Its rows, unless they are there.
async fn fill(state: &State, tenant: &tenancy::Tenant, stamp: &str) -> Result<(), Failure> {
    let db = state.operator.tenant(tenant, Access::Write);
    let statement = |sql: &str| Statement::from_string(DbBackend::Postgres, sql);
    let there = db.query_all_raw(statement("SELECT FROM department LIMIT 1"));
    if there.await?.is_empty() {
        for insert in rows(stamp).split_terminator(";\n") {
            db.execute_raw(statement(insert)).await?;
        }
    }
    Ok(db.commit().await?)
}

/// The statements that make a tenant's rows: `{id}` is that of row n, `{id of …}` of another one.
fn rows(stamp: &str) -> String {
    let mut sql = String::new();
    let mut rest = include_str!("rows.sql");
    while let Some((before, after)) = rest.split_once("{id") {
        let (number, after) = after.split_once('}').unwrap_or_default();
        let number = number.strip_prefix(" of ").unwrap_or("n");
        sql += before;
        sql += &id_in_sql(number);
        rest = after;
    }
    (sql + rest).replace("{stamp}", stamp)
}

/// An expression for the id of the row that another one numbers.
pub(crate) fn id_in_sql(number: &str) -> String {
    let row_0 = row(0).to_string();
    // The last group is the number.
    let (start, digits) = row_0.rsplit_once('-').unwrap_or_default();
    let digits = digits.len();
    format!("('{start}-' || lpad(to_hex({number}), {digits}, '0'))::uuid")
}

/// What the server would have here.
pub(crate) fn state(
    database: &str,
    more: &[(&'static str, &'static str)],
) -> Result<Arc<State>, Failure> {
    let settings = [&settings()[..], more].concat();
    let variable = |name: &str| {
        let found = settings.iter().rfind(|(of, _)| *of == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    let config = Config::load(Profile::Serve, &Overrides::default(), variable)?;
    let addresses = Addresses {
        serving: database.to_owned(),
        operator: database.to_owned(),
    };
    let (_, secret) = server::SETTINGS[0];
    let keys = Keys::from_secret(secret.as_bytes())?;
    let state = State::new(config, &addresses, keys, Hasher::for_tests())?;
    Ok(Arc::new(state))
}

fn bar(count: usize) -> ProgressBar {
    let style = ProgressStyle::with_template("making tenants {bar:40} {pos}/{len} {eta}");
    let bar = ProgressBar::new(count as u64);
    style.map_or(bar.clone(), |style| bar.with_style(style))
}
