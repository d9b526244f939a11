//! Advisory locks that vanish with the process holding them, however it ends.

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use nix::errno::Errno;
use nix::fcntl::{Flock, FlockArg};

/// An exclusive `flock(2)`, released on drop. Children do not inherit it: files are close-on-exec.
#[derive(Debug)]
pub(crate) struct FileLock {
    _file: Flock<File>,
}

/// Locks `path`, creating it when absent. While another process holds it, calls `waiting` once
/// and blocks.
///
/// # Errors
///
/// When the file cannot be created or locked.
pub(crate) fn exclusive(path: &Path, waiting: impl FnOnce()) -> Result<FileLock> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
    }
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .with_context(|| format!("cannot open lock {}", path.display()))?;
    let file = match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
        Ok(file) => return Ok(FileLock { _file: file }),
        Err((file, Errno::EWOULDBLOCK)) => file,
        Err((_, errno)) => return Err(cannot_lock(path, errno)),
    };
    waiting();
    match Flock::lock(file, FlockArg::LockExclusive) {
        Ok(file) => Ok(FileLock { _file: file }),
        Err((_, errno)) => Err(cannot_lock(path, errno)),
    }
}

fn cannot_lock(path: &Path, errno: Errno) -> anyhow::Error {
    anyhow!(errno).context(format!("cannot lock {}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::Duration;

    use super::*;

    #[test]
    fn second_holder_waits_for_the_first() -> Result<()> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("sub/lock");
        let waited = Cell::new(false);
        let first = exclusive(&path, || panic!("nobody else holds it"))?;
        let release = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(50));
            drop(first);
        });
        exclusive(&path, || waited.set(true))?;
        release.join().expect("the first holder lets go");
        assert!(waited.get(), "the second was told that it has to wait");
        Ok(())
    }
}
