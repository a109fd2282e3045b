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
    /// Where what took long is kept for the next time: programs that had to be fetched, and the data of a fresh cluster for fast
    /// ones. `None` keeps and fetches nothing.
    pub cache: Option<PathBuf>,
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
    /// A cluster that keeps its data in this folder. The cache is beside it.
    pub fn durable(data_dir: impl Into<PathBuf>) -> Self {
        let data_dir = data_dir.into();
        let parent = data_dir.parent().unwrap_or(Path::new(""));
        let cache = parent.join("postgres-cache");
        Self {
            data_dir: Some(data_dir),
            durability: Durability::Durable,
            port: None,
            programs: None,
            cache: Some(cache),
        }
    }

    /// A fast cluster in a fresh folder, which is removed when the cluster or its process ends.
    pub fn temporary() -> Self {
        // One per user, for all temporary clusters.
        let cache = format!("insula-postgres-cache-{}", geteuid().as_raw());
        Self {
            data_dir: None,
            durability: Durability::Fast,
            port: None,
            programs: None,
            cache: Some(env::temp_dir().join(cache)),
        }
    }
}
