use std::fs;

use cluster::{Cluster, Error, Options};

use crate::support::{folder, kept};

#[test]
fn a_given_folder_without_programs_is_refused_whatever_else_there_is() {
    let place = folder();
    let options = Options {
        programs: Some(place.path().to_path_buf()),
        ..Options::temporary()
    };

    let error = Cluster::start(&options).unwrap_err();

    assert!(matches!(&error, Error::UnusablePrograms { .. }), "{error}");
    assert!(
        error.to_string().contains("both initdb and postgres"),
        "{error}"
    );
}

#[test]
fn data_of_an_absent_version_are_left_alone() {
    let place = folder();
    drop(Cluster::start(&kept(place.path())).unwrap());
    let version = place.path().join("data/PG_VERSION");
    let right = fs::read_to_string(&version).unwrap();
    fs::write(&version, "9\n").unwrap();

    let error = Cluster::start(&kept(place.path())).unwrap_err();
    assert!(
        matches!(error, Error::VersionMissing { data: 9, .. }),
        "{error}"
    );

    fs::write(&version, right).unwrap();
    Cluster::start(&kept(place.path())).unwrap();
}

#[test]
fn a_server_that_fails_says_why() {
    let place = folder();
    drop(Cluster::start(&kept(place.path())).unwrap());
    let settings = place.path().join("data/postgresql.auto.conf");
    fs::write(&settings, "no_such_setting = on\n").unwrap();

    let error = Cluster::start(&kept(place.path())).unwrap_err();

    assert!(matches!(error, Error::Start { .. }), "{error}");
    assert!(error.to_string().contains("no_such_setting"), "{error}");
}
