//! Where a PostgreSQL of a bench lives.

use std::fs::Permissions;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::TempDir;

/// In memory where Linux offers that, so that no disk has a say.
pub(crate) fn in_memory() -> io::Result<TempDir> {
    let memory = Path::new("/dev/shm");
    // PostgreSQL won't run as root, and its user must get through.
    let open = Permissions::from_mode(0o755);
    let mut folder = tempfile::Builder::new();
    folder.prefix("insula-bench-").permissions(open);
    if memory.is_dir() {
        folder.tempdir_in(memory)
    } else {
        folder.tempdir()
    }
}
