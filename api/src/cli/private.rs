//! The private PostgreSQL of `insula dev`.

use std::convert::Infallible;
use std::time::Duration;

use cluster::{Cluster, Options};
use tokio::task::spawn_blocking;

use super::{Failure, connect, output};
use crate::config::Config;
use crate::state::Addresses;

/// How often to look whether PostgreSQL still lives.
const LOOK: Duration = Duration::from_millis(500);

/// A cluster that is started again when it dies.
pub(super) struct PrivateDatabase {
    options: Options,
    /// `None` only while it is being started again.
    cluster: Option<Cluster>,
}

impl PrivateDatabase {
    /// Starts PostgreSQL and makes our database in it.
    pub(super) async fn start(config: &Config) -> Result<Self, Failure> {
        std::fs::create_dir_all(&config.data_dir)?;
        let options = Options {
            programs: config.database.postgres_bin.clone(),
            ..Options::durable(connect::postgres(&config.data_dir))
        };
        let cluster = start(&options).await?;
        tenancy::create_database(&cluster.url("postgres"), connect::DATABASE).await?;
        Ok(Self {
            options,
            cluster: Some(cluster),
        })
    }

    /// Where both logins find it. In `dev` they are one.
    pub(super) fn addresses(&self) -> Addresses {
        let url = self
            .cluster
            .as_ref()
            .map(|cluster| cluster.url(connect::DATABASE));
        let url = url.unwrap_or_default();
        Addresses {
            serving: url.clone(),
            operator: url,
        }
    }

    /// Starts PostgreSQL again whenever it dies. Its port is taken again too, so the pools find it;
    /// if somebody else took that port meanwhile, there is nothing to go on with.
    pub(super) async fn keep_alive(&mut self) -> Result<Infallible, Failure> {
        loop {
            tokio::time::sleep(LOOK).await;
            let Some(cluster) = &self.cluster else {
                continue;
            };
            if cluster.is_running() {
                continue;
            }
            let port = cluster.port();
            tracing::warn!("PostgreSQL has died; starting it again");
            // The old one lets go of the folder first.
            self.cluster = None;
            let again = start(&self.options).await?;
            if again.port() != port {
                return Err(Failure::new(
                    "PostgreSQL died and another program took its port; run `insula dev` again",
                ));
            }
            self.cluster = Some(again);
        }
    }

    pub(super) async fn stop(self) -> Result<(), Failure> {
        if let Some(cluster) = self.cluster {
            output::note("stopping PostgreSQL");
            blocking(move || cluster.stop()).await??;
        }
        Ok(())
    }
}

async fn start(options: &Options) -> Result<Cluster, Failure> {
    let options = options.clone();
    Ok(blocking(move || Cluster::start(&options)).await??)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    let done = spawn_blocking(work).await;
    done.map_err(|error| {
        Failure::new(format!(
            "starting or stopping PostgreSQL broke off: {error}"
        ))
    })
}
