//! A schema per tenant on PostgreSQL, so that a forgotten scope is an error and never a leak.
//!
//! One database, one process, one pool of the serving logins; each customer's rows in a schema of
//! their own. This library knows what a tenant is, how its rows are entered and left, how a request
//! finds its tenant, and how many schemas are kept at the right version. It knows no product:
//! tables, users and fields are yours. The rows are read and written with [SeaORM](sea_orm).
//!
//! What follows takes ten minutes. All of it runs: the examples use two small shops, `python` and
//! `ruby`, in a PostgreSQL that the feature `testing` starts for them.
//!
//! # A scope for a tenant
//!
//! [`Database`] is the pool of the serving logins, and there is only one way through it: a
//! *scope*, which is one transaction in one schema. A function that touches a tenant's rows takes a
//! [`TenantDb`]; there is no tenant that is current, nothing is thread-local, and nothing needs to
//! be reset.
//!
//! ```
//! # tenancy::testing::block_on(async {
//! use sea_orm::{EntityTrait, QueryOrder};
//! use tenancy::testing::employee;
//! use tenancy::{Access, TenantDb};
//!
//! async fn staff(db: &TenantDb) -> Result<Vec<String>, sea_orm::DbErr> {
//!     let staff = employee::Entity::find().order_by_asc(employee::Column::Name).all(db).await?;
//!     Ok(staff.into_iter().map(|one| one.name).collect())
//! }
//!
//! let shops = tenancy::testing::two_shops().await?;
//! let python = shops.database.tenant(&shops.python, Access::Read);
//! let ruby = shops.database.tenant(&shops.ruby, Access::Read);
//!
//! assert_eq!(staff(&python).await?, ["Cobra", "Viper"]);
//! assert_eq!(staff(&ruby).await?, ["Diamond", "Emerald"]);
//! # Ok::<_, tenancy::Error>(()) });
//! ```
//!
//! A scope begins with its first statement, in one round trip, and takes no connection before. One
//! for [reading](Access::Read) is a single snapshot, and nobody waits for its end. One for
//! [writing](Access::Write) is kept by [`commit`](Scoped::commit) and by nothing else: not when it
//! is dropped, not after an error, not when the client goes away half way.
//!
//! ```
//! # tenancy::testing::block_on(async {
//! use sea_orm::{EntityTrait, PaginatorTrait};
//! use tenancy::Access;
//! use tenancy::testing::{FIRST, employee};
//!
//! let shops = tenancy::testing::two_shops().await?;
//! for keep in [false, true] {
//!     let db = shops.database.tenant(&shops.python, Access::Write);
//!     employee::Entity::delete_by_id(FIRST).exec(&db).await?;
//!     if keep {
//!         db.commit().await?;
//!     }
//! }
//!
//! let db = shops.database.tenant(&shops.python, Access::Read);
//! assert_eq!(employee::Entity::find().count(&db).await?, 1);
//! // The same id in the other shop is another employee.
//! let db = shops.database.tenant(&shops.ruby, Access::Read);
//! assert!(employee::Entity::find_by_id(FIRST).one(&db).await?.is_some());
//! # Ok::<_, tenancy::Error>(()) });
//! ```
//!
//! # Inside a scope: taking a part back
//!
//! A scope nests by savepoints. [`Nested`] is a transaction to SeaORM, and undone unless committed.
//!
//! ```
//! # tenancy::testing::block_on(async {
//! use sea_orm::{ActiveModelTrait, ActiveValue::Set, EntityTrait, PaginatorTrait, TransactionTrait};
//! use tenancy::Access;
//! use tenancy::testing::{FIRST, employee};
//!
//! let shops = tenancy::testing::two_shops().await?;
//! let db = shops.database.tenant(&shops.python, Access::Write);
//!
//! let twice = employee::ActiveModel { id: Set(FIRST), name: Set("Boa".to_owned()) };
//! let nested = db.begin().await?;
//! assert!(twice.insert(&nested).await.is_err(), "this id is Cobra's");
//! nested.rollback().await?;
//!
//! // Outside, PostgreSQL would refuse everything after that error. Here the scope goes on.
//! employee::Entity::delete_by_id(FIRST).exec(&db).await?;
//! assert_eq!(employee::Entity::find().count(&db).await?, 1);
//! db.commit().await?;
//! # Ok::<_, tenancy::Error>(()) });
//! ```
//!
//! # No way across
//!
//! What belongs to no tenant (the registry, the operators) lives in the schema [`SHARED_SCHEMA`].
//! It has a scope of its own, [`SharedDb`]. A tenant's scope works with the rights of that tenant,
//! so a statement that names another schema is refused by PostgreSQL; see [`Isolation`].
//!
//! ```
//! # tenancy::testing::block_on(async {
//! use sea_orm::{ConnectionTrait, Statement};
//! use tenancy::{Access, SHARED_SCHEMA};
//!
//! async fn first(db: &impl ConnectionTrait, table: &str) -> Result<String, sea_orm::DbErr> {
//!     let sql = format!("SELECT name FROM {table} ORDER BY id");
//!     let row = db.query_one_raw(Statement::from_string(db.get_database_backend(), sql)).await?;
//!     row.expect("the shops have rows").try_get("", "name")
//! }
//!
//! let shops = tenancy::testing::two_shops().await?;
//! let shared = shops.database.shared(Access::Read);
//! assert_eq!(first(&shared, "supplier").await?, "Acme");
//! assert!(first(&shared, "employee").await.is_err(), "that is in no shared table");
//!
//! let python = shops.database.tenant(&shops.python, Access::Read);
//! assert_eq!(first(&python, "employee").await?, "Cobra");
//! for elsewhere in [SHARED_SCHEMA.to_owned() + ".supplier", shops.ruby.schema.quoted() + ".employee"] {
//!     let python = shops.database.tenant(&shops.python, Access::Read);
//!     assert!(first(&python, &elsewhere).await.is_err(), "{elsewhere} is out of reach");
//! }
//! # Ok::<_, tenancy::Error>(()) });
//! ```
//!
//! # Who may be entered
//!
//! A [`Tenant`] is what the registry knows. Only [`Tenant::enter`] makes the [`ActiveTenant`] that
//! [`Database::tenant`] asks for, and only of a tenant that is active and at a version that this
//! server can serve.
//!
//! ```
//! # tenancy::testing::block_on(async {
//! use std::sync::Arc;
//! use tenancy::{Closed, Status, Tenant};
//!
//! let shops = tenancy::testing::two_shops().await?;
//! let known = shops.history.latest();
//! let suspended = Tenant { status: Status::Suspended, ..Tenant::clone(&shops.python) };
//!
//! assert_eq!(Arc::new(suspended).enter(known).unwrap_err(), Closed::Suspended);
//! # Ok::<_, tenancy::Error>(()) });
//! ```
//!
//! The compiler sees to the rest:
//!
//! ```compile_fail,E0308
//! # use tenancy::{Access, Database, Tenant, TenantDb};
//! fn peek(database: &Database, suspended: &Tenant) -> TenantDb {
//!     database.tenant(suspended, Access::Read)
//! }
//! ```
//!
//! An operator's work, exporting a suspended tenant say, goes through [`Operator::tenant`]. It gives
//! an [`OperatorDb`], which nothing takes that serves a request:
//!
//! ```compile_fail,E0308
//! # use tenancy::{Access, Operator, Tenant, TenantDb};
//! fn peek(operator: &Operator, suspended: &Tenant) -> TenantDb {
//!     operator.tenant(suspended, Access::Read)
//! }
//! ```
//!
//! # From a request to its tenant
//!
//! You keep the registry, in tables of your own, and implement [`Catalog`]: three questions.
//! [`Directory`] puts a bounded memory before it, which [`follows`](Directory::follow) what is
//! [announced](announce) and so is never older than a moment. [`Gate`] decides by the names in a
//! request ([`resolve`]) who it is for and whether they may be entered. `tenancy::axum` is the
//! middleware that does all this before a handler runs.
//!
//! ```
//! # tenancy::testing::block_on(async {
//! use std::sync::Arc;
//! use tenancy::resolve::{Named, Policy, Unresolved};
//! use tenancy::{Admitted, Gate, Refused};
//!
//! let shops = tenancy::testing::two_shops().await?;
//! let policy = Policy { shared: "insula.localhost".parse().unwrap(), default: None };
//! let gate = Gate::new(Arc::clone(&shops.directory), policy, shops.history.latest());
//!
//! let by_host = Named { host: Some("Python.localhost:8000"), header: None };
//! let admitted = gate.admit(by_host).await.unwrap();
//! assert!(matches!(admitted, Admitted::Tenant(python) if python.id == shops.python.id));
//!
//! // The tenant header is for those who all come by one host. It must name somebody.
//! let by_header = Named { host: Some("127.0.0.1"), header: Some("perl.localhost") };
//! let refused = gate.admit(by_header).await.unwrap_err();
//! assert!(matches!(refused, Refused::Unresolved(Unresolved::NotFound)));
//! # Ok::<_, tenancy::Error>(()) });
//! ```
//!
//! # Structure, and many tenants
//!
//! Two [histories](History) of SeaORM migrations: one for the shared realm, one that every tenant
//! has. A schema's migrations are one transaction, and what each has is in one ledger, so that one
//! query tells who is behind. [`Operator::lock_structure`] keeps two migrators apart, and
//! [`fleet::each`] does the same for many tenants, several at once, each in its own scope. The
//! shared realm is no tenant and never among them.
//!
//! ```
//! # tenancy::testing::block_on(async {
//! use tenancy::testing::ShopMigrations;
//! use tenancy::{Access, Catalog, History, SchemaName, Status, Tenant, TenantId, Versions, fleet};
//!
//! let shops = tenancy::testing::two_shops().await?;
//! let id = TenantId::new();
//! let perl = Tenant {
//!     id,
//!     slug: "perl".parse().unwrap(),
//!     schema: SchemaName::of(id),
//!     login: 1,
//!     status: Status::Provisioning,
//!     version: None,
//!     breaking: None,
//! };
//! shops.directory.catalog().put(perl.clone());
//!
//! let history = History::of::<ShopMigrations>(&[]);
//! let versions = Versions::all(&shops.operator.shared(Access::Read)).await?;
//! assert_eq!(history.pending(&versions, perl.schema.as_str()), ["m000001_employee"]);
//! assert!(history.pending(&versions, shops.ruby.schema.as_str()).is_empty());
//!
//! let lock = shops.operator.lock_structure(|| eprintln!("waiting for another migrator")).await?;
//! let tenants = shops.directory.catalog().all().await?;
//! let outcomes = fleet::each(tenants, 4, |_| {}, async |tenant| {
//!     history.migrate_tenant(&shops.operator, tenant).await
//! })
//! .await;
//! lock.release().await;
//!
//! let applied: Vec<_> = outcomes
//!     .iter()
//!     .map(|one| (one.tenant.slug.as_str(), one.result.as_ref().unwrap().len()))
//!     .collect();
//! assert_eq!(applied, [("python", 0), ("ruby", 0), ("perl", 1)]);
//! # Ok::<_, tenancy::Error>(()) });
//! ```
//!
//! # What holds the walls up
//!
//! - **An unscoped connection sees nothing.** The default path of every connection names a schema
//!   that doesn't exist, and `public` is on no path. So a missing table is never silently somebody
//!   else's.
//! - **A connection never remembers.** The path is set with `SET LOCAL`, and so ends with its
//!   transaction, also behind a pooler. A connection that was lost, or on which a transaction failed
//!   to begin, is closed; one whose answer nobody waited for is nobody's until that has come.
//! - **A name is parsed once.** [`Slug`], [`Domain`] and [`SchemaName`] can only be made by
//!   validation; a schema's name is generated, and quoted in one place.
//! - **What it doesn't keep out** is SQL text that you write yourself: a statement may name another
//!   schema, or set what lasts as long as the session. Build statements with SeaORM, and give the
//!   serving login no more rights than it needs.
//!
//! # Features
//!
//! `axum` (on by default) is the middleware. `testing` gives tests a PostgreSQL of their own, the
//! two shops, a pooler, and a proxy that counts round trips.

#![deny(missing_docs)]

mod domain;
mod schema;
mod slug;
mod status;
mod tenant;

mod catalog;
mod directory;
mod gate;
pub mod resolve;

mod db;
mod logins;

pub mod fleet;
mod history;
mod rights;

pub mod error;

#[cfg(feature = "axum")]
pub mod axum;
#[cfg(feature = "testing")]
pub mod testing;

pub use catalog::Catalog;
pub use db::{
    Access, Answer, Column, Danger, Database, Gauges, Nested, Operator, OperatorDb, OperatorRealm,
    PoolOptions, RowStream, Scoped, SharedDb, SharedRealm, StructureLock, TenantDb, TenantRealm,
    create_database,
};
pub use directory::{Change, Directory, Follower, announce};
pub use domain::{Domain, DomainError};
pub use error::Error;
pub use gate::{Admitted, Gate, Refused};
pub use history::{History, Versions};
pub use logins::{Isolation, Logins};
pub use schema::{NO_SCHEMA, SHARED_SCHEMA, SchemaName, SchemaNameError};
pub use slug::{Slug, SlugError};
pub use status::{Status, StatusError};
pub use tenant::{ActiveTenant, Closed, Tenant, TenantId};
