use std::sync::Arc;

use rand::RngExt;
use rand::rngs::StdRng;
use tenancy::resolve::{Named, Policy, Unresolved};
use tenancy::testing::{MemoryCatalog, Shops, Way, two_shops_by};
use tenancy::{
    Access, ActiveTenant, Admitted, Change, Closed, Database, Gate, PoolOptions, Refused,
    SchemaName, Status, Tenant, TenantId,
};
use tokio::sync::{Mutex, MutexGuard};

use super::plot::{Plot, Rows, rows};
use super::{once_in, scope};

const PLOTS: usize = 20;

/// Fewer than there are tasks, and behind a pooler more than there are backends.
const CONNECTIONS: u32 = 4;
const BACKENDS: u32 = 2;

/// All the tenants, and the one door to them.
pub(super) struct Town {
    pub(super) shops: Shops,
    database: Database,
    gate: Gate<MemoryCatalog>,
    plots: Vec<Mutex<Plot>>,
}

impl Town {
    pub(super) async fn new(way: Way) -> Self {
        let shops = two_shops_by(way).await.unwrap();
        let options = PoolOptions {
            max_connections: CONNECTIONS,
            acquire_timeout: std::time::Duration::from_mins(1),
            ..PoolOptions::default()
        };
        let policy = Policy {
            shared: "insula.localhost".parse().unwrap(),
            default: None,
        };
        let plot = |n| Mutex::new(Plot::at(format!("shop-{n}.localhost")));
        Self {
            database: shops.door(&shops.address(BACKENDS), &options).unwrap(),
            gate: Gate::new(Arc::clone(&shops.directory), policy, shops.history.latest()),
            plots: (0..PLOTS).map(plot).collect(),
            shops,
        }
    }

    /// Does something to some tenant; answers how many steps that were.
    pub(super) async fn act(&self, random: &mut StdRng) -> usize {
        let at = random.random_range(0..PLOTS);
        if once_in(40, random) {
            return self.rename(at, random.random_range(0..PLOTS)).await;
        }
        let mut plot = self.plots[at].lock().await;
        let operate = once_in(25, random);
        match plot.tenant.as_ref().map(|tenant| tenant.status) {
            None if operate => self.create(&mut plot).await,
            Some(Status::Active) if operate && once_in(3, random) => self.demolish(&mut plot).await,
            Some(Status::Active) if operate => self.turn(&mut plot, Status::Suspended),
            Some(Status::Suspended) if operate => self.turn(&mut plot, Status::Active),
            _ => return self.visit(&mut plot, random).await,
        }
        1
    }

    /// Enters by the domain, as a request does, or is refused as the model says.
    async fn visit(&self, plot: &mut Plot, random: &mut StdRng) -> usize {
        if let Some(stale) = plot.stale.take() {
            let db = self.database.tenant(&stale, Access::Read);
            let seen = rows(&db).await;
            assert!(
                seen.is_err(),
                "{seen:?} of a dropped tenant: {}",
                plot.story()
            );
        }
        match self.enter(plot).await {
            Some(tenant) => scope::run(&self.database, &tenant, plot, random).await,
            None => 1,
        }
    }

    async fn enter(&self, plot: &Plot) -> Option<ActiveTenant> {
        let named = Named {
            header: Some(&plot.domain),
            host: None,
        };
        let admitted = self.gate.admit(named).await;
        let here = plot.tenant.as_ref();
        match (here.map(|tenant| tenant.status), admitted) {
            (Some(Status::Active), Ok(Admitted::Tenant(tenant))) => {
                let whose = here.map(|tenant| tenant.id);
                assert_eq!(Some(tenant.id), whose, "another tenant: {}", plot.story());
                Some(tenant)
            }
            (Some(Status::Suspended), Err(Refused::Closed(Closed::Suspended)))
            | (
                None,
                Err(Refused::Unresolved(Unresolved::NotFound) | Refused::Closed(Closed::Gone)),
            ) => None,
            (status, admitted) => panic!("{status:?}, and yet {admitted:?}: {}", plot.story()),
        }
    }

    async fn create(&self, plot: &mut Plot) {
        let id = TenantId::new();
        let tenant = Tenant {
            id,
            slug: format!("shop-{}", id.as_uuid().simple()).parse().unwrap(),
            schema: SchemaName::of(id),
            login: 1,
            status: Status::Active,
            version: Some(self.shops.history.latest().to_owned()),
            breaking: None,
        };
        let made = self
            .shops
            .history
            .migrate_tenant(&self.shops.operator, &tenant);
        made.await.unwrap();
        plot.note(format!("create: {id}"));
        plot.rows = Rows::new();
        plot.tenant = Some(tenant);
        self.register(plot);
    }

    fn turn(&self, plot: &mut Plot, status: Status) {
        plot.note(status.as_str());
        plot.tenant.as_mut().expect("somebody lives here").status = status;
        self.register(plot);
    }

    /// Drops the schema as well; the key to it that was handed out before is of no more use.
    async fn demolish(&self, plot: &mut Plot) {
        plot.stale = self.enter(plot).await;
        let mut tenant = plot.tenant.take().expect("somebody lives here");
        let db = self.shops.operator.tenant(&tenant, Access::Write);
        let drop = format!("DROP SCHEMA {} CASCADE", tenant.schema.quoted());
        db.run(&drop).await.unwrap();
        db.commit().await.unwrap();
        plot.note("drop");
        tenant.status = Status::Dropped;
        self.shops.directory.forget(&Change::Tenant(tenant.id));
        self.shops.directory.catalog().put(tenant);
    }

    /// Lets two plots change their addresses: each domain now leads to the other's tenant.
    async fn rename(&self, one: usize, other: usize) -> usize {
        if one == other {
            return 0;
        }
        // Always in this order, lest two wait for one another.
        let mut first = self.plots[one.min(other)].lock().await;
        let mut second = self.plots[one.max(other)].lock().await;
        std::mem::swap(&mut first.domain, &mut second.domain);
        for plot in [&mut first, &mut second] {
            let renamed = format!("rename: {}", plot.domain);
            plot.note(renamed);
            self.register(plot);
        }
        1
    }

    /// Tells the registry, and whoever remembers what it said.
    fn register(&self, plot: &Plot) {
        let domain = plot.domain.parse::<tenancy::Domain>().unwrap();
        let directory = &self.shops.directory;
        match &plot.tenant {
            Some(tenant) => {
                directory.catalog().put(tenant.clone());
                directory.catalog().point(domain.clone(), tenant.id);
                directory.forget(&Change::Tenant(tenant.id));
            }
            None => directory.catalog().unpoint(&domain),
        }
        directory.forget(&Change::Domain(domain));
    }

    /// Which of these things were never done.
    pub(super) async fn missing<'k>(&self, kinds: &[&'k str]) -> Vec<&'k str> {
        let mut missing = kinds.to_vec();
        for plot in &self.plots {
            let plot = plot.lock().await;
            missing.retain(|kind| !plot.tally.contains_key(*kind));
        }
        missing
    }

    /// Looks at every tenant once more, past the gate.
    pub(super) async fn assert_all_as_it_should_be(&self) {
        for plot in &self.plots {
            let plot: MutexGuard<'_, Plot> = plot.lock().await;
            if let Some(tenant) = &plot.tenant {
                let db = self.shops.operator.tenant(tenant, Access::Read);
                plot.assert_rows(&rows(&db).await.unwrap(), &plot.rows);
            }
        }
    }
}
