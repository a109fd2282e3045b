//! What a test needs and a fresh machine lacks.

use std::process::{Command, Stdio};
use std::sync::Mutex;

/// Installs a package, where that is possible: as root on Debian. The caller looks whether it
/// helped, and says what to do where it didn't.
pub fn install(package: &str) {
    // Its own lock makes a second run fail and not wait.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _alone = ONE_AT_A_TIME.lock();
    for arguments in [
        &["update", "-q"][..],
        &["install", "-y", "-q", "--no-install-recommends", package],
    ] {
        let mut command = Command::new("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive");
        let quiet = command
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        if !quiet.status().is_ok_and(|status| status.success()) {
            return;
        }
    }
}
