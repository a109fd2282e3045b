use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use cluster::{Cluster, Options};
use rustix::process::geteuid;

use crate::support::{Owner, folder, is_alive, kept, kill, sql, until};

#[test]
fn data_survive_a_postgresql_that_was_killed() {
    let place = folder();
    // What a fast cluster wrote last may be lost, and that is what it is for.
    let cluster = Cluster::start(&Options::durable(place.path())).unwrap();
    sql(
        &cluster.url("postgres"),
        "CREATE TABLE kept AS SELECT 'yes'::text AS word",
    )
    .unwrap();

    kill(cluster.pid());
    until("the cluster knows", || !cluster.is_running());
    assert!(
        place.path().join("data/postmaster.pid").exists(),
        "it is stale now"
    );
    cluster.stop().unwrap();

    let again = Cluster::start(&kept(place.path())).unwrap();
    let word = sql(&again.url("postgres"), "SELECT word FROM kept").unwrap();
    assert_eq!(word.as_deref(), Some("yes"));
}

#[test]
fn a_busy_backend_that_outlives_a_killed_postgresql_is_waited_for() {
    let place = folder();
    let cluster = Cluster::start(&kept(place.path())).unwrap();
    let url = cluster.url("postgres");
    let busy = "SELECT count(*)::text FROM generate_series(1, 20000000)";
    let backend = std::thread::spawn(move || sql(&url, busy));
    let active = "SELECT count(*)::text FROM pg_stat_activity WHERE query LIKE 'SELECT count(*)::text FROM generate%'";
    until("the query runs", || {
        sql(&cluster.url("postgres"), active).unwrap().unwrap() == "1"
    });

    kill(cluster.pid());
    drop(cluster);

    let again = Cluster::start(&kept(place.path())).unwrap();
    assert!(sql(&again.url("postgres"), "SELECT 'sound'").is_ok());
    let _ = backend.join().unwrap();
}

#[test]
fn a_stale_pid_file_that_names_a_living_stranger_bars_no_way() {
    let place = folder();
    drop(Cluster::start(&kept(place.path())).unwrap());
    // Of the server's own user, as every process of a developer's is: PostgreSQL would take it for another server.
    let data = place.path().join("data");
    let mut stranger = Stranger::of(&data);
    let stale = format!(
        "{}\n{}\n1790000000\n5432\n\n127.0.0.1\n  1234567  1\nready\n",
        stranger.0.id(),
        data.display()
    );
    fs::write(data.join("postmaster.pid"), stale).unwrap();
    assert!(Cluster::find(place.path()).unwrap().is_none());

    let again = Cluster::start(&kept(place.path())).unwrap();

    assert!(sql(&again.url("postgres"), "SELECT 'sound'").is_ok());
    assert!(
        stranger.0.try_wait().unwrap().is_none(),
        "the stranger is left alone"
    );
}

#[test]
fn postgresql_ends_when_its_owner_is_killed() {
    let place = folder();
    let owner = Owner::start(place.path().to_str().unwrap(), "wait");
    let server = owner.server();
    assert!(is_alive(server));

    owner.kill();

    until("PostgreSQL ends", || !is_alive(server));
    assert!(
        !place.path().join("data/postmaster.pid").exists(),
        "it ended in good order"
    );
}

#[test]
fn a_folder_whose_owner_was_killed_can_be_taken_over_at_once() {
    let place = folder();
    let owner = Owner::start(place.path().to_str().unwrap(), "wait");
    sql(
        &owner.told[0],
        "CREATE TABLE kept AS SELECT 'yes'::text AS word",
    )
    .unwrap();
    owner.kill();

    let cluster = Cluster::start(&kept(place.path())).unwrap();

    let word = sql(&cluster.url("postgres"), "SELECT word FROM kept").unwrap();
    assert_eq!(word.as_deref(), Some("yes"));
}

#[test]
#[cfg(target_os = "linux")]
fn a_postgresql_without_owner_and_supervisor_is_stopped_by_the_next_start() {
    let place = folder();
    let owner = Owner::start(place.path().to_str().unwrap(), "wait");
    let orphan = owner.server();
    let supervisors = supervisors_of(orphan);
    assert!(!supervisors.is_empty());
    supervisors.into_iter().for_each(kill);
    owner.kill();
    assert!(is_alive(orphan), "nobody is left who would stop it");

    let cluster = Cluster::start(&kept(place.path())).unwrap();

    assert!(!is_alive(orphan));
    assert!(sql(&cluster.url("postgres"), "SELECT 'sound'").is_ok());
}

#[test]
fn an_interrupted_initdb_leaves_nothing_that_bars_the_next_start() {
    let place = folder();
    let unfinished = || {
        let entries = fs::read_dir(place.path()).unwrap();
        let mut paths = entries.map(|entry| entry.unwrap().path());
        paths.find(|path| path.to_string_lossy().contains("unfinished-"))
    };
    let mut owner = Owner::begin(place.path().to_str().unwrap(), "initdb");
    until("initdb is at work", || {
        unfinished().is_some_and(|path| path.join("data/global").exists())
    });
    owner.kill().unwrap();
    owner.wait().unwrap();
    assert!(!place.path().join("data").exists());

    let cluster = Cluster::start(&kept(place.path())).unwrap();

    assert!(sql(&cluster.url("postgres"), "SELECT 'sound'").is_ok());
    assert_eq!(unfinished(), None, "the remains are gone");
}

#[test]
fn remains_that_are_still_written_to_go_with_the_next_start() {
    let place = folder();
    let remains = place.path().join("unfinished-by-another");
    fs::create_dir(&remains).unwrap();
    let writer = std::thread::spawn({
        let remains = remains.clone();
        // At the pace of `initdb`, and like it until it finds its folder gone.
        let next = move |n: &u32| {
            std::thread::sleep(Duration::from_millis(1));
            fs::create_dir(remains.join(n.to_string())).is_err()
        };
        move || (0..u32::MAX).find(next)
    });
    until("it writes", || remains.join("0").exists());

    let cluster = Cluster::start(&kept(place.path())).unwrap();

    assert!(!remains.exists());
    assert!(writer.join().unwrap().is_some(), "it found its folder gone");
    assert!(sql(&cluster.url("postgres"), "SELECT 'sound'").is_ok());
}

/// The shells in PostgreSQL's process group. In `/proc/…/stat`: id, (name), state, parent, group.
#[cfg(target_os = "linux")]
fn supervisors_of(server: u32) -> Vec<u32> {
    let stat = |pid: u32| {
        let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let (start, end) = text.split_once(") ")?;
        let name = start.split_once('(')?.1.to_owned();
        Some((name, end.split(' ').nth(2)?.to_owned()))
    };
    let group = stat(server).unwrap().1;
    let all = fs::read_dir("/proc").unwrap().flatten();
    all.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| stat(*pid).is_some_and(|(name, its)| its == group && name.ends_with("sh")))
        .collect()
}

/// A process that has nothing to do with PostgreSQL, of the user that owns this path.
struct Stranger(Child);

impl Stranger {
    fn of(path: &Path) -> Self {
        let mut command = Command::new("sleep");
        if geteuid().is_root() {
            let owner = fs::metadata(path).unwrap();
            command.uid(owner.uid()).gid(owner.gid());
        }
        command.arg("600").current_dir("/").stdout(Stdio::null());
        Self(command.stderr(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}
