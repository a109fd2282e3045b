use std::path::{Path, PathBuf};

use cluster::{Cluster, Options};

use crate::support::{Owner, is_alive, sql, until};

#[test]
fn a_temporary_folder_goes_with_its_cluster() {
    let cluster = Cluster::start(&Options::temporary()).unwrap();
    let folder = folder_of(&cluster);
    assert!(folder.join("password").exists());

    cluster.stop().unwrap();

    assert!(!folder.exists());
}

#[test]
fn two_temporary_clusters_have_nothing_in_common() {
    let one = Cluster::start(&Options::temporary()).unwrap();
    let other = Cluster::start(&Options::temporary()).unwrap();

    sql(&one.url("postgres"), "CREATE TABLE mine ()").unwrap();

    assert!(sql(&one.url("postgres"), "SELECT FROM mine").is_ok());
    assert!(sql(&other.url("postgres"), "SELECT FROM mine").is_err());
}

#[test]
fn a_temporary_folder_goes_when_its_owner_is_killed() {
    let owner = Owner::start("", "wait");
    let (server, folder) = (owner.server(), parent(&owner.data()));
    assert!(is_alive(server) && folder.exists());

    owner.kill();

    until("PostgreSQL ends", || !is_alive(server));
    until("its folder is removed", || !folder.exists());
}

#[test]
fn a_temporary_folder_goes_when_its_owner_exits_without_destructors() {
    let mut owner = Owner::start("", "exit");
    let (server, folder) = (owner.server(), parent(&owner.data()));
    assert!(owner.child.wait().unwrap().success());

    until("PostgreSQL ends", || !is_alive(server));
    until("its folder is removed", || !folder.exists());
}

fn folder_of(cluster: &Cluster) -> PathBuf {
    let data = sql(&cluster.url("postgres"), "SHOW data_directory").unwrap();
    parent(Path::new(&data.unwrap()))
}

fn parent(data: &Path) -> PathBuf {
    data.parent().unwrap().to_path_buf()
}
