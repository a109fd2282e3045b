//! A random secret in a file that nobody else may read.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

const OWNER_ONLY: u32 = 0o600;

/// The secret in the file `path`; made when there is no such file yet.
///
/// The text is the secret, as it would be in an environment variable. Of two processes that find no
/// file, both end up with the secret of one.
pub(super) fn load_or_generate(path: &Path) -> io::Result<Vec<u8>> {
    match load(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            generate(path)?;
            load(path)
        }
        loaded => loaded,
    }
}

fn load(path: &Path) -> io::Result<Vec<u8>> {
    let text = fs::read(path)?;
    // A copy or a restored backup may have widened it.
    if fs::metadata(path)?.permissions().mode() & 0o777 != OWNER_ONLY {
        fs::set_permissions(path, Permissions::from_mode(OWNER_ONLY))?;
    }
    Ok(text.trim_ascii().to_vec())
}

/// Writes the whole file beside its place and then links it there, which is where one of two
/// processes wins; nobody ever reads half a secret, not even after a crash.
fn generate(path: &Path) -> io::Result<()> {
    let draft = draft_beside(path);
    let linked = write(&draft).and_then(|()| fs::hard_link(&draft, path));
    let removed = fs::remove_file(&draft);
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => removed,
        Err(error) => Err(error),
        Ok(()) => removed,
    }
}

fn draft_beside(path: &Path) -> PathBuf {
    let salt: u64 = rand::random();
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}-{salt:x}.new", process::id()));
    name.into()
}

fn write(path: &Path) -> io::Result<()> {
    let secret = URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>());
    let mut file: File = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(OWNER_ONLY)
        .open(path)?;
    writeln!(file, "{secret}")?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use tempfile::tempdir;

    use super::*;

    /// From its first moment on: `load` mends the mode, but only later.
    #[test]
    fn a_new_file_is_its_owners_alone() {
        let folder = tempdir().unwrap();
        let path = folder.path().join("secret");
        write(&path).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(load(&path).unwrap().len(), 43, "32 bytes in base64url");
    }
}
