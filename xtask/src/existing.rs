//! A cluster that we did not start, named by `--kubeconfig FILE --context NAME`.

use std::{
    ffi::OsString,
    fs,
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};

use crate::{
    command, host,
    interrupt::{Scratch, Undo},
};

/// A copy of the one context, in which it is the current one: the user's own file is never changed, and the context the
/// user works in never used. Removed on drop, and when we are interrupted.
#[derive(Debug)]
pub(crate) struct Existing {
    /// kubectl, by its whole path.
    pub(crate) kubectl: PathBuf,
    folder: Scratch,
}

impl Existing {
    /// Copies `context` of `kubeconfig`, with all files it refers to embedded.
    ///
    /// # Errors
    ///
    /// When there is no kubectl, or no such context in the file.
    pub(crate) fn copy(kubeconfig: &Path, context: &str, kubectl: &Path) -> Result<Self> {
        let kubectl = host::find(&kubectl.to_string_lossy())
            .with_context(|| format!("there is no {}", kubectl.display()))?;
        let kubectl = fs::canonicalize(kubectl)?;
        let mut view = Command::new(&kubectl);
        view.args(["config", "view", "--raw", "--flatten", "--minify", "--context", context]);
        let text = command::output(view.arg("--kubeconfig").arg(kubeconfig))?;
        let folder = Scratch::new()?;
        let existing = Self { kubectl, folder };
        let mut file = fs::File::options();
        file.write(true).create_new(true).mode(0o600);
        std::io::Write::write_all(&mut file.open(existing.kubeconfig())?, text.as_bytes())?;
        Ok(existing)
    }

    /// The copy.
    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.folder.path().join("kubeconfig")
    }

    /// Has kubectl run with `words` when we are interrupted, to remove from the cluster what is ours.
    ///
    /// # Errors
    ///
    /// When we cannot listen for signals.
    pub(crate) fn undo(&self, words: &[&str]) -> Result<Undo> {
        let kubeconfig = ["--kubeconfig".into(), self.kubeconfig().into_os_string()];
        let kubectl = std::iter::once(self.kubectl.clone().into_os_string()).chain(kubeconfig);
        Undo::with(kubectl.chain(words.iter().map(OsString::from)))
    }
}
