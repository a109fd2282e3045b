//! Running the scripts of `tests/node` with their packages.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tests::debian;
use tokio::process::Command;
use tokio::sync::OnceCell;

const REMEDY: &str =
    "install Node.js 20 or later with npm, on Debian by `apt-get install nodejs npm`";

/// Runs a script and answers what it said. It fails the test if the script found something wanting.
pub(crate) async fn run(
    script: &str,
    arguments: &[&str],
    environment: &[(&str, String)],
) -> String {
    install().await;
    let mut command = Command::new("node");
    command
        .arg(script)
        .args(arguments)
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .current_dir(folder())
        .stdin(Stdio::null())
        .kill_on_drop(true);
    let output = output(command, "node").await;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}: {said}\n{complained}");
    said
}

/// Where the scripts run, beside their packages.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("node")
}

/// The browser for the playground.
pub(crate) fn chromium() -> String {
    let known = ["chromium", "chromium-browser", "google-chrome"];
    let find = || {
        let mut places = known.iter().map(|name| format!("/usr/bin/{name}"));
        places.find(|place| Path::new(place).exists())
    };
    let found = find().or_else(|| {
        debian::install("chromium");
        find()
    });
    found.expect("a browser: install Chromium, on Debian by `apt-get install chromium`")
}

/// Copies the scripts and gets their packages, once for each state of the lock file.
async fn install() {
    static INSTALLED: OnceCell<()> = OnceCell::const_new();
    INSTALLED.get_or_init(fetch).await;
}

async fn fetch() {
    if std::process::Command::new("npm")
        .arg("--version")
        .output()
        .is_err()
    {
        debian::install("npm");
    }
    let folder = folder();
    fs::create_dir_all(&folder).expect("the target folder can be written to");
    // Another run of the tests may be at it.
    let lock = fs::File::create(folder.join("lock")).expect("a file of ours");
    lock.lock().expect("a lock");
    copy_scripts(&folder).expect("the scripts can be copied");
    let wanted = fs::read(folder.join("package-lock.json")).expect("it was just copied");
    let done = folder.join("installed");
    if fs::read(&done).is_ok_and(|installed| installed == wanted) {
        return;
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"])
        .current_dir(&folder);
    let output = output(npm, "npm").await;
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "npm ci: {complained}");
    fs::write(done, wanted).expect("a file of ours");
}

fn copy_scripts(folder: &Path) -> io::Result<()> {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("node");
    for entry in fs::read_dir(scripts)? {
        let path = entry?.path();
        if path.is_file() {
            fs::copy(&path, folder.join(path.file_name().unwrap_or_default()))?;
        }
    }
    Ok(())
}

async fn output(mut command: Command, program: &str) -> std::process::Output {
    match command.output().await {
        Ok(output) => output,
        Err(error) => panic!("{program} can't be run ({error}): {REMEDY}"),
    }
}
