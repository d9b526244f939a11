//! Finds kubectl and becomes it.

use std::{
    env,
    ffi::OsString,
    fs,
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _},
        process::CommandExt as _,
    },
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{anyhow, bail};

use cluster::go;

/// The variable in which kubectl (from 1.37) tells its plugins where it is.
const VARIABLE: &str = "KUBECTL_PATH";

/// Becomes `kubectl get pods` with `words`. Comes back only with the reason why it could not.
pub(super) fn exec(words: &[OsString]) -> anyhow::Error {
    let kubectl = match find() {
        Ok(kubectl) => kubectl,
        Err(error) => return error,
    };
    let error = Command::new(&kubectl).args(["get", "pods"]).args(words).exec();
    anyhow!("{}: {}: name a kubectl in {VARIABLE}", kubectl.display(), go::errno(&error))
}

/// `$KUBECTL_PATH`, else the first kubectl on the PATH.
fn find() -> anyhow::Result<PathBuf> {
    if let Some(named) = env::var_os(VARIABLE).filter(|named| !named.is_empty()) {
        // With a slash in it, so that nobody searches the PATH for it.
        let kubectl = Path::new(".").join(&named);
        if is_ourselves(&kubectl) {
            bail!("{VARIABLE} names this plugin: name kubectl in it, or unset it");
        }
        return Ok(kubectl);
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let kubectl = env::split_paths(&path)
        .map(|folder| Path::new(".").join(folder).join("kubectl"))
        .find(|file| is_executable(file) && !is_ourselves(file));
    kubectl.ok_or_else(|| {
        anyhow!("there is no kubectl on the PATH: install it, or name it in {VARIABLE}")
    })
}

fn is_executable(file: &Path) -> bool {
    fs::metadata(file).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

/// Whether `file` is the program that runs: it would find the same flags, and become itself for ever.
fn is_ourselves(file: &Path) -> bool {
    let identity = |file: &Path| fs::metadata(file).map(|file| (file.dev(), file.ino())).ok();
    let ours = env::current_exe().ok().and_then(|program| identity(&program));
    ours.is_some() && identity(file) == ours
}
