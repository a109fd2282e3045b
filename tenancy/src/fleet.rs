//! The same work for many tenants.

use futures::{StreamExt, stream};

use crate::Tenant;

/// How an operation went for one tenant.
#[derive(Debug)]
pub struct Outcome<T, E> {
    /// The tenant.
    pub tenant: Tenant,
    /// What came of it.
    pub result: Result<T, E>,
}

/// Does the same for each of these tenants, up to `jobs` at once, and carries on past failures.
///
/// `work` gets one tenant and must open a scope of its own: there is no connection to several
/// tenants, and no transaction over them. Outcomes come in the order of the tenants; `done` hears of
/// each as it happens.
///
/// To spawn this as a task, let `work` own what it uses (`async move`): the compiler can't see that
/// work which borrows may move between threads.
///
/// ```
/// # tenancy::testing::block_on(async {
/// use sea_orm::{ConnectionTrait, Statement};
/// use tenancy::{Access, Catalog, fleet};
///
/// let shops = tenancy::testing::two_shops().await?;
/// let tenants = shops.directory.catalog().all().await?;
/// let outcomes = fleet::each(tenants, 4, |_| {}, async |tenant| {
///     let db = shops.operator.tenant(tenant, Access::Read);
///     let count = Statement::from_string(db.get_database_backend(), "SELECT count(*) AS n FROM employee");
///     let row = db.query_one_raw(count).await?.expect("count(*) answers one row");
///     row.try_get::<i64>("", "n")
/// })
/// .await;
/// let counts: Vec<_> = outcomes.iter().map(|o| (o.tenant.slug.as_str(), o.result.as_ref().unwrap())).collect();
/// assert_eq!(counts, [("python", &2), ("ruby", &2)]);
/// # Ok::<_, tenancy::Error>(()) });
/// ```
pub async fn each<T, E>(
    tenants: Vec<Tenant>,
    jobs: usize,
    done: impl Fn(&Outcome<T, E>),
    work: impl AsyncFn(&Tenant) -> Result<T, E>,
) -> Vec<Outcome<T, E>> {
    let (work, done) = (&work, &done);
    stream::iter(tenants)
        .map(|tenant| async move {
            let outcome = Outcome {
                result: work(&tenant).await,
                tenant,
            };
            done(&outcome);
            outcome
        })
        .buffered(jobs.max(1))
        .collect()
        .await
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::{SchemaName, Status, TenantId};

    fn tenant(slug: &str) -> Tenant {
        let id = TenantId::new();
        Tenant {
            id,
            slug: slug.parse().unwrap(),
            schema: SchemaName::of(id),
            login: 1,
            status: Status::Active,
            version: None,
            breaking: None,
        }
    }

    #[tokio::test]
    async fn d16_one_failure_stops_nobody_else() {
        let heard = AtomicUsize::new(0);
        let hear = |_: &Outcome<(), String>| {
            heard.fetch_add(1, Ordering::Relaxed);
        };
        let tenants = vec![tenant("a"), tenant("b"), tenant("c")];
        let outcomes = each(tenants, 2, hear, async |tenant| {
            match tenant.slug.as_str() {
                "b" => Err("no".to_owned()),
                _ => Ok(()),
            }
        })
        .await;
        let went: Vec<_> = outcomes
            .iter()
            .map(|o| (o.tenant.slug.as_str(), o.result.is_ok()))
            .collect();
        assert_eq!(went, [("a", true), ("b", false), ("c", true)]);
        assert_eq!(heard.into_inner(), 3);
    }
}
