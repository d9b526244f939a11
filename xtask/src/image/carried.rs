//! The probes that a plugin carries, and plugins that carry them.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use oci::{Architecture, Carried};

use super::probe;
use crate::cache;

/// The probes for these architectures.
///
/// # Errors
///
/// When one cannot be built.
pub(crate) fn carried(architectures: &[Architecture]) -> Result<Vec<Carried>> {
    let built =
        |architecture: &Architecture| compressed(*architecture, &probe::build(*architecture)?);
    architectures.iter().map(built).collect()
}

/// Compressed once: it takes seconds where we are not optimised.
fn compressed(architecture: Architecture, program: &[u8]) -> Result<Carried> {
    let fingerprint = oci::sha256(program);
    let folder =
        cache::folder("images", &format!("carried-{architecture}"), &fingerprint, |folder| {
            let probe = Carried::new(architecture, program)?;
            Ok(fs::write(folder.join("probe.gz"), probe.compressed)?)
        })?;
    Ok(Carried { architecture, compressed: fs::read(folder.join("probe.gz"))? })
}

/// A copy of `plugin` that carries `probes`, in `folder` and under the same name, by which kubectl finds it.
///
/// # Errors
///
/// When it cannot be written.
pub(crate) fn attach(plugin: &Path, probes: &[Carried], folder: &Path) -> Result<PathBuf> {
    let name = plugin.file_name().context("a plugin has a name")?;
    let path = folder.join(name);
    let what = || format!("cannot write {}", path.display());
    fs::create_dir_all(folder).with_context(what)?;
    // Not over one that may be running.
    let partial = folder.join(format!("{}.partial", name.display()));
    fs::copy(plugin, &partial).with_context(what)?;
    let mut file = File::options().append(true).open(&partial).with_context(what)?;
    oci::carried::attach(probes, &mut file).with_context(what)?;
    file.flush()?;
    drop(file);
    fs::rename(&partial, &path).with_context(what)?;
    Ok(path)
}
