//! Folders made once from their inputs and shared by every checkout of this user.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::{lock, workspace};

/// The folder `kind/name-fingerprint` in the user's cache, made by `make` when it is not there yet.
///
/// `make` fills an empty folder which gets its final name only afterwards: a maker that is killed
/// leaves nothing half done. A second maker of the same folder waits for the first.
///
/// # Errors
///
/// When the cache cannot be written, or those of `make`.
pub(crate) fn folder(
    kind: &str,
    name: &str,
    fingerprint: &str,
    make: impl FnOnce(&Path) -> Result<()>,
) -> Result<PathBuf> {
    folder_in(&workspace::cache()?.join(kind), name, fingerprint, make)
}

fn folder_in(
    base: &Path,
    name: &str,
    fingerprint: &str,
    make: impl FnOnce(&Path) -> Result<()>,
) -> Result<PathBuf> {
    let key = format!("{name}-{}", &fingerprint[..16]);
    let finished = base.join(&key);
    if finished.is_dir() {
        return Ok(finished);
    }
    let _lock = lock::exclusive(&base.join(format!(".{key}.lock")), || {
        eprintln!("waiting for another process that is making {}", finished.display());
    })?;
    if finished.is_dir() {
        return Ok(finished);
    }
    remove_partial(base, &key)?;
    // Under a name of its own: a compiler that outlives its killed maker must not write into ours.
    let partial = tempfile::Builder::new().prefix(&partial_prefix(&key)).tempdir_in(base)?;
    make(partial.path())?;
    let permissions = PermissionsExt::from_mode(0o755);
    fs::set_permissions(partial.path(), permissions)?;
    fs::rename(partial.keep(), &finished)
        .with_context(|| format!("cannot rename a folder to {}", finished.display()))?;
    Ok(finished)
}

fn partial_prefix(key: &str) -> String {
    format!(".{key}.partial-")
}

/// Removes what killed makers left.
fn remove_partial(base: &Path, key: &str) -> Result<()> {
    for entry in fs::read_dir(base)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(&partial_prefix(key)) {
            remove_folder(&entry.path())?;
        }
    }
    Ok(())
}

/// Removes a folder and all in it; one that is not there is no error.
///
/// # Errors
///
/// When something in it cannot be removed.
pub(crate) fn remove_folder(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", path.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use anyhow::bail;

    use super::*;

    const KEY: &str = "0123456789abcdef0123";

    #[test]
    fn made_once() -> Result<()> {
        let base = tempfile::tempdir()?;
        let make = |folder: &Path| Ok(fs::write(folder.join("file"), "made")?);
        let path = folder_in(base.path(), "thing", KEY, make)?;
        assert_eq!(path.file_name().unwrap(), "thing-0123456789abcdef");
        let again = folder_in(base.path(), "thing", KEY, |_| bail!("made a second time"))?;
        assert_eq!(fs::read_to_string(again.join("file"))?, "made");
        Ok(())
    }

    #[test]
    fn failed_make_leaves_no_result_and_a_later_one_starts_empty() -> Result<()> {
        let base = tempfile::tempdir()?;
        let failed = folder_in(base.path(), "thing", KEY, |folder| {
            fs::write(folder.join("half"), "")?;
            bail!("killed")
        });
        assert_eq!(failed.unwrap_err().to_string(), "killed");
        let path = folder_in(base.path(), "thing", KEY, |_| Ok(()))?;
        assert_eq!(fs::read_dir(path)?.count(), 0);
        let left = fs::read_dir(base.path())?.flatten().map(|entry| entry.file_name());
        assert!(!left.into_iter().any(|name| name.to_string_lossy().contains("partial")));
        Ok(())
    }
}
