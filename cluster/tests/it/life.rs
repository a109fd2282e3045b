use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;

use cluster::{Cluster, Error, Options};

use rustix::process::{Pid, getpgid, getpgrp};

use crate::support::{folder, is_alive, kept, sql};

#[test]
fn a_second_run_finds_data_port_and_password_of_the_first() {
    let place = folder();
    let options = Options::durable(place.path().join("postgres"));

    let first = Cluster::start(&options).unwrap();
    let (url, pid) = (first.url("postgres"), first.pid());
    sql(&url, "CREATE TABLE kept AS SELECT 'yes'::text AS word").unwrap();
    first.stop().unwrap();
    assert!(!is_alive(pid), "stop waits for the end");

    let second = Cluster::start(&options).unwrap();
    assert_eq!(second.url("postgres"), url);
    let word = sql(&url, "SELECT word FROM kept").unwrap();
    assert_eq!(word.as_deref(), Some("yes"));
}

#[test]
fn dropping_stops_as_well() {
    let place = folder();
    let cluster = Cluster::start(&kept(place.path())).unwrap();
    let pid = cluster.pid();
    assert!(is_alive(pid) && cluster.is_running());

    drop(cluster);

    assert!(!is_alive(pid));
    assert!(
        !place.path().join("data/postmaster.pid").exists(),
        "it ended in good order"
    );
}

#[test]
fn a_terminals_interrupt_does_not_reach_it() {
    let cluster = Cluster::start(&Options::temporary()).unwrap();
    let server = Pid::from_raw(i32::try_from(cluster.pid()).unwrap());

    // Ctrl-C goes to every process of the group in the foreground.
    assert_ne!(getpgid(server).unwrap(), getpgrp());
}

#[test]
fn a_folder_in_use_is_refused_until_it_is_free() {
    let place = folder();
    let first = Cluster::start(&kept(place.path())).unwrap();

    let refused = Cluster::start(&kept(place.path())).unwrap_err();

    let ourselves = std::process::id();
    assert!(
        matches!(refused, Error::AlreadyRunning { pid, .. } if pid == ourselves),
        "{refused}"
    );
    assert!(
        refused
            .to_string()
            .contains(&format!("in use by process {ourselves}"))
    );
    assert!(sql(&first.url("postgres"), "SELECT 'unharmed'").is_ok());

    drop(first);
    Cluster::start(&kept(place.path())).unwrap();
}

#[test]
fn a_running_cluster_is_found_and_a_stopped_one_is_not() {
    let place = folder();
    assert!(
        Cluster::find(&place.path().join("nothing"))
            .unwrap()
            .is_none()
    );

    let cluster = Cluster::start(&kept(place.path())).unwrap();
    let found = Cluster::find(place.path()).unwrap().unwrap();
    assert_eq!((found.pid(), found.port()), (cluster.pid(), cluster.port()));
    let answer = sql(&found.url("postgres"), "SELECT 'here'").unwrap();
    assert_eq!(answer.as_deref(), Some("here"));

    drop(cluster);
    assert!(Cluster::find(place.path()).unwrap().is_none());
}

#[test]
fn only_the_password_opens_it_and_only_its_owner_can_read_that() {
    let place = folder();
    let cluster = Cluster::start(&kept(place.path())).unwrap();
    let password = fs::read_to_string(place.path().join("password")).unwrap();
    let url = cluster.url("postgres");
    assert!(sql(&url, "SELECT 'in'").is_ok());

    let wrong = url.replace(&password, "wrong");
    let refused = sql(&wrong, "SELECT 'in'").unwrap_err();
    assert!(
        refused
            .to_string()
            .contains("password authentication failed"),
        "{refused}"
    );
    let none = url.replace(&format!(":{password}"), "");
    assert!(sql(&none, "SELECT 'in'").is_err());

    let mode = fs::metadata(place.path().join("password"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(!format!("{cluster:?}").contains(&password));
}

#[test]
fn data_without_their_password_are_a_clear_error() {
    let place = folder();
    drop(Cluster::start(&kept(place.path())).unwrap());
    fs::remove_file(place.path().join("password")).unwrap();

    let error = Cluster::start(&kept(place.path())).unwrap_err();

    assert!(matches!(error, Error::PasswordMissing { .. }), "{error}");
}

#[test]
fn a_durable_cluster_waits_for_the_disk_and_a_fast_one_does_not() {
    let place = folder();
    let durable = Cluster::start(&Options::durable(place.path())).unwrap();
    let fast = Cluster::start(&Options::temporary()).unwrap();

    for setting in ["fsync", "synchronous_commit", "full_page_writes"] {
        let show = format!("SHOW {setting}");
        assert_eq!(sql(&durable.url("postgres"), &show).unwrap().unwrap(), "on");
        assert_eq!(sql(&fast.url("postgres"), &show).unwrap().unwrap(), "off");
    }
}

/// What the kernel then grants is its own affair.
#[test]
fn backends_of_a_cluster_that_stays_ask_for_large_pages() {
    let place = folder();
    let stays = Cluster::start(&kept(place.path())).unwrap();
    let goes = Cluster::start(&Options::temporary()).unwrap();
    let asks = |cluster: &Cluster| {
        let asked = "WITH much AS MATERIALIZED (SELECT repeat('x', 50000000) AS much)
            SELECT (pg_read_file('/proc/self/smaps') ~ 'VmFlags:[a-z ]* hg')::text
            FROM much WHERE length(much) > 0";
        sql(&cluster.url("postgres"), asked).unwrap().unwrap() == "true"
    };
    // Elsewhere there is nothing to ask for: all pages may be large, or none.
    let enabled = fs::read_to_string("/sys/kernel/mm/transparent_hugepage/enabled");
    let may_be_asked = enabled.is_ok_and(|said| said.contains("[madvise]"));
    assert_eq!(asks(&stays), may_be_asked);
    assert!(!asks(&goes));
}

#[test]
fn every_machine_gets_the_same_settings() {
    let cluster = Cluster::start(&Options::temporary()).unwrap();
    let show = |setting: &str| {
        sql(&cluster.url("postgres"), &format!("SHOW {setting}"))
            .unwrap()
            .unwrap()
    };

    assert_eq!(show("timezone"), "UTC");
    assert_eq!(show("server_encoding"), "UTF8");
    assert_eq!(show("max_connections"), "200");
    assert_eq!(show("listen_addresses"), "127.0.0.1");
    assert_eq!(show("unix_socket_directories"), "");
}

#[test]
fn a_taken_port_is_left_to_its_holder() {
    let place = folder();
    let first = Cluster::start(&kept(place.path())).unwrap();
    let port = first.port();
    drop(first);
    let holder = TcpListener::bind(("127.0.0.1", port)).unwrap();

    let elsewhere = Cluster::start(&kept(place.path())).unwrap();

    assert_ne!(elsewhere.port(), port);
    assert!(sql(&elsewhere.url("postgres"), "SELECT 'reached'").is_ok());
    drop((holder, elsewhere));

    let wished = Options {
        port: Some(port),
        ..kept(place.path())
    };
    assert_eq!(
        Cluster::start(&wished).unwrap().port(),
        port,
        "it is free again"
    );
}

#[test]
fn names_of_databases_are_escaped_in_urls() {
    let cluster = Cluster::start(&Options::temporary()).unwrap();
    sql(&cluster.url("postgres"), r#"CREATE DATABASE "a/b ?ü%""#).unwrap();

    let name = sql(&cluster.url("a/b ?ü%"), "SELECT current_database()::text").unwrap();

    assert_eq!(name.as_deref(), Some("a/b ?ü%"));
}
