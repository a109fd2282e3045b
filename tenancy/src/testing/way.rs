use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use super::{cluster, pooler};
use crate::PoolOptions;
use crate::error::Error;
use crate::schema::NO_SCHEMA;

/// How the serving login gets to its database. What is shown of isolation is shown for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By connections of its own.
    Direct,
    /// Through a pooler in transaction mode.
    Pooled,
}

impl Way {
    /// Has a database ready for this way: behind a pooler its own default path must name nothing,
    /// since no start-up option can.
    pub async fn prepare(self, url: &str) -> Result<(), Error> {
        if self == Self::Direct {
            return Ok(());
        }
        let (_, name) = url.rsplit_once('/').unwrap_or_default();
        let alter = format!("ALTER DATABASE {name} SET search_path = {NO_SCHEMA}");
        let mut connection = PgConnection::connect(&cluster().url(name)).await?;
        connection.execute(AssertSqlSafe(alter)).await?;
        connection.close().await?;
        Ok(())
    }

    /// Where the database behind this URL is found by this way. A pooler has so many backends for
    /// it, whoever connects.
    pub fn address(self, url: &str, backends: u32) -> String {
        match self {
            Self::Direct => url.to_owned(),
            Self::Pooled => pooler(backends).url(url),
        }
    }

    /// What a pool needs to be told of this way.
    pub fn options(self) -> PoolOptions {
        PoolOptions {
            pooled: self == Self::Pooled,
            ..PoolOptions::default()
        }
    }
}

/// Registers tests that are functions of a [`Way`](crate::testing::Way): each is run by both, the
/// second in a module `c27_behind_a_pooler`.
///
/// ```
/// use tenancy::testing::{Way, two_shops_by};
///
/// tenancy::both_ways!(shops_open on 2 threads);
///
/// async fn shops_open(way: Way) {
///     two_shops_by(way).await.expect("two shops");
/// }
/// ```
#[macro_export]
macro_rules! both_ways {
    ($($test:ident $(on $threads:literal threads)?),+ $(,)?) => {
        mod direct {
            $(#[tokio::test($(flavor = "multi_thread", worker_threads = $threads)?)]
            async fn $test() {
                super::$test($crate::testing::Way::Direct).await;
            })+
        }

        mod c27_behind_a_pooler {
            $(#[tokio::test($(flavor = "multi_thread", worker_threads = $threads)?)]
            async fn $test() {
                super::$test($crate::testing::Way::Pooled).await;
            })+
        }
    };
}
