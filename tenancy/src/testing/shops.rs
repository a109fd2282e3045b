use std::sync::Arc;

use sea_orm::{ConnectionTrait, DbErr, DeriveIden, Statement};
use sea_orm_migration::sea_query::{ColumnDef, Table};
use sea_orm_migration::{MigrationName, MigrationTrait, MigratorTrait, SchemaManager};
use uuid::Uuid;

use super::{MemoryCatalog, Way, fresh_database};
use crate::error::Error;
use crate::{
    Access, ActiveTenant, Database, Directory, History, Isolation, Logins, Operator, PoolOptions,
    SchemaName, Status, Tenant, TenantId,
};

/// The id of each shop's first employee: Cobra at `python`, Diamond at `ruby`.
pub const FIRST: Uuid = Uuid::from_u128(1);

/// The id of each shop's second employee: Viper at `python`, Emerald at `ruby`.
pub const SECOND: Uuid = Uuid::from_u128(2);

/// How many backends the shops' own door has behind a pooler: fewer than it has connections.
const BACKENDS: u32 = 4;

/// Two tenants in a database of their own, `python` and `ruby`, at `python.localhost` and
/// `ruby.localhost`.
///
/// Each has one table `employee (id uuid, name text)` with two rows. The **ids are the same in
/// both**, so that a row of the wrong shop can't hide behind an id. The shared realm has one table
/// `supplier (id uuid, name text)` with one row, Acme, to which
/// those who serve may only add.
pub struct Shops {
    /// The URL of the database, with its superuser, for a direct connection.
    pub url: String,
    /// Who logs in, tenants being kept apart by roles.
    pub logins: Logins,
    /// How the door gets there.
    pub way: Way,
    /// The door as a server has it, with the default pool.
    pub database: Database,
    /// The operators' door.
    pub operator: Operator,
    /// The registry with its memory; [`Directory::catalog`] is the book itself.
    pub directory: Arc<Directory<MemoryCatalog>>,
    /// The migrations of a shop.
    pub history: History,
    /// "Supermarket Python": Cobra and Viper.
    pub python: ActiveTenant,
    /// "Supermarket Ruby": Diamond and Emerald.
    pub ruby: ActiveTenant,
}

/// Two shops in a fresh database.
///
/// # Panics
///
/// Where no PostgreSQL can be started: see [`cluster`](super::cluster).
pub async fn two_shops() -> Result<Shops, Error> {
    two_shops_by(Way::Direct).await
}

/// Like [`two_shops`], with a door that gets to the database by this way.
///
/// # Panics
///
/// Where no PostgreSQL or no PgBouncer can be started.
pub async fn two_shops_by(way: Way) -> Result<Shops, Error> {
    let url = fresh_database().await?;
    way.prepare(&url).await?;
    let logins = Logins::new(&way.address(&url, BACKENDS), &url, Isolation::Role)?;
    shops_of(url, logins, way).await
}

/// Two shops in a fresh database, served by these logins.
///
/// # Panics
///
/// Never: the shops' names are sound.
pub async fn shops_of(url: String, logins: Logins, way: Way) -> Result<Shops, Error> {
    let operator = Operator::new(&logins, &PoolOptions::default());
    History::of::<SupplierMigrations>(&[])
        .append_only(&["supplier"])
        .migrate_shared(&operator)
        .await?;
    let shared = operator.shared(Access::Write);
    insert(&shared, "supplier", &[(FIRST, "Acme")]).await?;
    shared.commit().await?;
    let history = History::of::<ShopMigrations>(&[]);
    let catalog = MemoryCatalog::default();
    let open = async |slug, employees| {
        let tenant = open_shop(&operator, &history, slug, employees).await?;
        let domain = format!("{slug}.localhost").parse();
        catalog.point(domain.expect("a slug is a label of a host"), tenant.id);
        catalog.put(tenant.clone());
        let entered = Arc::new(tenant).enter(history.latest());
        Ok::<_, Error>(entered.expect("it was just made, and active"))
    };
    let python = open("python", ["Cobra", "Viper"]).await?;
    let ruby = open("ruby", ["Diamond", "Emerald"]).await?;
    let directory = Arc::new(Directory::new(catalog));
    let database = Database::new(&logins, &way.options());
    Ok(Shops {
        url,
        logins,
        way,
        database,
        operator,
        directory,
        history,
        python,
        ruby,
    })
}

/// The logins of a test's database, whatever lies between: a proxy, say.
///
/// # Panics
///
/// If this is no URL.
pub fn logins(url: &str) -> Logins {
    Logins::new(url, url, Isolation::Role).expect("a URL of these tests")
}

impl Shops {
    /// A door of its own: as the shops' is made, by an address of theirs, perhaps behind a
    /// [`Proxy`](super::Proxy).
    pub fn door(&self, address: &str, options: &PoolOptions) -> Result<Database, Error> {
        let options = PoolOptions {
            pooled: self.way.options().pooled,
            ..options.clone()
        };
        let logins = Logins::new(address, &self.url, self.logins.isolation)?;
        Ok(Database::new(&logins, &options))
    }

    /// Where the serving login finds the database: behind a pooler with at most so many backends.
    pub fn address(&self, backends: u32) -> String {
        self.way.address(&self.url, backends)
    }
}

async fn open_shop(
    operator: &Operator,
    history: &History,
    slug: &str,
    [first, second]: [&str; 2],
) -> Result<Tenant, Error> {
    let id = TenantId::new();
    let tenant = Tenant {
        id,
        slug: slug.parse().expect("the shops have proper slugs"),
        schema: SchemaName::of(id),
        login: 1,
        status: Status::Active,
        version: Some(history.latest().to_owned()),
        breaking: None,
    };
    history.migrate_tenant(operator, &tenant).await?;
    let db = operator.tenant(&tenant, Access::Write);
    insert(&db, "employee", &[(FIRST, first), (SECOND, second)]).await?;
    db.commit().await?;
    Ok(tenant)
}

async fn insert(
    db: &impl ConnectionTrait,
    table: &str,
    rows: &[(Uuid, &str)],
) -> Result<(), DbErr> {
    for (id, name) in rows {
        let sql = format!("INSERT INTO {table} (id, name) VALUES ($1, $2)");
        let values = [(*id).into(), (*name).into()];
        let backend = db.get_database_backend();
        db.execute_raw(Statement::from_sql_and_values(backend, sql, values))
            .await?;
    }
    Ok(())
}

/// The migrations of a shop: one, that makes `employee`.
pub struct ShopMigrations;

impl MigratorTrait for ShopMigrations {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(MakeTable {
            name: "m000001_employee",
            table: Tables::Employee,
        })]
    }
}

/// The migrations of the shared realm of the shops: one, that makes `supplier`.
pub struct SupplierMigrations;

impl MigratorTrait for SupplierMigrations {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![Box::new(MakeTable {
            name: "m000001_supplier",
            table: Tables::Supplier,
        })]
    }
}

/// Makes a table of ids and names.
struct MakeTable {
    name: &'static str,
    table: Tables,
}

#[derive(DeriveIden, Clone, Copy)]
enum Tables {
    Employee,
    Supplier,
    Id,
    Name,
}

impl MigrationName for MakeTable {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait::async_trait]
impl MigrationTrait for MakeTable {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(self.table)
            .col(ColumnDef::new(Tables::Id).uuid().primary_key())
            .col(ColumnDef::new(Tables::Name).text().not_null())
            .take();
        manager.create_table(table).await
    }
}
