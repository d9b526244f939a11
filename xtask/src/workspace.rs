//! Where things are: this checkout, and the per-user cache all checkouts share.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use anyhow::{Context, Result};

/// The version all crates of the workspace share.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The root of this checkout: of the one that cargo runs us for, which need not be the one we were built in. Checkouts
/// that share a target folder replace each other's programs.
pub(crate) fn root() -> &'static Path {
    static XTASK: LazyLock<PathBuf> = LazyLock::new(|| {
        let told = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        told.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")))
    });
    XTASK.parent().expect("xtask lies in the workspace")
}

/// `$XDG_CACHE_HOME/kubectl-pods`, by default `~/.cache/kubectl-pods`.
///
/// # Errors
///
/// When neither `XDG_CACHE_HOME` nor `HOME` is set.
pub(crate) fn cache() -> Result<PathBuf> {
    let absolute = |name| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute("XDG_CACHE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
        .context("neither XDG_CACHE_HOME nor HOME names a folder for the build cache")?;
    Ok(base.join("kubectl-pods"))
}

/// Where the build of `what` is logged, for when it fails.
///
/// # Errors
///
/// As [`cache`].
pub(crate) fn build_log(what: &str) -> Result<PathBuf> {
    Ok(cache()?.join("logs").join(format!("build-{what}.log")))
}

/// Every file below `folder` of this checkout whose name ends with `.EXTENSION`, relative to the root and in order. What
/// cargo builds and what is hidden is left out.
///
/// # Errors
///
/// When a folder cannot be read.
pub(crate) fn files(folder: &str, extension: &str) -> Result<Vec<String>> {
    let mut files = Vec::new();
    collect(&root().join(folder), extension, &mut files)?;
    files.sort();
    Ok(files)
}

fn collect(folder: &Path, extension: &str, files: &mut Vec<String>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let entry = entry?;
        let (path, name) = (entry.path(), entry.file_name());
        if entry.file_type()?.is_dir() {
            if name != "target" && !name.to_string_lossy().starts_with('.') {
                collect(&path, extension, files)?;
            }
        } else if path.extension().is_some_and(|ending| ending == extension) {
            let relative = path.strip_prefix(root()).expect("it was found below the root");
            files.push(relative.display().to_string());
        }
    }
    Ok(())
}
