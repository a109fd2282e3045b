//! What may be asked of this bench.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

/// The workload, beside what PostgreSQL does without us.
#[expect(clippy::struct_excessive_bools, reason = "flags of a command")]
#[derive(Debug, Parser)]
#[command(name = "workload")]
pub(crate) struct Arguments {
    /// How many tenants there are; each request takes one at random
    #[arg(long, default_value_t = 100)]
    pub(crate) tenants: usize,
    /// How often everything is measured in turn
    #[arg(long, default_value_t = 3)]
    pub(crate) rounds: usize,
    /// How long each measurement takes
    #[arg(long, default_value_t = 8)]
    seconds: u64,
    /// How long the load lasts before that
    #[arg(long, default_value_t = 2)]
    warm_up: u64,
    /// How many connections ask at once, each again as soon as it is answered
    #[arg(long, default_value_t = 32)]
    pub(crate) connections: usize,
    /// Which queries
    #[arg(long, value_delimiter = ',', default_value = "q1,q2,q3,q4")]
    pub(crate) queries: Vec<String>,
    /// And one that is three levels deep
    #[arg(long)]
    pub(crate) deep: bool,
    /// Instead: what one tenant that asks all the time does to the others
    #[arg(long)]
    pub(crate) hot: bool,
    /// Keep the figures in this file
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Compare with figures that were kept
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// A database that is there, instead of a PostgreSQL of its own
    #[arg(long, value_name = "URL")]
    pub(crate) database_url: Option<String>,
    /// Write each tenant's name, id and token to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) tokens: Option<PathBuf>,
    /// Make the tenants, and end
    #[arg(long, requires = "database_url")]
    pub(crate) seed_only: bool,
    /// Another program than the one that was just built
    #[arg(long, value_name = "FILE", default_value = crate::server::PROGRAM)]
    pub(crate) server: String,
    /// What cargo adds
    #[arg(long, hide = true)]
    bench: bool,
}

impl Arguments {
    pub(crate) fn seconds(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    pub(crate) fn warm_up(&self) -> Duration {
        Duration::from_secs(self.warm_up)
    }
}
