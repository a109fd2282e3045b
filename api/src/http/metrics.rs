//! Figures for whoever watches over the server. They are read when somebody asks for them, so no request pays for them; and none is of
//! a single tenant, so there are as many with ten thousand of them.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{SystemTime, UNIX_EPOCH};

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use tenancy::Gauges;

use super::server::Server;

/// A name and a value.
type Label = (&'static str, &'static str);

pub(super) struct Metrics {
    server: Arc<Server>,
    /// In seconds since 1970.
    started: u64,
}

/// What a figure is called, and what it says.
struct Family {
    name: &'static str,
    help: &'static str,
    kind: MetricType,
}

/// A figure that each pool has.
struct OfPool {
    family: Family,
    read: fn(&Gauges) -> u64,
}

const BUILD: Family = gauge("build_info", "The version of the program; always 1.");

const STARTED: Family = gauge(
    "start_time_seconds",
    "When the server began to serve, in seconds since 1970.",
);

const PROVEN: Family = gauge(
    "db_proven",
    "1 once the database was found safe to serve; 0 while it is away since the start, and requests are answered 503.",
);

const CONNECTIONS: Family = gauge(
    "db_connections",
    "Connections to PostgreSQL that are open, by whether somebody uses them. The directory's look up whose a request is, the serving ones do all else.",
);

const DOCUMENTS: Family = gauge(
    "graphql_documents",
    "GraphQL documents that are remembered as good, and needn't be parsed and validated again.",
);

const SHAPES: Family = gauge(
    "graphql_shapes",
    "Forms of selections that are remembered with their SQL statement.",
);

const OF_POOLS: [OfPool; 9] = [
    OfPool {
        family: gauge("db_connections_limit", "Connections that may be open."),
        read: |pool| count(pool.total),
    },
    OfPool {
        family: gauge(
            "db_connections_at_once",
            "Connections that are given out at once, not counting those that are kept for long.",
        ),
        read: |pool| count(pool.at_once),
    },
    OfPool {
        family: gauge(
            "db_waiting_requests",
            "Requests that wait for a connection at this moment.",
        ),
        read: |pool| count(pool.waiting),
    },
    OfPool {
        family: gauge(
            "db_known_tenants",
            "Tenants that the open connections know, added up: a tenant counts once for each connection that knows it.",
        ),
        read: |pool| count(pool.tenants),
    },
    OfPool {
        family: gauge(
            "db_kept_statements",
            "Statements that the open connections keep prepared, added up.",
        ),
        read: |pool| count(pool.statements),
    },
    OfPool {
        family: counter(
            "db_leases",
            "How often a connection was given to somebody who asked for one.",
        ),
        read: |pool| pool.leases,
    },
    OfPool {
        family: counter(
            "db_spilled_leases",
            "How often that was another connection than the one which the tenant prefers.",
        ),
        read: |pool| pool.spilled,
    },
    OfPool {
        family: counter(
            "db_carried_requests",
            "How often a request was answered in another's flight, because both waited for the same connection.",
        ),
        read: |pool| pool.carried,
    },
    OfPool {
        family: counter(
            "db_retired_connections",
            "Connections that were closed because they knew too many tenants.",
        ),
        read: |pool| pool.retired,
    },
];

const fn gauge(name: &'static str, help: &'static str) -> Family {
    Family {
        name,
        help,
        kind: MetricType::Gauge,
    }
}

/// The format puts `_total` behind the name.
const fn counter(name: &'static str, help: &'static str) -> Family {
    Family {
        name,
        help,
        kind: MetricType::Counter,
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

impl Metrics {
    pub(super) fn new(server: Arc<Server>) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            server,
            started: since.map_or(0, |since| since.as_secs()),
        }
    }

    fn of_process(&self, encoder: &mut DescriptorEncoder) -> fmt::Result {
        let version = [("version", env!("CARGO_PKG_VERSION"))];
        BUILD.write(encoder, &[(&version, 1)])?;
        STARTED.write(encoder, &[(&[], self.started)])?;
        let proven = self.server.state.is_proven.load(Ordering::Acquire);
        PROVEN.write(encoder, &[(&[], proven.into())])
    }

    fn of_pools(&self, encoder: &mut DescriptorEncoder) -> fmt::Result {
        let database = &self.server.state.database;
        let serving = ("serving", database.gauges());
        let pools = [serving, ("directory", database.directory_gauges())];
        let states = pools.map(|(pool, gauges)| {
            let state = |state| [("pool", pool), ("state", state)];
            [
                (state("in_use"), count(gauges.busy)),
                (state("idle"), count(gauges.idle)),
            ]
        });
        CONNECTIONS.write(encoder, states.as_flattened())?;
        for figure in OF_POOLS {
            let samples = pools.map(|(pool, gauges)| ([("pool", pool)], (figure.read)(&gauges)));
            figure.family.write(encoder, &samples)?;
        }
        Ok(())
    }

    fn of_graphql(&self, encoder: &mut DescriptorEncoder) -> fmt::Result {
        let documents = self.server.engine.remembered();
        let documents = documents.map(|(realm, documents)| ([("realm", realm)], documents as u64));
        DOCUMENTS.write(encoder, &documents)?;
        SHAPES.write(encoder, &[(&[], self.server.state.shapes.count() as u64)])
    }
}

impl Family {
    /// What it is called, and its value under each set of labels.
    fn write<L: AsRef<[Label]>>(
        &self,
        encoder: &mut DescriptorEncoder,
        samples: &[(L, u64)],
    ) -> fmt::Result {
        let mut metric = encoder.encode_descriptor(self.name, self.help, None, self.kind)?;
        for (labels, value) in samples {
            match labels.as_ref() {
                [] => self.put(&mut metric, *value)?,
                labels => self.put(&mut metric.encode_family(&labels)?, *value)?,
            }
        }
        Ok(())
    }

    fn put(&self, sample: &mut MetricEncoder, value: u64) -> fmt::Result {
        match self.kind {
            MetricType::Counter => sample.encode_counter::<NoLabelSet, _, u64>(&value, None),
            _ => sample.encode_gauge(&value),
        }
    }
}

impl Collector for Metrics {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        self.of_process(&mut encoder)?;
        self.of_pools(&mut encoder)?;
        self.of_graphql(&mut encoder)
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}
