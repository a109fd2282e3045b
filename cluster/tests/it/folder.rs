use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use cluster::{Cluster, Error};
use rustix::process::geteuid;

use crate::support::{folder, kept, sql};

#[test]
fn root_is_told_which_folder_bars_the_way_and_what_to_do() {
    if !geteuid().is_root() {
        return; // The server runs as ourselves, and what we can make we can enter.
    }
    let place = folder();
    let closed = place.path().join("closed");
    let data_dir = closed.join("deep/postgres");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, Permissions::from_mode(0o700)).unwrap();

    let error = Cluster::start(&kept(&data_dir)).unwrap_err();

    assert!(
        matches!(&error, Error::Impassable { folder, .. } if *folder == closed),
        "{error}"
    );
    let remedy = format!("chmod o+x {}", closed.display());
    assert!(error.to_string().contains(&remedy), "{error}");

    fs::set_permissions(&closed, Permissions::from_mode(0o711)).unwrap();
    let cluster = Cluster::start(&kept(&data_dir)).unwrap();
    assert!(sql(&cluster.url("postgres"), "SELECT 'in'").is_ok());
}

#[test]
fn roots_data_belong_to_another_user_and_nobody_else_can_read_them() {
    let place = folder();
    let _cluster = Cluster::start(&kept(place.path())).unwrap();

    let data = fs::metadata(place.path().join("data")).unwrap();

    assert_ne!(data.uid(), 0);
    assert_eq!(data.mode() & 0o777, 0o700);
}

#[test]
fn a_name_with_blanks_and_quotes_is_a_name_like_any_other() {
    let place = folder();
    let data_dir = place.path().join("it's \"my\" $HOME; data");

    let cluster = Cluster::start(&kept(&data_dir)).unwrap();
    assert!(sql(&cluster.url("postgres"), "SELECT 'in'").is_ok());
    assert!(Cluster::find(&data_dir).unwrap().is_some());
}
