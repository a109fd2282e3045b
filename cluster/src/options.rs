use std::env;
use std::path::{Path, PathBuf};

use rustix::process::geteuid;

/// Where a cluster lives and how careful it is. Start from [`Options::durable`] or [`Options::temporary`].
#[derive(Clone, Debug)]
pub struct Options {
    /// The cluster's folder, made when missing. `None` takes a fresh one that is removed when the cluster ends.
    pub data_dir: Option<PathBuf>,
    /// Whether a commit waits for the disk.
    pub durability: Durability,
    /// The port to take if it is free. `None` takes the port of the last run, and any other when that one is taken.
    pub port: Option<u16>,
    /// The folder of `initdb` and `postgres`. `None` looks for them.
    pub programs: Option<PathBuf>,
    /// Where programs are put that had to be fetched, and looked for the next time. `None` never fetches any.
    pub fetch_into: Option<PathBuf>,
}

/// Whether a commit waits for the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// What was committed survives a loss of power.
    Durable,
    /// Commits are quick and don't survive a crash of the machine. For tests.
    Fast,
}

impl Options {
    /// A cluster that keeps its data in this folder. Fetched programs go beside it.
    pub fn durable(data_dir: impl Into<PathBuf>) -> Self {
        let data_dir = data_dir.into();
        let fetch_into = data_dir
            .parent()
            .unwrap_or(Path::new(""))
            .join("postgres-programs");
        Self {
            data_dir: Some(data_dir),
            durability: Durability::Durable,
            port: None,
            programs: None,
            fetch_into: Some(fetch_into),
        }
    }

    /// A fast cluster in a fresh folder, which is removed when the cluster or its process ends.
    pub fn temporary() -> Self {
        // One folder per user, shared by all temporary clusters: programs are fetched once.
        let shared = format!("insula-postgres-programs-{}", geteuid().as_raw());
        Self {
            data_dir: None,
            durability: Durability::Fast,
            port: None,
            programs: None,
            fetch_into: Some(env::temp_dir().join(shared)),
        }
    }
}
